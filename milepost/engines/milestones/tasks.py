from __future__ import annotations

import uuid

from django.utils.translation import gettext_lazy as _

from milepost.domain.paths.models import Milestone
from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.schedule import every

from . import backfilling, bearings, celebrating, looking
from .models import RuleInForce


@every(hours=1)
@job(label=_("Look again at whom time has brought to a milestone"), resumable=True)
def look_again() -> None:
    looking.look_again()


@job(label=_("Go through everyone's history for a milestone"), resumable=True)
def go_through_history(milestone: str) -> None:
    found = Milestone.objects.select_related("community").get(pk=uuid.UUID(milestone))
    backfilling.backfill(found)
    bearings.forget(found.community)
    celebrating.forget(found.community)


@every(minutes=15)
@job(label=_("Go through history that no milestone was asked about yet"), resumable=True)
def catch_up_on_history() -> None:
    """Whatever was put in force without it: by the command line, or when a run was cut off."""
    for waiting in RuleInForce.objects.filter(backfilled_at__isnull=True, milestone__retired_at__isnull=True):
        go_through_history(str(waiting.milestone_id))
