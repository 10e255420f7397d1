from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.schedule import every

from . import retention


@every(daily_at="03:10")
@job(label=_("Empty personal data in the log after its time"), resumable=True)
def expire_personal_data() -> None:
    retention.expire()
