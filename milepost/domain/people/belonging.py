"""Belonging: leaving, breaks, roles, audiences, and organisations as members."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import Community, Membership, Person, Representative
from milepost.foundation.identity.roles import RANK, Role

from .authority import check, rank


def _locked(person: Person) -> Membership:
    """The person's membership, held until the end of the transaction. Raises DomainError for who does not belong."""
    theirs = Membership.objects.filter(
        person=person, left_at__isnull=True, person__merged_into__isnull=True, person__erased_at__isnull=True
    )
    if theirs.filter(role=Role.OWNER).exists():
        # All owners' rows in one order, before one's own: two owners who each held theirs would wait for each other.
        _hold_owners(person.community_id)
    membership = theirs.select_for_update(of=("self",)).select_related("person", "person__community").first()
    if membership is None:
        raise DomainError(_("%(name)s does not belong to the community now.") % {"name": person})
    return membership


def _hold_owners(community: uuid.UUID) -> list[uuid.UUID]:
    """The memberships of the owners who can sign in, held until the end of the transaction."""
    return list(
        Membership.objects.active()
        .select_for_update(of=("self",))
        .filter(community_id=community, role=Role.OWNER, person__account__is_active=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def keep_an_owner(membership: Membership) -> None:
    """Raise DomainError where the community would be left without an owner who can sign in.

    All owners' rows are held until the end of the transaction, so that two who step down at once do not both succeed.
    """
    if membership.role != Role.OWNER:
        return
    if not set(_hold_owners(membership.community_id)) - {membership.pk}:
        raise DomainError(
            _("There is no other owner, and without one nobody could look after the community."),
            _("Make someone else an owner first."),
        )


def leave(*, person: Person, by: Person | None = None) -> None:
    """The person leaves; their history stays, and coming back is joining again. Records `member.left`.

    `by` is themselves (default); for an organisation, one of its representatives or a steward.
    Raises DomainError for the last owner, and for who does not belong.
    """
    by = by or person
    with transaction.atomic():
        membership = _locked(person)
        if by.pk != person.pk and not _represents(by, person):
            if person.kind != Person.Kind.ORGANISATION:
                raise NotAllowed(_("People leave by themselves."))
            check(by, "people.role", membership.person.community)
        keep_an_owner(membership)
        membership.left_at = max(clock.now(), membership.joined_at)
        membership.paused_at = membership.paused_until = None
        membership.save(update_fields=["left_at", "paused_at", "paused_until"])
        record("member.left", community=membership.person.community, by=person)
        if by.pk != person.pk:
            trace("member.left", community=membership.person.community, by=by, obj=person)


# --- breaks -----------------------------------------------------------------------------------------


def pause(*, person: Person, until: datetime.date | None = None) -> Membership:
    """Begin a break, or change its end: nothing is lost, nobody expects anything. Records `member.paused` once a break.

    `until`: the day on which they are back, in the community's time zone; None: until they say so.
    Raises DomainError for a day that is over.
    """
    with transaction.atomic():
        membership = _locked(person)
        if until is not None and until <= clock.today(membership.person.community.time_zone):
            raise DomainError(
                _("A break ends on a day to come."), _("Choose tomorrow or later, or leave the day open.")
            )
        begins = membership.paused_at is None
        membership.paused_at = membership.paused_at or clock.now()
        membership.paused_until = until
        membership.save(update_fields=["paused_at", "paused_until"])
        if begins:
            record("member.paused", community=membership.person.community, by=person)
        return membership


def come_back(*, person: Person) -> Membership:
    """End a break; without one, nothing changes. Records `member.returned`."""
    with transaction.atomic():
        membership = _locked(person)
        if membership.paused_at is not None:
            membership.paused_at = membership.paused_until = None
            membership.save(update_fields=["paused_at", "paused_until"])
            record("member.returned", community=membership.person.community, by=person)
        return membership


def end_breaks() -> int:
    """Bring back everyone whose last day of a break is over in their community; returns how many. Safe to repeat."""
    back = 0
    # Nowhere is it a later day than in the zone that is furthest ahead.
    latest = (clock.now() + datetime.timedelta(hours=14)).date()
    waiting = Membership.objects.paused().filter(paused_until__lte=latest).select_related("person__community")
    for membership in waiting.iterator(chunk_size=500):
        if membership.paused_until and membership.paused_until <= clock.today(membership.person.community.time_zone):
            come_back(person=membership.person)
            back += 1
    return back


# --- roles and audiences ----------------------------------------------------------------------------


def take_role(*, person: Person, role: str, by: Person | None) -> Membership:
    """Give a member a role; the one they have changes nothing. Records `role.taken`.

    Stewards give and take the roles up to their own from those below them; only owners make owners, and only owners change
    what owners or other stewards are. Everyone may step down. Roles are for people who sign in.

    Raises NotAllowed, and DomainError for the last owner, an unclaimed person or an organisation.
    """
    if role not in Role.values:
        raise DomainError(_("“%(role)s” is no role.") % {"role": role})
    with transaction.atomic():
        membership = _locked(person)
        before = membership.role
        if before == role:
            return membership
        _may_give(by, membership, role)
        if role != Role.MEMBER and not membership.person.is_claimed:
            raise DomainError(
                _("%(name)s has no sign-in here and cannot take on a role.") % {"name": person},
                _("Invite them first; once they have claimed what they did before, give them the role."),
            )
        if RANK[role] < RANK[before]:
            keep_an_owner(membership)
        membership.role = role
        membership.save(update_fields=["role"])
        community = membership.person.community
        record("role.taken", community=community, by=person, data={"role": role, "before": before})
        trace("role.taken", community=community, by=by, obj=person, changes={"role": [before, role]})
        return membership


def _may_give(by: Person | None, membership: Membership, role: str) -> None:
    if by is not None and by.pk == membership.person_id and RANK[role] < RANK[membership.role]:
        return
    check(by, "people.role", membership.person.community)
    own = rank(by)
    if own >= RANK[Role.OWNER]:
        return
    if RANK[role] > own or role == Role.OWNER:
        raise NotAllowed(_("Only owners make owners."), _("Ask an owner."))
    if RANK[membership.role] >= own:
        raise NotAllowed(_("Only owners change what owners and stewards are."), _("Ask an owner."))


def change_audience(*, person: Person, audience: str, by: Person | None) -> Membership:
    """Say what the person is to the community: member, subscriber, volunteer, ... A steward's decision, on the trail.

    Records `member.audience_changed`.
    """
    if audience not in Membership.Audience.values:
        raise DomainError(_("“%(audience)s” is no audience.") % {"audience": audience})
    with transaction.atomic():
        membership = _locked(person)
        check(by, "people.role", membership.person.community)
        before = membership.audience
        if before != audience:
            membership.audience = audience
            membership.save(update_fields=["audience"])
            record(
                "member.audience_changed",
                community=membership.person.community,
                by=person,
                data={"audience": audience, "before": before},
            )
            trace(
                "member.audience_changed",
                community=membership.person.community,
                by=by,
                obj=person,
                changes={"audience": [before, audience]},
            )
        return membership


def place(*, person: Person, role: str, audience: str, by: Person | None) -> Membership:
    """Role and audience in one decision; see `take_role` and `change_audience`. Both or neither."""
    with transaction.atomic():
        take_role(person=person, role=role, by=by)
        return change_audience(person=person, audience=audience, by=by)


# --- organisations ----------------------------------------------------------------------------------


def add_organisation(
    *,
    community: Community,
    name: str,
    by: Person | None,
    audience: str = Membership.Audience.PARTNER,
    representatives: Iterable[Person] = (),
    came_from: str = "",
) -> Person:
    """A steward adds an organisation as a member, perhaps with people who act for it. Records `member.joined`."""
    check(by, "people.admit", community)
    name = " ".join(name.split())
    if not 1 < len(name) <= 120:
        raise DomainError(_("An organisation needs a name of 2 to 120 letters."))
    with transaction.atomic():
        Community.objects.select_for_update().get(pk=community.pk)
        present = Person.objects.present().filter(community=community, kind=Person.Kind.ORGANISATION, name__iexact=name)
        if present.filter(membership__left_at__isnull=True).exists():
            raise Conflict(_("%(name)s is a member already.") % {"name": name})
        made = Person.objects.create(community=community, kind=Person.Kind.ORGANISATION, name=name)
        Membership.objects.create(
            community=community, person=made, audience=audience, came_from=came_from.strip()[:120]
        )
        record("member.joined", community=community, by=made, data={"came_from": came_from.strip()[:120]})
        trace("organisation.added", community=community, by=by, obj=made)
        for person in representatives:
            represent(organisation=made, person=person, by=by)
    return made


def represent(*, organisation: Person, person: Person, by: Person | None) -> Representative:
    """A member acts for the organisation from now on; by a steward or someone who does so already.

    Raises NotAllowed, and DomainError for who is no member, or no organisation.
    """
    _both_belong(organisation, person)
    if not _represents(by, organisation):
        check(by, "people.admit", organisation.community)
    with transaction.atomic():
        made, new = Representative.objects.get_or_create(
            organisation=organisation, person=person, defaults={"community_id": organisation.community_id}
        )
        if new:
            trace(
                "representative.added",
                community=organisation.community,
                by=by,
                obj=organisation,
                changes={"person": ["", str(person.pk)]},
            )
        return made


def withdraw(*, organisation: Person, person: Person, by: Person | None) -> None:
    """A person no longer acts for the organisation: by themselves, another representative, or a steward."""
    if by is None or (by.pk != person.pk and not _represents(by, organisation)):
        check(by, "people.admit", organisation.community)
    with transaction.atomic():
        gone, _rows = Representative.objects.filter(organisation=organisation, person=person).delete()
        if gone:
            trace(
                "representative.withdrawn",
                community=organisation.community,
                by=by,
                obj=organisation,
                changes={"person": [str(person.pk), ""]},
            )


def _both_belong(organisation: Person, person: Person) -> None:
    if organisation.kind != Person.Kind.ORGANISATION:
        raise DomainError(_("%(name)s is no organisation.") % {"name": organisation})
    if person.kind != Person.Kind.HUMAN or person.community_id != organisation.community_id:
        raise DomainError(_("Only people of this community can act for an organisation."))
    if not Membership.objects.active().filter(person=person).exists():
        raise DomainError(_("%(name)s does not belong to the community now.") % {"name": person})


def _represents(person: Person | None, organisation: Person) -> bool:
    """Whether the person, a member now, acts for the organisation."""
    active = Membership.objects.active().filter(person=OuterRef("person"))
    return (
        person is not None
        and Representative.objects.filter(Exists(active), organisation=organisation, person=person).exists()
    )
