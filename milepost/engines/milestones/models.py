from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext

from milepost.domain.paths.models import Milestone
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
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
    backfilled = models.BooleanField(default=False)
    """Brought in with history: counts like any other, and is never celebrated."""

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

        Raises DomainError for a milestone of another community, a retired one, or a day that cannot be.
        """
        if milestone.community_id != person.community_id:
            raise DomainError(gettext("This milestone belongs to another community."))
        if milestone.retired_at is not None and not backfilled:
            raise DomainError(gettext("“%(name)s” is no longer on the way.") % {"name": milestone.name})
        if reached_on > clock.today(person.community.time_zone):
            raise DomainError(gettext("That day is still to come."), gettext("Give the day on which it happened."))
        moment = datetime.datetime.combine(reached_on, datetime.time(12), datetime.UTC)
        if not clock.plausible(moment):
            raise DomainError(gettext("That is too long ago for us."), gettext("Give a day from 1970 on."))
        with transaction.atomic():
            award, new = cls.objects.get_or_create(
                person=person,
                milestone=milestone,
                defaults={
                    "community_id": person.community_id,
                    "reached_on": reached_on,
                    "evidence": evidence.strip(),
                    "backfilled": backfilled,
                },
            )
            if new:
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

    def withdraw(self, *, by: Person) -> None:
        """A member takes their own word back: the award goes and its activity is retracted. NotAllowed for anyone else."""
        if by.pk != self.person_id:
            raise NotAllowed(gettext("Only who reached a milestone can take that back."))
        with transaction.atomic():
            told = (
                Activity.objects.standing()
                .by(by)
                .filter(community=self.community_id, verb="milestone.reached", object_id=self.milestone_id)
            )
            for activity in told.select_related("community", "identity"):
                retract(activity, by=by)
            self.delete()
