"""What a rule comes down to: groups of three kinds of leaves.

A `Term` counts dated rows (deeds, or rows of a dated reference) and has history. An `Among` is a set of people, and a `Fact` is
a test of the membership `m`; both are known as of now only.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from milepost.foundation.common.databases import local_day_sql
from milepost.foundation.common.ids import NO_ID

from .sql import Sql, among, day, is_postgresql, joined, key, later, one_of, sql, week

COUNT, QUANTITY, DAYS, OBJECTS, PEOPLE, WEEKS, RETURNS = (
    "count", "quantity", "days", "objects", "people", "weeks", "returns",
)  # fmt: skip
SCALE = 10_000
"""Quantities have four places; as whole numbers their sums are exact on both databases."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a question is about: a whole community, or some of its people (ids, or SQL that selects them)."""

    community_id: uuid.UUID
    people: tuple[uuid.UUID, ...] | Sql | None = None

    def where(self, person: str, community: str) -> Sql:
        if self.people is None:
            return Sql(f"{community} = %s", (key(self.community_id),))
        return among(person, self.people)


class Source(Protocol):
    def rows(self, scope: Scope, measure: str, first: date | None, last: date | None) -> Sql:
        """SELECT person_id, day, amount, unit: from `first` to `last`, those days included."""
        ...


@dataclass(frozen=True, slots=True)
class Deeds:
    """What members did, or what was done toward them (`received`), from the roll-ups."""

    verbs: tuple[str, ...]
    """Empty: anything."""
    received: bool = False
    space: uuid.UUID | None = None
    object: uuid.UUID | None = None
    tagged: Sql | None = None
    newcomers: int | None = None
    """Only toward people who had joined, or begun to take part, so many days before, at most."""
    zone: str = "UTC"

    def is_detailed(self, measure: str) -> bool:
        """Whether it takes the roll-up with objects."""
        narrowed = self.received or self.space or self.object or self.tagged is not None or self.newcomers is not None
        return bool(narrowed) or measure in {OBJECTS, PEOPLE}

    def rows(self, scope: Scope, measure: str, first: date | None, last: date | None) -> Sql:
        table = "activity_memberobjectday" if self.is_detailed(measure) else "activity_memberday"
        person, toward = ("r.other_id", "r.person_id") if self.received else ("r.person_id", "r.other_id")
        amount = {COUNT: "r.count", QUANTITY: f"r.quantity * {SCALE}"}.get(measure, "1")
        if measure == QUANTITY:
            amount = _whole(amount)
        unit = {OBJECTS: "r.object_id", PEOPLE: toward}.get(measure, "0")
        wheres = [scope.where(person, "r.community_id")]
        if self.verbs:
            wheres.append(one_of("r.verb", self.verbs))
        if first:
            wheres.append(Sql(f"r.day >= {day(first)}"))
        if last:
            wheres.append(Sql(f"r.day <= {day(last)}"))
        wheres += self._narrowed(measure)
        return sql(
            "SELECT {person} AS person_id, r.day AS day, {amount} AS amount, {unit} AS unit FROM {table} r WHERE {where}",
            person=person, amount=amount, unit=unit, table=table, where=joined(" AND ", wheres),
        )  # fmt: skip

    def _narrowed(self, measure: str) -> list[Sql]:
        found = []
        if self.received or measure == PEOPLE or self.newcomers is not None:
            # Nobody is helped by themselves, nor answers themselves.
            found += [Sql("r.other_id <> %s", (key(NO_ID),)), Sql("r.other_id <> r.person_id")]
        if measure == OBJECTS:
            found.append(Sql("r.object_id <> %s", (key(NO_ID),)))
        if self.space:
            found.append(Sql("r.space_id = %s", (key(self.space),)))
        if self.object:
            found.append(Sql("r.object_id = %s", (key(self.object),)))
        if self.tagged is not None:
            found.append(sql("r.object_id IN ({tagged})", tagged=self.tagged))
        if self.newcomers is not None:
            toward = "r.person_id" if self.received else "r.other_id"
            # Of an imported history nobody knows who joined when: there the first deed is the beginning.
            found.append(
                sql(
                    "EXISTS (SELECT 1 FROM (SELECT MIN(k.day) AS day FROM (SELECT {joined} AS day FROM identity_membership n"
                    " WHERE n.person_id = {toward} UNION ALL SELECT b.day FROM activity_memberday b"
                    " WHERE b.person_id = {toward}) k) s WHERE s.day <= r.day AND r.day <= {until})",
                    joined=_joined_on("n", self.zone), toward=toward, until=later("s.day", self.newcomers),
                )
            )  # fmt: skip
        return found


@dataclass(frozen=True, slots=True)
class Dated:
    """Rows of a dated reference or a date of the member: SQL that selects (person_id, day), one row for each time."""

    select: Sql
    name: str

    def rows(self, scope: Scope, measure: str, first: date | None, last: date | None) -> Sql:
        wheres = []
        if scope.people is not None:
            wheres.append(among("r.person_id", scope.people))
        if first:
            wheres.append(Sql(f"r.day >= {day(first)}"))
        if last:
            wheres.append(Sql(f"r.day <= {day(last)}"))
        return sql(
            "SELECT r.person_id AS person_id, r.day AS day, 1 AS amount, 0 AS unit FROM ({select}) r{where}",
            select=self.select, where=sql(" WHERE {all}", all=joined(" AND ", wheres)) if wheres else Sql(""),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """So many of something: at least `low` and at most `high` (None: any number), all of it counted between the days `since` and
    `until`, and, with a `window`, in as many days up to the day that is asked about (that day included)."""

    source: Source
    measure: str = COUNT
    low: int = 1
    high: int | None = None
    since: date | None = None
    until: date | None = None
    window: int | None = None
    shifted: bool = False
    """Whether its days may lie ahead: so long after a date of the member."""
    length: int = 0
    """Of WEEKS: how many in a row. Of RETURNS: for how many days nothing happened before."""

    @property
    def is_idle(self) -> bool:
        """Whether it holds of someone who did nothing."""
        return self.low <= 0

    @property
    def is_lasting(self) -> bool:
        """Whether it goes on holding once it holds. (Quantities can be less than nothing.)"""
        return self.window is None and self.high is None and self.low > 0 and self.measure != QUANTITY

    def rows(self, scope: Scope, first: date | None = None, last: date | None = None) -> Sql:
        """SELECT person_id, day, amount, unit: what is counted, perhaps of some days only."""
        if self.measure in {WEEKS, RETURNS}:
            return self._marks(scope, first, last)
        starts = [d for d in (self.since, first) if d]
        ends = [d for d in (self.until, last) if d]
        return self.source.rows(scope, self.measure, max(starts, default=None), min(ends, default=None))

    def _marks(self, scope: Scope, first: date | None, last: date | None) -> Sql:
        """The days on which a streak had lasted long enough, or on which someone came back after a pause."""
        base = self.source.rows(scope, self.measure, self.since, self.until)
        marks = _streaks(base, self.length) if self.measure == WEEKS else _returns(base, self.length)
        wheres = [
            Sql(f"s.day >= {day(first)}") if first else Sql(""),
            Sql(f"s.day <= {day(last)}") if last else Sql(""),
        ]
        bounds = joined(" AND ", wheres)
        return sql(
            "SELECT s.person_id AS person_id, s.day AS day, 1 AS amount, 0 AS unit FROM ({marks}) s{where}",
            marks=marks, where=sql(" WHERE {bounds}", bounds=bounds) if bounds else Sql(""),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Among:
    """The people whom `select` gives; known as of now."""

    select: Sql
    name: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A test of the membership `m`; known as of now."""

    where: Sql


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any`, or `not` (of one part)."""

    kind: str
    parts: tuple[Part, ...]


type Part = Term | Among | Fact | Group

NOTHING = Group("any", ())
NO_ROWS = Sql("SELECT NULL AS person_id, NULL AS day WHERE 1 = 0")


def leaves(part: Part) -> list[Term | Among | Fact]:
    if isinstance(part, Group):
        return [leaf for one in part.parts for leaf in leaves(one)]
    return [part]


def holds_idle(part: Part) -> bool:
    """Whether it may hold of someone of whom nothing is known but that they belong."""
    if isinstance(part, Term):
        return part.is_idle
    if isinstance(part, Group):
        if part.kind == "not":
            # A fact may hold or not; only of terms is it known.
            return not _always_idle(part.parts[0])
        found = [holds_idle(one) for one in part.parts]
        return all(found) if part.kind == "all" else any(found)
    return True


def _always_idle(part: Part) -> bool:
    if isinstance(part, Term):
        return part.is_idle
    if isinstance(part, Group):
        if part.kind == "not":
            return not holds_idle(part.parts[0])
        found = [_always_idle(one) for one in part.parts]
        return all(found) if part.kind == "all" else any(found)
    return False


# --- SQL ---------------------------------------------------------------------------------------------


def _whole(expression: str) -> str:
    return expression if is_postgresql() else f"CAST(ROUND({expression}) AS INTEGER)"


def _joined_on(alias: str, zone: str) -> str:
    # A zone's name was checked when the community chose it.
    return local_day_sql(f"{alias}.joined_at", f"'{zone}'")


def _streaks(base: Sql, length: int) -> Sql:
    """The first day in each week that was at least the `length`-th in a row with something in it."""
    return sql(
        "SELECT person_id, day FROM (SELECT person_id, day, ROW_NUMBER() OVER (PARTITION BY person_id, island ORDER BY week) AS n"
        " FROM (SELECT person_id, week, day, week - ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY week) AS island"
        " FROM (SELECT person_id, {week} AS week, MIN(day) AS day FROM ({base}) d GROUP BY person_id, {week}) w) i) k"
        " WHERE n >= {length}",
        week=week("day"), base=base, length=length,
    )  # fmt: skip


def _returns(base: Sql, length: int) -> Sql:
    """The days on which something happened after `length` whole days, at least, without anything."""
    return sql(
        "SELECT person_id, day FROM (SELECT person_id, day, LAG(day) OVER (PARTITION BY person_id ORDER BY day) AS before"
        " FROM (SELECT DISTINCT person_id, day FROM ({base}) d) w) g WHERE day > {end}",
        base=base, end=later("before", length),
    )  # fmt: skip


def people_of(people: Sequence[uuid.UUID] | Sql | None) -> tuple[uuid.UUID, ...] | Sql | None:
    if people is None or isinstance(people, Sql):
        return people
    return tuple(people)
