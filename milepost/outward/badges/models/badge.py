from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones.models import Award
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person


class BadgeQuerySet(models.QuerySet["Badge"]):
    def revoked(self) -> Self:
        """What its award no longer stands behind: taken back, or revoked."""
        return self.filter(Q(award__isnull=True) | Q(award__revoked_at__isnull=False))

    def standing(self) -> Self:
        return self.filter(award__isnull=False, award__revoked_at__isnull=True)


class Badge(IdModel):
    """A credential that a member had made of an award. The row stays when the award goes, so that the badge reads revoked."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="badges", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="badges")
    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="badges")
    award = models.OneToOneField(Award, models.SET_NULL, null=True, related_name="badge")
    list_number = models.PositiveIntegerField(default=1)
    list_index = models.PositiveIntegerField()
    """Its bit in the community's status list of that number."""
    token = models.TextField(blank=True)
    """The signed credential, as it was handed out last; empty once the person was erased."""
    made_at = models.DateTimeField(default=clock.now)

    objects = BadgeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "list_number", "list_index"], name="badge_has_its_own_bit")
        ]

    def __str__(self) -> str:
        return f"{self.milestone}"
