from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community

from .registration import Registration


class Notice(IdModel):
    """A mail to one person about one event, once for each `about`. The row is made with the change that it tells of; a job sends
    it. Whoever sends claims the row first, so that a crash in between loses a mail and never doubles one.
    """

    class Kind(models.TextChoices):
        INVITED = "invited"
        REGISTERED = "registered"
        WAITING = "waiting"
        PLACED = "placed"
        CHANGED = "changed"
        CANCELLED = "cancelled"
        REMINDER = "reminder"
        FOLLOW_UP = "follow_up"

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind)
    about = models.CharField(max_length=40, blank=True)
    """What makes it another mail of the same kind: the event's sequence, or nothing."""
    made_at = models.DateTimeField(default=clock.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["registration", "kind", "about"], name="event_notice_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["made_at"], condition=models.Q(claimed_at__isnull=True), name="event_notice_to_send")
        ]
