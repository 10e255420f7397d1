from __future__ import annotations

import uuid

from django.utils.translation import gettext_lazy as _

from milepost.foundation.conditions import Invalid
from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.progress import progress
from milepost.foundation.jobs.pulse import pulse
from milepost.foundation.jobs.schedule import every

from . import keeping
from .models import Segment


@job(label=_("Work out who is in a segment"), resumable=True)
def fill_segment(segment: str) -> None:
    found = Segment.objects.kept().select_related("community").filter(pk=uuid.UUID(segment)).first()
    if found is not None:
        keeping.fill(found, progress=lambda done, total: progress(done, total))


@pulse(seconds=20)
def time_passes() -> bool:
    """Windows run out and years go by without anything happening."""
    return keeping.look_at_the_due() > 0


@every(daily_at="04:20")
@job(label=_("Look at everyone's segments again"), resumable=True)
def look_again() -> None:
    """What leaves no trace in the log (an import that names members, a row changed by hand) is found within a day."""
    for segment in Segment.objects.kept().select_related("community"):
        try:
            keeping.fill(segment, told=segment.filled_at is not None)
        except Invalid:
            continue
