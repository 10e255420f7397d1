"""What comes with time alone: anniversaries, the round-up of a week, and what a community reached together."""

from __future__ import annotations

import datetime
from calendar import isleap
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum

from milepost.engines.milestones import celebrating
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.models import MemberDay, MemberObjectDay
from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community

from . import posting
from .models import Landmark, Moment, MomentAward

YEARS = range(1, 61)
LATE = 3
"""Days for which an anniversary, and two weeks for which a round-up, is still made when no worker was there."""
RECENT = datetime.timedelta(days=3)
"""What was crossed before that is history: it is noted and not announced."""
MORNING = 7
"""The hour of the community's day from which on its anniversaries are posted."""


def keep(community: Community) -> int:
    """All that is due now; returns how many moments were made. Twice makes nothing new."""
    now = clock.now()
    today = clock.today(community.time_zone)
    made = sum(reach(landmark) for landmark in Landmark.objects.filter(open_landmarks(), community=community))
    local_hour = now.astimezone(_zone(community)).hour
    last = today if local_hour >= MORNING else today - datetime.timedelta(days=1)
    for back in range(LATE):
        made += anniversaries(community, last - datetime.timedelta(days=back))
    monday = last - datetime.timedelta(days=last.weekday())
    made += round_up(community, monday - datetime.timedelta(weeks=1))
    return made


def _zone(community: Community) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(community.time_zone)


# --- anniversaries --------------------------------------------------------------------------------------


def days_remembered(day: datetime.date) -> list[datetime.date]:
    """The days whose anniversary `day` is. Of a 29 February it is the 1 March where there is no 29th."""
    found = []
    for years in YEARS:
        year = day.year - years
        if (day.month, day.day) != (2, 29) or isleap(year):
            found.append(day.replace(year=year))
        if (day.month, day.day) == (3, 1) and not isleap(day.year) and isleap(year):
            found.append(datetime.date(year, 2, 29))
    return found


def anniversaries(community: Community, day: datetime.date) -> int:
    """One moment for all that was reached on that day of earlier years and celebrated then: 1, or 0 where there is none.

    Who is on a break is left in peace.
    """
    key = f"anniversary:{day.isoformat()}"
    if Moment.objects.filter(community=community, key=key).exists():
        return 0
    celebrated = MomentAward.objects.filter(
        award=OuterRef("pk"),
        taken_back_at__isnull=True,
        moment__kind__in=[Moment.Kind.REACHED, Moment.Kind.CATCH_UP],
        award__milestone__is_secret=False,
    )
    awards = list(
        Award.objects.filter(
            Exists(celebrated),
            community=community,
            reached_on__in=days_remembered(day),
            revoked_at__isnull=True,
            person__account__isnull=False,
            person__erased_at__isnull=True,
            person__merged_into__isnull=True,
            person__membership__left_at__isnull=True,
            person__membership__paused_at__isnull=True,
        ).exclude(person__membership=None)
    )
    if not awards:
        return 0
    with transaction.atomic():
        moment = Moment.objects.create(
            community=community, kind=Moment.Kind.ANNIVERSARY, key=key, day=day, posted_at=clock.now()
        )
        posting.add(moment, awards)
    return 1


# --- the week -------------------------------------------------------------------------------------------


def round_up(community: Community, monday: datetime.date) -> int:
    """The round-up of the week that began on `monday`, where anything was posted in it."""
    key = f"round-up:{monday.isoformat()}"
    end = monday + datetime.timedelta(weeks=1)
    posted = Moment.objects.filter(community=community, day__gte=monday, day__lt=end).exclude(kind=Moment.Kind.ROUND_UP)
    if Moment.objects.filter(community=community, key=key).exists() or not posted.exists():
        return 0
    Moment.objects.create(community=community, kind=Moment.Kind.ROUND_UP, key=key, day=monday, posted_at=clock.now())
    return 1


# --- together -------------------------------------------------------------------------------------------


def open_landmarks() -> Q:
    return Q(reached_on__isnull=True, retired_at__isnull=True)


def so_far(landmark: Landmark, *, until: datetime.date | None = None) -> Decimal:
    """How much of it there is, in its unit; up to and with a day if given. From the roll-ups."""
    within: dict[str, Any] = {"community_id": landmark.community_id, "verb": landmark.verb}
    if until is not None:
        within["day__lte"] = until
    days = MemberDay.objects.filter(**within)
    match landmark.measure:
        case Landmark.Measure.PEOPLE:
            return Decimal(days.values("person_id").distinct().count())
        case Landmark.Measure.THINGS:
            return Decimal(MemberObjectDay.objects.filter(**within).values("object_id").distinct().count())
        case Landmark.Measure.QUANTITY:
            return Decimal(days.aggregate(n=Sum("quantity"))["n"] or 0)
        case _:
            return Decimal(days.aggregate(n=Sum("count"))["n"] or 0)


def crossed_on(landmark: Landmark) -> datetime.date | None:
    """The first day on which the target was there, by halving the days between the first and the last."""
    if so_far(landmark) < landmark.target:
        return None
    every = MemberDay.objects.filter(community_id=landmark.community_id, verb=landmark.verb)
    ends = [every.order_by(order).values_list("day", flat=True).first() for order in ("day", "-day")]
    low, high = ends
    assert low is not None
    assert high is not None
    while low < high:
        middle = low + (high - low) // 2
        if so_far(landmark, until=middle) >= landmark.target:
            high = middle
        else:
            low = middle + datetime.timedelta(days=1)
    return low


def reach(landmark: Landmark) -> int:
    """See whether it is reached. What was crossed some days ago came with history: it is noted, and not announced.

    Records `landmark.reached` for what is announced.
    """
    day = crossed_on(landmark)
    if day is None:
        return 0
    community = landmark.community
    announced = clock.today(community.time_zone) - day <= RECENT
    with transaction.atomic():
        if not Landmark.objects.filter(open_landmarks(), pk=landmark.pk).update(reached_on=day):
            return 0
        if not announced:
            return 0
        Moment.objects.create(
            community=community,
            kind=Moment.Kind.LANDMARK,
            key=f"landmark:{landmark.pk}",
            day=day,
            posted_at=clock.now(),
            landmark=landmark,
        )
        record(
            "landmark.reached", community=community, by=None, obj=landmark, source_key=f"landmark.reached:{landmark.pk}"
        )
    celebrating.forget(community)
    return 1
