from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.pulse import pulse
from milepost.foundation.jobs.schedule import every

from . import following, retention


@every(daily_at="03:10")
@job(label=_("Empty personal data in the log after its time"), resumable=True)
def expire_personal_data() -> None:
    retention.expire()


@pulse(seconds=0.5)
def follow_the_log() -> bool:
    """Every worker lets the readers follow; a reader whose cursor another worker holds waits for its turn."""
    return following.follow()
