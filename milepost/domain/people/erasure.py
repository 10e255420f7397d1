"""Erasing a person: what the community's rows say about them is emptied, what they did stays under "former member".

Only a keyed hash of each of their identities stays, so that importing the same history again cannot bring them back.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.utils import translation
from django.utils.translation import gettext as _

from milepost.foundation.activity import registry
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record
from milepost.foundation.activity.retention import without_personal
from milepost.foundation.audit.models import AuditEntry, trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict
from milepost.foundation.identity.models import (
    Account,
    ApiToken,
    Claim,
    Community,
    ErasedIdentity,
    Identity,
    Invitation,
    JoinRequest,
    Membership,
    MergeSuggestion,
    Person,
    PersonMerge,
    Representative,
)
from milepost.foundation.identity.roles import Role

from .authority import check
from .belonging import keep_an_owner
from .holdings import Subject, erasers
from .models import ErasureRequest, Praise, Profile

BATCH = 500
"""Rows of the log that are rewritten by one statement."""


def is_erased_many(community: Community, source: str, keys: Iterable[str]) -> set[str]:
    """Of the given keys of a source, those of people who were erased here: an import passes over them."""
    digests = {ErasedIdentity.digest_of(community, source, key): key for key in keys}
    wanted, found = list(digests), set()
    for start in range(0, len(wanted), 10_000):  # SQLite allows 32,766 variables
        some = wanted[start : start + 10_000]
        rows = ErasedIdentity.objects.filter(community=community, digest__in=some)
        found |= {digests[digest] for digest in rows.values_list("digest", flat=True)}
    return found


def erase(*, person: Person, by: Person | None) -> ErasureRequest:
    """Erase a person, and everyone who was merged into them: themselves, or an owner on their behalf.

    Names, addresses, @names, profile, photo, the text of what they wrote, and whatever else the apps registered are emptied
    or deleted; so are the personal values and keys in the log and the words about them on the trail. The account goes as
    well, unless it belongs to other communities or looks after the installation. Cannot be undone. One transaction: long
    for someone with many thousand posts. Records `person.erased`, whose `data` names the person's id.

    Raises NotAllowed, DomainError for the last owner, Conflict for someone erased or merged already.
    """
    community = person.community
    if by is None or by.pk != person.pk:
        check(by, "people.erase", community)
    with transaction.atomic():
        person = Person.objects.select_for_update(of=("self",)).select_related("community", "account").get(pk=person.pk)
        if person.erased_at is not None or person.merged_into_id is not None:
            raise Conflict(_("This person is not there any more: erased or merged meanwhile."))
        membership = Membership.objects.active().filter(person=person).first()
        if membership is not None:
            keep_an_owner(membership)
        subject = Subject.of(person)
        account, addresses = person.account, _addresses(person)
        request = ErasureRequest.objects.filter(person=person, done_at__isnull=True).first()
        request = request or ErasureRequest(community=community, person=person)
        emptied: Counter[str] = Counter()
        for eraser in erasers():
            emptied.update(eraser(subject))
        emptied["activities"] = _empty_log(subject)
        _empty_trail(subject)
        _empty_entry(subject, account, addresses)
        _empty_links(subject)
        _empty_people(subject)
        emptied["identities"] = _empty_identities(community, subject)
        _close_account(account, community)
        request.done_at, request.emptied = (
            clock.now(),
            [{"what": k, "count": n} for k, n in sorted(emptied.items()) if n],
        )
        request.save()
        _tell(person, subject, by)
        return request


def former_member(community: Community) -> str:
    """What stands where a name was, in the community's language."""
    with translation.override(community.language):
        return _("Former member")


def _tell(person: Person, subject: Subject, by: Person | None) -> None:
    identity = Identity.objects.filter(pk__in=subject.identities).order_by("created_at").first()
    record(
        "person.erased",
        community=person.community,
        # Their own sign-in is gone: the emptied identity stands for them.
        by=identity if by is None or by.pk == person.pk else by,
        object_kind="person",
        object_id=person.pk,
        data={"person": str(person.pk), "people": [str(pk) for pk in subject.people]},
    )
    trace("person.erased", community=person.community, by=by, changes={"person": ["", str(person.pk)]})


def _addresses(person: Person) -> list[str]:
    """Every mail address under which the community may know them, in small letters."""
    found = set(Identity.objects.filter(person=person).exclude(mail="").values_list("mail", flat=True))
    if person.account is not None:
        found.add(person.account.email)
        found |= set(EmailAddress.objects.filter(user=person.account).values_list("email", flat=True))
    return sorted({mail.lower() for mail in found})


# --- the log and the trail --------------------------------------------------------------------------


def _empty_log(subject: Subject) -> int:
    """Keys of what they did, and the personal values of what they did or what was done to them."""
    theirs = Activity.objects.filter(identity__in=subject.identities)
    theirs.filter(source_key__isnull=False).update(source_key=None)
    personal = [v.name for v in registry.verbs().values() if v.personal]
    about = Activity.objects.filter(
        Q(identity__in=subject.identities) | Q(other__in=subject.identities), verb__in=personal
    ).order_by("pk")
    now, last = clock.now(), 0
    while rows := list(about.filter(pk__gt=last)[:BATCH]):
        last = rows[-1].pk
        for row in rows:
            row.data = without_personal(row.verb, row.data)
            row.redacted_at = now
        Activity.objects.bulk_update(rows, ["data", "redacted_at"])
    return theirs.update(redacted_at=now)


def _empty_trail(subject: Subject) -> None:
    """The trail keeps that something was done, to whom by id, but no name and no words about them."""
    about = [*subject.people, *subject.identities, *_rows_about(subject)]
    AuditEntry.objects.filter(community=subject.person.community, object_id__in=about).update(
        object_name="", changes={}, reason=""
    )
    AuditEntry.objects.filter(person__in=subject.people).update(reason="")


def _rows_about(subject: Subject) -> list[uuid.UUID]:
    """Ids of other rows that speak of them and that the trail may name."""
    found: list[uuid.UUID] = []
    for rows in (
        Membership.objects.filter(person__in=subject.people),
        Claim.objects.filter(Q(person__in=subject.people) | Q(identity__in=subject.identities)),
        PersonMerge.objects.filter(Q(kept__in=subject.people) | Q(gone__in=subject.people)),
        JoinRequest.objects.filter(community=subject.person.community, account=subject.person.account_id),
        Invitation.objects.filter(invited_by__in=subject.people),
    ):
        found += rows.values_list("pk", flat=True)
    return found


# --- rows of people ---------------------------------------------------------------------------------


def _empty_entry(subject: Subject, account: Account | None, addresses: list[str]) -> None:
    """How they came in, and whom they asked in."""
    community = subject.person.community
    Invitation.objects.filter(community=community, mail__in=addresses).delete()
    theirs = Invitation.objects.filter(invited_by__in=subject.people)
    theirs.filter(kind=Invitation.Kind.MAIL).delete()
    theirs.update(note="", label="")
    theirs.filter(revoked_at__isnull=True).update(revoked_at=clock.now())
    if account is not None:
        JoinRequest.objects.filter(community=community, account=account).delete()
        ApiToken.objects.filter(community=community, account=account).delete()


def _empty_links(subject: Subject) -> None:
    theirs = Q(person__in=subject.people) | Q(identity__in=subject.identities)
    Claim.objects.filter(theirs).delete()
    PersonMerge.objects.filter(Q(kept__in=subject.people) | Q(gone__in=subject.people)).delete()
    MergeSuggestion.objects.filter(Q(one__in=subject.people) | Q(other__in=subject.people)).delete()
    Representative.objects.filter(Q(organisation__in=subject.people) | Q(person__in=subject.people)).delete()


def _empty_people(subject: Subject) -> None:
    now = clock.now()
    profiles = Profile.objects.filter(person__in=subject.people)
    for name in profiles.exclude(photo="").values_list("photo", flat=True):
        # After the commit: a file that is deleted does not come back with a transaction that fails.
        transaction.on_commit(partial(default_storage.delete, name), robust=True)
    profiles.delete()
    Praise.objects.filter(Q(giver__in=subject.people) | Q(receiver__in=subject.people)).delete()
    memberships = Membership.objects.filter(person__in=subject.people)
    memberships.filter(left_at__isnull=True).update(left_at=now)
    memberships.update(role=Role.MEMBER, came_from="", paused_at=None, paused_until=None)
    Person.objects.filter(pk__in=subject.people).update(
        name=former_member(subject.person.community), handle="", account=None, claimed_at=None, erased_at=now
    )


def _empty_identities(community: Community, subject: Subject) -> int:
    identities = Identity.objects.filter(pk__in=subject.identities)
    ErasedIdentity.objects.bulk_create(
        (
            ErasedIdentity(community=community, digest=ErasedIdentity.digest_of(community, source, key))
            for source, key in identities.values_list("source", "source_key")
        ),
        ignore_conflicts=True,
    )
    emptied: dict[str, Any] = {"name": "", "handle": "", "mail": "", "attributes": {}, "claimed_at": None}
    return identities.update(source_key=Concat(Value("erased:"), "pk"), **emptied)


def _close_account(account: Account | None, community: Community) -> None:
    """The sign-in goes with its last community. One that stays is signed out everywhere."""
    if account is None:
        return
    for session in UserSession.objects.filter(user=account):
        session.end()
    elsewhere = Person.objects.filter(account=account).exclude(community=community).exists()
    if not elsewhere and not account.is_operator and not account.is_superuser:
        account.delete()
