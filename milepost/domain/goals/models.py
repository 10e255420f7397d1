from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.paths.models import Milestone
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person


class GoalQuerySet(models.QuerySet["Goal"]):
    def adopted(self) -> Self:
        return self.filter(adopted_at__isnull=False, retired_at__isnull=True)


class Goal(IdModel):
    """A goal that members share: what, why, and which value it serves.

    Where `milestone` is set, progress is how many members reached it; the number is worked out by `engines.milestones`.
    """

    community = models.ForeignKey(Community, models.CASCADE, related_name="goals")
    slug = models.SlugField(max_length=100)
    title = models.CharField(_("goal"), max_length=160)
    why = models.TextField(_("why"), blank=True, max_length=2000)
    value = models.ForeignKey(Value, models.SET_NULL, null=True, blank=True, related_name="goals")
    milestone = models.ForeignKey(Milestone, models.SET_NULL, null=True, blank=True, related_name="goals")
    target = models.DecimalField(_("target"), max_digits=16, decimal_places=2, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    deadline = models.DateField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    adopted_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = GoalQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "created_at"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="goal_once"),
            models.CheckConstraint(
                condition=models.Q(target__isnull=True) | models.Q(target__gt=Decimal(0)), name="goal_target_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def adopt(self, *, by: Person | None) -> None:
        """The community takes the goal as its own; twice changes nothing. Records `goal.adopted`."""
        with transaction.atomic():
            goal = Goal.objects.select_for_update().get(pk=self.pk)
            if goal.adopted_at is None:
                goal.adopted_at = self.adopted_at = clock.now()
                goal.save(update_fields=["adopted_at"])
                record("goal.adopted", community=self.community, by=by, obj=goal, source_key=f"goal.adopted:{goal.pk}")
                trace("goal.adopted", community=self.community, by=by, obj=goal)

    def retire(self, *, by: Person | None, reason: str = "") -> None:
        """The goal is no longer pursued; pages that point to it stay."""
        with transaction.atomic():
            self.retired_at = clock.now()
            self.save(update_fields=["retired_at"])
            trace("goal.retired", community=self.community, by=by, obj=self, reason=reason)
