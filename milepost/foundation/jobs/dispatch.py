"""From the row to the task backend: the row is the truth, the backend carries (id, attempt)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.tasks.backends.base import BaseTaskBackend
from django.tasks.exceptions import InvalidTask
from django_tasks_db import DatabaseBackend

from milepost.foundation.common import clock

from .models import JobRun
from .running import run_job

logger = logging.getLogger("milepost.jobs")

BATCH = 200
BROKER_AWAY = timedelta(seconds=10)


def kept_in_database(backend: BaseTaskBackend) -> bool:
    """Whether the backend's queue is in our own database, and so part of the caller's transaction."""
    return isinstance(backend, DatabaseBackend)


def enqueue(run: JobRun) -> None:
    """Store a new run and hand it over if it is due: with the caller's transaction, or right after it."""
    run.save(force_insert=True)
    if run.next_attempt_at is not None and run.next_attempt_at > clock.now():
        return
    if kept_in_database(run_job.get_backend()):
        hand_over(run)
    else:
        # A broker's worker is quicker than a commit. If this process dies in between, the worker's own look
        # at due runs hands it over.
        transaction.on_commit(lambda: _try_to_hand_over(run))


def hand_over(run: JobRun) -> bool:
    """Give the coming attempt to the backend; False if someone else did. Raises `InvalidTask` for a wrong queue."""
    backend = run_job.get_backend()
    carried = run_job.using(queue_name=run.queue_name, priority=run.priority if backend.supports_priority else None)
    backend.validate_task(carried)
    if kept_in_database(backend):
        with transaction.atomic():
            moment = _mark(run)
            if moment is not None:
                _note_id(run, carried.enqueue(str(run.pk), run.attempts + 1).id)
        return moment is not None
    moment = _mark(run)
    if moment is None:
        return False
    try:
        result = carried.enqueue(str(run.pk), run.attempts + 1)
    except Exception:
        logger.exception("The task backend did not take job run %s; trying again", run.pk)
        unsent = JobRun.objects.waiting().filter(pk=run.pk, dispatched_at=moment)
        unsent.update(dispatched_at=None, next_attempt_at=moment + BROKER_AWAY)
        return False
    _note_id(run, result.id)
    return True


def hand_over_due() -> int:
    """Hand over whatever has come due: retries, postponed runs, repetitions. Returns how many."""
    due = JobRun.objects.due(clock.now()).order_by("-priority", "next_attempt_at")[:BATCH]
    return sum(_try_to_hand_over(run) for run in due)


def _try_to_hand_over(run: JobRun) -> bool:
    try:
        return hand_over(run)
    except InvalidTask as error:
        logger.exception("Job run %s cannot be carried by the task backend", run.pk)
        refused = JobRun.objects.waiting().filter(pk=run.pk)
        refused.update(failed_at=clock.now(), next_attempt_at=None, error=str(error)[:500])
        return False


def _mark(run: JobRun) -> datetime | None:
    """Mark as handed over; whoever marks first sends. Returns the mark, or None for the second."""
    now = clock.now()
    mine = JobRun.objects.waiting().filter(pk=run.pk, attempts=run.attempts, dispatched_at=None)
    return now if mine.update(dispatched_at=now) else None


def _note_id(run: JobRun, transport_id: str) -> None:
    JobRun.objects.waiting().filter(pk=run.pk, attempts=run.attempts).update(transport_id=transport_id)
