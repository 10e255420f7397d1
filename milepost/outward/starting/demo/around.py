"""What stands around the talk of the demo community: who waits for a steward, and the chapters of their own."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from typing import Protocol

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from milepost.domain.charter.models import CharterVersion
from milepost.domain.people.joining import found_community
from milepost.domain.people.models import Profile
from milepost.domain.spaces.models import Space
from milepost.foundation.common import clock
from milepost.foundation.common.ids import new_id
from milepost.foundation.identity.models import (
    Account,
    Claim,
    Community,
    Identity,
    Invitation,
    JoinRequest,
    Membership,
    MergeSuggestion,
    Person,
)

from . import records

ARCHIVE_SOURCE = "slack"


class Loaded(Protocol):
    """What is there by then: the community, its people, and who they were in the archive."""

    demo: records.DemoCommunity
    community: Community
    people: dict[str, Person]
    archive: dict[str, Identity]
    quiet: list[str]


def waiting(to: Loaded) -> None:
    """Requests to join, open invitations, a claim and suggestions."""
    for record in to.demo.join_requests:
        account = Account(email=record.mail, name=record.name, password=make_password(None), date_joined=record.at)
        account.save(force_insert=True)
        EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
        JoinRequest.objects.create(
            community=to.community,
            account=account,
            answers={f"q{n}": answer for n, answer in enumerate(record.answers, 1)},
            came_from=record.source[:120],
            created_at=record.at,
        )
    for invitation in to.demo.invitations:
        if invitation.accepted_by is None:
            Invitation.objects.create(
                community=to.community,
                kind="mail" if invitation.mail else "link",
                mail=invitation.mail,
                max_uses=1 if invitation.mail else None,
                digest=hashlib.sha256(secrets.token_bytes(24)).hexdigest(),
                invited_by=to.people[invitation.inviter],
                created_at=invitation.sent_at,
            )
    for key in to.quiet[:1]:
        Claim.objects.create(
            community=to.community,
            identity=to.archive[key],
            person=to.people[key],
            reason="That was me in the old chat, before I had an account here.",
            asked_at=to.demo.now - datetime.timedelta(days=2),
        )
    for key in to.quiet[1:]:
        one, other = sorted((to.people[key], to.archive[key].person), key=lambda p: p.pk)
        MergeSuggestion.objects.create(
            community=to.community,
            one=one,
            other=other,
            reasons=[{"kind": "name", "sources": [ARCHIVE_SOURCE]}],
            score=60,
        )


def chapters(to: Loaded) -> None:
    """A chapter of its own under the community: its people belong to both, with the sign-in they have."""
    for record in to.demo.chapters:
        if record.sub_community:
            _chapter(to, record)


def _chapter(to: Loaded, record: records.Chapter) -> None:
    with clock.moved(record.founded_at):
        chapter = found_community(
            slug=f"{to.demo.slug}-{record.slug}",
            name=record.name,
            owner=None,
            parent=to.community,
            tagline=record.tagline[:200],
            accent_hue=(to.demo.accent_hue + 60) % 360,
            time_zone=to.demo.time_zone,
            join_policy="agree",
        )
        CharterVersion.write(
            community=chapter, mission=to.demo.charter.mission, rationale="As the whole of Open Stage."
        )
    members = [key for key in record.members if to.people[key].account_id]
    people = [
        Person(
            id=new_id(),
            community=chapter,
            account_id=to.people[key].account_id,
            name=to.people[key].name,
            handle=to.people[key].handle,
            claimed_at=record.founded_at,
            created_at=record.founded_at,
        )
        for key in members
    ]
    Person.objects.bulk_create(people)
    Membership.objects.bulk_create(
        Membership(
            community=chapter,
            person=person,
            role="owner" if key == record.stewards[0] else "steward" if key in record.stewards else "member",
            joined_at=record.founded_at,
        )
        for key, person in zip(members, people, strict=True)
    )
    Space.objects.create(
        community=chapter,
        slug="table",
        name=record.name,
        purpose=record.tagline[:400],
        created_at=record.founded_at,
    )


def profile(community: Community, person: Person, record: records.Person) -> Profile:
    """What a person says about themselves."""
    return Profile(
        person=person,
        community=community,
        called=record.calls if record.calls != record.name.split()[0] else "",
        headline=", ".join(record.plays)[:140].capitalize(),
        about=record.bio,
        place=record.town,
        celebration=record.celebration,
        changed_at=record.joined_at,
    )
