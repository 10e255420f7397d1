"""What a rule cannot do without: counts below which nobody can match it, on any day.

Sums of the roll-up over all days are quick to read, and show of most people that a rule which counts is far off.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .language import Condition
from .leaves import Deeds, Group, Part, Term
from .matching import rows_of
from .sql import Sql, among, ident, sql


@dataclass(frozen=True, slots=True)
class Need:
    """At least so many of these deeds, and on at least so many days, ever."""

    verbs: tuple[str, ...]
    count: int = 1
    days: int = 1


@dataclass(slots=True)
class Totals:
    """By verb and person: how often they did it, and on how many days."""

    by_verb: dict[str, dict[uuid.UUID, tuple[int, int]]] = field(default_factory=dict)

    def read(self, wanted: Mapping[str, Iterable[uuid.UUID]]) -> None:
        """One query for each verb."""
        for verb, people in wanted.items():
            asked = sql(
                "SELECT r.person_id, SUM(r.count), COUNT(*) FROM activity_memberday r WHERE {those} AND {verb}"
                " GROUP BY r.person_id",
                those=among("r.person_id", list(people)), verb=Sql("r.verb = %s", (verb,)),
            )  # fmt: skip
            self.by_verb[verb] = {ident(person): (int(count), days) for person, count, days in rows_of(asked)}

    def allow(self, person: uuid.UUID, needs: Iterable[Need]) -> bool:
        """Whether the person's sums reach all that is needed. Of several verbs, days are added: never too few."""
        for need in needs:
            count = days = 0
            for verb in need.verbs:
                more, on = self.by_verb.get(verb, {}).get(person, (0, 0))
                count, days = count + more, days + on
            if count < need.count or days < need.days:
                return False
        return True


def needs(condition: Condition) -> tuple[Need, ...]:
    """All of them have to be reached; none where nothing is known."""
    return tuple(_needs(condition.part))


def _needs(part: Part) -> list[Need]:
    if isinstance(part, Group):
        # Of `any` one part is enough, and `not` asks for less.
        return [need for one in part.parts for need in _needs(one)] if part.kind == "all" else []
    if not isinstance(part, Term) or not isinstance(part.source, Deeds):
        return []
    deeds = part.source
    if part.is_idle or deeds.received or not deeds.verbs:
        return []
    match part.measure:
        case "count" | "objects" | "people":
            return [Need(deeds.verbs, count=part.low)]
        case "days":
            return [Need(deeds.verbs, days=part.low)]
        case "weeks":
            return [Need(deeds.verbs, days=part.length)]
        case "returns":
            return [Need(deeds.verbs, days=2)]
    return [Need(deeds.verbs)]
