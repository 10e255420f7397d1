"""The worker as a child of `milepost serve`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

NICE = 5
"""Pages go first where both want the processor."""


def background_worker() -> Callable[[], int]:
    """What the child runs: it ends when it is asked to, and when its parent is gone."""
    parent = os.getpid()

    def run() -> int:
        from milepost.foundation.jobs.worker import run_worker, stop_on_signals

        os.nice(NICE)
        stop = stop_on_signals()
        threading.Thread(target=_end_with, args=(parent, stop), name="parent", daemon=True).start()
        run_worker(stop)
        return 0

    return run


def _end_with(parent: int, stop: threading.Event) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    stop.set()
