"""A parent that keeps its children: starts them, passes signals on, starts a worker again that died, and ends them by id.

Children are forked after the apps are loaded, so that a start costs the loading once. Nothing of the parent's may be open in
both: it has no threads, and its database connections are closed before.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

logger = logging.getLogger("milepost.serve")

PATIENCE = 40.0
"""Seconds that children have to finish what is under way; after that they are killed."""
LONGEST_PAUSE = 30.0
LIVED_WELL = 60.0
"""A child that lived so many seconds was no failed start."""


@dataclass
class Child:
    name: str
    run: Callable[[], int]
    """Runs in the forked process; returns its exit status."""
    again: bool
    """Whether to start it again when it dies; else its end is the end of all."""
    pid: int = 0
    started: float = 0.0
    failures: int = 0
    due: float = field(default=0.0)

    @property
    def is_alive(self) -> bool:
        return self.pid != 0


class Supervisor:
    """Runs in the main thread, since it takes over the signals of the process."""

    def __init__(self, children: list[Child], ready: Callable[[], None], ready_fd: int) -> None:
        self.children = children
        self.on_ready = ready
        self.ready_fd = ready_fd
        """Readable as soon as the web server answers."""
        self.stopping = 0
        self.status = 0

    def run(self) -> int:
        """Until a signal, or until a child ends that is not started again. Returns the exit status."""
        wake_read, wake_write = os.pipe()
        for fd in (wake_read, wake_write):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)
        watched = [wake_read, self.ready_fd]
        asked = 0
        deadline = float("inf")
        while True:
            if not self.stopping:
                self._start_due()
            self._reap()
            if self.stopping > asked:
                # The first signal asks; another one, or time, insists.
                first = asked == 0
                asked = self.stopping
                deadline = min(deadline, time.monotonic() + PATIENCE) if first else time.monotonic()
                if first:
                    self._send(signal.SIGTERM)
            if self.stopping and time.monotonic() >= deadline:
                self._send(signal.SIGKILL)
            if self.stopping and not any(child.is_alive for child in self.children):
                return self.status
            readable, _, _ = select.select(watched, [], [], self._pause(deadline))
            if wake_read in readable:
                os.read(wake_read, 4096)
            if self.ready_fd in readable:
                watched.remove(self.ready_fd)
                if os.read(self.ready_fd, 1) and not self.stopping:
                    self.on_ready()

    def _ask_to_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopping += 1

    def _pause(self, deadline: float) -> float:
        now = time.monotonic()
        moments = [deadline, *(child.due for child in self.children if not child.is_alive and not self.stopping)]
        return max(0.01, min(5.0, min(moments) - now))

    def _send(self, signum: int) -> None:
        for child in self.children:
            if child.is_alive:
                os.kill(child.pid, signum)

    def _start_due(self) -> None:
        for child in self.children:
            if not child.is_alive and time.monotonic() >= child.due:
                child.started = time.monotonic()
                child.pid = fork(child.run)

    def _reap(self) -> None:
        for child in self.children:
            if not child.is_alive:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                child.pid = 0
                self._ended(child, os.waitstatus_to_exitcode(status))

    def _ended(self, child: Child, code: int) -> None:
        if self.stopping:
            return
        how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
        if not child.again:
            logger.error("The %s %s; stopping", child.name, how)
            self.status = 1
            self.stopping += 1
            return
        child.failures = 1 if time.monotonic() - child.started > LIVED_WELL else child.failures + 1
        pause = min(LONGEST_PAUSE, 0.5 * 2 ** (child.failures - 1))
        child.due = time.monotonic() + pause
        logger.warning("The %s %s; starting it again in %.1f s", child.name, how, pause)


def fork(run: Callable[[], int]) -> int:
    """A child that runs `run` and ends with its status; returns the child's process id."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        # A group of its own: Ctrl-C in the terminal reaches the parent only, which then asks each child once.
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        status = run()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        logger.exception("A part of the site ended by an error")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
