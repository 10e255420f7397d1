"""What came of using something: how many who used it reached the milestone soon after, against those who did not.

Each person counts once. Who used it is looked at from the day of their first use. Who did not has no such day, so each is
given one of the users' days, spread evenly and by no choice of anybody (prescription time-distribution matching; Zhou et al.,
American Journal of Epidemiology 162, 2005). Otherwise one group would be asked about another season than the other, or
would be credited with days on which nobody could have used it yet. On their day everyone belonged to the community and had
not reached the milestone, and the whole period after it has passed.

It compares people who chose differently. It is no proof that the thing helped.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.databases import local_day_sql
from milepost.foundation.identity.models import Community

from .floor import FLOOR
from .helping import Used
from .intervals import newcombe, wilson

WINDOWS = (30, 90)
"""Days after the first use."""
SECONDS = 3600

DEFINITION = _(
    "Who used it: members who first used it while they belonged here and had not reached the milestone yet, counted from that "
    "day. Who did not: all other members who had not reached it either, each looked at from the day of one of the users, "
    "spread evenly. Reached: on one of the %(days)d days that follow. Only days that lie at least as long ago are counted. "
    "The range is the 95 %% interval of the difference (Newcombe’s method); where it includes nought, there may be no "
    "difference at all."
)
WARNING = _(
    "This is no proof that it helped. People who use something are often those who were about to take the step anyway. "
    "Take it as a reason to ask them."
)


@dataclass(frozen=True, slots=True)
class Group:
    size: int
    reached: int

    @property
    def share(self) -> float:
        return self.reached / self.size if self.size else 0.0

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's, 95 %; None for a group of nobody."""
        return wilson(self.reached, self.size) if self.size else None


@dataclass(frozen=True, slots=True)
class Lift:
    """Of one thing and one milestone within `days`. Shares are from 0 to 1."""

    days: int
    used: Group
    others: Group

    @property
    def is_enough(self) -> bool:
        """Whether both groups reach the privacy floor. Below it nothing is shown, and nothing could be said."""
        return min(self.used.size, self.others.size) >= FLOOR

    @property
    def difference(self) -> float:
        return self.used.share - self.others.share

    @property
    def interval(self) -> tuple[float, float]:
        """Newcombe's, 95 %. ValueError where a group is empty."""
        return newcombe(self.used.reached, self.used.size, self.others.reached, self.others.size)

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves nought out."""
        low, high = self.interval
        return low > 0 or high < 0


def lifts(community: Community, used: Used, milestone: uuid.UUID) -> list[Lift]:
    """For each of WINDOWS. At most an hour old; see `lift`."""
    today = clock.today(community.time_zone)
    key = f"lift:{used.objects[0]}:{len(used.objects)}:{milestone}:{today}"
    found: list[Lift] | None = cache.get(key)
    if found is None:
        found = [lift(community, used.kind.used, used.objects, milestone, days=days) for days in WINDOWS]
        cache.set(key, found, SECONDS)
    return found


def lift(community: Community, verb: str, things: Sequence[uuid.UUID], milestone: uuid.UUID, *, days: int) -> Lift:
    """One query, set-based. `verb` with one of `things` as its object says who used it, by the roll-up."""
    latest = clock.today(community.time_zone) - datetime.timedelta(days=days)
    given = {
        "community": _key(community.pk),
        "verb": verb,
        "milestone": _key(milestone),
        "latest": latest,
        **{f"thing{n}": _key(thing) for n, thing in enumerate(things)},
    }
    with connection.cursor() as cursor:
        cursor.execute(_sql(days, len(things)), given)
        rows = {who: Group(int(size), int(reached or 0)) for who, size, reached in cursor.fetchall()}
    return Lift(days, rows["used"], rows["others"])


def _sql(days: int, things: int) -> str:
    joined, left = (local_day_sql(f"m.{column}", "c.time_zone") for column in ("joined_at", "left_at"))
    there = "m.joined <= {day} AND (m.gone IS NULL OR m.gone > {day}) AND (r.day IS NULL OR r.day > {day})"
    named = ", ".join(f"%(thing{n})s" for n in range(things))
    soon = f"SUM(CASE WHEN r.day <= {_later('t.day', days)} THEN 1 ELSE 0 END)"
    return f"""
      WITH used AS (
        SELECT o.person_id, MIN(o.day) AS day FROM activity_memberday d
        JOIN activity_memberobjectday o ON o.person_id = d.person_id AND o.verb = d.verb AND o.day = d.day
        WHERE d.community_id = %(community)s AND d.verb = %(verb)s AND o.object_id IN ({named})
        GROUP BY o.person_id
      ), reached AS (
        SELECT person_id, MIN(reached_on) AS day FROM milestones_award
        WHERE milestone_id = %(milestone)s AND revoked_at IS NULL
        GROUP BY person_id
      ), member AS (
        SELECT m.person_id, {joined} AS joined, {left} AS gone FROM identity_membership m
        JOIN identity_community c ON c.id = m.community_id JOIN identity_person p ON p.id = m.person_id
        WHERE m.community_id = %(community)s AND p.kind = 'human' AND p.merged_into_id IS NULL
      ), turn AS (
        SELECT u.person_id, u.day, ROW_NUMBER() OVER (ORDER BY u.day, u.person_id) - 1 AS n
        FROM used u JOIN member m ON m.person_id = u.person_id LEFT JOIN reached r ON r.person_id = u.person_id
        WHERE u.day <= %(latest)s AND {there.format(day="u.day")}
      ), users AS (
        SELECT COUNT(*) AS n FROM turn
      ), other AS (
        SELECT m.person_id, m.joined, m.gone, ROW_NUMBER() OVER (ORDER BY {_shuffled("m.person_id")}, m.person_id) - 1 AS n
        FROM member m LEFT JOIN used u ON u.person_id = m.person_id WHERE u.person_id IS NULL
      )
      SELECT 'used', COUNT(*), {soon} FROM turn t LEFT JOIN reached r ON r.person_id = t.person_id
      UNION ALL
      SELECT 'others', COUNT(*), {soon} FROM other m CROSS JOIN users
      JOIN turn t ON t.n = m.n %% NULLIF(users.n, 0) LEFT JOIN reached r ON r.person_id = m.person_id
      WHERE {there.format(day="t.day")}"""  # noqa: S608 - our own names; what was given are parameters


def _shuffled(ident: str) -> str:
    """The random tail of a UUIDv7: an order that has nothing to do with when somebody came, the same at each asking."""
    return f"substr(CAST({ident} AS text), 25)" if connection.vendor == "postgresql" else f"substr({ident}, 21)"


def _later(day: str, days: int) -> str:
    return f"{day} + {days}" if connection.vendor == "postgresql" else f"date({day}, '+{days} days')"


def _key(value: uuid.UUID) -> Any:
    return value if connection.vendor == "postgresql" else value.hex
