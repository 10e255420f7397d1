"""The life of one attempt. Every change is one conditional statement, so that whoever comes second changes nothing.

The pair (id, attempt) is the claim: a duplicate delivery, a zombie that wakes up after the reaper gave its
work away, and a run cancelled meanwhile all fail the condition.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F

from milepost.foundation.common import clock

if TYPE_CHECKING:
    from ..querysets import JobRunQuerySet
    from .run import JobRun

ERROR_LENGTH = 500
TRACEBACK_LENGTH = 20_000


class Attempts(models.Model):
    class Meta:
        abstract = True

    if TYPE_CHECKING:
        id: uuid.UUID
        attempts: int
        max_attempts: int
        cancel_asked_at: datetime | None
        objects: models.Manager[JobRun]

    @classmethod
    def claim(cls, run_id: str, attempt: int, worker: str) -> JobRun | None:
        """Begin attempt number `attempt` (from 1). None where it was begun before, or cancelled."""
        now = clock.now()
        mine = _runs().filter(pk=run_id, attempts=attempt - 1)
        claimed = mine.waiting().update(
            started_at=now, heartbeat_at=now, attempts=attempt, next_attempt_at=None, worker=worker[:100]
        )
        return _runs().get(pk=run_id) if claimed else None

    def held(self) -> JobRunQuerySet:
        """This run, as long as the present attempt is still the one that holds it."""
        return _runs().filter(pk=self.id, attempts=self.attempts).running()

    def beat(self) -> bool:
        """A sign of life. False where the claim is lost."""
        return bool(self.held().update(heartbeat_at=clock.now()))

    def finish(self) -> bool:
        return bool(self.held().update(finished_at=clock.now(), error="", traceback=""))

    def fail(self, error: str, traceback: str = "") -> bool:
        """Give up."""
        return bool(self.held().update(failed_at=clock.now(), **_words(error, traceback)))

    def retry(self, delay: timedelta, error: str, traceback: str = "") -> bool:
        """Wait for another attempt, `delay` from now."""
        return bool(self.held().update(**_wait(clock.now() + delay), **_words(error, traceback)))

    def interrupt(self) -> bool:
        """The worker stops in the middle of a resumable job: back into the queue, and the attempt does not count."""
        return bool(self.held().update(**_wait(clock.now()), max_attempts=F("max_attempts") + 1))

    def cancelled_while_running(self) -> bool:
        return bool(self.held().update(cancelled_at=clock.now()))

    @property
    def has_attempts_left(self) -> bool:
        return self.attempts < self.max_attempts


def _runs() -> JobRunQuerySet:
    from .run import JobRun  # the mixin is imported by the model

    return JobRun.objects.all()


def _wait(until: datetime) -> dict[str, Any]:
    return {
        "started_at": None,
        "heartbeat_at": None,
        "worker": "",
        "next_attempt_at": until,
        "dispatched_at": None,
        "transport_id": "",
    }


def _words(error: str, traceback: str) -> dict[str, str]:
    return {"error": error[:ERROR_LENGTH], "traceback": traceback[-TRACEBACK_LENGTH:]}
