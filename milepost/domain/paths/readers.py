from __future__ import annotations

from datetime import timedelta

from milepost.foundation.activity.following import Batch, Effect, reader
from milepost.foundation.common import clock

from . import notices


@reader
class PathNotices(Effect):
    """Writes down the mails about people who are to meet, and about what is proposed to stewards."""

    name = "path-notices"
    largest = 2_000

    def apply(self, batch: Batch) -> None:
        told = (
            self.fresh(batch)
            # A reader that begins on a site which has a past tells nothing old.
            .filter(verb__in=notices.TOLD_OF, recorded_at__gte=clock.now() - timedelta(hours=notices.STALE_HOURS))
            .values_list("verb", "community_id", "object_id", "identity__person_id", "other__person_id", "data")
        )
        notices.write_down([notices.Fact(*row) for row in told])
