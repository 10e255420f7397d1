"""Signs of life of the workers, for `milepost check`: kept in the cache, since they are worth nothing afterwards.

Where workers run on several machines they see one another's signs only with a shared cache (MILEPOST_CACHE).
"""

from __future__ import annotations

import os
import socket
import time
from datetime import timedelta

from django.core.cache import cache

from .pulse import pulse

KEY = "milepost.workers"
EVERY = 15.0
DEAD_AFTER = timedelta(seconds=60)


@pulse(seconds=EVERY)
def say_alive() -> bool:
    """Leave a sign. Two workers that write at once may lose one sign, and have the next one in a moment."""
    seen = {name: at for name, at in _signs().items() if time.time() - at < DEAD_AFTER.total_seconds()}
    seen[f"{socket.gethostname()}:{os.getpid()}"] = time.time()
    cache.set(KEY, seen, timeout=int(DEAD_AFTER.total_seconds()) * 2)
    return False


def workers() -> dict[str, float]:
    """The workers heard of within the last minute, each with the seconds since."""
    now = time.time()
    return {name: now - at for name, at in _signs().items() if now - at < DEAD_AFTER.total_seconds()}


def _signs() -> dict[str, float]:
    found: dict[str, float] = cache.get(KEY) or {}
    return found
