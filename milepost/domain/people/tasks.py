from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.schedule import every

from . import belonging


@every(hours=1)
@job(label=_("Bring back members whose break is over"))
def end_breaks() -> None:
    belonging.end_breaks()
