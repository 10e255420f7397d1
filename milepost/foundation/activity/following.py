"""Readers: how news travels upward. Each follows the log in its order, from its own cursor, in batches.

A reader and its cursor commit together, so each activity takes effect exactly once. There are two kinds:

- a `Projection` can be rewound and rebuilt: it only derives;
- an `Effect` cannot be undone (mail, announcements): it passes over backfilled rows, and after a restore its cursor stands
  at the end of the log.

`after` names the readers it builds on; it never passes their cursors.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.module_loading import autodiscover_modules

from .epochs import current_epoch
from .models import Activity, ReaderCursor
from .querysets import ActivityQuerySet

logger = logging.getLogger("milepost.readers")

Position = tuple[int, int, int]
START: Position = (0, 0, 0)
SMALLEST = 200
"""Activities of a batch, where there are so many: below that, beginning and ending it costs more than the work itself."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The activities above `low` and up to `high`; all of them settled, so the range means the same until the end."""

    low: Position
    high: Position
    size: int

    def where(self, alias: str = "a") -> tuple[str, list[Any]]:
        """SQL for "in this batch" about the activity table's `alias`, and its parameters."""
        if connection.vendor == "postgresql":
            triple = f"({alias}.epoch, {alias}.xid, {alias}.id)"
            return f"{triple} > (%s, %s, %s) AND {triple} <= (%s, %s, %s)", [*self.low, *self.high]
        return f"{alias}.id > %s AND {alias}.id <= %s", [self.low[2], self.high[2]]

    def activities(self) -> ActivityQuerySet:
        """In log order."""
        where, params = self.where('"activity_activity"')
        # Row comparison has no expression in Django; `where` is ours, its values are parameters.
        return Activity.objects.extra(where=[where], params=params).in_log_order()  # noqa: S610


class Reader:
    """One reaction to the log. Subclasses say `name`, perhaps `after`, and how to `apply` a batch."""

    name: ClassVar[str]
    after: ClassVar[tuple[str, ...]] = ()
    largest: ClassVar[int] = 20_000
    smallest: ClassVar[int] = SMALLEST

    def apply(self, batch: Batch) -> None:
        """Let the batch take effect. Runs in the transaction that moves the cursor."""
        raise NotImplementedError


class Projection(Reader):
    def reset(self) -> None:
        """Empty what was derived, before the log is read again from its start."""
        raise NotImplementedError


class Effect(Reader):
    """Applies to fresh activities only: not to history that was imported, nor to what had its effects on another site."""

    @staticmethod
    def fresh(batch: Batch) -> ActivityQuerySet:
        here = Q(community__arrived_at__isnull=True) | Q(recorded_at__gte=F("community__arrived_at"))
        return batch.activities().filter(here, backfilled=False)


_readers: dict[str, Reader] = {}
_sizes: dict[str, int] = {}
_resting: dict[str, tuple[int, float]] = {}
"""Readers that failed: how often in a row, and when they are asked again (monotonic seconds)."""
LONGEST_REST = 60.0


def reader[R: type[Reader]](cls: R) -> R:
    """Class decorator that registers a reader, in an app's `readers.py`."""
    if cls.name in _readers:
        raise ValueError(f"a reader named {cls.name} is registered already")
    _readers[cls.name] = cls()
    return cls


def readers() -> list[Reader]:
    """All readers, each behind those that it builds on; a circle is a ValueError."""
    autodiscover_modules("readers")
    done: list[str] = []

    def place(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ValueError("readers in a circle: " + " → ".join([*above, name]))
        if name not in done:
            for lower in _readers[name].after:
                place(lower, (*above, name))
            done.append(name)

    for name in sorted(_readers):
        place(name, ())
    return [_readers[name] for name in done]


def find(name: str) -> Reader:
    autodiscover_modules("readers")
    try:
        return _readers[name]
    except KeyError:
        raise ValueError(f"There is no reader “{name}”. There are: {', '.join(sorted(_readers))}.") from None


def head() -> Position:
    """The position of the last activity that readers may see now."""
    top = _next_high(START, None, limit=None)
    return top[0] if top else START


def _next_high(low: Position, bound: Position | None, limit: int | None) -> tuple[Position, int] | None:
    """The position of the `limit`-th settled activity above `low` (and not above `bound`), and how many there are."""
    if connection.vendor == "postgresql":
        # Ids commit out of order, so do transaction ids; below the oldest open transaction nothing can still appear.
        # (A caller inside a transaction may see its own rows, where its own is that oldest one.)
        oldest = "pg_snapshot_xmin(pg_current_snapshot())"
        settled = f"(epoch < %s OR xid < {oldest}::text::bigint"
        settled += f" OR (pg_current_xact_id_if_assigned() = {oldest} AND xid = {oldest}::text::bigint))"
        conditions = ["(epoch, xid, id) > (%s, %s, %s)", settled]
        params: list[Any] = [*low, current_epoch()]
        if bound is not None:
            conditions.append("(epoch, xid, id) <= (%s, %s, %s)")
            params += bound
        order = "epoch, xid, id"
    else:
        conditions, params, order = ["id > %s"], [low[2]], "id"
        if bound is not None:
            conditions.append("id <= %s")
            params.append(bound[2])
    where = " AND ".join(conditions)
    with connection.cursor() as cursor:
        if limit is None:
            down = ", ".join(f"{c} DESC" for c in order.split(", "))
            cursor.execute(
                f"SELECT epoch, xid, id, 1 FROM activity_activity WHERE {where} ORDER BY {down} LIMIT 1", params
            )
        else:
            backwards = ", ".join(f"{c} DESC" for c in order.split(", "))
            cursor.execute(
                f"WITH page AS (SELECT epoch, xid, id FROM activity_activity WHERE {where} ORDER BY {order} LIMIT {limit:d})"
                f" SELECT epoch, xid, id, (SELECT count(*) FROM page) FROM page ORDER BY {backwards} LIMIT 1",
                params,
            )
        row = cursor.fetchone()
    return ((row[0], row[1], row[2]), row[3]) if row else None


def step(one: Reader) -> int:
    """Let one batch take effect; returns how many activities it had (0: the reader has caught up).

    The batch grows and shrinks so that a write transaction stays short: SQLite has one writer, and people are waiting.
    """
    # SQLite works in this thread. By the clock, what others take of a busy machine would count as well, and batches would
    # shrink until most of the work was to begin and end them.
    target, timer = (0.04, time.thread_time) if connection.vendor == "sqlite" else (0.5, time.perf_counter)
    size = _sizes.get(one.name, 1_000)
    cursor, _ = ReaderCursor.objects.get_or_create(reader=one.name)
    bound = _bound(one)
    found = _next_high(cursor.position, bound, size)
    if found is None:
        return 0
    with transaction.atomic():
        locked = ReaderCursor.objects.select_for_update().get(reader=one.name)
        if locked.position != cursor.position:
            return step(one) if locked.position < found[0] else 0
        batch = Batch(low=locked.position, high=found[0], size=found[1])
        began = timer()
        one.apply(batch)
        locked.epoch, locked.xid, locked.activity_id = batch.high
        locked.error = ""
        locked.save()
    took = max(timer() - began, 1e-4)
    if batch.size == size or took > target:
        _sizes[one.name] = max(one.smallest, min(one.largest, int(size * min(2.0, max(0.25, target / took)))))
    return batch.size


def _bound(one: Reader) -> Position | None:
    if not one.after:
        return None
    there = {c.reader: c.position for c in ReaderCursor.objects.filter(reader__in=one.after)}
    return min((there.get(name, START) for name in one.after), default=None)


def catch_up(names: Iterable[str] | None = None, *, progress: Callable[[str, int], None] | None = None) -> int:
    """Run the named readers (all by default) until none has anything left; returns the number of activities applied."""
    chosen = [r for r in readers() if names is None or r.name in set(names)]
    total = moved = 0
    while True:
        moved = 0
        for one in chosen:
            while count := step(one):
                moved += count
                if progress:
                    progress(one.name, count)
        total += moved
        if not moved:
            return total


def follow(seconds: float = 0.5) -> bool:
    """A short turn of every reader, for the worker; a reader that fails is noted and does not hold up the others.

    It is asked again later and later, at least once a minute. Returns whether anything moved.
    """
    until, moved = time.monotonic() + seconds, False
    for one in readers():
        failures, again_at = _resting.get(one.name, (0, 0.0))
        if time.monotonic() < again_at:
            continue
        try:
            while step(one):
                moved = True
                if time.monotonic() > until:
                    break
            _resting.pop(one.name, None)
        except Exception as error:  # the log goes on; the failure is shown under `readers status`
            _resting[one.name] = failures + 1, time.monotonic() + min(0.5 * 2**failures, LONGEST_REST)
            ReaderCursor.objects.filter(reader=one.name).update(error=f"{type(error).__name__}: {error}"[:2000])
            logger.exception("Reader %s failed", one.name)
    return moved


def rewind(name: str) -> None:
    """Empty a projection and set its cursor, and those of the projections that build on it, to the start of the log."""
    first = find(name)
    if not isinstance(first, Projection):
        raise ValueError(f"“{name}” has effects that cannot be undone; it cannot be rewound.")
    affected = {name}
    for one in readers():
        if affected & set(one.after) and isinstance(one, Projection):
            affected.add(one.name)
    with transaction.atomic():
        for one in readers():
            if one.name in affected and isinstance(one, Projection):
                one.reset()
                ReaderCursor.objects.update_or_create(
                    reader=one.name, defaults={"epoch": 0, "xid": 0, "activity_id": 0}
                )


def skip_effects_to_end() -> None:
    """After a restore: effects begin at the end of the log, so that nothing old is sent again."""
    epoch, xid, last = head()
    for one in readers():
        if isinstance(one, Effect):
            ReaderCursor.objects.update_or_create(
                reader=one.name, defaults={"epoch": epoch, "xid": xid, "activity_id": last}
            )


def status() -> list[dict[str, Any]]:
    """For each reader: its kind, how many activities it is behind, and its last error."""
    cursors = {c.reader: c for c in ReaderCursor.objects.all()}
    rows = []
    for one in readers():
        cursor = cursors.get(one.name)
        position = cursor.position if cursor else START
        rows.append(
            {
                "reader": one.name,
                "kind": "effect" if isinstance(one, Effect) else "projection",
                "after": list(one.after),
                "behind": _behind(position),
                "moved_at": cursor.moved_at if cursor else None,
                "error": cursor.error if cursor else "",
            }
        )
    return rows


def _behind(position: Position) -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT count(*) FROM activity_activity WHERE (epoch, xid, id) > (%s, %s, %s)", position)
        else:
            cursor.execute("SELECT count(*) FROM activity_activity WHERE id > %s", [position[2]])
        return int(cursor.fetchone()[0])


def blockers() -> list[dict[str, Any]]:
    """PostgreSQL: the open transactions that hold readers back, oldest first: pid, user, seconds, what it runs."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, usename, extract(epoch FROM now() - xact_start)::int, left(query, 200) FROM pg_stat_activity"
            " WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() ORDER BY age(backend_xid) DESC"
        )
        return [dict(zip(("pid", "user", "seconds", "query"), row, strict=True)) for row in cursor.fetchall()]
