from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict
from milepost.foundation.common.fields import IdModel

from ..querysets import RUNNING, UNENDED, WAITING, JobRunQuerySet
from ..registry import Declared, find
from .attempts import Attempts


class JobState(models.TextChoices):
    """In words what the dates of a run say."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class JobRun(Attempts, IdModel):
    """One request for background work and what became of it, whichever task backend carries it.

    The backend only transports (id, attempt); the row decides. While it waits, `next_attempt_at` says from
    when it may start, and `dispatched_at` when the coming attempt was handed to the backend. `started_at`,
    `heartbeat_at` and `worker` belong to the present attempt and are empty between attempts.
    """

    # No foreign key: identity stands above jobs.
    community_id = models.UUIDField(_("community"), null=True, editable=False)
    requested_by = models.UUIDField(_("requested by"), null=True, editable=False)
    name = models.CharField(_("job"), max_length=200, help_text=_("Dotted path of the function."))
    label = models.CharField(_("what it does"), max_length=200)
    arguments = models.JSONField(_("arguments"), default=dict)
    queue_name = models.CharField(_("queue"), max_length=32, default="default")
    priority = models.SmallIntegerField(_("priority"), default=0)

    queued_at = models.DateTimeField(_("queued at"))
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True)
    dispatched_at = models.DateTimeField(_("handed over at"), null=True)
    transport_id = models.CharField(_("id in the task backend"), max_length=64, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True)
    worker = models.CharField(_("worker"), max_length=100, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    failed_at = models.DateTimeField(_("failed at"), null=True)
    cancel_asked_at = models.DateTimeField(_("cancelling asked for at"), null=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True)

    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    max_attempts = models.PositiveIntegerField(_("attempts at most"), default=1)
    error = models.CharField(_("error"), max_length=500, blank=True)
    traceback = models.TextField(_("traceback"), blank=True)

    progress_done = models.BigIntegerField(_("done"), null=True)
    progress_total = models.BigIntegerField(_("in total"), null=True)
    progress_note = models.CharField(_("at present"), max_length=200, blank=True)

    # One to one, so that asking twice for the same repetition makes one run.
    again_of = models.OneToOneField(
        "self",
        verbose_name=_("repeats"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="repeated_by",
    )

    objects = JobRunQuerySet.as_manager()

    class Meta:
        ordering = ["-queued_at"]
        verbose_name = _("background job")
        verbose_name_plural = _("background jobs")
        indexes = [
            models.Index("next_attempt_at", name="jobs_waiting_idx", condition=WAITING),
            models.Index("heartbeat_at", name="jobs_running_idx", condition=RUNNING),
            models.Index("name", name="jobs_unended_idx", condition=UNENDED),
            models.Index("failed_at", name="jobs_failed_idx", condition=Q(failed_at__isnull=False)),
            models.Index("community_id", "queued_at", name="jobs_community_idx"),
            models.Index("queued_at", name="jobs_queued_idx"),
        ]
        constraints = [
            models.CheckConstraint(
                name="jobs_one_ending",
                condition=Q(finished_at=None, failed_at=None)
                | Q(finished_at=None, cancelled_at=None)
                | Q(failed_at=None, cancelled_at=None),
            ),
            models.CheckConstraint(
                name="jobs_waiting_has_moment", condition=~WAITING | Q(next_attempt_at__isnull=False)
            ),
            models.CheckConstraint(name="jobs_running_beats", condition=~RUNNING | Q(heartbeat_at__isnull=False)),
        ]

    @classmethod
    def of(cls, declared: Declared, *, run_after: datetime | None = None, **circumstances: Any) -> JobRun:
        """A new run of a declared job, not saved yet; circumstances are fields that differ from the declaration."""
        now = clock.now()
        fields: dict[str, Any] = {
            "name": declared.name,
            "label": declared.stored_label,
            "arguments": {"args": [], "kwargs": {}},
            "queue_name": declared.queue_name,
            "priority": declared.priority,
            "max_attempts": declared.max_attempts,
        }
        return cls(**fields | circumstances, queued_at=now, next_attempt_at=run_after or now)

    def __str__(self) -> str:
        return f"{self.label} ({self.state.label})"

    @property
    def state(self) -> JobState:
        if self.finished_at:
            return JobState.FINISHED
        if self.failed_at:
            return JobState.FAILED
        if self.cancelled_at:
            return JobState.CANCELLED
        return JobState.RUNNING if self.started_at else JobState.WAITING

    @property
    def title(self) -> str:
        """The label in the reader's language; the stored one where the code no longer knows the job."""
        declared = find(self.name)
        if declared is not None and self.label == declared.stored_label:
            return str(declared.label)
        return self.label

    @property
    def progress_percent(self) -> int | None:
        if self.progress_done is None or not self.progress_total:
            return None
        return max(0, min(100, self.progress_done * 100 // self.progress_total))

    @property
    def is_unended(self) -> bool:
        return self.state in (JobState.WAITING, JobState.RUNNING)

    def cancel(self) -> None:
        """A waiting run is cancelled now; a running one is asked to stop and does so at its next progress report.

        Cancelling twice is the same as once. Raises `Conflict` for a run that has ended otherwise.
        """
        now = clock.now()
        mine = JobRun.objects.filter(pk=self.pk)
        # A run may start between the two statements; then the second one catches it.
        changed = mine.waiting().update(cancelled_at=now, next_attempt_at=None) or mine.unended().update(
            cancel_asked_at=now
        )
        self.refresh_from_db()
        if not changed and not self.cancelled_at:
            raise Conflict(
                gettext("“%(job)s” has already ended.") % {"job": self.title},
                gettext("There is nothing left to cancel."),
            )

    def again(self, by: uuid.UUID | None = None) -> JobRun:
        """Ask for the same work once more, after it failed or was cancelled.

        `by` is the id of whoever asks. Returns the new run; asking twice returns the same one.
        Raises `Conflict` for a run that is still going, or that finished.
        """
        self.refresh_from_db()
        if not (self.failed_at or self.cancelled_at):
            raise Conflict(
                gettext("“%(job)s” has not failed.") % {"job": self.title},
                gettext("Only a job that failed or was cancelled can run again."),
            )
        again, _made = JobRun.objects.get_or_create(again_of=self, defaults=self._same_work(by))
        return again

    def _same_work(self, by: uuid.UUID | None) -> dict[str, Any]:
        declared = find(self.name)
        now = clock.now()
        return {
            "queued_at": now,
            "next_attempt_at": now,
            "community_id": self.community_id,
            "requested_by": by,
            "name": self.name,
            "label": self.label,
            "arguments": self.arguments,
            "queue_name": self.queue_name,
            "priority": self.priority,
            "max_attempts": declared.max_attempts if declared else 1,
        }
