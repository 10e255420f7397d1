from __future__ import annotations

import datetime
import uuid
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.domain.paths.models import Milestone
from milepost.domain.people.authority import check
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.common.fields import IdModel, json_list
from milepost.foundation.identity.models import Community, Person

EVIDENCE = 2_000
"""Letters that one may tell about it."""


class AwardQuerySet(models.QuerySet["Award"]):
    def standing(self) -> AwardQuerySet:
        """Not revoked."""
        return self.filter(revoked_at__isnull=True)

    def holding(self, day: datetime.date) -> AwardQuerySet:
        """Standing, and not run out by that day."""
        return self.standing().filter(Q(expires_on__isnull=True) | Q(expires_on__gte=day))


class Award(IdModel):
    """That a person reached a milestone: on which real day, by which rule or on whose word, with what evidence.

    A milestone that repeats, or has levels, is reached once for each `occurrence`.
    """

    class How(models.TextChoices):
        CLAIM = "claim", _("said by themselves")
        RULE = "rule", _("found by the rule")
        AWARD = "award", _("awarded by a steward")
        ATTENDANCE = "attendance", _("by attending")
        RESOURCE = "resource", _("by finishing a resource")
        IMPORT = "import", _("imported")

    class Revoked(models.TextChoices):
        STEWARD = "steward", _("by a steward")
        EVIDENCE = "evidence", _("what it stood on was taken back")

    community = models.ForeignKey(Community, models.CASCADE, related_name="awards")
    person = models.ForeignKey(Person, models.CASCADE, related_name="awards")
    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="awards")
    occurrence = models.CharField(max_length=40, blank=True, default="")
    """Empty where it is reached once; the year, the day, the object's id, or `level-2`."""
    reached_on = models.DateField()
    how = models.CharField(max_length=10, choices=How, default=How.CLAIM)
    rule_version = models.PositiveIntegerField(default=0)
    """The number of the milestone's version that it was reached by; 0: no rule found it."""
    awarded_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    """The steward or peer on whose word it stands besides the person's own."""
    evidence = models.TextField(blank=True, max_length=EVIDENCE)
    """What the person told."""
    link = models.URLField(max_length=500, blank=True)
    file = models.FileField(upload_to="evidence/%Y/%m/", max_length=200, blank=True)
    file_name = models.CharField(max_length=120, blank=True)
    activities = json_list()
    """The activities that count: [[verb, object's id, moment]], the newest last. By these, not by their place in the log,
    which is another on another site."""
    brought_from = models.CharField(max_length=160, blank=True, default="", db_default="")
    """The file, and the line in it, that says so, of one that was imported."""
    claimed_at = models.DateTimeField(default=clock.now)
    """When it was recognised here."""
    backfilled = models.BooleanField(default=False)
    """Brought in with history: counts like any other, and is never celebrated."""
    expires_on = models.DateField(null=True, blank=True)
    """The last day on which it holds, unless it is renewed."""
    renewed_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    revoked_how = models.CharField(max_length=8, choices=Revoked, blank=True)
    revoked_because = models.CharField(max_length=400, blank=True)

    objects = AwardQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["person", "milestone", "occurrence"], name="award_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["community", "-reached_on"], name="award_newest")]

    def __str__(self) -> str:
        return f"{self.person}: {self.milestone}"

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

        Raises DomainError for a milestone of another community, a retired one, one that needs more than a member's word, or
        a day that cannot be. What others verify goes through `MilestoneClaim.make`.
        """
        _may_be_reached(person, milestone, reached_on, history=backfilled)
        if not backfilled and (milestone.way != Milestone.Way.CLAIM or milestone.verified_by != "nobody"):
            raise DomainError(gettext("“%(name)s” needs more than a member's own word.") % {"name": milestone.name})
        return cls.grant(
            person=person,
            milestone=milestone,
            reached_on=reached_on,
            how=cls.How.CLAIM,
            evidence=evidence,
            backfilled=backfilled,
        )

    @classmethod
    def bestow(
        cls, *, person: Person, milestone: Milestone, reached_on: datetime.date, by: Person | None, words: str = ""
    ) -> Award:
        """A steward awards it, whatever else leads to it; audited. Records `milestone.reached`.

        Conflict where the person has it already.
        """
        check(by, "milestones.award", milestone.community)
        _may_be_reached(person, milestone, reached_on)
        with transaction.atomic():
            Milestone.objects.select_for_update().get(pk=milestone.pk)
            occurrence = milestone.occurrence(reached_on)
            if cls.objects.standing().filter(person=person, milestone=milestone, occurrence=occurrence).exists():
                raise Conflict(gettext("%(name)s has it already.") % {"name": person.name})
            made = cls.grant(
                person=person, milestone=milestone, reached_on=reached_on, how=cls.How.AWARD, by=by, evidence=words
            )
            trace("milestone.awarded", community=milestone.community, by=by, obj=made, reason=words.strip())
            return made

    @classmethod
    def grant(
        cls,
        *,
        person: Person,
        milestone: Milestone,
        reached_on: datetime.date,
        how: str,
        by: Person | None = None,
        occurrence: str | None = None,
        backfilled: bool = False,
        **told: Any,
    ) -> Award:
        """Keep it, whoever found that it is so, and give what it grants; who has it already keeps what they have.

        One that was revoked stands again, as of the new day. Records `milestone.reached`. Asks no permission: `claim`,
        `bestow` and the verification of claims do.
        """
        if occurrence is None:
            occurrence = milestone.occurrence(reached_on)
        told = {key: value.strip() if isinstance(value, str) else value for key, value in told.items()}
        with transaction.atomic():
            award, new = cls.objects.select_for_update().get_or_create(
                person=person,
                milestone=milestone,
                occurrence=occurrence,
                defaults={
                    "community_id": person.community_id,
                    "reached_on": reached_on,
                    "how": how,
                    "awarded_by": by,
                    "backfilled": backfilled,
                    "expires_on": milestone.expiry(reached_on),
                    **told,
                },
            )
            if not new:
                if award.revoked_at is None:
                    return award
                award._stand_again(reached_on, how=how, awarded_by=by, backfilled=backfilled, **told)
            award.tell()
            give(award)
            return award

    def _stand_again(self, reached_on: datetime.date, **fields: Any) -> None:
        fields |= {
            "reached_on": reached_on,
            "expires_on": self.milestone.expiry(reached_on),
            "claimed_at": clock.now(),
            "revoked_at": None,
            "revoked_by": None,
            "revoked_how": "",
            "revoked_because": "",
        }
        for name, value in fields.items():
            setattr(self, name, value)
        self.save(update_fields=list(fields))

    @property
    def source_key(self) -> str:
        return source_key(self.milestone_id, self.person_id, self.occurrence)

    def tell(self) -> None:
        """Record `milestone.reached`, under the key that says it once."""
        record(
            "milestone.reached",
            community=self.person.community,
            by=self.person,
            obj=self.milestone,
            happened_at=min(noon(self.reached_on), clock.now()),
            source_key=self.source_key,
            data=what_is_told(self.evidence, self.occurrence),
            backfilled=self.backfilled,
        )

    def log_lines(self) -> list[Activity]:
        """The log's lines that say so and were not taken back."""
        lines = (
            Activity.objects.standing()
            .filter(community=self.community_id, identity__person=self.person_id)
            .filter(verb="milestone.reached", object_id=self.milestone_id)
            .select_related("community", "identity")
        )
        return [line for line in lines if line.data.get("occurrence", "") == self.occurrence]

    def withdraw(self, *, by: Person) -> None:
        """A member takes their own word back: the award goes and its activity is retracted. NotAllowed for anyone else."""
        if by.pk != self.person_id:
            raise NotAllowed(gettext("Only who reached a milestone can take that back."))
        with transaction.atomic():
            for activity in self.log_lines():
                retract(activity, by=by)
            self.delete()

    def revoke(self, *, by: Person | None, reason: str) -> None:
        """A steward takes it away, and says why; audited. Records `milestone.revoked`.

        What it gave (a role, a space) stays until a steward takes that too. DomainError without a reason, Conflict for one
        that is revoked already.
        """
        check(by, "milestones.award", self.community)
        if not reason.strip():
            raise DomainError(gettext("Say why, so that the person can understand it."))
        self._revoke(by, self.Revoked.STEWARD, reason.strip())

    def fall(self, reason: str) -> None:
        """What it stood on was taken back. Records `milestone.revoked`; comes back by itself when the rule holds again."""
        self._revoke(None, self.Revoked.EVIDENCE, reason)

    def _revoke(self, by: Person | None, how: str, reason: str) -> None:
        with transaction.atomic():
            now = clock.now()
            mine = Award.objects.standing().filter(pk=self.pk)
            fields = {"revoked_at": now, "revoked_by": by, "revoked_how": how, "revoked_because": reason[:400]}
            if not mine.update(**fields):
                raise Conflict(gettext("It is revoked already."))
            for name, value in fields.items():
                setattr(self, name, value)
            for activity in self.log_lines():
                retract(activity, by=by, reason=how)
            record(
                "milestone.revoked",
                community=self.community,
                by=by,
                obj=self.milestone,
                other=self.person,
                data={"occurrence": self.occurrence, "reason": reason[:400]},
            )
            trace("milestone.revoked", community=self.community, by=by, obj=self, reason=reason)

    def renew(self, *, on: datetime.date, by: Person | None = None) -> None:
        """It holds for another while, counted from that day; traced where someone did it."""
        until = self.milestone.expiry(on)
        if until is None or (self.expires_on and until <= self.expires_on):
            return
        with transaction.atomic():
            before, self.expires_on, self.renewed_on = self.expires_on, until, on
            self.save(update_fields=["expires_on", "renewed_on"])
            changes = {"expires_on": [str(before or ""), str(until)]}
            trace("milestone.renewed", community=self.community, by=by, obj=self, changes=changes)


def source_key(milestone: uuid.UUID, person: uuid.UUID, occurrence: str) -> str:
    """What makes the log's line unique: the same however often a reader comes to the same result."""
    key = f"milestone.reached:{milestone}:{person}"
    return f"{key}:{occurrence}" if occurrence else key


def what_is_told(evidence: str, occurrence: str) -> dict[str, str]:
    told = {"evidence": evidence}
    return told | {"occurrence": occurrence} if occurrence else told


def noon(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(12), datetime.UTC)


def give(award: Award) -> None:
    """What reaching it gives; see `giving`."""
    from ..giving import give as given

    given(award)


def _may_be_reached(person: Person, milestone: Milestone, reached_on: datetime.date, *, history: bool = False) -> None:
    if milestone.community_id != person.community_id:
        raise DomainError(gettext("This milestone belongs to another community."))
    if not milestone.is_pursued and not history:
        raise DomainError(gettext("“%(name)s” is no longer on the way.") % {"name": milestone.name})
    if reached_on > clock.today(person.community.time_zone):
        raise DomainError(gettext("That day is still to come."), gettext("Give the day on which it happened."))
    if not clock.plausible(noon(reached_on)):
        raise DomainError(gettext("That is too long ago for us."), gettext("Give a day from 1970 on."))
    before = milestone.requires.exclude(awards__in=Award.objects.standing().filter(person=person))
    missing = list(before.values_list("name", flat=True)[:3]) if not history else []
    if missing:
        raise DomainError(
            gettext("Before “%(name)s” comes: %(missing)s.") % {"name": milestone.name, "missing": ", ".join(missing)},
            gettext("Say that one first, if it was so."),
        )
