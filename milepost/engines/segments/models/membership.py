"""Who is in which segment. All but the list entries is derived, and kept by the reader."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person

from .segment import Segment


class SegmentMember(models.Model):
    """That a person is in a segment now, since when. Ids only, as in the roll-ups: a million of them are written at once."""

    pk = models.CompositePrimaryKey("segment_id", "person_id")
    segment_id = models.UUIDField()
    person_id = models.UUIDField()
    community_id = models.UUIDField()
    since = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["person_id"], name="segment_member_by_person")]


class SegmentDue(models.Model):
    """The day on which time alone may move a person in or out of a segment."""

    pk = models.CompositePrimaryKey("segment_id", "person_id")
    segment_id = models.UUIDField()
    person_id = models.UUIDField()
    community_id = models.UUIDField()
    day = models.DateField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["day"], name="segment_due_by_day")]


class SegmentSize(models.Model):
    """How many were in a segment at the end of a day (the community's), and how many came and went on it."""

    pk = models.CompositePrimaryKey("segment_id", "day")
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="sizes", db_index=False)
    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    size = models.PositiveIntegerField()
    entered = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)


class ListEntry(IdModel):
    """Someone on a static list: put there by hand or by an import."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="entries")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    added_at = models.DateTimeField(default=clock.now)
    added_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["segment", "person"], name="listed_once")]
