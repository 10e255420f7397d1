from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable

from milepost.foundation.activity.following import Batch, Projection, reader
from milepost.foundation.conditions import Condition, Invalid
from milepost.foundation.conditions.touching import touched

from .keeping import READER, asked, keep
from .models import Segment, SegmentDue, SegmentMember


@reader
class Segments(Projection):
    """Keeps who is in which segment: looks anew at those whom a batch may have moved. Records `segment.entered`, `segment.left`.

    New segments, and all of them after a rewind, are filled by a job; until then they are passed over.
    """

    name = READER
    after = ("rollup",)
    largest = 5_000

    def apply(self, batch: Batch) -> None:
        moved = touched(batch)
        mark = ".".join(map(str, batch.high))
        for community, segments in _kept(moved).items():
            for segment in segments:
                condition = _condition(segment)
                if condition is not None and (people := moved[community].by(condition)):
                    keep(segment, condition, people, mark=mark)

    def reset(self) -> None:
        """Who is in them stays until everyone was looked at again, which the log then hears nothing of."""
        from .tasks import fill_segment

        SegmentMember.objects.all()._raw_delete(SegmentMember.objects.db)
        SegmentDue.objects.all()._raw_delete(SegmentDue.objects.db)
        Segment.objects.update(filled_at=None, size=0)
        for segment in Segment.objects.kept():
            fill_segment.using(community_id=segment.community_id).enqueue(str(segment.pk))


_parsed: dict[uuid.UUID, tuple[object, Condition]] = {}
"""The conditions of this process, each with the segment's state at which it was read."""


def _kept(communities: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Segment]]:
    found: dict[uuid.UUID, list[Segment]] = defaultdict(list)
    rows = Segment.objects.kept().filter(community__in=communities, filled_at__isnull=False).select_related("community")
    for segment in rows:
        found[segment.community_id].append(segment)
    return found


def _condition(segment: Segment) -> Condition | None:
    """None where its rule names what is gone; the segment then says so, and stays as it is."""
    state = (segment.rule_hash, segment.community.time_zone, segment.problem)
    known = _parsed.get(segment.pk)
    # What a rule names may be gone or be another one by now; only rules that name nothing are kept.
    if known and known[0] == state and not known[1].references:
        return known[1]
    try:
        condition = asked(segment)
    except Invalid:
        return None
    _parsed[segment.pk] = state, condition
    return condition
