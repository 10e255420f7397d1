from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person

from .moment import Moment


class Cheer(IdModel):
    """One member's reaction to a moment: one each, which may change."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="cheers", db_index=False)
    moment = models.ForeignKey(Moment, models.CASCADE, related_name="cheers")
    person = models.ForeignKey(Person, models.CASCADE, related_name="cheers")
    emoji = models.CharField(max_length=16)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["moment", "person"], name="cheer_once")]


class Word(IdModel):
    """What one member says to congratulate."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="words", db_index=False)
    moment = models.ForeignKey(Moment, models.CASCADE, related_name="words")
    person = models.ForeignKey(Person, models.CASCADE, related_name="words")
    text = models.CharField(max_length=400)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "pk"]
