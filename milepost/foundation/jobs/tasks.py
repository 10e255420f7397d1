from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from . import alive  # noqa: F401  (its pulse)
from .job import job
from .schedule import every
from .services import clean_up


@every(daily_at="03:40")
@job(label=_("Delete old traces of background jobs"), resumable=True)
def delete_old_traces() -> None:
    clean_up()
