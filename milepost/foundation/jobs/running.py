"""One attempt: claim it, do the work, write down what came of it."""

from __future__ import annotations

import logging
import time
import traceback
from datetime import timedelta

from django.conf import settings
from django.db import connections
from django.tasks import task
from django.utils import translation

from milepost.foundation.common.errors import DomainError

from . import metrics
from .models import JobRun
from .progress import JobCancelled, JobInterrupted, JobLost, at_work
from .registry import Declared, find
from .this_process import worker_name

logger = logging.getLogger("milepost.jobs")


class RetryLater(Exception):
    """Raised by a job that knows when to come back (a rate limit of another system). Counts as an attempt."""

    def __init__(self, after: timedelta, reason: str = "") -> None:
        super().__init__(reason or f"asked to come back in {after}")
        self.after = after


@task
def run_job(run_id: str, attempt: int) -> str:
    """The one task that the backend carries, for every job. Returns the outcome in a word.

    It may be delivered twice, late or out of order: the claim on the row decides. Errors of the job are
    settled here and never raised, so that no backend adds retries of its own.
    """
    run = JobRun.claim(run_id, attempt, worker_name())
    if run is None:
        return "passed over"
    declared = find(run.name)
    if declared is None:
        run.fail(f"No job is called {run.name} in this version.")
        return "failed"
    began = time.perf_counter()
    with translation.override(settings.LANGUAGE_CODE):
        outcome = _carry_out(run, declared)
    seconds = time.perf_counter() - began
    metrics.settled(run.name, outcome, seconds)
    logger.info("Job %s (run %s, attempt %d): %s after %.2f s", run.name, run.pk, attempt, outcome, seconds)
    return outcome


def _carry_out(run: JobRun, declared: Declared) -> str:
    try:
        with at_work(run, declared):
            declared.func(*run.arguments.get("args", ()), **run.arguments.get("kwargs", {}))
    except JobCancelled:
        return "cancelled" if run.cancelled_while_running() else "lost"
    except JobInterrupted:
        return "interrupted" if run.interrupt() else "lost"
    except JobLost:
        return "lost"
    except (KeyboardInterrupt, SystemExit) as stopped:
        _settle_failure(run, declared, stopped)
        raise
    except Exception as error:  # noqa: BLE001 (whatever a job raises is settled here)
        return _settle_failure(run, declared, error)
    return "finished" if run.finish() else "lost"


def _settle_failure(run: JobRun, declared: Declared, error: BaseException) -> str:
    """Wait for another attempt, or give up: a rule that refused (`DomainError`) refuses again."""
    _drop_broken_connections()
    words = str(error) if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"
    trace = "".join(traceback.format_exception(error))
    run.refresh_from_db(fields=["cancel_asked_at", "max_attempts"])
    if run.cancel_asked_at is not None:
        return "cancelled" if run.cancelled_while_running() else "lost"
    if isinstance(error, DomainError) or not run.has_attempts_left:
        logger.error("Job %s (run %s) failed: %s", run.name, run.pk, words, exc_info=error)
        return "failed" if run.fail(words, trace) else "lost"
    delay = error.after if isinstance(error, RetryLater) else declared.backoff.delay(run.attempts)
    return "retried" if run.retry(delay, words, trace) else "lost"


def _drop_broken_connections() -> None:
    """The job's error may be that the database went away: write the outcome over a fresh connection."""
    for connection in connections.all(initialized_only=True):
        if connection.errors_occurred and not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
