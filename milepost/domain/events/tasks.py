from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.schedule import every

from . import attending, filling, notices


@every(minutes=5)
@job(label=_("Send mails about events"))
def send_notices() -> None:
    while notices.send():
        pass


@every(minutes=15)
@job(label=_("Remind people of events"))
def remind() -> None:
    if notices.remind():
        notices.send_soon()


@every(hours=6)
@job(label=_("Make the next events of each series"))
def fill_series() -> None:
    filling.fill_all()


@every(minutes=30)
@job(label=_("Count who hosted and spoke"))
def count_hosts() -> None:
    attending.count_hosts()
