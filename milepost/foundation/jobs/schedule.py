"""Repeating work: `@every` in the code, a row that says when it is due, one run for each occurrence."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

from django.db import transaction

from milepost.foundation.common import clock

from .dispatch import enqueue
from .job import Job
from .models import JobRun, Schedule
from .registry import Rhythm, find, rhythms, set_rhythm

logger = logging.getLogger("milepost.jobs")


def every[J: Job[..., Any]](*, minutes: int = 0, hours: int = 0, daily_at: str | None = None) -> Callable[[J], J]:
    """Repeat a job without arguments: at an interval, or once a day at "03:40" of the site's time zone.

    Missed occurrences run once. An occurrence is left out while the run of an earlier one has not ended.
    """
    interval = timedelta(minutes=minutes, hours=hours)
    if (interval > timedelta(0)) == (daily_at is not None):
        raise ValueError("every() takes either minutes and hours, or daily_at.")
    rhythm = Rhythm(interval=interval, daily_at=time.fromisoformat(daily_at) if daily_at else None)

    def wrap(job: J) -> J:
        for parameter in inspect.signature(job.func).parameters.values():
            if parameter.default is parameter.empty and parameter.kind not in (
                parameter.VAR_POSITIONAL,
                parameter.VAR_KEYWORD,
            ):
                raise TypeError(f"{job.name}: a repeating job is called without arguments.")
        set_rhythm(job.name, rhythm)
        return job

    return wrap


def sync_schedules() -> None:
    """Bring the rows in line with the code: new ones start, a changed rhythm counts from now."""
    now = clock.now()
    declared = rhythms()
    stored = dict(Schedule.objects.values_list("name", "rhythm"))
    fresh = [
        Schedule(name=name, rhythm=str(rhythm), next_run_at=rhythm.first_after(now))
        for name, rhythm in declared.items()
        if name not in stored
    ]
    if fresh:
        # Two workers may start at once.
        Schedule.objects.bulk_create(fresh, ignore_conflicts=True)
    for name, rhythm in declared.items():
        if name in stored and stored[name] != str(rhythm):
            changed = Schedule.objects.filter(name=name, rhythm=stored[name])
            changed.update(rhythm=str(rhythm), next_run_at=rhythm.first_after(now))


def run_due_schedules() -> int:
    """Enqueue what is due, each occurrence once however many workers ask. Returns how many were enqueued."""
    enqueued = 0
    for schedule in Schedule.objects.due(clock.now()).filter(name__in=rhythms()):
        enqueued += _run_occurrence(schedule)
    return enqueued


def _run_occurrence(schedule: Schedule) -> bool:
    rhythm, declared = rhythms()[schedule.name], find(schedule.name)
    if declared is None:
        return False
    now = clock.now()
    with transaction.atomic():
        # The occurrence belongs to whoever moves the row on; the run is made in the same transaction, so
        # that it is neither lost nor doubled.
        mine = Schedule.objects.active().filter(pk=schedule.pk, next_run_at=schedule.next_run_at)
        following = rhythm.next_after(schedule.next_run_at, now)
        if not mine.update(last_run_at=now, next_run_at=following):
            return False
        if JobRun.objects.unended().named(schedule.name).exists():
            logger.info("Job %s is still going; this occurrence is left out", schedule.name)
            return False
        enqueue(JobRun.of(declared))
    return True
