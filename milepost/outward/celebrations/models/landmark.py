from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community


class Landmark(IdModel):
    """A milestone of the community as a whole: the 100th workshop, 10,000 kg. Names nobody."""

    class Measure(models.TextChoices):
        TIMES = "times", _("how often it happened")
        QUANTITY = "quantity", _("the amounts together")
        PEOPLE = "people", _("how many people did it")
        THINGS = "things", _("how many different things it was about")

    community = models.ForeignKey(Community, models.CASCADE, related_name="landmarks")
    name = models.CharField(_("name"), max_length=120)
    verb = models.CharField(max_length=40)
    measure = models.CharField(max_length=10, choices=Measure, default=Measure.TIMES)
    target = models.DecimalField(max_digits=20, decimal_places=4)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    defined_at = models.DateTimeField(default=clock.now)
    reached_on = models.DateField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-defined_at"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(target__gt=0), name="landmark_above_nought"),
        ]

    def __str__(self) -> str:
        return self.name
