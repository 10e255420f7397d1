"""`@pulse`: something that the worker looks after every second or so, without a row for each time.

For work that follows other work closely, such as the readers of the log. Every worker process beats, so the
function itself takes care that two at once do no harm (a cursor row that is locked), and it begins with a
cheap look, outside any write transaction, whether there is something to do.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from .connections import refresh_connections

logger = logging.getLogger("milepost.jobs")

LONGEST_PAUSE = 60.0


@dataclass
class Pulse:
    func: Callable[[], bool]
    seconds: float
    due: float = 0.0
    failures: int = 0

    @property
    def name(self) -> str:
        return f"{self.func.__module__}.{self.func.__qualname__}"

    def beat(self, now: float) -> None:
        """Call the function; at once again if it did something, later and later if it fails."""
        try:
            worked = self.func()
        except Exception:
            self.failures += 1
            pause = min(self.seconds * 2**self.failures, LONGEST_PAUSE)
            logger.exception("Pulse %s failed %d times in a row; next in %.0f s", self.name, self.failures, pause)
            self.due = now + pause
        else:
            self.failures = 0
            self.due = now if worked else now + self.seconds


_pulses: dict[str, Pulse] = {}


def pulse[F: Callable[[], bool]](*, seconds: float = 1.0) -> Callable[[F], F]:
    """Have every worker call the function each `seconds`; it returns whether it found something to do."""

    def wrap(func: F) -> F:
        declared = Pulse(func, seconds)
        _pulses[declared.name] = declared
        return func

    return wrap


def pulses() -> list[Pulse]:
    return list(_pulses.values())


def keep_pulse(beating: list[Pulse], stop: threading.Event) -> None:
    """Beat until `stop`: in turn, so that a busy pulse does not starve the others."""
    while not stop.is_set():
        for one in beating:
            if one.due <= time.monotonic() and not stop.is_set():
                refresh_connections()
                one.beat(time.monotonic())
        rest = min(one.due for one in beating) - time.monotonic()
        if rest > 0:
            stop.wait(rest)
