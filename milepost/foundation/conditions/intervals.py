"""When a rule held, for each member: days from `start` (included) to `stop` (not included).

Every leaf and every group is a set of such intervals, which do not touch within one person. One step makes all of them: a line
of changes (+ on a day, - on a day), summed up over a person's days, holds wherever the sum lies between two bounds.

    at least 3 within 90 days     + the amount on its day, - the amount 90 days later; the sum is 3 or more
    at most 2                     the same, from 0 at the beginning of time; the sum is 0 to 2
    any, all of n                 +1 at each start, -1 at each stop; the sum is 1 or more, or n
    not                           the same, from 0 at the beginning of time; the sum is 0

So the first day on which a rule held, and the next day on which it changes by time alone, are read from the same intervals.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from milepost.foundation.common import clock
from milepost.foundation.common.databases import local_day_sql

from .language import Condition
from .leaves import DAYS, OBJECTS, PEOPLE, Among, Fact, Part, Scope, Term, leaves, people_of
from .matching import People, belonging, looked_up, rows_of
from .sql import ALWAYS, NEVER, Sql, a_date, among, day, earlier_of, ident, joined, later, sql

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community


@dataclass(frozen=True, slots=True)
class Held:
    """A named set of intervals (person_id, start, stop). `lasting`: one for each person at most, without end."""

    name: str
    lasting: bool


class _Weaving:
    """Builds a query from named steps."""

    def __init__(self, community: Community, scope: Scope) -> None:
        self.community, self.scope = community, scope
        self.steps: list[Sql] = []

    def step(self, select: Sql) -> str:
        name = f"h{len(self.steps)}"
        self.steps.append(sql("{name} AS ({select})", name=name, select=select))
        return name

    def query(self, select: Sql) -> Sql:
        return sql("WITH {steps} {select}", steps=joined(", ", self.steps), select=select) if self.steps else select

    def members(self, where: Sql | None = None) -> Sql:
        """The FROM and WHERE of all members who are asked about."""
        wheres = [belonging(self.community)]
        if self.scope.people is not None:
            wheres[0] = looked_up(wheres[0])
            wheres.append(among("m.person_id", self.scope.people))
        if where is not None:
            wheres.append(sql("({where})", where=where))
        return sql("FROM identity_membership m WHERE {where}", where=joined(" AND ", wheres))

    # --- parts ---------------------------------------------------------------------------------------

    def held(self, part: Part) -> Held:
        if isinstance(part, Fact):
            return self._always(sql("SELECT m.person_id AS person_id {members}", members=self.members(part.where)))
        if isinstance(part, Among):
            return self._among(part)
        if isinstance(part, Term):
            return self.term(part)
        if (fact := as_fact(part)) is not None:
            return self.held(fact)
        if part.kind == "not":
            return self._not(self.held(part.parts[0]))
        if part.kind == "any":
            return self._any([self.held(one) for one in part.parts])
        return self._all(part.parts)

    def _always(self, people: Sql) -> Held:
        select = sql(
            "SELECT DISTINCT person_id, {start} AS start, {stop} AS stop FROM ({people}) a",
            start=day(ALWAYS), stop=day(NEVER), people=people,
        )  # fmt: skip
        return Held(self.step(select), lasting=True)

    def _among(self, part: Among) -> Held:
        people = sql("SELECT person_id FROM ({select}) q", select=part.select)
        if self.scope.people is not None:
            people = sql("{people} WHERE {some}", people=people, some=among("q.person_id", self.scope.people))
        return self._always(people)

    def _any(self, parts: list[Held]) -> Held:
        if all(one.lasting for one in parts):
            return self._of_lasting(parts, "MIN(start)", 1)
        return self._summed(_changes(parts), 1, len(parts))

    def _all(self, parts: tuple[Part, ...]) -> Held:
        facts = [fact for one in parts if (fact := as_fact(one)) is not None]
        found = [self.held(one) for one in parts if as_fact(one) is None]
        lasting = [one for one in found if one.lasting]
        if len(lasting) > 1:
            found = [one for one in found if not one.lasting] + [self._of_lasting(lasting, "MAX(start)", len(lasting))]
        one = found[0] if len(found) == 1 else self._summed(_changes(found), len(found), len(found))
        if not facts:
            return one
        members = self.members(joined(" AND ", [sql("({w})", w=fact.where) for fact in facts]))
        select = sql(
            "SELECT f.person_id, f.start, f.stop FROM {name} f WHERE f.person_id IN (SELECT m.person_id {members})",
            name=one.name, members=members,
        )  # fmt: skip
        return Held(self.step(select), one.lasting)

    def _of_lasting(self, parts: list[Held], start: str, least: int) -> Held:
        each = " UNION ALL ".join(f"SELECT person_id, start FROM {one.name}" for one in parts)
        having = f" HAVING COUNT(*) >= {least}" if least > 1 else ""
        select = f"SELECT person_id, {start} AS start, {day(NEVER)} AS stop FROM ({each}) l GROUP BY person_id{having}"
        return Held(self.step(Sql(select)), lasting=True)

    def _not(self, one: Held) -> Held:
        return self._summed(joined(" UNION ALL ", [_changes([one]), self._beginning()]), 0, 0)

    def _beginning(self) -> Sql:
        """A change of nothing for every member, from which on what holds of nothing holds."""
        return sql(
            "SELECT m.person_id AS person_id, {start} AS day, 0 AS amount {members}",
            start=day(ALWAYS), members=self.members(),
        )  # fmt: skip

    # --- terms ---------------------------------------------------------------------------------------

    def term(self, term: Term, first: datetime.date | None = None) -> Held:
        """The intervals of a term; `first`: of what was counted from that day on only."""
        rows = term.rows(self.scope, first)
        if term.is_lasting:
            return self._reached(term, rows)
        changes = self._windowed(term, rows)
        if term.is_idle:
            changes = joined(" UNION ALL ", [changes, self._beginning()])
        return self._summed(changes, term.low, term.high)

    def _reached(self, term: Term, rows: Sql) -> Held:
        """The day of the n-th one, for good."""
        rows = _each_once(term, rows)
        if term.low == 1:
            select = "SELECT person_id, MIN(day) AS start, {stop} AS stop FROM ({rows}) r GROUP BY person_id"
        else:
            select = (
                "SELECT person_id, MIN(day) AS start, {stop} AS stop FROM (SELECT person_id, day, SUM(amount) OVER"
                " (PARTITION BY person_id ORDER BY day) AS total FROM ({rows}) r) t WHERE total >= {low} GROUP BY person_id"
            )
        return Held(self.step(sql(select, stop=day(NEVER), rows=rows, low=term.low)), lasting=True)

    def _windowed(self, term: Term, rows: Sql) -> Sql:
        """Changes (person_id, day, amount): each amount comes on its day and goes when its window is over."""
        if term.window is None:
            return sql("SELECT person_id, day, amount FROM ({rows}) r", rows=_each_once(term, rows))
        if term.measure in {OBJECTS, PEOPLE}:
            return self._alive(term.window, rows)
        name = self.step(_each_once(term, rows))
        gone = later("day", term.window)
        return Sql(f"SELECT person_id, day, amount FROM {name} UNION ALL SELECT person_id, {gone}, -amount FROM {name}")

    def _alive(self, window: int, rows: Sql) -> Sql:
        """A thing counts once, however often it was dealt with, from a first day until a window after the last one."""
        name = self.step(
            sql(
                "SELECT person_id, unit, day, LAG(day) OVER w AS before, LEAD(day) OVER w AS after FROM ({rows}) r"
                " WINDOW w AS (PARTITION BY person_id, unit ORDER BY day)",
                rows=rows,
            )
        )
        gone, kept = later("day", window), later("before", window)
        return Sql(
            f"SELECT person_id, day, 1 AS amount FROM {name} WHERE before IS NULL OR {kept} < day"
            f" UNION ALL SELECT person_id, {gone}, -1 FROM {name} WHERE after IS NULL OR {gone} < after"
        )

    def _summed(self, changes: Sql, low: int, high: int | None) -> Held:
        """Where the sum of all changes up to a day lies between the bounds."""
        inside = f"total >= {low}" if high is None else f"total BETWEEN {low} AND {high}"
        # Changes of one day have one sum: the frame of a window takes all rows of the same day together.
        states = sql(
            "SELECT person_id, day, CASE WHEN {inside} THEN 1 ELSE 0 END AS state FROM (SELECT person_id, day, SUM(amount) OVER"
            " (PARTITION BY person_id ORDER BY day) AS total FROM ({changes}) c) t",
            inside=inside, changes=changes,
        )  # fmt: skip
        turns = sql(
            "SELECT person_id, day, state FROM (SELECT person_id, day, state, LAG(state, 1, 0) OVER"
            " (PARTITION BY person_id ORDER BY day) AS before FROM ({states}) s) b WHERE state <> before",
            states=states,
        )
        select = sql(
            "SELECT person_id, day AS start, stop FROM (SELECT person_id, day, state, COALESCE(LEAD(day) OVER"
            " (PARTITION BY person_id ORDER BY day), {never}) AS stop FROM ({turns}) u) v WHERE state = 1",
            never=day(NEVER), turns=turns,
        )  # fmt: skip
        return Held(self.step(select), lasting=False)


def _changes(parts: list[Held]) -> Sql:
    never = day(NEVER)
    return Sql(
        " UNION ALL ".join(
            f"SELECT person_id, start AS day, 1 AS amount FROM {one.name}"
            + ("" if one.lasting else f" UNION ALL SELECT person_id, stop, -1 FROM {one.name} WHERE stop < {never}")
            for one in parts
        )
    )


def _each_once(term: Term, rows: Sql) -> Sql:
    """Days and things are counted once, on the first day of each."""
    if term.measure in {OBJECTS, PEOPLE}:
        return sql("SELECT person_id, MIN(day) AS day, 1 AS amount FROM ({rows}) o GROUP BY person_id, unit", rows=rows)
    if term.measure == DAYS:
        return sql("SELECT DISTINCT person_id, day, 1 AS amount FROM ({rows}) o", rows=rows)
    return rows


def as_fact(part: Part) -> Fact | None:
    """A part of facts only is one fact."""
    if isinstance(part, Fact):
        return part
    if isinstance(part, Term | Among):
        return None
    facts = [as_fact(one) for one in part.parts]
    wheres = [fact.where for fact in facts if fact is not None]
    if len(wheres) < len(facts) or not wheres:
        return None
    if part.kind == "not":
        return Fact(sql("NOT COALESCE({where}, FALSE)", where=wheres[0]))
    between = " AND " if part.kind == "all" else " OR "
    return Fact(sql("({all})", all=joined(between, [sql("({w})", w=w) for w in wheres])))


# --- questions ------------------------------------------------------------------------------------------


def intervals_sql(condition: Condition, community: Community, *, people: People = None) -> Sql:
    """SELECT person_id, start, stop: all days on which it held, of members and of others of whom something is known."""
    weaving = _Weaving(community, Scope(community.pk, people_of(people)))
    held = weaving.held(condition.part)
    return weaving.query(Sql(f"SELECT person_id, start, stop FROM {held.name}"))


def first_days_sql(condition: Condition, community: Community, *, people: People = None) -> Sql:
    """SELECT person_id, day: the first local day, up to today, on which each present member met it; as `.text` and `.params`.

    What has no history is taken as it is now. Where nothing with a date says when it began ("has never…"), it held from the day
    on which they joined, or did something first; and if it rests on what has no history, from today.
    """
    today = day(clock.today(community.time_zone))
    weaving = _Weaving(community, Scope(community.pk, people_of(people)))
    held = weaving.held(condition.part)
    begins = _beginning(community) if condition.is_dated else today
    return weaving.query(
        sql(
            "SELECT person_id, MIN(day) AS day FROM (SELECT t.person_id AS person_id, CASE WHEN t.start = {always} THEN {begins}"
            " ELSE t.start END AS day, t.stop AS stop FROM {name} t JOIN identity_membership m ON m.person_id = t.person_id"
            " WHERE {belonging}) f WHERE day < stop AND day <= {today} GROUP BY person_id",
            always=day(ALWAYS), begins=begins, name=held.name, belonging=belonging(community), today=today,
        )
    )  # fmt: skip


def first_days(condition: Condition, community: Community, *, people: People = None) -> dict[uuid.UUID, datetime.date]:
    """The rows of `first_days_sql`; for a few people, or in tests."""
    return {ident(person): a_date(on) for person, on in rows_of(first_days_sql(condition, community, people=people))}


def _beginning(community: Community) -> str:
    """The day on which the member `m` joined, or on which they first did something, if that was earlier."""
    on = local_day_sql("m.joined_at", f"'{community.time_zone}'")
    did = "(SELECT MIN(b.day) FROM activity_memberday b WHERE b.person_id = m.person_id)"
    return earlier_of(on, f"COALESCE({did}, {on})")


def next_days_sql(condition: Condition, community: Community, *, people: People = None) -> Sql:
    """SELECT person_id, day: the next day after today on which time alone can change the answer, of those for whom there is one.

    On no day before it does the answer change without something new. (On that day it may stay as it is, where one line of
    several changes.)
    """
    now = clock.today(community.time_zone)
    weaving = _Weaving(community, Scope(community.pk, people_of(people)))
    found: list[Sql] = []
    for leaf in leaves(condition.part):
        if not isinstance(leaf, Term):
            continue
        if leaf.window is None:
            ahead = leaf.rows(weaving.scope, now + datetime.timedelta(days=1))
            found.append(sql("SELECT person_id, day FROM ({rows}) a", rows=ahead))
            continue
        # What is older is out of the window already.
        held = weaving.term(leaf, now - datetime.timedelta(days=leaf.window - 1)).name
        found += [Sql(f"SELECT person_id, start AS day FROM {held}"), Sql(f"SELECT person_id, stop FROM {held}")]
    if not found:
        return Sql("SELECT person_id, day FROM (SELECT NULL AS person_id, NULL AS day) n WHERE 1 = 0")
    return weaving.query(
        sql(
            "SELECT person_id, MIN(day) AS day FROM ({each}) e WHERE day > {today} AND day < {never} GROUP BY person_id",
            each=joined(" UNION ALL ", found), today=day(now), never=day(NEVER),
        )
    )  # fmt: skip


def next_days(condition: Condition, community: Community, people: People = None) -> dict[uuid.UUID, datetime.date]:
    """The rows of `next_days_sql`."""
    return {ident(person): a_date(on) for person, on in rows_of(next_days_sql(condition, community, people=people))}
