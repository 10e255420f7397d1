"""A member's own moments: taking one back, showing it again, and the one post of what they had already reached."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.engines.milestones import celebrating
from milepost.engines.milestones.models import Award
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import Community, Membership, Person

from . import posting
from .models import Moment, MomentAward

KINDS = posting.TELLING


def take_back(*, moment: uuid.UUID, by: Person) -> int:
    """A member takes what is theirs out of a moment: from now on nobody else sees it. The award stays. Returns how many."""
    return _set(moment, by, back=True)


def show_again(*, moment: uuid.UUID, by: Person) -> int:
    return _set(moment, by, back=False)


def _set(moment: uuid.UUID, by: Person, *, back: bool) -> int:
    check(by, "celebrations.own", by.community)
    own = MomentAward.objects.filter(moment=moment, award__person=by)
    if not own.exists():
        raise NotAllowed(_("Only whose moment it is can take it back."))
    changed = own.filter(taken_back_at__isnull=back).update(taken_back_at=clock.now() if back else None)
    celebrating.forget(by.community)
    return changed


def taken_back() -> Exists:
    """About an outer award: whether it was taken out of what is celebrated. Asked by every list of what people reached."""
    return Exists(MomentAward.objects.filter(award=OuterRef("pk"), taken_back_at__isnull=False))


# --- what they had already reached ---------------------------------------------------------------------


def unannounced(person: Person) -> QuerySet[Award]:
    """What a person reached and no moment tells of: brought in with history, or reached before they had a sign-in."""
    said = MomentAward.objects.filter(award=OuterRef("pk"), moment__kind__in=KINDS)
    return (
        Award.objects.filter(~Exists(said), person=person, revoked_at__isnull=True)
        .select_related("milestone")
        .order_by("reached_on", "pk")
    )


def key_of(person: uuid.UUID) -> str:
    return f"catch-up:{person}"


def may_catch_up(person: Person) -> bool:
    """Whether there is something to tell, and it has not been told before."""
    done = Moment.objects.filter(community=person.community_id, key=key_of(person.pk)).exists()
    return not done and unannounced(person).exists()


def catch_up(*, person: Person, by: Person, awards: Iterable[uuid.UUID] | None = None) -> Moment:
    """Publish the ONE post "what we had already reached", with all of it or the chosen awards: by the member, or a steward.

    A steward's is audited, and not done for who celebrates privately or not at all. DomainError where there is nothing to
    tell, Conflict where it was published before.
    """
    own = by.pk == person.pk
    check(by, "celebrations.own" if own else "celebrations.write", person.community)
    if not person.is_public or not Membership.objects.active().filter(person=person).exists():
        raise DomainError(_("Only members who have a sign-in are celebrated."))
    choice = getattr(getattr(person, "profile", None), "celebration", celebrating.Celebration.COMMUNITY)
    if not own and choice in celebrating.QUIET:
        raise NotAllowed(_("%(name)s does not want to be celebrated.") % {"name": person.name})
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        if Moment.objects.filter(community=person.community_id, key=key_of(person.pk)).exists():
            raise Conflict(_("This post was published before; there is one for each person."))
        chosen = unannounced(person)
        if awards is not None:
            chosen = chosen.filter(pk__in=list(awards))
        found = list(chosen)
        if not found:
            raise DomainError(_("There is nothing to tell that was not told already."))
        moment = Moment.objects.create(
            community_id=person.community_id,
            kind=Moment.Kind.CATCH_UP,
            key=key_of(person.pk),
            day=clock.today(person.community.time_zone),
        )
        posting.add(moment, found)
        if not own:
            trace("catch_up.published", community=person.community, by=by, obj=person)
    celebrating.forget(person.community)
    return moment


def waiting(community: Community) -> QuerySet[Person]:
    """Members of whom a catch-up could tell: for stewards, without those who celebrate quietly."""
    said = MomentAward.objects.filter(award=OuterRef("pk"), moment__kind__in=KINDS)
    untold = Award.objects.filter(~Exists(said), person=OuterRef("pk"), revoked_at__isnull=True)
    quiet = Person.objects.filter(pk=OuterRef("pk"), profile__celebration__in=celebrating.QUIET)
    done = Moment.objects.filter(community=community, kind=Moment.Kind.CATCH_UP, told__award__person=OuterRef("pk"))
    return (
        Person.objects.filter(Exists(untold), ~Exists(quiet), ~Exists(done), community=community)
        .claimed()
        .listed()
        .order_by("name", "pk")
    )
