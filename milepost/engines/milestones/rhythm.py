"""How many people take part, week by week, from the roll-up."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.models import MemberDay
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community

DEFINITION = _(
    "People who started a conversation or replied at least once in that week (Monday to Sunday, the community's days). Everyone "
    "counts once a week, however much they wrote; imported history counts too."
)
TALKING = ("thread.started", "reply.posted")


@dataclass(frozen=True, slots=True)
class Week:
    """`monday`: the week's first day. `people`: distinct people; `newcomers`: those of them whose first week it is."""

    monday: datetime.date
    people: int
    newcomers: int


def weeks(community: Community, *, back: int = 26) -> list[Week]:
    """The last `back` whole weeks, oldest first; weeks without anyone are there with zeros. Two queries.

    Reads member-days of the period only: some thousand rows for an active community of hundreds.
    """
    today = clock.today(community.time_zone)
    end = today - datetime.timedelta(days=today.weekday())
    start = end - datetime.timedelta(weeks=back)
    talked = MemberDay.objects.filter(community_id=community.pk, verb__in=TALKING)
    seen: dict[datetime.date, set[uuid.UUID]] = defaultdict(set)
    for person, day in talked.filter(day__gte=start, day__lt=end).values_list("person_id", "day").iterator():
        seen[day - datetime.timedelta(days=day.weekday())].add(person)
    known = {person for people in seen.values() for person in people}
    earlier = set(
        talked.filter(day__lt=start, person_id__in=list(known)[:20_000]).values_list("person_id", flat=True).distinct()
    )
    found = []
    for n in range(back):
        monday = start + datetime.timedelta(weeks=n)
        people = seen[monday]
        found.append(Week(monday, len(people), len(people - earlier)))
        earlier |= people
    return found
