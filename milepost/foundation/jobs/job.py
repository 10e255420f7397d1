"""`@job`: a function that can be done later, by a worker, more than once if it fails."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from inspect import iscoroutinefunction

from django.utils.functional import Promise
from django.utils.inspect import is_module_level_function
from django.utils.json import normalize_json

from .dispatch import enqueue
from .models import JobRun
from .registry import Backoff, Declared, declare
from .running import RetryLater

__all__ = ["Backoff", "Job", "RetryLater", "job"]


@dataclass(frozen=True)
class Job[**P, R]:
    """A function declared as background work. Calling it runs it here and now, without a trace."""

    declared: Declared
    func: Callable[P, R]
    community_id: uuid.UUID | None = None
    requested_by: uuid.UUID | None = None
    run_after: datetime | None = None
    label: str | None = None
    queue_name: str | None = None
    priority: int | None = None

    @property
    def name(self) -> str:
        return self.declared.name

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.func(*args, **kwargs)

    def using(
        self,
        *,
        community_id: uuid.UUID | None = None,
        requested_by: uuid.UUID | None = None,
        run_after: datetime | None = None,
        label: str | None = None,
        queue_name: str | None = None,
        priority: int | None = None,
    ) -> Job[P, R]:
        """The same job with other circumstances; what is not given stays.

        `label` is for what only this run can say ("Import of the garden's Slack"); priority goes from -100 to 100.
        """
        return replace(
            self,
            community_id=community_id or self.community_id,
            requested_by=requested_by or self.requested_by,
            run_after=run_after or self.run_after,
            label=label or self.label,
            queue_name=queue_name or self.queue_name,
            priority=self.priority if priority is None else priority,
        )

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> JobRun:
        """Ask for the work, as part of the present transaction. Arguments are plain JSON: ids, numbers, short words."""
        given = {"label": self.label and self.label[:200], "queue_name": self.queue_name, "priority": self.priority}
        run = JobRun.of(
            self.declared,
            run_after=self.run_after,
            arguments={"args": normalize_json(args), "kwargs": normalize_json(kwargs)},
            community_id=self.community_id,
            requested_by=self.requested_by,
            **{name: value for name, value in given.items() if value is not None},
        )
        enqueue(run)
        return run


def job[**P, R](
    *,
    label: str | Promise,
    retries: int = 3,
    backoff: Backoff | None = None,
    timeout: timedelta | None = None,
    queue_name: str = "default",
    priority: int = 0,
    resumable: bool = False,
) -> Callable[[Callable[P, R]], Job[P, R]]:
    """Declare a function of a module as background work, safe to run twice.

    `label` says in plain words what it does. After an error it is tried `retries` more times, waiting by
    `backoff`; a `DomainError` is final at once. After `timeout` the next `progress()` raises `JobTimedOut`, and a
    worker process whose job never looks up ends itself. `resumable` jobs go on where they were, so they may be
    interrupted at any `progress()` when the worker stops.
    """

    def wrap(func: Callable[P, R]) -> Job[P, R]:
        if not is_module_level_function(func):
            raise TypeError(
                f"{func.__qualname__}: a job is a function at the top of its module, so that a worker finds it."
            )
        if iscoroutinefunction(func):
            raise TypeError(f"{func.__qualname__}: a job is a plain function; workers run one at a time in each lane.")
        declared = Declared(
            func=func,
            label=label,
            retries=retries,
            backoff=backoff or Backoff(),
            timeout=timeout,
            queue_name=queue_name,
            priority=priority,
            resumable=resumable,
        )
        declare(declared)
        return Job(declared, func)

    return wrap
