"""What is worth celebrating, each of it in the way that the person chose.

Who said nothing is celebrated within the community. Nobody unclaimed is celebrated, and nothing that came with history.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from milepost.domain.paths.models import Milestone
from milepost.domain.people.models import Praise, Profile
from milepost.foundation.common import clock
from milepost.foundation.common.prepared import prepared
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community, Membership

from .bearings import SECONDS
from .models import Award

Celebration = Profile.Celebration
QUIET = frozenset({Celebration.PRIVATE.value, Celebration.NONE.value})
WEEKS = 6
"""Of how many weeks home speaks."""
_COMMUNITY = Value(Celebration.COMMUNITY.value)


@dataclass(frozen=True, slots=True)
class Who:
    """Someone as the reader may see them: with no id and no photo where only the first name may be said."""

    name: str
    id: uuid.UUID | None = None
    handle: str = ""
    photo: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """Someone reached a milestone (`day`, the community's), or was thanked (`at`)."""

    who: Who
    when: datetime.datetime
    milestone: str = ""
    slug: str = ""
    words: str = ""
    thanked: Who | None = None
    value: str = ""
    id: uuid.UUID | None = None
    quietly: bool = False
    """Only the reader sees it: it is their own, and they celebrate privately."""


def seen_as(values: dict[str, Any], actor: Actor, prefix: str = "") -> Who | None:
    """The person in `values` (id, name, handle, photo, celebration below `prefix`) as `actor` may see them celebrated."""
    ident, choice = values[f"{prefix}id"], values[f"{prefix}celebration"]
    own = reader_id(actor) == ident
    whole = Who(values[f"{prefix}name"], ident, values[f"{prefix}handle"], values[f"{prefix}photo"] or "")
    if own or choice == Celebration.PUBLIC:
        return whole
    if not _belongs(actor) or choice in {Celebration.PRIVATE, Celebration.NONE}:
        return None
    return Who(called(whole.name, values[f"{prefix}called"])) if choice == Celebration.FIRST_NAME else whole


def called(name: str, chosen: str | None) -> str:
    """What someone said they want to be called; as long as they said nothing, the first word of their name."""
    return chosen or (name.split()[0] if name.split() else name)


def shows_milestones(choice: str, *, own: bool, member: bool) -> bool:
    """Whether a person's own page may name what they reached: with the whole name there, so not for a first name only."""
    return own or choice == Celebration.PUBLIC or (member and choice == Celebration.COMMUNITY)


def awards(actor: Actor) -> QuerySet[Award]:
    """The awards that the actor may see celebrated, newest first."""
    return every_award(actor).filter(backfilled=False).order_by("-reached_on", "-claimed_at")


def every_award(actor: Actor) -> QuerySet[Award]:
    """The same in no order, with those that came with history: for lists that celebrate nothing."""
    return (
        Award.objects.standing()
        .filter(community=actor.community, person__account__isnull=False)
        .filter(milestone__kind=Milestone.Kind.LIFE, milestone__is_secret=False)
        .filter(person__erased_at__isnull=True, person__merged_into__isnull=True)
        .alias(choice=Coalesce("person__profile__celebration", _COMMUNITY))
        .filter(_choices(actor, "person"), _held_back(actor))
    )


_withheld: list[Callable[[], Exists]] = []


def withhold(rule: Callable[[], Exists]) -> None:
    """Register which awards their people took out of what is celebrated, about the outer award; they see them themselves.

    For apps above, that hold such a wish and that this one does not know.
    """
    _withheld.append(rule)


def _held_back(actor: Actor) -> Q:
    shown = Q()
    for rule in _withheld:
        shown &= ~Q(rule()) | _own(actor, "person")
    return shown


def columns(found: QuerySet[Award]) -> QuerySet[Award, dict[str, Any]]:
    """What `as_moments` reads."""
    read: QuerySet[Award, Any] = found.values(
        "id",
        "reached_on",
        "claimed_at",
        "evidence",
        **person_columns("person", "who_"),
        stone=F("milestone__name"),
        slug=F("milestone__slug"),
    )
    return read


def moments(found: QuerySet[Award], actor: Actor) -> list[Moment]:
    """One query."""
    return as_moments(columns(found), actor)


def as_moments(rows: Iterable[dict[str, Any]], actor: Actor) -> list[Moment]:
    made = []
    for row in rows:
        who = seen_as(row, actor, "who_")
        if who is not None:
            made.append(
                Moment(
                    who=who,
                    when=_moment(row["reached_on"], row["claimed_at"]),
                    milestone=row["stone"],
                    slug=row["slug"],
                    words=row["evidence"],
                    id=row["id"],
                    quietly=row["who_celebration"] in {Celebration.PRIVATE, Celebration.NONE},
                )
            )
    return made


def thanks(actor: Actor) -> QuerySet[Praise]:
    """The thanks that the actor may read, newest first: by and to people who let themselves be named."""
    named = Q()
    for side in ("giver", "receiver"):
        named &= Q(**{f"{side}__account__isnull": False, f"{side}__merged_into__isnull": True})
    return (
        Praise.objects.filter(named, community=actor.community)
        .alias(choice=Coalesce("receiver__profile__celebration", _COMMUNITY))
        .filter(_choices(actor, "receiver") | _own(actor, "giver"))
        .order_by("-given_at", "-pk")
    )


def thanked(found: QuerySet[Praise], actor: Actor) -> list[Moment]:
    """One query. The giver said it aloud and is named; the receiver as they chose."""
    return _as_thanks(_thanks_columns(found), actor)


def _thanks_columns(found: QuerySet[Praise]) -> QuerySet[Praise, Any]:
    return found.values(
        "pk", "given_at", "words", "value", **person_columns("giver", "from_"), **person_columns("receiver", "to_")
    )


def _as_thanks(rows: Iterable[dict[str, Any]], actor: Actor) -> list[Moment]:
    made = []
    for row in rows:
        receiver = seen_as(row, actor, "to_")
        if receiver is None and reader_id(actor) == row["from_id"]:
            receiver = Who(row["to_name"], row["to_id"], row["to_handle"])
        if receiver is not None:
            giver = Who(row["from_name"], row["from_id"], row["from_handle"], row["from_photo"] or "")
            made.append(
                Moment(
                    who=giver,
                    when=row["given_at"],
                    words=row["words"],
                    thanked=receiver,
                    value=row["value"],
                    id=row["pk"],
                )
            )
    return made


def thanks_to(person: uuid.UUID, actor: Actor, most: int) -> list[Moment]:
    """Those that one member received, as another member may read them. One query."""
    assert actor.membership is not None
    rows = _received(most, community=actor.community.pk, reader=actor.membership.person_id, receiver=person)
    return _as_thanks(rows, actor)


@prepared
def _received(most: int, *, community: uuid.UUID, reader: uuid.UUID, receiver: uuid.UUID) -> QuerySet[Praise, Any]:
    home = Community(pk=community)
    asking = Actor(community=home, membership=Membership(community=home, person_id=reader))
    return _thanks_columns(thanks(asking).filter(receiver=receiver)[:most])


MOST = 6
"""Moments of each kind that home may show."""


def lately(community: Community, *, members: bool) -> list[Moment]:
    """What was reached and thanked for in the last weeks, newest first, for all members or for all visitors: at most a minute
    old, so that a page of 100,000 members costs no more than one of a hundred.

    Of each reader's own, private ones are not among them (`quietly`).
    """
    key = f"lately:{community.pk}:{'members' if members else 'visitors'}"
    found: list[Moment] | None = cache.get(key)
    if found is None:
        # Someone who belongs, and is nobody in particular.
        reader = Actor(community=community, membership=Membership(community=community) if members else None)
        since = clock.today(community.time_zone) - datetime.timedelta(weeks=WEEKS)
        found = moments(awards(reader).filter(reached_on__gte=since)[:MOST], reader)
        if members:
            given = thanks(reader).filter(given_at__gte=clock.now() - datetime.timedelta(weeks=WEEKS))
            found = sorted(found + thanked(given[:MOST], reader), key=lambda one: one.when, reverse=True)
        cache.set(key, found, SECONDS)
    return found


def forget(community: Community) -> None:
    """Let the next page look anew: someone said something, or chose to be celebrated in another way."""
    cache.delete_many([f"lately:{community.pk}:{who}" for who in ("members", "visitors")])


def person_columns(path: str, prefix: str) -> dict[str, Any]:
    """What `seen_as` reads of the person at `path`, for `values()`."""
    return {
        f"{prefix}id": F(f"{path}_id"),
        f"{prefix}name": F(f"{path}__name"),
        f"{prefix}handle": F(f"{path}__handle"),
        f"{prefix}photo": F(f"{path}__profile__photo"),
        f"{prefix}called": F(f"{path}__profile__called"),
        f"{prefix}celebration": Coalesce(f"{path}__profile__celebration", _COMMUNITY),
    }


def _choices(actor: Actor, path: str) -> Q:
    shown = [Celebration.PUBLIC]
    if _belongs(actor):
        shown += [Celebration.COMMUNITY, Celebration.FIRST_NAME]
    return Q(choice__in=shown) | _own(actor, path)


def _own(actor: Actor, path: str) -> Q:
    reader = reader_id(actor)
    return Q(**{path: reader}) if reader else Q()


def reader_id(actor: Actor) -> uuid.UUID | None:
    """The reader's person; None for visitors, and for a member in general."""
    return actor.membership.person_id if actor.membership else None


def _belongs(actor: Actor) -> bool:
    return actor.membership is not None and actor.membership.is_active


def _moment(day: datetime.date, claimed_at: datetime.datetime) -> datetime.datetime:
    """A moment on that day: that of the claim, where it was made the same day, else noon."""
    if claimed_at.date() == day:
        return claimed_at
    return datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
