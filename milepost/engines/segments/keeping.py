"""Who is in a segment: for the few whom something moved, and for everyone where the rule is new.

Both work on sets. Everyone is worked out beside the table first and written in short steps, so that nobody waits; what happened
meanwhile is looked at again at the end.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F

from milepost.foundation.activity.epochs import current_epoch
from milepost.foundation.activity.following import Batch, Position
from milepost.foundation.activity.models import ReaderCursor
from milepost.foundation.activity.recording import COLUMNS, existing_keys, record_many
from milepost.foundation.common import clock
from milepost.foundation.common.bulk import insert_rows, learn_statistics
from milepost.foundation.common.databases import variables_at_once
from milepost.foundation.conditions import Condition, Invalid, Sql, matching, members_sql, next_days, next_days_sql
from milepost.foundation.conditions.sql import ident, is_postgresql, key
from milepost.foundation.conditions.touching import touched
from milepost.foundation.identity.models import Identity

from .models import Segment, SegmentDue, SegmentMember, SegmentSize

READER = "segments"
STEP = 5_000
"""Rows of one transaction on SQLite, which has one writer: some 30 ms."""
SOURCE = "segments"


@dataclass(frozen=True, slots=True)
class Moved:
    """Who came in and who went."""

    entered: frozenset[uuid.UUID] = frozenset()
    left: frozenset[uuid.UUID] = frozenset()


def keep(segment: Segment, condition: Condition, people: Collection[uuid.UUID], *, mark: str) -> Moved:
    """Look at some people anew, in the caller's transaction. Records `segment.entered` and `segment.left`.

    `mark` tells this occasion from others, for the keys in the log: a position of the log, or a day.
    """
    entered: set[uuid.UUID] = set()
    left: set[uuid.UUID] = set()
    wanted = sorted(people)
    for start in range(0, len(wanted), STEP):
        some = wanted[start : start + STEP]
        now = set(matching(condition, segment.community, people=some))
        there = SegmentMember.objects.filter(segment_id=segment.pk, person_id__in=some)
        before = set(there.values_list("person_id", flat=True))
        entered |= now - before
        left |= before - now
        if gone := before - now:
            there.filter(person_id__in=gone).delete()
        _write(segment, now - before)
        _expect(segment, condition, some)
    moved = Moved(frozenset(entered), frozenset(left))
    _tell(segment, moved, mark)
    _count(segment, moved)
    return moved


def _write(segment: Segment, people: Collection[uuid.UUID]) -> None:
    now = clock.now()
    rows = [(segment.pk, person, segment.community_id, now) for person in people]
    if rows:
        insert_rows(SegmentMember, ("segment_id", "person_id", "community_id", "since"), rows)


def _expect(segment: Segment, condition: Condition, people: list[uuid.UUID]) -> None:
    """Note the day on which time alone may move each of them."""
    SegmentDue.objects.filter(segment_id=segment.pk, person_id__in=people).delete()
    days = next_days(condition, segment.community, people)
    rows = [(segment.pk, person, segment.community_id, day) for person, day in days.items()]
    if rows:
        insert_rows(SegmentDue, ("segment_id", "person_id", "community_id", "day"), rows)


def _tell(segment: Segment, moved: Moved, mark: str) -> None:
    """One row of the log for everyone who came or went, under the identity by which they are known longest."""
    people = moved.entered | moved.left
    if not people:
        return
    identities: dict[uuid.UUID, uuid.UUID] = {}
    wanted = sorted(people)
    for start in range(0, len(wanted), STEP):
        known = Identity.objects.filter(person__in=wanted[start : start + STEP]).order_by("created_at", "pk")
        for person, identity in known.values_list("person_id", "pk"):
            identities.setdefault(person, identity)
    now = clock.now()
    rows: list[tuple[object, ...]] = []
    keys: list[str] = []
    for verb, some in (("segment.entered", moved.entered), ("segment.left", moved.left)):
        for person in sorted(some):
            if person not in identities:
                continue
            keys.append(f"{verb}:{segment.pk}:{person}:{mark}")
            rows.append(
                (current_epoch(), segment.community_id, identities[person], verb, "segment", segment.pk, uuid.UUID(int=0), None,
                 None, now, now, SOURCE, keys[-1], {}, False)
            )  # fmt: skip
    there = existing_keys(segment.community, SOURCE, keys)
    place = COLUMNS.index("source_key")
    record_many([row for row in rows if row[place] not in there])


def _count(segment: Segment, moved: Moved) -> None:
    """Size now, and of the day."""
    change = len(moved.entered) - len(moved.left)
    if not moved.entered and not moved.left:
        return
    Segment.objects.filter(pk=segment.pk).update(size=F("size") + change)
    segment.size += change
    today = clock.today(segment.community.time_zone)
    row, new = SegmentSize.objects.get_or_create(
        segment=segment,
        day=today,
        defaults={
            "community_id": segment.community_id,
            "size": segment.size,
            "entered": len(moved.entered),
            "left": len(moved.left),
        },
    )
    if not new:
        SegmentSize.objects.filter(pk=row.pk).update(
            size=segment.size, entered=F("entered") + len(moved.entered), left=F("left") + len(moved.left)
        )


# --- everyone -------------------------------------------------------------------------------------------


def fill(segment: Segment, *, told: bool = False, progress: Callable[[int, int], None] | None = None) -> Moved:
    """Look at everyone. `told`: the log hears who came and went, as when the rule is the same and something was missed.

    Where the rule is new, nobody moved: they are in it from the beginning, and the log stays silent.
    Raises Invalid where the rule can no longer be asked, and notes why.
    """
    since = _position()
    condition = asked(segment)
    entered, left = write_members(segment, condition, told=told, progress=progress)
    expect_everyone(segment, condition)
    with transaction.atomic():
        # The reader waits, or has gone on meanwhile: whom it passed over is looked at again.
        ReaderCursor.objects.select_for_update().filter(reader=READER).first()
        segment.refresh_from_db(fields=["rule_hash", "retired_at"])
        there = SegmentMember.objects.filter(segment_id=segment.pk)
        segment.size, segment.filled_at = there.count(), clock.now()
        Segment.objects.filter(pk=segment.pk).update(size=segment.size, filled_at=segment.filled_at, problem="")
        moved = Moved(frozenset(entered), frozenset(left))
        if told:
            _tell(segment, moved, f"all:{clock.now():%Y%m%d%H%M%S%f}")
        _note_size(segment, moved)
        _catch_up(segment, condition, since)
    learn_statistics("segments_segmentmember")
    return moved


def write_members(
    segment: Segment,
    condition: Condition,
    *,
    told: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    """Bring the members in line with the rule; who came and who went, named where they are `told`."""
    with _beside(members_sql(condition, segment.community), "segment_now") as (table, size):
        return _apply(segment, table, size, told=told, progress=progress)


def asked(segment: Segment) -> Condition:
    """Its condition; where it can no longer be asked, the segment says why, and Invalid is raised."""
    try:
        return segment.condition()
    except Invalid as invalid:
        Segment.objects.filter(pk=segment.pk).update(problem=invalid.message)
        raise


def _position() -> Position:
    cursor = ReaderCursor.objects.filter(reader=READER).first()
    return cursor.position if cursor else (0, 0, 0)


def _catch_up(segment: Segment, condition: Condition, since: Position) -> None:
    now = _position()
    if now <= since:
        return
    people = touched(Batch(low=since, high=now, size=0)).get(segment.community_id)
    if people and (some := people.by(condition)):
        keep(segment, condition, some, mark=_mark(now))


def _mark(position: Position) -> str:
    return ".".join(map(str, position))


@contextmanager
def _beside(select: Sql, name: str) -> Iterator[tuple[str, int]]:
    """The rows of a query in a table of this connection's own, numbered; and how many. Nobody waits while it is made."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(
            f"CREATE TEMP TABLE {name} AS SELECT q.*, ROW_NUMBER() OVER () AS n FROM ({select.text}) q", select.params
        )
        try:
            cursor.execute(f"SELECT COUNT(*) FROM {name}")
            yield name, cursor.fetchone()[0]
        finally:
            cursor.execute(f"DROP TABLE IF EXISTS {name}")


def _steps(size: int) -> Iterator[tuple[int, int]]:
    """From and to which number rows are written at once. PostgreSQL has room for many writers: all of them."""
    step = max(size, 1) if is_postgresql() else STEP
    return ((first, first + step - 1) for first in range(1, size + 1, step))


def _apply(
    segment: Segment, table: str, size: int, *, told: bool, progress: Callable[[int, int], None] | None
) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    """Bring the members in line with the table; who came and who went, named where they are told."""
    there = SegmentMember.objects.filter(segment_id=segment.pk)
    left: list[uuid.UUID] = []
    entered: list[uuid.UUID] = []
    fresh = not there.exists()
    if not fresh:
        left = _missing(
            f"SELECT s.person_id FROM segments_segmentmember s WHERE s.segment_id = %s"
            f" AND s.person_id NOT IN (SELECT person_id FROM {table})",
            segment,
        )
        most = variables_at_once() if is_postgresql() else STEP
        for start in range(0, len(left), most):
            there.filter(person_id__in=left[start : start + most]).delete()
        if told:
            entered = _missing(
                f"SELECT n.person_id FROM {table} n WHERE n.person_id NOT IN"
                f" (SELECT s.person_id FROM segments_segmentmember s WHERE s.segment_id = %s)",
                segment,
            )
    now = clock.now()
    conflict = "" if fresh else " ON CONFLICT DO NOTHING"
    where = "n BETWEEN %s AND %s"
    for first, last in _steps(size):
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO segments_segmentmember (segment_id, person_id, community_id, since)"
                f" SELECT {_given('uuid')}, person_id, {_given('uuid')}, {_given('timestamptz')} FROM {table} WHERE {where}{conflict}",
                [key(segment.pk), key(segment.community_id), _moment(now), first, last],
            )
        if progress:
            progress(min(last, size), size)
    return entered, left


def _missing(query: str, segment: Segment) -> list[uuid.UUID]:
    with connection.cursor() as cursor:
        cursor.execute(query, [key(segment.pk)])
        return [ident(person) for (person,) in cursor.fetchall()]


def expect_everyone(segment: Segment, condition: Condition) -> None:
    """Note the day on which time alone may move each member, where there is one."""
    with transaction.atomic():
        SegmentDue.objects.filter(segment_id=segment.pk).delete()
    if not condition.is_timed and not condition.terms:
        return
    with _beside(next_days_sql(condition, segment.community), "segment_next") as (table, size):
        for first, last in _steps(size):
            with connection.cursor() as cursor:
                cursor.execute(
                    f"INSERT INTO segments_segmentdue (segment_id, person_id, community_id, day)"
                    f" SELECT {_given('uuid')}, person_id, {_given('uuid')}, day FROM {table} WHERE n BETWEEN %s AND %s"
                    f" ON CONFLICT DO NOTHING",
                    [key(segment.pk), key(segment.community_id), first, last],
                )


def _given(kind: str) -> str:
    """A parameter in a list of columns, whose type PostgreSQL cannot guess."""
    return f"%s::{kind}" if is_postgresql() else "%s"


def _moment(moment: datetime.datetime) -> datetime.datetime | str:
    return moment if is_postgresql() else str(moment.replace(tzinfo=None))


def _note_size(segment: Segment, moved: Moved) -> None:
    SegmentSize.objects.update_or_create(
        segment=segment,
        day=clock.today(segment.community.time_zone),
        create_defaults={
            "community_id": segment.community_id,
            "size": segment.size,
            "entered": len(moved.entered),
            "left": len(moved.left),
        },
        defaults={"size": segment.size},
    )


# --- time passes ----------------------------------------------------------------------------------------


def look_at_the_due() -> int:
    """Look at everyone whose next day has come; returns how many were looked at. Safe to repeat, and for two at once."""
    # Nowhere is it a later day than in the zone that is furthest ahead.
    latest = (clock.now() + datetime.timedelta(hours=14)).date()
    waiting = SegmentDue.objects.filter(day__lte=latest).values_list("segment_id", flat=True).distinct()
    looked = 0
    for segment in (
        Segment.objects.kept().filter(pk__in=list(waiting), filled_at__isnull=False).select_related("community")
    ):
        while some := _due(segment):
            looked += len(some)
    return looked


def _due(segment: Segment) -> list[uuid.UUID]:
    """One step: the people whose day it is, looked at anew."""
    today = clock.today(segment.community.time_zone)
    due = SegmentDue.objects.filter(segment_id=segment.pk, day__lte=today).order_by("day")
    if not due.exists():
        return []
    with transaction.atomic():
        # One at a time with the reader, which looks at the same people.
        ReaderCursor.objects.select_for_update().filter(reader=READER).first()
        some = list(due.values_list("person_id", flat=True)[: STEP // 10])
        if some:
            try:
                condition = asked(segment)
            except Invalid:
                SegmentDue.objects.filter(segment_id=segment.pk).delete()
                return []
            keep(segment, condition, some, mark=today.isoformat())
    return some
