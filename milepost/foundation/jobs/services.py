"""What pages and commands ask about background work as a whole."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.tasks import TaskResultStatus

from milepost.foundation.common import clock

from .dispatch import kept_in_database
from .models import JobRun
from .progress import progress
from .querysets import JobRunQuerySet
from .running import run_job

KEEP_FINISHED = timedelta(days=30)
KEEP_FAILED = timedelta(days=180)
KEEP_CARRIED = timedelta(days=2)
"""The backend's own rows are of no use once the attempt is over; two days help to find a fault."""
BATCH = 200


def failures(
    *,
    community_id: uuid.UUID | None = None,
    name: str = "",
    text: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    include_answered: bool = False,
) -> JobRunQuerySet:
    """Runs that failed, newest first, to be filtered and cut into pages.

    Without `community_id`, those of the whole site. Runs that someone asked for again are left out unless
    `include_answered`. Each row's `again(by=...)` asks for it once more.
    """
    found = JobRun.objects.failed()
    if community_id is not None:
        found = found.for_community(community_id)
    if name:
        found = found.named(name)
    if text:
        found = found.matching(text)
    if since is not None:
        found = found.filter(failed_at__gte=since)
    if until is not None:
        found = found.filter(failed_at__lt=until)
    if not include_answered:
        found = found.unanswered()
    return found.defer("traceback", "arguments").order_by("-failed_at", "-pk")


def clean_up(
    *,
    keep_finished: timedelta = KEEP_FINISHED,
    keep_failed: timedelta = KEEP_FAILED,
    keep_carried: timedelta = KEEP_CARRIED,
) -> int:
    """Delete old traces, in small transactions. Returns how many runs were deleted."""
    now = clock.now()
    deleted = _delete(JobRun.objects.filter(finished_at__lt=now - keep_finished))
    deleted += _delete(JobRun.objects.filter(cancelled_at__lt=now - keep_finished))
    deleted += _delete(JobRun.objects.filter(failed_at__lt=now - keep_failed))
    if kept_in_database(run_job.get_backend()):
        _clean_up_carried(now - keep_carried)
    return deleted


def _clean_up_carried(before: datetime) -> None:
    results = apps.get_model("django_tasks_database", "DBTaskResult")._default_manager.all()
    ended = results.filter(status__in=[TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED])
    _delete(ended.filter(finished_at__lt=before))
    # A worker that is killed after our row has its ending and before theirs has, leaves theirs RUNNING.
    at_work = JobRun.objects.running().exclude(transport_id="").values_list("transport_id", flat=True)
    left = results.filter(status=TaskResultStatus.RUNNING, task_path=run_job.module_path, started_at__lt=before)
    _delete(left.exclude(pk__in=list(at_work)))


def _delete(rows: QuerySet[Any]) -> int:
    deleted = 0
    while ids := list(rows.order_by().values_list("pk", flat=True)[:BATCH]):
        deleted += rows.model._default_manager.filter(pk__in=ids).delete()[0]
        progress(deleted)
    return deleted


def set_aside() -> int:
    """After a restore: cancel whatever was waiting or under way when the backup was made. Returns how many runs.

    It was carried on, and its mails were sent, by the site that the backup was taken from. Each can be asked for again.
    """
    unended = JobRun.objects.unended()
    count = unended.update(
        cancelled_at=clock.now(), next_attempt_at=None, error="Set aside when a backup was restored."
    )
    if kept_in_database(run_job.get_backend()):
        carried = apps.get_model("django_tasks_database", "DBTaskResult")._default_manager
        carried.filter(status__in=[TaskResultStatus.READY, TaskResultStatus.RUNNING]).delete()
    return count
