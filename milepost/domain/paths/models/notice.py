from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person


class Notice(IdModel):
    """A mail to one person about one fact: that they are asked, that somebody said yes, that something is proposed to them. A reader of
    the log writes it down, once for each fact and person; a job sends it. Whoever sends claims the row first, so that a crash in
    between loses a mail and never doubles one.
    """

    class Kind(models.TextChoices):
        ASKED = "asked"
        """`about` an introduction: someone would like to meet the person."""
        AGREED = "agreed"
        """`about` an introduction: whom the person asked said yes."""
        MENTORING = "mentoring"
        """`about` a mentoring that the other one began."""
        PERSONA = "persona"
        """`about` a persona that waits for stewards."""
        MILESTONE = "milestone"
        """`about` a milestone that waits for stewards."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="path_notices", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    about = models.UUIDField()
    made_at = models.DateTimeField(default=clock.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["person", "kind", "about"], name="path_notice_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["made_at"], condition=models.Q(claimed_at__isnull=True), name="path_notice_to_send")
        ]
