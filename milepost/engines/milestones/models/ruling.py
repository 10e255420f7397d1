from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from milepost.domain.paths.models import Milestone
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person


class RuleInForce(models.Model):
    """Which version of a milestone's rule the engine goes by. A newer one waits until a steward puts it in force."""

    milestone = models.OneToOneField(Milestone, models.CASCADE, primary_key=True, related_name="in_force")
    community = models.ForeignKey(Community, models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    since = models.DateTimeField(default=clock.now)
    by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    backfilled_at = models.DateTimeField(null=True, blank=True)
    """When everyone's history was gone through by this version; None: still to do."""

    def __str__(self) -> str:
        return f"{self.milestone}, {self.version}"


class NextLook(IdModel):
    """On which day time alone can change whether a person has reached a milestone: the engine looks again then."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    on = models.DateField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["milestone", "person"], name="next_look_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["community", "on"], name="next_look_due")]
