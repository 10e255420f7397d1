from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, Subquery, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.domain.people.authority import check
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.common.fields import IdModel
from milepost.foundation.common.slugs import free_slug
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Community, Membership, Person

from .milestone import Milestone
from .persona import Persona

QUIET_DAYS = 7
"""Without a check-in for so long, someone may be stuck."""
LONGEST_DAYS = 400
MOST = Decimal(10) ** 9


class CohortQuerySet(models.QuerySet["Cohort"]):
    def on(self, day: datetime.date) -> Self:
        """Begun and not over on that day."""
        return self.filter(cancelled_at__isnull=True, starts_on__lte=day, ends_on__gte=day)

    def to_come(self, day: datetime.date) -> Self:
        return self.filter(cancelled_at__isnull=True, starts_on__gt=day)

    def over(self, day: datetime.date) -> Self:
        return self.filter(Q(ends_on__lt=day) | Q(cancelled_at__isnull=False))


class Cohort(IdModel):
    """Members who walk a path together between two days: a writing month, a fitness challenge.

    `target` is what all of them want to reach together, in `unit`; check-ins add to it. `milestone` is what finishing it is
    (reached through a rule that reads `cohort.finished`).
    """

    community = models.ForeignKey(Community, models.CASCADE, related_name="cohorts")
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("name"), max_length=120)
    why = models.TextField(_("what it is for"), blank=True, max_length=2000)
    persona = models.ForeignKey(Persona, models.SET_NULL, null=True, blank=True, related_name="cohorts")
    milestone = models.ForeignKey(Milestone, models.SET_NULL, null=True, blank=True, related_name="cohorts")
    target = models.DecimalField(_("target"), max_digits=14, decimal_places=2, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    organiser = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="cohorts_organised")
    created_at = models.DateTimeField(default=clock.now)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = CohortQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["starts_on", "name"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="cohort_once"),
            models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="cohort_ends_after_start"),
            models.CheckConstraint(condition=Q(target__isnull=True) | Q(target__gt=0), name="cohort_target_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def start(
        cls,
        *,
        community: Community,
        by: Person | None,
        name: str,
        starts_on: datetime.date,
        ends_on: datetime.date,
        **fields: Any,
    ) -> Cohort:
        """A member sets out with others, and is the first of them. Records `cohort.started` and `cohort.joined`.

        `fields`: why, persona, milestone, target, unit. Raises DomainError for days that cannot be, or what belongs to others.
        """
        check(by, "cohorts.start", community)
        said = _checked(community, name=name, starts_on=starts_on, ends_on=ends_on, **fields)
        if ends_on < clock.today(community.time_zone):
            raise DomainError(gettext("These days are over already."), gettext("Choose days that are still to come."))
        with transaction.atomic():
            Community.objects.select_for_update().get(pk=community.pk)
            there = cls.objects.filter(community=community)
            slug = free_slug(there, said["name"], otherwise="cohort")
            made = cls.objects.create(community=community, slug=slug, organiser=by, **said)
            record("cohort.started", community=community, by=by, obj=made, source_key=f"cohort.started:{made.pk}")
            if by is not None:
                made.join(by=by)
            return made

    def change(self, *, by: Person | None, **fields: Any) -> None:
        """Whoever organises it, or a steward, says it differently; audited. `fields`: as `start` takes them."""
        self._organised(by)
        now = {key: getattr(self, key) for key in ("name", "starts_on", "ends_on")}
        said = _checked(self.community, **(now | fields))
        changes = {
            key: [str(getattr(self, key) or ""), str(v or "")] for key, v in said.items() if getattr(self, key) != v
        }
        if not changes:
            return
        with transaction.atomic():
            for key in changes:
                setattr(self, key, said[key])
            self.save(update_fields=list(changes))
            trace("cohort.changed", community=self.community, by=by, obj=self, changes=changes)

    def cancel(self, *, by: Person | None) -> None:
        """It does not take place; what was checked in stays. By whoever organises it, or a steward; audited."""
        self._organised(by)
        if self.cancelled_at is None:
            with transaction.atomic():
                self.cancelled_at = clock.now()
                self.save(update_fields=["cancelled_at"])
                trace("cohort.cancelled", community=self.community, by=by, obj=self)

    def join(self, *, by: Person) -> CohortMember:
        """A member walks along; who left comes back as they were. Records `cohort.joined`. DomainError once it is over."""
        check(by, "cohorts.own", self.community)
        self._not_over()
        with transaction.atomic():
            made, new = CohortMember.objects.select_for_update().get_or_create(
                cohort=self, person=by, defaults={"community_id": self.community_id}
            )
            if new or made.left_at is not None:
                made.left_at = None
                made.save(update_fields=["left_at"])
                record("cohort.joined", community=self.community, by=by, obj=self)
            return made

    def leave(self, *, by: Person) -> None:
        """A member no longer walks along; what they checked in stays. Records `cohort.left`."""
        with transaction.atomic():
            left = CohortMember.objects.filter(cohort=self, person=by, left_at__isnull=True).update(left_at=clock.now())
            if left:
                record("cohort.left", community=self.community, by=by, obj=self)

    def check_in(self, *, by: Person, words: str = "", quantity: Decimal | None = None, stuck: bool = False) -> CheckIn:
        """A member says how it goes, perhaps with how much they did, or that they are stuck. Records `checkin.made`.

        Raises DomainError for who does not walk along, outside of its days, or for nothing said.
        """
        self._walker(by)
        today = clock.today(self.community.time_zone)
        if self.cancelled_at is not None or not self.starts_on <= today <= self.ends_on:
            raise DomainError(gettext("Check-ins are made between its first and its last day."))
        words = words.strip()[:400]
        if not words and quantity is None and not stuck:
            raise DomainError(gettext("Say how it goes, or how much you did."))
        if quantity is not None and not 0 < quantity < MOST:
            raise DomainError(gettext("How much has to be more than nothing."))
        with transaction.atomic():
            made = CheckIn.objects.create(
                community_id=self.community_id,
                cohort=self,
                person=by,
                day=today,
                words=words,
                quantity=quantity,
                stuck=stuck,
            )
            record(
                "checkin.made",
                community=self.community,
                by=by,
                obj=self,
                quantity=quantity,
                source_key=f"checkin.made:{made.pk}",
            )
            return made

    def finish(self, *, by: Person) -> CohortMember:
        """A member has done what they set out to do; twice changes nothing. Records `cohort.finished`."""
        self._walker(by)
        if clock.today(self.community.time_zone) < self.starts_on:
            raise DomainError(gettext("It has not begun yet."))
        with transaction.atomic():
            member = CohortMember.objects.select_for_update().get(cohort=self, person=by)
            if member.finished_at is None:
                member.finished_at = clock.now()
                member.save(update_fields=["finished_at"])
                record(
                    "cohort.finished",
                    community=self.community,
                    by=by,
                    obj=self,
                    source_key=f"cohort.finished:{self.pk}:{by.pk}",
                )
            return member

    def unfinish(self, *, by: Person) -> None:
        """Not finished after all: the activity is retracted, and what it counted for is worked out again."""
        with transaction.atomic():
            member = CohortMember.objects.select_for_update().filter(cohort=self, person=by).first()
            if member is None or member.finished_at is None:
                return
            member.finished_at = None
            member.save(update_fields=["finished_at"])
            told = Activity.objects.standing().filter(
                community=self.community_id, verb="cohort.finished", object_id=self.pk, identity__person=by
            )
            for activity in told.select_related("community", "identity"):
                retract(activity, by=by)

    def done(self) -> Decimal:
        """What all check-ins together come to, in the cohort's unit."""
        return self.checkins.aggregate(sum=Sum("quantity"))["sum"] or Decimal(0)

    def may_organise(self, actor: Actor) -> bool:
        """Whether the actor may change it: whoever organises it, and stewards."""
        own = actor.membership is not None and actor.membership.person_id == self.organiser_id
        return own or can(actor, "cohorts.lead", self)

    def _organised(self, by: Person | None) -> None:
        if by is None or by.pk != self.organiser_id:
            check(by, "cohorts.lead", self.community)

    def _not_over(self) -> None:
        if self.cancelled_at is not None or self.ends_on < clock.today(self.community.time_zone):
            raise DomainError(gettext("“%(name)s” is over.") % {"name": self.name})

    def _walker(self, by: Person) -> None:
        check(by, "cohorts.own", self.community)
        if not CohortMember.objects.filter(cohort=self, person=by, left_at__isnull=True).exists():
            raise DomainError(gettext("Join it first."))


class CohortMemberQuerySet(models.QuerySet["CohortMember"]):
    def walking(self) -> Self:
        """In it now, and still members of the community."""
        belongs = Membership.objects.active().filter(person=OuterRef("person"))
        return self.filter(Exists(belongs), left_at__isnull=True, person__erased_at__isnull=True)

    def with_progress(self) -> Self:
        """Adds `done` (sum of quantities), `last_day` and `said_stuck` (of the last check-in)."""
        own = CheckIn.objects.filter(cohort=OuterRef("cohort"), person=OuterRef("person")).order_by("-made_at")
        summed = own.order_by().values("person").annotate(sum=Sum("quantity"))
        return self.annotate(
            done=Subquery(summed.values("sum")),
            last_day=Subquery(own.values("day")[:1]),
            said_stuck=Subquery(own.values("stuck")[:1]),
        )


class CohortMember(IdModel):
    """That a person walks along in a cohort."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="cohort_members", db_index=False)
    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="members", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="cohorts")
    joined_at = models.DateTimeField(default=clock.now)
    left_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = CohortMemberQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["cohort", "person"], name="in_a_cohort_once")
        ]


class CheckIn(IdModel):
    """How it goes for one person in a cohort on one day: words, how much, or that they are stuck."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="checkins", db_index=False)
    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="checkins", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="checkins")
    day = models.DateField()
    words = models.CharField(max_length=400, blank=True)
    quantity = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    stuck = models.BooleanField(default=False)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["cohort", "-made_at"], name="checkin_newest")]

    def withdraw(self, *, by: Person) -> None:
        """Taken back by who made it; its activity is retracted."""
        if by.pk != self.person_id:
            raise NotAllowed(gettext("Only who checked in can take that back."))
        with transaction.atomic():
            told = Activity.objects.standing().filter(
                community=self.community_id, source="milepost", source_key=f"checkin.made:{self.pk}"
            )
            for activity in told.select_related("community", "identity"):
                retract(activity, by=by)
            self.delete()


def _checked(
    community: Community, *, name: str, starts_on: datetime.date, ends_on: datetime.date, **fields: Any
) -> dict[str, Any]:
    known = {"why", "persona", "milestone", "target", "unit"}
    if unknown := fields.keys() - known:
        raise ValueError(f"a cohort has no {', '.join(sorted(unknown))}")
    name = " ".join(name.split())
    if not 0 < len(name) <= 120:
        raise DomainError(gettext("It needs a name of at most 120 letters."))
    if ends_on < starts_on:
        raise DomainError(gettext("The last day comes before the first."))
    if (ends_on - starts_on).days > LONGEST_DAYS:
        raise DomainError(
            gettext("That is longer than a year."), gettext("Take a month or two, and start again after it.")
        )
    for key in ("persona", "milestone"):
        if (thing := fields.get(key)) is not None and thing.community_id != community.pk:
            raise Conflict(gettext("“%(name)s” belongs to another community.") % {"name": thing})
    target = fields.get("target")
    if target is not None and not 0 < target < MOST:
        raise DomainError(gettext("A target has to be more than nothing."))
    said: dict[str, Any] = {"name": name, "starts_on": starts_on, "ends_on": ends_on}
    said |= {key: fields[key] for key in ("persona", "milestone", "target") if key in fields}
    if "unit" in fields:
        said["unit"] = " ".join(str(fields["unit"] or "").split())[:40]
    if "why" in fields:
        said["why"] = str(fields["why"] or "").strip()[:2000]
    return said
