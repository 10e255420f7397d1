from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.db import models, transaction

from milepost.domain.paths.models import Milestone
from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person


class Award(IdModel):
    """That a person reached a milestone: on which real day, on whose word, with what evidence."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="awards")
    person = models.ForeignKey(Person, models.CASCADE, related_name="awards")
    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="awards")
    reached_on = models.DateField()
    evidence = models.TextField(blank=True, max_length=2000)
    claimed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["person", "milestone"], name="award_once")]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["community", "-reached_on"], name="award_newest")]

    @classmethod
    def claim(
        cls,
        *,
        person: Person,
        milestone: Milestone,
        reached_on: datetime.date,
        evidence: str = "",
        backfilled: bool = False,
    ) -> Award:
        """A member says that they reached it; the same claim twice changes nothing. Records `milestone.reached`.

        Raises DomainError for a milestone of another community, or a day still to come.
        """
        if milestone.community_id != person.community_id:
            raise DomainError("This milestone belongs to another community.")
        if reached_on > clock.today(person.community.time_zone):
            raise DomainError("That day is still to come.", "Give the day on which it happened.")
        with transaction.atomic():
            award, new = cls.objects.get_or_create(
                person=person,
                milestone=milestone,
                defaults={"community_id": person.community_id, "reached_on": reached_on, "evidence": evidence.strip()},
            )
            if new:
                moment = datetime.datetime.combine(reached_on, datetime.time(12), datetime.UTC)
                record(
                    "milestone.reached",
                    community=person.community,
                    by=person,
                    obj=milestone,
                    happened_at=min(moment, clock.now()),
                    source_key=f"milestone.reached:{milestone.pk}:{person.pk}",
                    data={"evidence": award.evidence},
                    backfilled=backfilled,
                )
            return award
