from __future__ import annotations

import datetime
import uuid
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.people.authority import check
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.common.fields import IdModel, json_dict, json_list
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.common.slugs import free_slug
from milepost.foundation.identity.models import Community, Person
from milepost.foundation.identity.roles import Role

from ..describing import NAME, Details


class MilestoneQuerySet(models.QuerySet["Milestone"]):
    def adopted(self) -> MilestoneQuerySet:
        """The community's own: neither a proposal that waits nor one that was declined."""
        return self.filter(adopted_at__isnull=False)

    def pursued(self) -> MilestoneQuerySet:
        return self.adopted().filter(retired_at__isnull=True)

    def proposed(self) -> MilestoneQuerySet:
        return self.filter(adopted_at__isnull=True, declined_at__isnull=True)

    def of_life(self) -> MilestoneQuerySet:
        return self.filter(kind=Milestone.Kind.LIFE)

    def steps(self) -> MilestoneQuerySet:
        return self.filter(kind=Milestone.Kind.STEP)

    def automatic(self) -> MilestoneQuerySet:
        """Those that the site finds reached by itself."""
        return self.filter(way__in=AUTOMATIC)


class Milestone(IdModel):
    """One stone on the way: an achievement in a member's life that the community recognises, or a small step here."""

    class Kind(models.TextChoices):
        LIFE = "life", _("a milestone in someone's life")
        STEP = "step", _("a small step of taking part")

    class Way(models.TextChoices):
        CLAIM = "claim", _("a member says so")
        RULE = "rule", _("a rule finds it")
        AWARD = "award", _("a steward awards it")
        ATTENDANCE = "attendance", _("by attending an event")
        RESOURCE = "resource", _("by finishing a resource")
        IMPORT = "import", _("it comes from another system")

    class Verifier(models.TextChoices):
        NOBODY = "nobody", _("nobody: a member's word is enough")
        PEER = "peer", _("someone who has reached it, or a steward")
        STEWARD = "steward", _("a steward")

    class Repeats(models.TextChoices):
        ONCE = "once", _("once")
        YEARLY = "yearly", _("once each year")
        EACH = "each", _("each time")

    community = models.ForeignKey(Community, models.CASCADE, related_name="milestones")
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("name"), max_length=NAME)
    why = models.CharField(_("why it matters"), max_length=400, blank=True)
    icon = models.CharField(max_length=40, default="milestone")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.LIFE)
    value = models.ForeignKey(Value, models.SET_NULL, null=True, blank=True, related_name="milestones")
    way = models.CharField(max_length=10, choices=Way, default=Way.CLAIM)
    verified_by = models.CharField(max_length=8, choices=Verifier, default=Verifier.NOBODY)
    needs_evidence = models.BooleanField(default=False)
    """Whether a claim comes with a text, a link or a file."""
    rule = json_dict()
    """The condition under which it is reached; empty where no rule finds it, or where each level has its own."""
    levels = json_list()
    """[{"name": …, "rule": tree}], from the first to the last; empty for a milestone without levels."""
    version = models.PositiveIntegerField(default=0)
    """The number of the newest MilestoneVersion; 0: it has had no rule yet."""
    subject_id = models.UUIDField(default=NO_ID)
    """The event or resource it is reached by; NO_ID: any."""
    repeats = models.CharField(max_length=6, choices=Repeats, default=Repeats.ONCE)
    requires = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="required_by")
    is_secret = models.BooleanField(default=False)
    """Shown only to those who reached it, and to stewards."""
    valid_for_days = models.PositiveIntegerField(null=True, blank=True)
    """Days until it has to be renewed; None: it holds for good."""
    grants_role = models.CharField(max_length=12, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    proposed_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="proposed_milestones")
    adopted_at = models.DateTimeField(null=True, blank=True, default=clock.now)
    """None: a member's proposal."""
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_because = models.CharField(max_length=400, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "name"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="milestone_once"),
            models.CheckConstraint(
                condition=Q(adopted_at__isnull=True) | Q(declined_at__isnull=True), name="milestone_adopted_or_declined"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    # --- what it is -----------------------------------------------------------------------------------

    @property
    def is_automatic(self) -> bool:
        return self.way in AUTOMATIC

    @property
    def is_pursued(self) -> bool:
        return self.adopted_at is not None and self.retired_at is None

    def expiry(self, day: datetime.date) -> datetime.date | None:
        """The last day on which it holds, reached or renewed on `day`; None: for good."""
        return day + datetime.timedelta(days=self.valid_for_days - 1) if self.valid_for_days else None

    def occurrence(self, day: datetime.date, level: int = 0) -> str:
        """What tells this time from others of the same person: nothing, the year, the day, or the level (from 1)."""
        if level:
            return f"level-{level}"
        if self.repeats == self.Repeats.YEARLY:
            return str(day.year)
        return day.isoformat() if self.repeats == self.Repeats.EACH else ""

    # --- stewards write it ----------------------------------------------------------------------------

    @classmethod
    def define(
        cls,
        *,
        community: Community,
        name: str,
        why: str = "",
        by: Person | None,
        icon: str = "milestone",
        details: Details | None = None,
        slug: str = "",
    ) -> Milestone:
        """A steward puts one more stone at the end of the way; audited.

        Raises DomainError without a name, for one that is there, and for details that contradict each other.
        """
        check(by, "paths.write", community)
        with transaction.atomic():
            made = cls._place(community, name=name, why=why, icon=icon, slug=slug)
            (details or Details()).apply(made, by=by)
            trace("milestone.defined", community=community, by=by, obj=made, changes={"name": ["", made.name]})
            return made

    @classmethod
    def propose(cls, *, community: Community, name: str, why: str = "", by: Person) -> Milestone:
        """A member says which stone is missing; a steward adopts or declines it. Records `milestone.proposed`."""
        check(by, "paths.propose", community)
        with transaction.atomic():
            made = cls._place(community, name=name, why=why, icon="milestone", proposed_by=by, adopted_at=None)
            record(
                "milestone.proposed", community=community, by=by, obj=made, source_key=f"milestone.proposed:{made.pk}"
            )
            return made

    @classmethod
    def _place(
        cls, community: Community, *, name: str, slug: str = "", why: str, icon: str, **fields: Any
    ) -> Milestone:
        name = _named(name)
        Community.objects.select_for_update().get(pk=community.pk)
        there = cls.objects.filter(community=community)
        _must_be_new(there, name)
        if slug and there.filter(slug=slug).exists():
            raise Conflict(gettext("There is a milestone called “%(slug)s” already.") % {"slug": slug})
        last = there.order_by("-position").values_list("position", flat=True).first()
        return cls.objects.create(
            community=community,
            slug=slug or free_slug(there, name, otherwise="milestone"),
            name=name,
            why=why.strip(),
            icon=icon,
            position=(last or 0) + 1,
            **fields,
        )

    def change(self, *, name: str, why: str, by: Person | None, icon: str = "", details: Details | None = None) -> None:
        """A steward says it differently; who reached it has still reached it. Audited.

        Another rule becomes a new version, which counts when a steward puts it in force.
        """
        check(by, "paths.write", self.community)
        new = {"name": _named(name), "why": why.strip(), "icon": icon or self.icon}
        changes = {key: [getattr(self, key), value] for key, value in new.items() if getattr(self, key) != value}
        with transaction.atomic():
            if changes:
                _must_be_new(Milestone.objects.filter(community=self.community).exclude(pk=self.pk), new["name"])
                for key, value in new.items():
                    setattr(self, key, value)
                self.save(update_fields=list(new))
            if details is not None:
                changes |= details.apply(self, by=by)
            if changes:
                trace("milestone.changed", community=self.community, by=by, obj=self, changes=changes)

    def adopt(self, *, by: Person | None) -> None:
        """A steward makes a member's proposal the community's own; audited. Conflict where that was decided already."""
        self._decide(by, "milestone.adopted", adopted_at=clock.now())

    def decline(self, *, by: Person | None, reason: str) -> None:
        """A steward says why not; the proposal stays readable for who made it. Audited."""
        reason = reason.strip()
        if not reason:
            raise DomainError(gettext("Say why, so that whoever proposed it can learn from it."))
        self._decide(by, "milestone.declined", reason=reason, declined_at=clock.now(), declined_because=reason[:400])

    def _decide(self, by: Person | None, action: str, reason: str = "", **fields: Any) -> None:
        check(by, "paths.write", self.community)
        with transaction.atomic():
            if not Milestone.objects.proposed().filter(pk=self.pk).update(**fields):
                raise Conflict(gettext("Somebody decided on “%(name)s” already.") % {"name": self.name})
            for key, value in fields.items():
                setattr(self, key, value)
            trace(action, community=self.community, by=by, obj=self, reason=reason)

    def retire(self, *, by: Person | None) -> None:
        """Nobody claims it any more; who reached it keeps it. `pursue` brings it back."""
        self._pursue(False, by)

    def pursue(self, *, by: Person | None) -> None:
        self._pursue(True, by)

    def _pursue(self, pursued: bool, by: Person | None) -> None:
        check(by, "paths.write", self.community)
        if (self.retired_at is None) == pursued:
            return
        with transaction.atomic():
            self.retired_at = None if pursued else clock.now()
            self.save(update_fields=["retired_at"])
            trace("milestone.pursued" if pursued else "milestone.retired", community=self.community, by=by, obj=self)


AUTOMATIC = (Milestone.Way.RULE, Milestone.Way.ATTENDANCE, Milestone.Way.RESOURCE)
GRANTED = (Role.AMBASSADOR, Role.MODERATOR)
"""The roles that a milestone may give: never one that decides for the community."""


class MilestoneVersion(IdModel):
    """How a milestone was reached at one time: its rule, word for word. Never changed; awards name its number."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+")
    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    way = models.CharField(max_length=10)
    rule = json_dict()
    levels = json_list()
    subject_id = models.UUIDField(default=NO_ID)
    repeats = models.CharField(max_length=6, default=Milestone.Repeats.ONCE)
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["milestone", "number"], name="milestone_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.milestone}, {self.number}"

    @property
    def trees(self) -> list[tuple[str, dict[str, Any]]]:
        """The conditions of this version: (occurrence, tree), one for each level, or one with no occurrence."""
        if self.way == Milestone.Way.ATTENDANCE:
            return [("", _did("event.attended", self.subject_id))]
        if self.way == Milestone.Way.RESOURCE:
            return [("", _did("resource.finished", self.subject_id))]
        if self.levels:
            return [(f"level-{n}", level["rule"]) for n, level in enumerate(self.levels, start=1)]
        return [("", self.rule)] if self.rule else []


def _did(verb: str, subject: uuid.UUID) -> dict[str, Any]:
    clause: dict[str, Any] = {"did": verb, "at_least": 1}
    if subject != NO_ID:
        clause["in"] = {"object": str(subject)}
    return clause


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME:
        raise DomainError(gettext("A milestone needs a name of at most 120 letters."))
    return name


def _must_be_new(others: MilestoneQuerySet, name: str) -> None:
    if others.pursued().filter(name__iexact=name).exists():
        raise Conflict(gettext("“%(name)s” is on your way already.") % {"name": name})
