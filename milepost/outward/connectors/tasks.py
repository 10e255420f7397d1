from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from milepost.domain.people.tasks import suggest_merges
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict
from milepost.foundation.identity.models import Community
from milepost.foundation.jobs.job import Backoff, RetryLater, job
from milepost.foundation.jobs.progress import JobCancelled, progress
from milepost.foundation.jobs.schedule import every

from . import importing, outgoing, uploading
from .models import ImportRun

BUSY = timedelta(minutes=1)
"""When to come back where another import into the community runs."""


@job(label=_("Import a history"), queue_name="imports", resumable=True, retries=5, backoff=Backoff())
def carry_out_import(run_id: str) -> None:
    """Goes on where it was, each time. An import that was thrown away or stopped meanwhile is no work."""
    run = ImportRun.objects.unfinished().select_related("community", "started_by").filter(pk=uuid.UUID(run_id)).first()
    if run is None:
        return
    try:
        importing.carry_out(run, progress=lambda done, total, note: progress(done, total or None, note))
    except JobCancelled:
        ImportRun.objects.filter(pk=run.pk).update(cancelled_at=clock.now())
        raise
    except Conflict as busy:
        raise RetryLater(BUSY, busy.message) from busy
    uploading.discard(run.path)
    suggest_merges.using(community_id=run.community_id).enqueue(str(run.community_id))


@job(label=_("Take a community out"), queue_name="imports", retries=1)
def carry_out_export(community_id: str, name: str) -> None:
    community = Community.objects.filter(pk=uuid.UUID(community_id)).first()
    if community is not None:
        outgoing.write(community, name, progress=progress)


@every(daily_at="04:20")
@job(label=_("Throw away old uploads and exports"))
def forget_uploads() -> None:
    from .attendance.importing import forget_lines
    from .awards.importing import forget_lines as forget_award_lines
    from .intake import forget_old

    forget_old()
    forget_lines()
    forget_award_lines()
    uploading.forget_old()
    outgoing.forget_old()
