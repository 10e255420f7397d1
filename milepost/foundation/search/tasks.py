from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.schedule import every

from . import compacting


@every(daily_at="03:40")
@job(label=_("Make the search index forget what was taken out"), resumable=True)
def compact_search_index() -> None:
    compacting.compact()
