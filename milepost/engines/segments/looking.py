"""What pages, the API and the command line show of rules and segments: previews, comparisons, who came and went."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, QuerySet

from milepost.foundation.activity.models import Activity
from milepost.foundation.common import clock
from milepost.foundation.conditions import Condition, Sql, matching
from milepost.foundation.conditions.sql import is_postgresql, key
from milepost.foundation.identity.models import Community, Membership, Person

from .models import Segment, SegmentMember, SegmentSize

WHOLE = 20_000
"""Members up to whom a preview counts everyone; above, it asks some by chance, so that it takes a second at most."""
EXAMPLES = 5
FLOOR = 5
"""Of sensitive attributes, smaller counts are told to nobody."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a rule is about: how many, and a few of them. `asked`: of how many members, where it is an estimate."""

    count: int | None
    """None: fewer than the floor, and the rule asks what only people themselves say."""
    members: int
    examples: tuple[Person, ...] = ()
    asked: int | None = None

    @property
    def is_estimate(self) -> bool:
        return self.asked is not None


def preview(condition: Condition, community: Community) -> Preview:
    """Two or three queries, a second at most however large the community is."""
    members = Membership.objects.active().filter(community=community).count()
    if members <= WHOLE:
        people = list(matching(condition, community))
        found = len(people)
        asked = None
    else:
        sample = _sample(community)
        asked = _sample_size(sample)
        people = list(matching(condition, community, people=sample))
        found = round(len(people) * members / asked) if asked else 0
    if condition.is_sensitive:
        return Preview(found if found == 0 or found >= FLOOR else None, members, (), asked)
    return Preview(found, members, _examples(people), asked)


def _sample(community: Community) -> Sql:
    """One member in 256, by the last digits of the id, which are chance."""
    digits = "right(s.person_id::text, 2)" if is_postgresql() else "substr(s.person_id, -2)"
    return Sql(
        f"SELECT s.person_id FROM identity_membership s WHERE s.community_id = %s AND s.left_at IS NULL AND {digits} = '5c'",
        (key(community.pk),),
    )


def _sample_size(sample: Sql) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({sample.text}) c", sample.params)
        return int(cursor.fetchone()[0])


def _examples(people: list[uuid.UUID]) -> tuple[Person, ...]:
    """A few, spread over all of them, the same ones each time."""
    step = max(1, len(people) // EXAMPLES)
    chosen = sorted(people)[::step][:EXAMPLES]
    return tuple(Person.objects.filter(pk__in=chosen).select_related("profile").order_by("name"))


# --- segments -------------------------------------------------------------------------------------------


def people_of(segment: Segment) -> QuerySet[Person]:
    """Who is in it now, by name."""
    inside = SegmentMember.objects.filter(segment_id=segment.pk).values("person_id")
    return Person.objects.filter(pk__in=inside).order_by("name", "pk")


def told_size(segment: Segment) -> int | None:
    """How many are in it, as far as that may be told."""
    return None if segment.is_sensitive and 0 < segment.size < FLOOR else segment.size


def recent_sizes(segments: list[Segment], *, days: int = 30) -> dict[uuid.UUID, list[int]]:
    """Of each, its sizes on the days of the last month on which they changed; one query."""
    found: dict[uuid.UUID, list[int]] = {}
    if not segments:
        return found
    since = clock.today(segments[0].community.time_zone) - datetime.timedelta(days=days)
    rows = SegmentSize.objects.filter(segment__in=segments, day__gte=since).order_by("day")
    for segment, size in rows.values_list("segment_id", "size"):
        found.setdefault(segment, []).append(size)
    return found


@dataclass(frozen=True, slots=True)
class Comparison:
    one: int
    other: int
    both: int

    @property
    def only_one(self) -> int:
        return self.one - self.both

    @property
    def only_other(self) -> int:
        return self.other - self.both


def compare(one: Segment, other: Segment) -> Comparison:
    """How many are in the one, the other, and both."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM segments_segmentmember a JOIN segments_segmentmember b"
            " ON b.person_id = a.person_id AND b.segment_id = %s WHERE a.segment_id = %s",
            [key(other.pk), key(one.pk)],
        )
        both = int(cursor.fetchone()[0])
    sizes = [SegmentMember.objects.filter(segment_id=each.pk).count() for each in (one, other)]
    return Comparison(sizes[0], sizes[1], both)


def difference(one: Segment, other: Segment, which: str) -> QuerySet[Person]:
    """The people who are in `one` only, in `other` only, or in `both`."""
    inside = {each.pk: SegmentMember.objects.filter(segment_id=each.pk).values("person_id") for each in (one, other)}
    first, second = Q(pk__in=inside[one.pk]), Q(pk__in=inside[other.pk])
    chosen = {"one": first & ~second, "other": second & ~first, "both": first & second}[which]
    return Person.objects.filter(chosen, community=one.community_id).order_by("name", "pk")


def sizes(segment: Segment, *, days: int = 90) -> list[tuple[datetime.date, int]]:
    """Its size on each of the last days, from the first one known; a day on which nobody moved is as the day before."""
    today = clock.today(segment.community.time_zone)
    start = today - datetime.timedelta(days=days - 1)
    rows = SegmentSize.objects.filter(segment=segment).order_by("day").values_list("day", "size")
    known = dict(rows.filter(day__gte=start))
    before = rows.filter(day__lt=start).last()
    size = before[1] if before else None
    found: list[tuple[datetime.date, int]] = []
    for n in range(days):
        day = start + datetime.timedelta(days=n)
        size = known.get(day, size)
        if size is not None:
            found.append((day, size))
    return found


@dataclass(frozen=True, slots=True)
class Move:
    """Someone came into a segment, or left it."""

    entered: bool
    at: datetime.datetime
    person: uuid.UUID
    name: str


def came_and_went(segment: Segment, *, days: int = 10, most: int = 50) -> list[Move]:
    """The last to come or go, newest first, of the last days on which anyone did."""
    moving = SegmentSize.objects.filter(segment=segment).filter(Q(entered__gt=0) | Q(left__gt=0))
    chosen = list(moving.order_by("-day").values_list("day", flat=True)[:days])
    if not chosen:
        return []
    zone = ZoneInfo(segment.community.time_zone)
    # The log is found by its days; by what it is about, all of it would have to be read.
    on_those = Q()
    for day in chosen:
        start = datetime.datetime.combine(day, datetime.time(), zone)
        end = datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(), zone)
        on_those |= Q(happened_at__gte=start, happened_at__lt=end)
    rows = Activity.objects.filter(
        on_those,
        community=segment.community_id,
        verb__in=["segment.entered", "segment.left"],
        object_id=segment.pk,
        identity__isnull=False,
    ).order_by("-happened_at", "-id")
    found = rows.values_list("verb", "happened_at", "identity__person_id", "identity__person__name")[:most]
    return [Move(verb == "segment.entered", at, person, name) for verb, at, person, name in found]
