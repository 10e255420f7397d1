"""The job that runs at present: its progress, its signs of life, and reasons to stop."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from django.db import DatabaseError, connections
from django.utils.functional import Promise

from milepost.foundation.common import clock

from . import this_process
from .models import JobRun
from .registry import Declared

logger = logging.getLogger("milepost.jobs")

REPORT_EVERY = 1.0
"""Seconds between two writes of progress."""
BEAT_EVERY = 10.0
"""Seconds between two signs of life; the reaper waits six times as long."""
HUNG_AFTER = 60.0
"""Seconds that a job may go on after its timeout before the worker process gives itself up."""


class JobTimedOut(Exception):
    """The attempt took longer than the job's timeout. Counts as a failed attempt."""


# Not Exception: a job that catches errors row by row must not catch these.
class JobCancelled(BaseException):
    """Someone asked to cancel the run."""


class JobInterrupted(BaseException):
    """The worker stops; a resumable job goes on in the next one."""


class JobLost(BaseException):
    """The reaper took this attempt for dead and gave the work to another."""


class CurrentJob:
    """One attempt, seen from inside."""

    def __init__(self, run: JobRun, declared: Declared, seconds: Callable[[], float] = time.monotonic) -> None:
        self.run = run
        self.declared = declared
        self.seconds = seconds
        self.began = seconds()
        self.written = float("-inf")
        self.pending: tuple[int, int | None, str | Promise] | None = None
        self.cancel_asked = False
        self.lost = False

    def report(self, done: int, total: int | None, note: str | Promise) -> None:
        self.pending = (done, total, note)
        if self.seconds() - self.written >= REPORT_EVERY:
            self.flush()
        self.look_up()

    def flush(self) -> None:
        """Write what was reported last; a report is a sign of life too."""
        if self.pending is None:
            return
        done, total, note = self.pending
        self.pending = None
        self.written = self.seconds()
        changed = self.run.held().update(
            progress_done=done, progress_total=total, progress_note=str(note)[:200], heartbeat_at=clock.now()
        )
        self._learn(bool(changed))

    def beat(self) -> None:
        self._learn(self.run.beat())

    def _learn(self, held: bool) -> None:
        self.lost = not held
        if held:
            asked = self.run.held().filter(cancel_asked_at__isnull=False)
            self.cancel_asked = asked.exists()

    def look_up(self) -> None:
        """Raise what makes the job stop here, if anything does."""
        if self.lost:
            raise JobLost
        if self.cancel_asked:
            raise JobCancelled
        if self.declared.resumable and this_process.stop_asked.is_set():
            raise JobInterrupted
        if self.overrun() > 0:
            raise JobTimedOut(f"took longer than {self.declared.timeout}")

    def overrun(self) -> float:
        """Seconds beyond the timeout; negative before it."""
        if self.declared.timeout is None:
            return float("-inf")
        return self.seconds() - self.began - self.declared.timeout.total_seconds()


_current: ContextVar[CurrentJob | None] = ContextVar("milepost_current_job", default=None)


def progress(done: int, total: int | None = None, note: str | Promise = "") -> None:
    """Say how far the running job is. Call it as often as you like: it writes once a second at most.

    It is also where a job stops when someone cancelled it, when its time is up, or (resumable jobs) when the
    worker stops; so call it between transactions, at a point from which the job can go on. Outside a job it
    does nothing, so that commands can share the code. Threads that a job starts have to leave it to the job.
    """
    current = _current.get()
    if current is not None:
        current.report(done, total, note)


@contextmanager
def at_work(run: JobRun, declared: Declared) -> Iterator[CurrentJob]:
    """Make `run` the current job and give signs of life while it lasts."""
    current = CurrentJob(run, declared)
    token = _current.set(current)
    done = threading.Event()
    beating = threading.Thread(target=_keep_beating, args=(current, done), name="heartbeat", daemon=True)
    beating.start()
    try:
        yield current
        current.flush()
    finally:
        done.set()
        beating.join()
        _current.reset(token)


def _keep_beating(current: CurrentJob, done: threading.Event) -> None:
    try:
        while not done.wait(BEAT_EVERY):
            try:
                current.beat()
            except DatabaseError:
                # A database that is away for a moment is no reason to stop; the next beat tells.
                logger.warning("No sign of life could be written for job run %s", current.run.pk, exc_info=True)
                connections.close_all()
            if this_process.exits_when_hung and current.overrun() > HUNG_AFTER:
                _give_up(current)
    finally:
        connections.close_all()


def _give_up(current: CurrentJob) -> None:
    """A thread that hangs cannot be stopped, only its process; the reaper puts its other job back."""
    run = current.run
    error = f"took longer than {current.declared.timeout} and did not answer; the worker was ended"
    logger.error("Job %s (run %s) %s", run.name, run.pk, error)
    try:
        run.retry(timedelta(0), error) if run.has_attempts_left else run.fail(error)
    finally:
        os._exit(this_process.EXIT_HUNG)
