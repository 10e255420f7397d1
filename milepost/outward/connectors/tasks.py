from __future__ import annotations

import uuid

from django.utils.translation import gettext_lazy as _

from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.progress import progress
from milepost.foundation.jobs.schedule import every

from . import importing, uploading
from .models import ImportRun


@job(label=_("Import history"), queue_name="imports", resumable=True)
def carry_out_import(run_id: str) -> None:
    """Bring one import to its end. Interrupted, it goes on where it was; a run that was deleted or cancelled is no work."""
    run = ImportRun.objects.unfinished().select_related("community", "started_by").filter(pk=uuid.UUID(run_id)).first()
    if run is None:
        return
    importing.carry_out(run, progress=lambda done, total, note: progress(done, total or None, note))
    uploading.discard(run.path)


@every(daily_at="04:20")
@job(label=_("Delete old uploads of imports"))
def forget_uploads() -> None:
    uploading.forget_old()
