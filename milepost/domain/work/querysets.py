from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community, Person

    from .models import Commitment, Opportunity


class OpportunityQuerySet(models.QuerySet["Opportunity"]):
    def here(self, community: Community) -> Self:
        return self.filter(community=community)

    def open_on(self, day: datetime.date) -> Self:
        """Not closed, and its last day is not over (`day`: the community's)."""
        return self.filter(Q(until__isnull=True) | Q(until__gte=day), closed_at__isnull=True)

    def counted(self) -> Self:
        """With `taken`: how many took it on, those who finished included."""
        return self.annotate(taken=Count("commitments"))

    def with_room(self) -> Self:
        """Where somebody is still missing; after `counted`."""
        return self.filter(Q(needed__isnull=True) | Q(needed__gt=F("taken")))

    def not_taken_by(self, person: Person) -> Self:
        from .models import Commitment

        return self.filter(~Exists(Commitment.objects.filter(opportunity=OuterRef("pk"), person=person)))

    def within(self, minutes: int) -> Self:
        """What can be done in that time."""
        return self.filter(effort__lte=minutes)


class CommitmentQuerySet(models.QuerySet["Commitment"]):
    def open(self) -> Self:
        return self.filter(finished_at__isnull=True, opportunity__closed_at__isnull=True)

    def finished(self) -> Self:
        return self.filter(finished_at__isnull=False)
