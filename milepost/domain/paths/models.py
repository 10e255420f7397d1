from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community


class Milestone(IdModel):
    """One stone on the way: an achievement in a member's life that the community recognises."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="milestones")
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("name"), max_length=120)
    why = models.CharField(_("why it matters"), max_length=400, blank=True)
    icon = models.CharField(max_length=40, default="milestone")
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "name"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="milestone_once")
        ]

    def __str__(self) -> str:
        return self.name
