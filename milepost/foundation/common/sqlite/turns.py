"""Taking turns to write.

SQLite has one writer, and no queue: who finds it busy sleeps, up to 100 ms, and tries again. An import that ends one transaction
and begins the next at once is never found idle, so that a member's reply may wait for seconds. Here whoever wants to write
stands in a queue of two places, both of them locks of the file system: the first in it waits for the writer to end, and while
someone stands there, the writer has to line up behind them.
"""

from __future__ import annotations

import fcntl
import os
import time

PATIENCE = 20.0
"""Seconds; then one tries without a turn, and the database's own answer tells what is wrong."""
PAUSE = 0.001
"""Seconds between two looks."""


class Turns:
    """One connection's place among all that write to the same file. A killed process leaves its place by itself."""

    def __init__(self, database: str) -> None:
        self._queue = os.open(f"{database}-queue", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._turn = os.open(f"{database}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> None:
        """Wait until nobody else writes, or until patience ends."""
        until = time.monotonic() + PATIENCE
        if _locked(self._queue, until):
            try:
                _locked(self._turn, until)
            finally:
                fcntl.flock(self._queue, fcntl.LOCK_UN)

    def leave(self) -> None:
        """Let the next one write. Twice changes nothing."""
        fcntl.flock(self._turn, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._queue)
        os.close(self._turn)


def _locked(file: int, until: float) -> bool:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(PAUSE)
        else:
            return True
