"""Public ids: UUIDv7 (RFC 9562), so that new rows sort by the time they were made."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0

NO_ID = uuid.UUID(int=0)
"""Stands for "no such object" in key columns, where NULL would not be unique."""


def new_id() -> uuid.UUID:
    """A UUIDv7; ids made by one process rise strictly, also within one millisecond."""
    global _last
    # 48 bits of milliseconds and 12 bits of the rest of the millisecond, as in RFC 9562, section 6.2, method 3.
    with _lock:
        now = time.time_ns()
        stamp = (now // 1_000_000 << 12) | (now % 1_000_000 * 4096 // 1_000_000)
        _last = stamp = max(stamp, _last + 1)
    return _layout(stamp, int.from_bytes(os.urandom(8)))


def new_ids(count: int) -> list[uuid.UUID]:
    """`count` rising ids with one call to the system's random source; for imports."""
    return [uuid.UUID(hex=digits) for digits in new_hexes(count)]


def new_hexes(count: int) -> list[str]:
    """The same as 32 hexadecimal digits each, as SQLite stores them and PostgreSQL reads them."""
    global _last
    with _lock:
        now = time.time_ns()
        stamp = (now // 1_000_000 << 12) | (now % 1_000_000 * 4096 // 1_000_000)
        first = max(stamp, _last + 1)
        _last = first + count - 1
    noise = os.urandom(8 * count).hex()
    variants = "89ab"
    made = []
    for n in range(count):
        digits = f"{first + n:015x}"
        tail = noise[16 * n : 16 * n + 16]
        made.append(f"{digits[:12]}7{digits[12:]}{variants[int(tail[0], 16) & 3]}{tail[1:]}")
    return made


def _layout(stamp: int, noise: int) -> uuid.UUID:
    value = (stamp >> 12) << 80 | 7 << 76 | (stamp & 0xFFF) << 64 | 2 << 62 | (noise & (1 << 62) - 1)
    return uuid.UUID(int=value)
