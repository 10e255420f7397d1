"""What this app holds of a person: which segments they are in. Lists go along at a merge; the rest is worked out again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milepost.domain.people.holdings import Subject, erases, moves, portrays

from .models import ListEntry, Segment, SegmentDue, SegmentMember

moves(ListEntry, "person", unique=("segment",))


@erases
def erase(subject: Subject) -> dict[str, int]:
    entries, _ = ListEntry.objects.filter(person__in=subject.people).delete()
    SegmentMember.objects.filter(person_id__in=subject.people).delete()
    SegmentDue.objects.filter(person_id__in=subject.people).delete()
    return {"lists": entries}


def segments(subject: Subject) -> Iterator[dict[str, Any]]:
    names = dict(Segment.objects.filter(community=subject.person.community_id).values_list("pk", "name"))
    rows = SegmentMember.objects.filter(person_id__in=subject.people).values("segment_id", "since")
    for row in rows.iterator(chunk_size=500):
        yield {"segment": names.get(row["segment_id"], ""), "since": row["since"]}
    entries = ListEntry.objects.filter(person__in=subject.people).values_list("segment__name", "added_at")
    for name, added_at in entries:
        yield {"list": name, "since": added_at}


portrays("segments", segments)
