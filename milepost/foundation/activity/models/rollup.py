"""What rules are asked of: counts a person, a verb and a day. Made from the log by the `rollup` reader, never by hand.

Retracted activities and those of erased people are not counted. Days are the community's local days. People are those
that identities point to now: merging moves their counts.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from milepost.foundation.common.ids import NO_ID


class MemberDay(models.Model):
    """How often a person did one thing on one day, and the sum of its quantities (unit: the verb's)."""

    pk = models.CompositePrimaryKey("person_id", "verb", "day")
    person_id = models.UUIDField()
    verb = models.CharField(max_length=40)
    day = models.DateField()
    community_id = models.UUIDField()
    count = models.PositiveIntegerField()
    quantity = models.DecimalField(max_digits=20, decimal_places=4, default=0)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community_id", "verb", "day"], name="member_day_by_day")
        ]


class MemberObjectDay(models.Model):
    """The same for verbs with objects: on what, in which space, and toward whom (`other_id` is the recipient)."""

    pk = models.CompositePrimaryKey("person_id", "verb", "object_id", "other_id", "day")
    person_id = models.UUIDField()
    verb = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=24, blank=True)
    object_id = models.UUIDField(default=NO_ID)
    space_id = models.UUIDField(default=NO_ID)
    other_id = models.UUIDField(default=NO_ID)
    day = models.DateField()
    community_id = models.UUIDField()
    count = models.PositiveIntegerField()
    quantity = models.DecimalField(max_digits=20, decimal_places=4, default=0)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["other_id", "verb", "day"], name="member_object_day_by_other"),
        ]
