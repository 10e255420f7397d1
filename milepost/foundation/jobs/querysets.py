"""Which runs and schedules: the adjectives."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from .models import JobRun, Schedule

UNENDED = Q(finished_at=None, failed_at=None, cancelled_at=None)
WAITING = UNENDED & Q(started_at=None)
RUNNING = UNENDED & Q(started_at__isnull=False)


class JobRunQuerySet(QuerySet["JobRun"]):
    def waiting(self) -> JobRunQuerySet:
        """Not started yet, or waiting for the next attempt."""
        return self.filter(WAITING)

    def due(self, now: datetime) -> JobRunQuerySet:
        """Waiting, its moment has come, and not handed to the task backend yet."""
        return self.waiting().filter(dispatched_at=None, next_attempt_at__lte=now)

    def running(self) -> JobRunQuerySet:
        return self.filter(RUNNING)

    def unended(self) -> JobRunQuerySet:
        """Waiting or running."""
        return self.filter(UNENDED)

    def ended(self) -> JobRunQuerySet:
        return self.exclude(UNENDED)

    def finished(self) -> JobRunQuerySet:
        return self.filter(finished_at__isnull=False)

    def failed(self) -> JobRunQuerySet:
        """Given up: attempts exhausted, or an error that another attempt cannot mend."""
        return self.filter(failed_at__isnull=False)

    def cancelled(self) -> JobRunQuerySet:
        return self.filter(cancelled_at__isnull=False)

    def unanswered(self) -> JobRunQuerySet:
        """Nobody has asked for it again yet."""
        return self.filter(repeated_by=None)

    def silent_since(self, moment: datetime) -> JobRunQuerySet:
        """Running, but the worker has not been heard of since `moment`."""
        return self.running().filter(heartbeat_at__lt=moment)

    def for_community(self, community_id: uuid.UUID) -> JobRunQuerySet:
        return self.filter(community_id=community_id)

    def named(self, name: str) -> JobRunQuerySet:
        return self.filter(name=name)

    def matching(self, text: str) -> JobRunQuerySet:
        """Whose label, name or error holds `text`."""
        return self.filter(Q(label__icontains=text) | Q(name__icontains=text) | Q(error__icontains=text))


class ScheduleQuerySet(QuerySet["Schedule"]):
    def active(self) -> ScheduleQuerySet:
        return self.filter(paused_at=None)

    def due(self, now: datetime) -> ScheduleQuerySet:
        return self.active().filter(next_run_at__lte=now)
