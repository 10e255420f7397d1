from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.models import IdempotentAnswer
from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.schedule import every


@every(hours=1)
@job(label=_("Forget answers of the API that were kept for repeated requests"))
def expire_answers() -> None:
    IdempotentAnswer.expire()
