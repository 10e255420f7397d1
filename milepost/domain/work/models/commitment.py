from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from milepost.domain.work.querysets import CommitmentQuerySet
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person

from .opportunity import Opportunity


class Commitment(IdModel):
    """That a person took something on, and, once they have, that they did it.

    Whoever gives it back leaves no row: nothing can be counted against them.
    """

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="commitments", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="commitments")
    taken_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    words = models.CharField(max_length=400, blank=True)

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["opportunity", "person"], name="taken_once"),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(finished_at__gte=models.F("taken_at")),
                name="finished_after_taking",
            ),
        ]

    def finish(self, *, by: Person, minutes: int | None = None, words: str = "") -> None:
        """Done; twice changes nothing. Records `opportunity.finished`, its quantity the minutes that it took."""
        from milepost.domain.work import taking

        taking.finish(self, by=by, minutes=minutes, words=words)

    def give_back(self, *, by: Person) -> None:
        """They cannot do it after all: the place is free again, and the activity retracted. No reason is asked."""
        from milepost.domain.work import taking

        taking.give_back(self, by=by)
