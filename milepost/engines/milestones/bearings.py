"""Why a community exists and how far it has come, in one query: what every page says at a glance.

Nobody is named in it, so it may be a minute old: the counts read all awards and memberships of a community, which on 100,000
members no page should do each time.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db import models
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat

from milepost.domain.charter.models import CharterVersion
from milepost.domain.charter.models import Value as HeldDear
from milepost.domain.events.models import Event
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.foundation.identity.models import Community, Membership

from .floor import may_show
from .models import Award

SECONDS = 60
"""How old a page's counts may be."""
GATHERINGS = 4
"""Next events that are kept."""


@dataclass(frozen=True, slots=True)
class ValueRow:
    id: uuid.UUID
    slug: str
    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Stone:
    """A milestone of the community's way, and how many members reached it, ever (former members count)."""

    id: uuid.UUID
    slug: str
    name: str
    why: str
    reached: int
    retired: bool = False
    """No longer on the way; who reached it keeps it."""
    is_step: bool = False
    """A small step of taking part: never shown as what someone achieved."""
    secret: bool = False
    """Only who reached it, and stewards, know of it."""


@dataclass(frozen=True, slots=True)
class GoalRow:
    """An adopted goal. `reached`: how many members reached its milestone, ever; None where it has none."""

    id: uuid.UUID
    slug: str
    title: str
    why: str
    unit: str
    value_id: uuid.UUID | None
    milestone_id: uuid.UUID | None
    target: float | None
    deadline: datetime.date | None
    adopted_on: datetime.date | None
    reached: int | None

    def expected(self, today: datetime.date) -> float | None:
        """Where it would be by now if all went evenly from adoption to deadline."""
        if self.target is None or self.deadline is None or self.adopted_on is None or self.deadline <= self.adopted_on:
            return None
        passed = (today - self.adopted_on).days / (self.deadline - self.adopted_on).days
        return self.target * min(1.0, max(0.0, passed))


@dataclass(frozen=True, slots=True)
class Gathering:
    """One of the next events that all members may see; of a series the next one."""

    id: uuid.UUID
    title: str
    kind: str
    mode: str
    place: str
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    series_id: uuid.UUID | None


@dataclass(slots=True)
class Bearings:
    members: int = 0
    """Who belongs now and claimed themselves, organisations too."""
    number: int = 0
    mission: str = ""
    vision: str = ""
    values: list[ValueRow] = field(default_factory=list)
    every_stone: list[Stone] = field(default_factory=list)
    goals: list[GoalRow] = field(default_factory=list)
    gatherings: list[Gathering] = field(default_factory=list)

    @property
    def stones(self) -> list[Stone]:
        """The way as everyone may see it: milestones of life that are pursued."""
        return [s for s in self.every_stone if not (s.retired or s.is_step or s.secret)]

    @property
    def steps(self) -> list[Stone]:
        """The small steps of taking part that the community defined for itself, in its order."""
        return [s for s in self.every_stone if s.is_step and not (s.retired or s.secret)]

    def stone(self, ident: uuid.UUID | None) -> Stone | None:
        return next((stone for stone in self.every_stone if stone.id == ident), None)

    def value(self, ident: uuid.UUID | None) -> ValueRow | None:
        return next((value for value in self.values if value.id == ident), None)

    def may_show(self, count: int, *, steward: bool = False) -> bool:
        return may_show(count, self.members, steward=steward)


def bearings(community: Community) -> Bearings:
    """At most `SECONDS` old."""
    key = f"bearings:{community.pk}"
    found: Bearings | None = cache.get(key)
    if found is None:
        found = take(community)
        cache.set(key, found, SECONDS)
    return found


def forget(community: Community) -> None:
    """Let the next page count anew: whoever just changed something wants to see it."""
    cache.delete(f"bearings:{community.pk}")


_TEXT, _UUID = models.TextField(), models.UUIDField()
_NUMBER, _DAY, _COUNT = models.FloatField(), models.DateField(), models.IntegerField()
_COLUMNS: tuple[tuple[str, models.Field[Any, Any]], ...] = (
    ("kind_", _TEXT),
    ("id_", _UUID),
    ("slug_", _TEXT),
    ("title_", _TEXT),
    ("text_", _TEXT),
    ("unit_", _TEXT),
    ("value_", _UUID),
    ("milestone_", _UUID),
    ("target_", _NUMBER),
    ("deadline_", _DAY),
    ("adopted_", _DAY),
    ("count_", _COUNT),
    ("position_", _COUNT),
)


def take(community: Community) -> Bearings:
    """From the tables, by one query."""
    parts = _parts(community)
    made = Bearings()
    for row in parts[0].union(*parts[1:], all=True).order_by("position_", "title_"):
        _place(made, dict(zip((name for name, _ in _COLUMNS), row, strict=True)))
    return made


def _parts(community: Community) -> list[QuerySet[Any, Any]]:
    there = {"community": community}
    newest = CharterVersion.objects.filter(ratified_at__isnull=False, **there).order_by("-number").values("pk")[:1]
    return [
        _rows(
            Community.objects.filter(pk=community.pk),
            "members",
            count_=Subquery(
                Membership.objects.active()
                .filter(person__account__isnull=False, **there)
                .order_by()
                .values("community")
                .annotate(n=Count("*"))
                .values("n")
            ),
        ),
        _rows(
            CharterVersion.objects.filter(pk__in=newest),
            "charter",
            title_=F("mission"),
            text_=F("vision"),
            count_=F("number"),
        ),
        _rows(
            HeldDear.objects.held().filter(**there),
            "value",
            slug_=F("slug"),
            title_=F("name"),
            text_=F("meaning"),
            position_=F("position"),
        ),
        _rows(
            Milestone.objects.adopted().filter(**there),
            "stone",
            slug_=F("slug"),
            title_=F("name"),
            text_=F("why"),
            unit_=Concat("kind", Value(" "), Cast("is_secret", models.IntegerField()), output_field=_TEXT),
            deadline_=F("retired_at"),
            count_=_counted("pk"),
            position_=F("position"),
        ),
        _rows(
            Goal.objects.adopted().filter(**there),
            "goal",
            slug_=F("slug"),
            title_=F("title"),
            text_=F("why"),
            unit_=F("unit"),
            value_=F("value_id"),
            milestone_=F("milestone_id"),
            target_=F("target"),
            deadline_=F("deadline"),
            adopted_=F("adopted_at"),
            count_=_counted("milestone_id"),
            position_=F("position"),
        ),
        _gatherings(community),
    ]


def _gatherings(community: Community) -> QuerySet[Any, Any]:
    return _rows(
        Event.objects.filter(pk__in=Event.objects.next_for_members(community).values("pk")[:GATHERINGS]),
        "event",
        slug_=Concat("kind", Value(" "), "mode", output_field=_TEXT),
        title_=F("title"),
        text_=F("place"),
        # The columns have no moments; both databases write them as text in UTC.
        unit_=Concat(Cast("starts_at", _TEXT), Value("|"), Cast("ends_at", _TEXT), output_field=_TEXT),
        milestone_=F("series_id"),
    )


def _rows(found: QuerySet[Any], kind: str, **columns: Any) -> QuerySet[Any, Any]:
    """The same columns, of the same types, whatever the table: so that the parts can be put together."""
    given = {"kind_": Value(kind), "id_": F("pk"), **columns}
    every = {name: Cast(given.get(name, Value(None)), output_field=kept) for name, kept in _COLUMNS}
    rows: QuerySet[Any, Any] = found.order_by().annotate(**every).values_list(*every)
    return rows


def _counted(milestone: str) -> Any:
    counted = Award.objects.standing().filter(milestone=OuterRef(milestone)).order_by().values("milestone")
    counted = counted.annotate(n=Count("person", distinct=True))
    return Coalesce(Subquery(counted.values("n")), 0)


def _place(made: Bearings, row: dict[str, Any]) -> None:
    ident, slug, title, text = row["id_"], row["slug_"], row["title_"], row["text_"]
    match row["kind_"]:
        case "members":
            made.members = row["count_"] or 0
        case "charter":
            made.mission, made.vision, made.number = title, text, row["count_"]
        case "value":
            made.values.append(ValueRow(ident, slug, title, text))
        case "stone":
            kind, _space, hidden = row["unit_"].partition(" ")
            made.every_stone.append(
                Stone(
                    ident, slug, title, text, row["count_"], retired=row["deadline_"] is not None,
                    is_step=kind == Milestone.Kind.STEP, secret=hidden == "1",
                )
            )  # fmt: skip
        case "event":
            kind, _space, mode = slug.partition(" ")
            starts, _bar, ends = row["unit_"].partition("|")
            made.gatherings.append(
                Gathering(ident, title, kind, mode, text, _moment(starts), _moment(ends), row["milestone_"])
            )
            made.gatherings.sort(key=lambda one: one.starts_at)
        case _:
            counted = row["count_"] if row["milestone_"] else None
            made.goals.append(
                GoalRow(
                    ident, slug, title, text, row["unit_"], row["value_"], row["milestone_"], row["target_"],
                    row["deadline_"], row["adopted_"], counted,
                )
            )  # fmt: skip


def _moment(text: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
