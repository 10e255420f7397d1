"""Lanes: threads of a worker that take tasks from the queue in the database, one at a time each.

Two by default, so that a long import does not keep a sign-up mail waiting. Claiming and running are
django-tasks-db's own code. Imported only where the task backend keeps its queue in our database.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, OperationalError
from django.tasks import DEFAULT_TASK_BACKEND_ALIAS
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult, DBTaskResultQuerySet
from django_tasks_db.utils import exclusive_transaction, is_locked_database_exception

from .connections import refresh_connections
from .this_process import worker_name

logger = logging.getLogger("milepost.jobs")


@dataclass(frozen=True)
class LaneOf:
    """Which queues a lane serves: these, or all but those."""

    name: str
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


LONG = ("imports",)
"""Queues whose jobs may take minutes."""
LANES = (LaneOf("short", without=LONG), LaneOf("long", only=LONG))
EVERYTHING = LaneOf("all")


class Lane:
    def __init__(self, queues: LaneOf = EVERYTHING) -> None:
        self.queues = queues
        self.awake = threading.Event()

    def run(self, stop: threading.Event, poll: float) -> None:
        """Take tasks until `stop`; the one under way is finished first."""
        while not stop.is_set():
            refresh_connections()
            try:
                if self.step():
                    continue
                pause = poll
            except DatabaseError:
                logger.exception("The queue could not be read; trying again")
                pause = max(poll, 2.0)
            except Exception:
                logger.exception("A task could not be settled; its run goes back into the queue later")
                pause = poll
            self.awake.wait(pause)
            self.awake.clear()

    def step(self) -> bool:
        """Run the next task that is ready. False where there is none."""
        found = self.claim()
        if found is None:
            return False
        self._worker().run_task(found)
        return True

    def claim(self) -> DBTaskResult[..., Any] | None:
        ready = self.ready()
        # A plain read first: an idle worker takes no write lock on SQLite.
        if not ready.exists():
            return None
        try:
            with exclusive_transaction(ready.db):
                found = ready.get_locked()
                if found is not None:
                    found.claim(self._worker().worker_id)
                return found
        except OperationalError as error:
            if is_locked_database_exception(error):
                return None
            raise

    def ready(self) -> DBTaskResultQuerySet:
        ready = DBTaskResult.objects.ready().filter(backend_name=DEFAULT_TASK_BACKEND_ALIAS)
        if self.queues.only:
            ready = ready.filter(queue_name__in=self.queues.only)
        if self.queues.without:
            ready = ready.exclude(queue_name__in=self.queues.without)
        return ready

    def _worker(self) -> Worker:
        # It only lends its way of running a task; its loop, signals and queues are not used.
        return Worker(
            queue_names=[],
            interval=0,
            batch=False,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
            startup_delay=False,
            max_tasks=None,
            worker_id=worker_name()[-64:],
            excluded_queue_names=[],
        )
