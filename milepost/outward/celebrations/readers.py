from __future__ import annotations

import uuid
from collections import defaultdict

from django.db.models import Q

from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import Batch, Effect, reader
from milepost.foundation.identity.models import Community

from . import posting

STEP = 200


@reader
class Celebrations(Effect):
    """Makes the moments of reached milestones. History, and what nobody has claimed, makes none (see `taking_back`)."""

    name = "celebrations"
    largest = 2_000

    def apply(self, batch: Batch) -> None:
        told = list(
            self.fresh(batch)
            .filter(verb="milestone.reached", retraction__isnull=True, identity__person__account__isnull=False)
            .values_list("community_id", "identity__person_id", "object_id", "recorded_at", "data")
        )
        by_community: dict[uuid.UUID, list[posting.Told]] = defaultdict(list)
        for start in range(0, len(told), STEP):
            some = told[start : start + STEP]
            wanted = Q(pk__in=[])
            for _community, person, milestone, _at, _data in some:
                wanted |= Q(person=person, milestone=milestone)
            standing = Award.objects.standing().filter(wanted, backfilled=False).select_related("milestone")
            awards = {(award.person_id, award.milestone_id, award.occurrence): award for award in standing}
            for community, person, milestone, at, data in some:
                if award := awards.pop((person, milestone, str(data.get("occurrence", ""))), None):
                    by_community[community].append(posting.Told(award, at))
        for place in Community.objects.filter(pk__in=by_community):
            posting.post(place, by_community[place.pk])
