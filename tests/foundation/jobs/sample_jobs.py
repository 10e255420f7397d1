"""Jobs to try the machinery on. What they did is written down in `done`, or in a file for other processes."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from django.db import transaction

from milepost.foundation.common.errors import DomainError
from milepost.foundation.jobs.job import Backoff, RetryLater, job
from milepost.foundation.jobs.progress import progress

done: list[str] = []
to_raise: list[BaseException] = []

STEADY = Backoff(first=timedelta(seconds=10), factor=3, maximum=timedelta(minutes=1), jitter=0)


@job(label="Note a word", retries=2, backoff=STEADY)
def note(word: str, *, times: int = 1) -> None:
    if to_raise:
        raise to_raise.pop(0)
    done.extend([word] * times)


@job(label="Note a word once", retries=0)
def note_once(word: str) -> None:
    if to_raise:
        raise to_raise.pop(0)
    done.append(word)


@job(label="Refuse")
def refuse() -> None:
    done.append("tried")
    raise DomainError("The charter does not allow it.", "Ask a steward.")


@job(label="Come back later")
def come_back() -> None:
    if not done:
        done.append("asked to wait")
        raise RetryLater(timedelta(seconds=123), "rate limit")
    done.append("came back")


@job(label="Break a transaction", retries=1, backoff=STEADY)
def break_transaction(run_id: str) -> None:
    from milepost.foundation.jobs.models import JobRun

    with transaction.atomic():
        JobRun.objects.filter(pk=run_id).update(label="never")
        raise ValueError("broken")


@job(label="Count", timeout=timedelta(seconds=30))
def count(upto: int) -> None:
    for step in range(1, upto + 1):
        progress(step, upto, f"step {step}")
    done.append(f"counted to {upto}")


@job(label="Count on", resumable=True, retries=0)
def count_on(upto: int) -> None:
    for step in range(1, upto + 1):
        progress(step, upto)
        done.append(str(step))


@job(label="Repeat")
def repeat() -> None:
    done.append("repeated")


@job(label="Say so in a file, then stay", retries=1, queue_name="imports")
def stay(folder: str) -> None:
    """Writes `started-<pid>`, ends when `go` exists, then writes `ended-<pid>`."""
    here = Path(folder)
    (here / f"started-{os.getpid()}").touch()
    deadline = time.monotonic() + 120
    while not (here / "go").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    (here / f"ended-{os.getpid()}").touch()


@job(label="Say so in a file")
def touch(path: str) -> None:
    Path(path).touch()


@job(label="Never look up", timeout=timedelta(seconds=0.2), retries=0)
def hang() -> None:
    time.sleep(120)


def not_on_top():
    @job(label="Inside")
    def inside() -> None: ...

    return inside


async def asynchronous() -> None: ...
