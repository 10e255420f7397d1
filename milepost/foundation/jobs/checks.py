from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.tasks import task_backends

from .registry import all_declared


@register(Tags.compatibility)
def every_queue_is_served(**_: Any) -> list[CheckMessage]:
    """`TASKS` names the queue of every job; a backend refuses the others."""
    served = task_backends["default"].queues
    if not served:  # means: any
        return []
    return [
        Error(
            f"The job {declared.name} uses the queue “{declared.queue_name}”, which TASKS does not name.",
            hint=f"Add “{declared.queue_name}” to QUEUES of the default backend in TASKS.",
            id="jobs.E001",
        )
        for declared in all_declared()
        if declared.queue_name not in served
    ]
