"""A member has a badge made of what they reached."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.engines.milestones import celebrating
from milepost.engines.milestones.models import Award
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community, Person

from . import credentials, status
from .models import Badge


def issue(*, award: Award, by: Person | None, name: str = "", with_evidence: bool = False) -> Badge:
    """Sign the award as a badge: by whoever reached it, or the command line. Again makes it anew, at the same address.

    `name`: what stands in it, empty for none; the mail address goes in as a salted hash. NotAllowed for anyone else,
    Conflict for an award that was revoked, DomainError for someone without a sign-in.
    """
    if by is not None:
        check(by, "badges.own", award.community)
        if by.pk != award.person_id:
            raise NotAllowed(_("Only who reached a milestone can have a badge made of it."))
    person = award.person
    if person.account is None or not person.is_public:
        raise DomainError(_("A badge is made for somebody who has a sign-in here."))
    with transaction.atomic():
        award = Award.objects.select_for_update(of=("self",)).select_related("milestone", "community").get(pk=award.pk)
        if award.revoked_at is not None:
            raise Conflict(_("This was revoked; there is no badge of it."))
        community = Community.objects.select_for_update().get(pk=award.community_id)
        badge = Badge.objects.filter(award=award).first()
        if badge is None:
            number, index = status.free_bit(community)
            badge = Badge(
                community=community, person_id=award.person_id, milestone=award.milestone, award=award,
                list_number=number, list_index=index,
            )  # fmt: skip
        badge.made_at = clock.now().replace(microsecond=0)
        badge.community = community
        said = credentials.credential(
            badge, award, name=" ".join(name.split())[:120], mail=person.account.email, with_evidence=with_evidence
        )
        badge.token = credentials.sign(said, community)
        badge.save()
        return badge


def find(actor: Actor, ident: uuid.UUID) -> Badge | None:
    """A badge that the actor may open: their own; another's where that person is celebrated with their name for the actor."""
    badge = (
        Badge.objects.standing()
        .filter(community=actor.community, pk=ident, person__erased_at__isnull=True, person__merged_into__isnull=True)
        .exclude(token="")
        .select_related("person", "person__profile", "milestone", "award", "community")
        .first()
    )
    if badge is None or badge.award is None:
        return None
    if celebrating.reader_id(actor) == badge.person_id:
        return badge
    membership = getattr(badge.person, "membership", None)
    belongs = membership is not None and membership.is_active
    profile = getattr(badge.person, "profile", None)
    choice = profile.celebration if profile else celebrating.Celebration.COMMUNITY
    member = actor.membership is not None and actor.membership.is_active
    hidden = badge.milestone.is_secret or not belongs
    return badge if not hidden and celebrating.shows_milestones(choice, own=False, member=member) else None
