"""How steadily someone takes part: told to themselves alone, and forgiving."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from milepost.foundation.activity.models import MemberDay
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Person

FORGIVEN = 2
"""Weeks in a row that may be missing without ending it: an illness, a holiday."""
BACK = 104
"""Weeks that are looked at."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`weeks`: in which they took part, since the last long pause; `since`: the first of these weeks' Mondays."""

    weeks: int = 0
    since: datetime.date | None = None


def rhythm_of(person: Person) -> Rhythm:
    """One query. A pause longer than `FORGIVEN` weeks begins anew; the running week counts when there is something in it."""
    today = clock.today(person.community.time_zone)
    monday = today - datetime.timedelta(days=today.weekday())
    since = monday - datetime.timedelta(weeks=BACK)
    days = (
        MemberDay.objects.filter(person_id=person.pk, day__gte=since, day__lte=today)
        .exclude(verb__startswith="member.")
        .values_list("day", flat=True)
        .distinct()
    )
    weeks = sorted({day - datetime.timedelta(days=day.weekday()) for day in days}, reverse=True)
    counted = 0
    expected, first = monday, None
    for week in weeks:
        if (expected - week).days // 7 > FORGIVEN:
            break
        counted, first = counted + 1, week
        expected = week - datetime.timedelta(weeks=1)
    return Rhythm(counted, first)
