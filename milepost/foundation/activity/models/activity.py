from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from milepost.foundation.activity.querysets import ActivityQuerySet
from milepost.foundation.common import clock
from milepost.foundation.common.databases import TransactionId
from milepost.foundation.common.fields import json_dict
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.models import Community, Identity


class Activity(models.Model):
    """One thing that happened. Written once, never changed but by erasure and retention.

    The log's order is (epoch, xid, id). On PostgreSQL `xid` is the writing transaction, so that a reader who stays below
    the oldest open transaction never misses a row that commits late; on SQLite it is 0.
    """

    id = models.BigAutoField(primary_key=True)
    epoch = models.PositiveSmallIntegerField(default=0)
    xid = models.BigIntegerField(db_default=TransactionId(), editable=False)
    community = models.ForeignKey(Community, models.CASCADE, related_name="activities", db_index=False)
    identity = models.ForeignKey(Identity, models.SET_NULL, null=True, related_name="activities", db_index=False)
    verb = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=24, blank=True)
    object_id = models.UUIDField(default=NO_ID)
    space_id = models.UUIDField(default=NO_ID)
    other = models.ForeignKey(Identity, models.SET_NULL, null=True, related_name="received_activities", db_index=False)
    quantity = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=clock.now)
    source = models.CharField(max_length=40, default="milepost")
    source_key = models.CharField(max_length=200, null=True)
    data = json_dict()
    backfilled = models.BooleanField(default=False)
    redacted_at = models.DateTimeField(null=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activities"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["community", "source", "source_key"],
                condition=Q(source_key__isnull=False),
                name="activity_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "happened_at"], name="activity_by_time"),
            models.Index(fields=["identity", "happened_at"], name="activity_by_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.verb}"

    @property
    def position(self) -> tuple[int, int, int]:
        return (self.epoch, self.xid, self.id)

    @property
    def happened_on(self) -> datetime.date:
        return clock.local_day(self.happened_at, self.community.time_zone)


class Retraction(models.Model):
    """That an activity was taken back, by the later activity `by`. Both rows stay; counts leave the first out."""

    activity = models.OneToOneField(Activity, models.CASCADE, primary_key=True, related_name="retraction")
    by = models.ForeignKey(Activity, models.CASCADE, related_name="retracts")


class LogEpoch(models.Model):
    """One row for each PostgreSQL cluster in which this log was written.

    Transaction ids do not survive dump and restore, so a restored log begins a new epoch; older ones are settled.
    """

    number = models.PositiveSmallIntegerField(primary_key=True)
    cluster = models.CharField(max_length=40)
    began_at = models.DateTimeField(default=clock.now)
