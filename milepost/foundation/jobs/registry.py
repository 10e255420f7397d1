"""What the code declares: every job by its dotted path, and the rhythm of those that repeat."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.timezone import get_default_timezone


@dataclass(frozen=True)
class Backoff:
    """How long to wait before each further attempt: exponential, spread by chance, never above `maximum`."""

    first: timedelta = timedelta(seconds=10)
    factor: float = 2.0
    maximum: timedelta = timedelta(hours=1)
    jitter: float = 0.25
    """Share by which a wait is shortened or lengthened, so that what failed together does not return together."""

    def delay(self, failures: int, chance: Callable[[], float] = random.random) -> timedelta:
        """The wait after the `failures`-th failure (from 1); `chance` gives numbers in [0, 1)."""
        exponent = min(failures - 1, 64)  # beyond that every wait is at its maximum, and floats overflow
        wait = min(self.first.total_seconds() * self.factor**exponent, self.maximum.total_seconds())
        spread = 1 + self.jitter * (2 * chance() - 1)
        return min(timedelta(seconds=wait * spread), self.maximum)


@dataclass(frozen=True)
class Declared:
    """A job as its decorator declares it."""

    func: Callable[..., Any]
    label: str | Promise
    retries: int = 3
    backoff: Backoff = field(default_factory=Backoff)
    timeout: timedelta | None = None
    queue_name: str = "default"
    priority: int = 0
    resumable: bool = False

    @property
    def name(self) -> str:
        return f"{self.func.__module__}.{self.func.__qualname__}"

    @property
    def max_attempts(self) -> int:
        return self.retries + 1

    @property
    def stored_label(self) -> str:
        """The label in the site's language, for the trace."""
        with translation.override(settings.LANGUAGE_CODE):
            return str(self.label)[:200]


@dataclass(frozen=True)
class Rhythm:
    """Every so often, or once a day at a time of the site's time zone."""

    interval: timedelta = timedelta(0)
    daily_at: time | None = None

    def first_after(self, now: datetime) -> datetime:
        if self.daily_at is None:
            return now + self.interval
        zone = get_default_timezone()
        local = now.astimezone(zone)
        day = local.date()
        # Where the clocks go forward over this time, Python reads it with the offset of before: an hour later on the wall.
        while (moment := datetime.combine(day, self.daily_at, zone)) <= now:
            day += timedelta(days=1)
        return moment.astimezone(UTC)

    def next_after(self, previous: datetime, now: datetime) -> datetime:
        """The first occurrence after `now`, in step with `previous`: what was missed is left out."""
        if self.daily_at is not None or previous > now:
            return self.first_after(max(previous, now))
        return previous + self.interval * ((now - previous) // self.interval + 1)

    def __str__(self) -> str:
        if self.daily_at is not None:
            return f"daily at {self.daily_at:%H:%M}"
        return f"every {self.interval}"


_declared: dict[str, Declared] = {}
_rhythms: dict[str, Rhythm] = {}


def declare(declared: Declared) -> None:
    _declared[declared.name] = declared


def find(name: str) -> Declared | None:
    return _declared.get(name)


def all_declared() -> list[Declared]:
    return list(_declared.values())


def set_rhythm(name: str, rhythm: Rhythm) -> None:
    _rhythms[name] = rhythm


def schedule_of(name: str) -> Rhythm | None:
    return _rhythms.get(name)


def rhythms() -> dict[str, Rhythm]:
    return dict(_rhythms)
