"""Who meets a rule on a day: one set-based query over the members and the roll-ups.

Each leaf is a set of people, found once; the tree is a test of membership in them. SQLite looks up `IN (…)`, which it keeps as a
table of its own; PostgreSQL joins, because it would run a set that does not fit into its working memory once for each member.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection

from milepost.foundation.common import clock
from milepost.foundation.common.databases import local_day_sql

from .language import Condition
from .leaves import COUNT, DAYS, OBJECTS, PEOPLE, RETURNS, WEEKS, Among, Fact, Part, Scope, Term, people_of
from .sql import Sql, among, day, ident, is_postgresql, joined, key, sql

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community

type People = Sequence[uuid.UUID] | Sql | None

_TOTALS = {
    DAYS: "COUNT(DISTINCT s.day)",
    OBJECTS: "COUNT(DISTINCT s.unit)",
    PEOPLE: "COUNT(DISTINCT s.unit)",
    WEEKS: "COUNT(*)",
    RETURNS: "COUNT(*)",
}


def members_sql(
    condition: Condition, community: Community, *, people: People = None, as_of: datetime.date | None = None
) -> Sql:
    """SELECT person_id of the members who meet the condition; as `.text` and `.params`.

    `people`: of these only (ids, or SQL that selects them). `as_of`: on that day, by default today, of those who were members
    then; what has no history is taken as it is now.
    """
    today = clock.today(community.time_zone)
    on = as_of or today
    asking = _Asking(Scope(community.pk, people_of(people)), on)
    test = asking.test(condition.part)
    wheres = [belonging(community, on if on < today else None)]
    if people is not None:
        wheres[0] = looked_up(wheres[0])
        wheres.append(among("m.person_id", asking.scope.people or ()))
    wheres.append(test)
    return sql(
        "SELECT m.person_id FROM identity_membership m{joins} WHERE {where}",
        joins=joined("", asking.joins), where=joined(" AND ", wheres),
    )  # fmt: skip


def matching(
    condition: Condition, community: Community, *, people: People = None, as_of: datetime.date | None = None
) -> Iterator[uuid.UUID]:
    """The ids of `members_sql`, streamed in no order."""
    for (person,) in rows_of(members_sql(condition, community, people=people, as_of=as_of)):
        yield ident(person)


def count(
    condition: Condition, community: Community, *, people: People = None, as_of: datetime.date | None = None
) -> int:
    """How many meet it."""
    asked = members_sql(condition, community, people=people, as_of=as_of)
    ((n,),) = rows_of(sql("SELECT COUNT(*) FROM ({asked}) c", asked=asked))
    return int(n)


def belonging(community: Community, on: datetime.date | None = None) -> Sql:
    """A test of `m`: a member of the community now, or on a day that is over.

    Someone whose first deed was before the day on which they joined (an imported history) belongs from that deed on.
    """
    if on is None:
        return Sql("m.community_id = %s AND m.left_at IS NULL", (key(community.pk),))
    zone = f"'{community.time_zone}'"
    return Sql(
        f"m.community_id = %s AND (m.left_at IS NULL OR {local_day_sql('m.left_at', zone)} > {day(on)})"
        f" AND ({local_day_sql('m.joined_at', zone)} <= {day(on)} OR EXISTS"
        f" (SELECT 1 FROM activity_memberday b WHERE b.person_id = m.person_id AND b.day <= {day(on)}))",
        (key(community.pk),),
    )


def looked_up(members: Sql) -> Sql:
    """`belonging` beside a test of who it is: SQLite then looks up those few, where it would walk over all members otherwise."""
    if is_postgresql():
        return members
    return Sql(members.text.replace("m.community_id =", "+m.community_id =", 1), members.params)


class _Asking:
    """Turns a tree into a test of `m`, and gathers the joins that it needs."""

    def __init__(self, scope: Scope, on: datetime.date) -> None:
        self.scope, self.on = scope, on
        self.joins: list[Sql] = []

    def test(self, part: Part) -> Sql:
        if isinstance(part, Fact):
            return sql("({where})", where=part.where)
        if isinstance(part, Among):
            return self._inside(part.select)
        if isinstance(part, Term):
            return self._term(part)
        if part.kind == "not":
            return sql("NOT COALESCE({test}, FALSE)", test=self.test(part.parts[0]))
        if not part.parts:
            return Sql("1 = 0")
        return sql("({tests})", tests=joined(" AND " if part.kind == "all" else " OR ", map(self.test, part.parts)))

    def _inside(self, select: Sql) -> Sql:
        if not is_postgresql():
            return sql("m.person_id IN (SELECT person_id FROM ({select}))", select=select)
        name = f"s{len(self.joins)}"
        self.joins.append(
            sql(
                " LEFT JOIN (SELECT DISTINCT person_id FROM ({select}) d) {name} ON {name}.person_id = m.person_id",
                select=select, name=name,
            )
        )  # fmt: skip
        return Sql(f"{name}.person_id IS NOT NULL")

    def _term(self, term: Term) -> Sql:
        first = self.on - datetime.timedelta(days=term.window - 1) if term.window else None
        rows = term.rows(self.scope, first, self.on)
        total = _TOTALS.get(term.measure, "SUM(s.amount)")
        if term.is_idle:
            # Who did nothing has no rows, and fits: they are found by leaving out who did too much.
            if term.high is None:
                return Sql("1 = 1")
            return sql("NOT {more}", more=self._inside(_grouped(rows, f"{total} > {term.high}")))
        if term.high is None and term.low == 1 and term.measure in {COUNT, DAYS, OBJECTS, PEOPLE, WEEKS, RETURNS}:
            return self._inside(rows)
        wanted = f"{total} >= {term.low}" if term.high is None else f"{total} BETWEEN {term.low} AND {term.high}"
        return self._inside(_grouped(rows, wanted))


def _grouped(rows: Sql, having: str) -> Sql:
    return sql("SELECT s.person_id FROM ({rows}) s GROUP BY s.person_id HAVING {having}", rows=rows, having=having)


def rows_of(asked: Sql) -> Iterator[Sequence[Any]]:
    """The rows of a query, streamed."""
    with connection.cursor() as cursor:
        cursor.execute(asked.text, asked.params)
        while rows := cursor.fetchmany(2_000):
            yield from rows
