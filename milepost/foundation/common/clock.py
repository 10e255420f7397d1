"""The one clock. Rules ask it, so that a test can move time; and a community's own days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_shift: ContextVar[timedelta | datetime | None] = ContextVar("milepost_clock", default=None)

# Nothing that people did in these systems is older than mail itself; and a clock may be wrong by a day.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
TOLERANCE = timedelta(days=1)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    shift = _shift.get()
    if isinstance(shift, datetime):
        return shift
    return datetime.now(UTC) + shift if shift else datetime.now(UTC)


def today(zone: str) -> date:
    """The community's local day."""
    return now().astimezone(ZoneInfo(zone)).date()


def local_day(moment: datetime, zone: str) -> date:
    """The local day in `zone` on which `moment` falls."""
    return moment.astimezone(ZoneInfo(zone)).date()


@contextmanager
def moved(to: timedelta | datetime) -> Iterator[None]:
    """For tests and for demo data: the clock stands at `to`, or runs ahead by it."""
    token = _shift.set(to)
    try:
        yield
    finally:
        _shift.reset(token)


def plausible(moment: datetime) -> bool:
    """Whether something can have happened then: from 1970 on, and not after tomorrow."""
    return EARLIEST < moment < now() + TOLERANCE
