"""Work whose worker died, and messages that got lost: back into the queue."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.apps import apps
from django.tasks import TaskResultStatus
from django.tasks.exceptions import TaskResultDoesNotExist

from milepost.foundation.common import clock

from . import metrics
from .dispatch import kept_in_database
from .models import JobRun
from .running import run_job

logger = logging.getLogger("milepost.jobs")

SILENT_AFTER = timedelta(seconds=60)
"""Without a sign of life for so long, a worker is taken for dead. Clocks of several machines must agree within it."""
UNHEARD_AFTER = timedelta(hours=1)
"""With a backend that cannot tell: a message not begun for so long is sent again. Sending twice does no harm."""
BATCH = 100


def reap(silent_after: timedelta = SILENT_AFTER) -> int:
    """Put back the runs of dead workers; the attempt counts. Returns how many attempts were taken away."""
    silent = JobRun.objects.silent_since(clock.now() - silent_after)[:BATCH]
    reaped = 0
    for run in silent:
        lost_message = run.transport_id
        error = f"The worker {run.worker} stopped while running it."
        put_back = run.retry(timedelta(0), error) if run.has_attempts_left else run.fail(error)
        if put_back:
            reaped += 1
            metrics.JOBS_REAPED.labels(run.name).inc()
            logger.warning("Job %s (run %s): %s", run.name, run.pk, error)
            _close(lost_message)
    return reaped


def resend_lost(silent_after: timedelta = SILENT_AFTER) -> int:
    """Runs that were handed over, but whose message is gone or was taken by a worker that died: send again."""
    now = clock.now()
    late = JobRun.objects.waiting().filter(dispatched_at__lt=now - silent_after).order_by("dispatched_at")[:BATCH]
    resent = 0
    for run in late:
        if _still_carried(run, now, silent_after):
            continue
        mine = JobRun.objects.waiting().filter(pk=run.pk, dispatched_at=run.dispatched_at)
        resent += mine.update(dispatched_at=None, transport_id="")
        _close(run.transport_id)
    return resent


def _still_carried(run: JobRun, now: datetime, silent_after: timedelta) -> bool:
    """Whether the backend still has the message, as far as it can tell."""
    if not run_job.get_backend().supports_get_result:
        return run.dispatched_at is not None and run.dispatched_at > now - UNHEARD_AFTER
    try:
        result = run_job.get_result(run.transport_id)
    except TaskResultDoesNotExist:
        return False
    if result.status == TaskResultStatus.RUNNING:
        # Taken, but our run never began: a worker is between the two, or died there.
        return result.last_attempted_at is not None and result.last_attempted_at > now - silent_after
    return result.status == TaskResultStatus.READY


def _close(transport_id: str) -> None:
    """django-tasks-db leaves the row of a killed worker RUNNING for ever, where no clean-up takes it."""
    if not transport_id or not kept_in_database(run_job.get_backend()):
        return
    results = apps.get_model("django_tasks_database", "DBTaskResult")._default_manager
    left_running = results.filter(pk=transport_id, status=TaskResultStatus.RUNNING)
    left_running.update(
        status=TaskResultStatus.FAILED,
        finished_at=clock.now(),
        exception_class_path=f"{__name__}.WorkerDied",
        traceback="The worker died.",
    )


class WorkerDied(Exception):
    """Stands in the backend's own trace for an attempt that the reaper took away."""
