from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.people.authority import check
from milepost.domain.work.querysets import OpportunityQuerySet
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.fields import IdModel
from milepost.foundation.common.slugs import free_slug
from milepost.foundation.identity.access import Actor, require
from milepost.foundation.identity.models import Community, Person

if TYPE_CHECKING:
    from .commitment import Commitment

LIMIT = 3
"""Open commitments of one person, where the community has not said otherwise."""
ASKED_AT_ONCE = 10
"""Open requests of one member at most."""
SKILLS_AT_MOST = 6
LONGEST_EFFORT = 6_000
"""Minutes: a hundred hours. What takes longer is a role, or several pieces."""


class TakingPart(models.Model):
    """How the community shares its work: how much one person takes on at a time."""

    community = models.OneToOneField(Community, models.CASCADE, primary_key=True, related_name="taking_part")
    open_at_most = models.PositiveSmallIntegerField(_("open commitments of one person"), default=LIMIT)

    @classmethod
    def limit(cls, community: Community) -> int:
        found = cls.objects.filter(community=community).values_list("open_at_most", flat=True).first()
        return LIMIT if found is None else found

    @classmethod
    def agree(cls, *, community: Community, open_at_most: int, by: Person | None) -> None:
        """A steward writes down what the community agreed on; audited. Who has more already keeps it."""
        check(by, "opportunities.tend", community)
        if not 1 <= open_at_most <= 50:
            raise DomainError(_now("Between one and fifty."))
        with transaction.atomic():
            before = cls.limit(community)
            cls.objects.update_or_create(community=community, defaults={"open_at_most": open_at_most})
            if before != open_at_most:
                changes = {"open_at_most": [str(before), str(open_at_most)]}
                trace("taking_part.changed", community=community, by=by, obj=community, changes=changes)


class Skill(IdModel):
    """Something that helps with a piece of work: "sound desk", "Portuguese"."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="skills", db_index=False)
    slug = models.SlugField(max_length=60, allow_unicode=True)
    name = models.CharField(max_length=60)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["community", "slug"], name="skill_once")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named(cls, community: Community, names: Iterable[str]) -> list[Skill]:
        """The community's skills of these names; new ones are made. DomainError for more than six, or an empty name."""
        wanted: dict[str, str] = {}
        for name in names:
            words = " ".join(name.split())[:60]
            slug = slugify(words, allow_unicode=True)[:60]
            if not slug:
                raise DomainError(
                    _now("“%(name)s” cannot be a skill.") % {"name": name}, _now("Use letters or digits.")
                )
            wanted.setdefault(slug, words)
        if len(wanted) > SKILLS_AT_MOST:
            raise DomainError(_now("At most six skills."), _now("Name those without which it cannot be done."))
        return [
            cls.objects.get_or_create(community=community, slug=slug, defaults={"name": words})[0]
            for slug, words in wanted.items()
        ]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an opportunity says, as it is sent. `effort` in minutes, of each person who takes it."""

    title: str
    text: str = ""
    effort: int = 30
    needed: int | None = 1
    until: datetime.date | None = None
    skills: Sequence[str] = ()
    goal: Goal | None = None
    milestone: Milestone | None = None


class Opportunity(IdModel):
    """One way to take part: what is to be done, how long it takes, what it serves, who asks, and until when."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="opportunities", db_index=False)
    slug = models.SlugField(max_length=100)
    title = models.CharField(_("what"), max_length=160)
    text = models.TextField(_("how"), blank=True, max_length=4000)
    effort = models.PositiveSmallIntegerField(_("minutes"))
    needed = models.PositiveSmallIntegerField(_("how many are needed"), null=True, blank=True)
    """None: as many as want to."""
    until = models.DateField(_("until when"), null=True, blank=True)
    skills = models.ManyToManyField(Skill, blank=True, related_name="opportunities")
    goal = models.ForeignKey(Goal, models.SET_NULL, null=True, blank=True, related_name="opportunities")
    milestone = models.ForeignKey(Milestone, models.SET_NULL, null=True, blank=True, related_name="opportunities")
    asked_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="opportunities")
    created_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    if TYPE_CHECKING:
        taken: int
        """How many took it on, from `OpportunityQuerySet.counted` only."""

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "opportunities"
        ordering: ClassVar[list[str]] = ["until", "-created_at"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="opportunity_once"),
            models.CheckConstraint(condition=Q(effort__gt=0), name="opportunity_takes_time"),
            models.CheckConstraint(condition=Q(needed__isnull=True) | Q(needed__gt=0), name="somebody_is_needed"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "until"], condition=Q(closed_at__isnull=True), name="opportunity_open")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.closed_at is None and (self.until is None or self.until >= clock.today(self.community.time_zone))

    @classmethod
    def ask(cls, *, community: Community, by: Person | None, asked: Asked) -> Opportunity:
        """A member asks for a hand. Records `opportunity.opened`. DomainError for what cannot be, or ten open requests."""
        check(by, "opportunities.ask", community)
        values = _checked(community, asked)
        if by is not None:
            open_now = cls.objects.here(community).open_on(clock.today(community.time_zone)).filter(asked_by=by)
            if open_now.count() >= ASKED_AT_ONCE:
                raise DomainError(
                    _now("%(count)d of your requests are open already.") % {"count": ASKED_AT_ONCE},
                    _now("Close what is done, then ask for more."),
                )
        with transaction.atomic():
            Community.objects.select_for_update().get(pk=community.pk)
            slug = free_slug(
                cls.objects.filter(community=community), values["title"], longest=100, otherwise="opportunity"
            )
            made = cls.objects.create(community=community, slug=slug, asked_by=by, **values)
            made.skills.set(Skill.named(community, asked.skills))
            record(
                "opportunity.opened", community=community, by=by, obj=made, source_key=f"opportunity.opened:{made.pk}"
            )
        return made

    def change(self, *, by: Person | None, asked: Asked) -> None:
        """Who asked, or a moderator, says it differently. Nobody who took it on loses their place.

        Records `opportunity.changed`; a moderator's change is audited.
        """
        actor = self._tended(by)
        values = _checked(self.community, asked, before=self)
        with transaction.atomic():
            now = Opportunity.objects.select_for_update().get(pk=self.pk)
            taken = now.commitments.count()
            if values["needed"] is not None and values["needed"] < taken:
                raise DomainError(
                    _now("%(count)d people have taken it on already.") % {"count": taken},
                    _now("Ask for at least as many, or talk with them first."),
                )
            changes = {k: [str(getattr(now, k) or ""), str(v or "")] for k, v in values.items() if getattr(now, k) != v}
            for key, value in values.items():
                setattr(now, key, value)
            now.save()
            now.skills.set(Skill.named(now.community, asked.skills))
            record("opportunity.changed", community=now.community, by=by, obj=now)
            if changes and not _own(actor, now):
                trace("opportunity.changed", community=now.community, by=by, obj=now, changes=changes)
        self.refresh_from_db()

    def close(self, *, by: Person | None, reason: str = "") -> None:
        """No more hands are needed; who took it on and is not done is free again. Records `opportunity.closed`."""
        self._close(True, by, reason)

    def reopen(self, *, by: Person | None) -> None:
        self._close(False, by, "")

    def _close(self, closed: bool, by: Person | None, reason: str) -> None:
        actor = self._tended(by)
        with transaction.atomic():
            now = Opportunity.objects.select_for_update().get(pk=self.pk)
            if (now.closed_at is not None) == closed:
                return
            now.closed_at = clock.now() if closed else None
            now.save(update_fields=["closed_at"])
            record("opportunity.closed" if closed else "opportunity.changed", community=now.community, by=by, obj=now)
            if not _own(actor, now):
                action = "opportunity.closed" if closed else "opportunity.reopened"
                trace(action, community=now.community, by=by, obj=now, reason=reason)
        self.refresh_from_db()

    def _tended(self, by: Person | None) -> Actor | None:
        if by is None:
            return None
        actor = Actor.of(by)
        require(actor, "opportunities.change", self)
        return actor

    def take(self, *, by: Person) -> Commitment:
        """A member says that they will do it; twice changes nothing. Records `opportunity.taken`.

        DomainError where it is closed or over, where nobody is missing any more, or where the member has as many open
        commitments as the community agreed on.
        """
        from milepost.domain.work import taking

        return taking.take(self, by=by)


def _own(actor: Actor | None, opportunity: Opportunity) -> bool:
    return actor is not None and actor.person is not None and actor.person.pk == opportunity.asked_by_id


def _checked(community: Community, asked: Asked, before: Opportunity | None = None) -> dict[str, Any]:
    """The columns as they may be stored; DomainError for what cannot be."""
    title = " ".join(asked.title.split())
    if not 0 < len(title) <= 160:
        raise DomainError(_now("Say in at most 160 letters what is to be done."))
    if len(asked.text) > 4000:
        raise DomainError(_now("This is too long to be read by someone who has half an hour."))
    if not 0 < asked.effort <= LONGEST_EFFORT:
        raise DomainError(
            _now("Say in minutes how long it takes, at most a hundred hours."), _now("Cut what is larger into pieces.")
        )
    if asked.needed is not None and not 0 < asked.needed <= 10_000:
        raise DomainError(_now("Say how many are needed, at least one."), _now("Leave it empty if anyone may."))
    # A request whose day is over can still be put into better words.
    unchanged = before is not None and before.until == asked.until
    if asked.until is not None and not unchanged and asked.until < clock.today(community.time_zone):
        raise DomainError(_now("That day is over."), _now("Give a day that is still to come."))
    for row in (asked.goal, asked.milestone):
        if row is not None and row.community_id != community.pk:
            raise DomainError(_now("That belongs to another community."))
    return {
        "title": title,
        "text": asked.text.strip(),
        "effort": asked.effort,
        "needed": asked.needed,
        "until": asked.until,
        "goal": asked.goal,
        "milestone": asked.milestone,
    }
