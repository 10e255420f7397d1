from __future__ import annotations

import datetime
from typing import ClassVar, Self

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.domain.people.authority import check
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person

MOST_OPEN = 20


class OwnStoneQuerySet(models.QuerySet["OwnStone"]):
    def ahead(self) -> Self:
        return self.filter(reached_on__isnull=True, given_up_at__isnull=True)


class OwnStone(IdModel):
    """A milestone that a member set for themself. It is on their own way only, and no one counts it."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="own_stones", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="own_stones")
    name = models.CharField(_("milestone"), max_length=120)
    why = models.CharField(_("why it matters to you"), max_length=400, blank=True)
    by_when = models.DateField(null=True, blank=True)
    set_at = models.DateTimeField(default=clock.now)
    reached_on = models.DateField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)

    objects = OwnStoneQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["set_at"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def lay(cls, *, by: Person, name: str, why: str = "", by_when: datetime.date | None = None) -> OwnStone:
        """A member sets a milestone for themself. Records `stone.set`, which only they see.

        Raises DomainError without a name, or with too many ahead.
        """
        check(by, "journey.own", by.community)
        name = " ".join(name.split())
        if not 0 < len(name) <= 120:
            raise DomainError(gettext("Your milestone needs a name of at most 120 letters."))
        if cls.objects.ahead().filter(person=by).count() >= MOST_OPEN:
            raise DomainError(
                gettext("You have %(most)d of your own ahead.") % {"most": MOST_OPEN},
                gettext("Reach one of them, or let one go."),
            )
        with transaction.atomic():
            made = cls.objects.create(
                community_id=by.community_id, person=by, name=name, why=why.strip()[:400], by_when=by_when
            )
            record("stone.set", community=by.community, by=by, obj=made, source_key=f"stone.set:{made.pk}")
            return made

    def reach(self, *, by: Person, on: datetime.date | None = None) -> None:
        """They have reached it. Records `stone.reached`, which only they see. DomainError for a day that is to come."""
        self._own(by)
        today = clock.today(by.community.time_zone)
        day = on or today
        if day > today:
            raise DomainError(gettext("That day is still to come."), gettext("Give the day on which it happened."))
        moment = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
        if not clock.plausible(moment):
            raise DomainError(gettext("That is too long ago for us."), gettext("Give a day from 1970 on."))
        with transaction.atomic():
            self.reached_on, self.given_up_at = day, None
            self.save(update_fields=["reached_on", "given_up_at"])
            record(
                "stone.reached",
                community=by.community,
                by=by,
                obj=self,
                happened_at=min(moment, clock.now()),
                source_key=f"stone.reached:{self.pk}",
            )

    def unreach(self, *, by: Person) -> None:
        """Not reached after all: it lies ahead again, and the activity is retracted."""
        self._own(by)
        with transaction.atomic():
            self.reached_on = None
            self.save(update_fields=["reached_on"])
            told = Activity.objects.standing().filter(
                community=self.community_id, verb="stone.reached", object_id=self.pk
            )
            for activity in told.select_related("community", "identity"):
                retract(activity, by=by)

    def let_go(self, *, by: Person) -> None:
        """It is not theirs any more; `take_up` brings it back. Nobody asks why."""
        self._own(by)
        if self.given_up_at is None and self.reached_on is None:
            self.given_up_at = clock.now()
            self.save(update_fields=["given_up_at"])

    def take_up(self, *, by: Person) -> None:
        self._own(by)
        if self.given_up_at is not None:
            self.given_up_at = None
            self.save(update_fields=["given_up_at"])

    def _own(self, by: Person) -> None:
        if by.pk != self.person_id:
            raise NotAllowed(gettext("This milestone is somebody else's own."))


class JourneySharing(IdModel):
    """Who may see a member's journey. No row: only they themselves."""

    class Audience(models.TextChoices):
        PRIVATE = "private", _("Only I")
        COMMUNITY = "community", _("Members of this community")
        PUBLIC = "public", _("Everyone")

    person = models.OneToOneField(Person, models.CASCADE, related_name="journey_sharing")
    community = models.ForeignKey(Community, models.CASCADE, related_name="journey_sharings")
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.PRIVATE)
    changed_at = models.DateTimeField(default=clock.now)

    @classmethod
    def choose(cls, *, by: Person, audience: str) -> JourneySharing:
        """The member opens or closes their journey. How they are celebrated holds besides: who is not named there, is not here."""
        check(by, "journey.own", by.community)
        if audience not in cls.Audience.values:
            raise DomainError(gettext("Choose who may see your journey."))
        made, _new = cls.objects.update_or_create(
            person=by,
            defaults={"community_id": by.community_id, "audience": audience, "changed_at": clock.now()},
        )
        return made


class Welcome(IdModel):
    """A newcomer's first steps here: which were done or passed over, so that they can be taken up where they were left."""

    person = models.OneToOneField(Person, models.CASCADE, related_name="welcome")
    community = models.ForeignKey(Community, models.CASCADE, related_name="welcomes")
    began_at = models.DateTimeField(default=clock.now)
    passed = models.JSONField(default=list, blank=True)
    """Steps that were passed over, by key."""
    closed_at = models.DateTimeField(null=True, blank=True)

    @classmethod
    def begin(cls, *, by: Person) -> Welcome:
        """The first visit. Twice changes nothing."""
        check(by, "journey.own", by.community)
        made, _new = cls.objects.get_or_create(person=by, defaults={"community_id": by.community_id})
        return made

    def pass_over(self, *, by: Person, step: str) -> None:
        """A step is left for later, or for never."""
        self._own(by)
        if step not in self.passed:
            self.passed = [*self.passed, step[:20]]
            self.save(update_fields=["passed"])

    def close(self, *, by: Person) -> None:
        """They are in. Records `welcome.finished`; what was passed over can still be done any time."""
        self._own(by)
        if self.closed_at is None:
            with transaction.atomic():
                self.closed_at = clock.now()
                self.save(update_fields=["closed_at"])
                record(
                    "welcome.finished",
                    community=by.community,
                    by=by,
                    source_key=f"welcome.finished:{by.pk}",
                )

    def _own(self, by: Person) -> None:
        if by.pk != self.person_id:
            raise NotAllowed(gettext("These are somebody else's first steps."))
