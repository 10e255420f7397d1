from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.spaces.models import Space
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community


class SpaceGrant(IdModel):
    """That reaching a milestone lets its people into a private space."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+")
    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="space_grants")
    space = models.ForeignKey(Space, models.CASCADE, related_name="granted_by")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["milestone", "space"], name="space_granted_once")
        ]

    def __str__(self) -> str:
        return f"{self.milestone}: {self.space}"


class GoalServed(IdModel):
    """Which goal a milestone serves, besides those that count it."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+")
    milestone = models.OneToOneField(Milestone, models.CASCADE, related_name="serves")
    goal = models.ForeignKey(Goal, models.CASCADE, related_name="served_by")

    def __str__(self) -> str:
        return f"{self.milestone}: {self.goal}"
