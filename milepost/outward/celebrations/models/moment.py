from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from milepost.engines.milestones.models import Award
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community

from .landmark import Landmark


class Moment(IdModel):
    """One post in a community's celebrations.

    It holds no name and no words about anyone: what it says is worked out for each reader from the awards that they may
    see celebrated (`reading`), so that a member's choice holds at once, for what was posted before too.
    """

    class Kind(models.TextChoices):
        REACHED = "reached", _("Reached")
        STEPS = "steps", _("Small steps")
        CATCH_UP = "catch_up", _("Reached before")
        ANNIVERSARY = "anniversary", _("Anniversary")
        LANDMARK = "landmark", _("Together")
        ROUND_UP = "round_up", _("The week")

    community = models.ForeignKey(Community, models.CASCADE, related_name="moments", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    key = models.CharField(max_length=80)
    """What it is about, so that nothing is posted twice: "reached:<award>", "round-up:2026-11-16"."""
    day = models.DateField()
    """The community's day that it is about; of a round-up, the week's Monday."""
    posted_at = models.DateTimeField(default=clock.now)
    landmark = models.ForeignKey(Landmark, models.CASCADE, null=True, blank=True, related_name="moments")
    awards: models.ManyToManyField[Award, MomentAward] = models.ManyToManyField(
        Award, through="MomentAward", related_name="moments"
    )

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["community", "key"], name="moment_once")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "-posted_at", "-id"], name="moment_newest")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.day:%Y-%m-%d}"


class MomentAward(IdModel):
    """That a moment tells of an award. Whoever reached it may take it back, and show it again."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="moment_awards", db_index=False)
    moment = models.ForeignKey(Moment, models.CASCADE, related_name="told")
    award = models.ForeignKey(Award, models.CASCADE, related_name="told")
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["moment", "award"], name="award_once_in_a_moment")
        ]
