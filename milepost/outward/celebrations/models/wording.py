from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from milepost.domain.paths.models import Milestone
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community


class Wording(IdModel):
    """How a community says it: the sentence of one milestone's moments, or of all moments of a kind. Liquid, checked."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="wordings")
    kind = models.CharField(max_length=12)
    milestone = models.ForeignKey(Milestone, models.CASCADE, null=True, blank=True, related_name="wordings")
    text = models.CharField(max_length=600)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["community", "kind"], condition=Q(milestone__isnull=True), name="wording_once_for_a_kind"
            ),
            models.UniqueConstraint(
                fields=["milestone"], condition=Q(milestone__isnull=False), name="wording_once_for_a_milestone"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]
