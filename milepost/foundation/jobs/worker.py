"""The worker process: `run_worker(stop_on_signals())`.

Its main thread keeps house (due runs, schedules, the reaper), each lane runs tasks, one more thread beats the
pulses. With a broker-backed task backend there are no lanes: the broker's own workers run the tasks, and
this process keeps house for them. Any number of workers may run, on as many machines as reach the database.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import TYPE_CHECKING

from django.db import DatabaseError, connections

from . import this_process
from .connections import refresh_connections
from .dispatch import hand_over_due, kept_in_database
from .pulse import Pulse, keep_pulse, pulses
from .reaper import SILENT_AFTER, reap, resend_lost
from .running import run_job
from .schedule import run_due_schedules, sync_schedules

if TYPE_CHECKING:
    from .lanes import Lane

logger = logging.getLogger("milepost.jobs")


@dataclass(frozen=True)
class Timing:
    """Seconds between two looks."""

    poll: float = 0.5
    """At the queue: work begins within so many seconds."""
    house: float = 1.0
    """At what has come due: retries, repetitions, schedules."""
    reap: float = 15.0
    silent_after: timedelta = SILENT_AFTER


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set. A second signal ends the process at once; the reaper takes over."""
    stop = threading.Event()

    def ask(signum: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signum, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


def run_worker(stop: threading.Event, *, timing: Timing | None = None, exit_when_hung: bool = True) -> None:
    """Work until `stop` is set, finish what is under way, return.

    Resumable jobs are interrupted at their next `progress()` and go on in the next worker. With
    `exit_when_hung` a job that overruns its timeout without a look up ends the process with status 75: the
    supervisor starts a new one, as it does after a crash.
    """
    timing = timing or Timing()
    this_process.stop_asked, this_process.exits_when_hung = stop, exit_when_hung
    lanes = _lanes()
    threads = [
        threading.Thread(target=_in_lane, args=(lane, stop, timing.poll), name=lane.queues.name) for lane in lanes
    ]
    if beating := pulses():
        threads.append(threading.Thread(target=_in_pulse, args=(beating, stop), name="pulse"))
    logger.info("Worker %s begins", this_process.worker_name())
    for thread in threads:
        thread.start()
    try:
        _keep_house(stop, timing, lanes)
    finally:
        stop.set()
        _wake(lanes)
        for thread in threads:
            thread.join()
        connections.close_all()
        this_process.stop_asked, this_process.exits_when_hung = threading.Event(), False
    logger.info("Worker %s has ended", this_process.worker_name())


def run_pending(limit: int = 1000) -> int:
    """Run what is due now, in this thread, and return the number of tasks: for tests and for commands."""
    from .lanes import Lane

    lane = Lane()
    for count in range(limit):
        hand_over_due()
        if not lane.step():
            return count
    return limit


def _lanes() -> list[Lane]:
    if not kept_in_database(run_job.get_backend()):
        return []
    from .lanes import LANES, Lane  # its models are installed only with that backend

    return [Lane(queues) for queues in LANES]


def _keep_house(stop: threading.Event, timing: Timing, lanes: list[Lane]) -> None:
    synced = False
    reaped_at = float("-inf")
    while not stop.is_set():
        refresh_connections()
        pause = timing.house
        try:
            if not synced:
                sync_schedules()
                synced = True
            if time.monotonic() - reaped_at >= timing.reap:
                reaped_at = time.monotonic()
                reap(timing.silent_after)
                resend_lost(timing.silent_after)
            if run_due_schedules() + hand_over_due():
                _wake(lanes)
        except DatabaseError:
            logger.exception("The database did not answer; trying again")
            pause = max(pause, 2.0)
        except Exception:
            logger.exception("Keeping house failed; trying again")
            pause = max(pause, 2.0)
        stop.wait(pause)


def _wake(lanes: list[Lane]) -> None:
    for lane in lanes:
        lane.awake.set()


def _in_lane(lane: Lane, stop: threading.Event, poll: float) -> None:
    try:
        lane.run(stop, poll)
    finally:
        connections.close_all()


def _in_pulse(beating: list[Pulse], stop: threading.Event) -> None:
    try:
        keep_pulse(beating, stop)
    finally:
        connections.close_all()
