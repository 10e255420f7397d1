from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.schedule import every

from . import notices


@every(minutes=5)
@job(label=_("Send mails about meetings and proposals"))
def send_notices() -> None:
    while notices.send():
        pass
