from __future__ import annotations

from typing import Any, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.domain.people.authority import check
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.common.fields import IdModel
from milepost.foundation.common.slugs import free_slug
from milepost.foundation.identity.models import Community, Person


class MilestoneQuerySet(models.QuerySet["Milestone"]):
    def pursued(self) -> MilestoneQuerySet:
        return self.filter(retired_at__isnull=True)


class Milestone(IdModel):
    """One stone on the way: an achievement in a member's life that the community recognises."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="milestones")
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("name"), max_length=120)
    why = models.CharField(_("why it matters"), max_length=400, blank=True)
    icon = models.CharField(max_length=40, default="milestone")
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "name"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="milestone_once")
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def define(
        cls, *, community: Community, name: str, why: str = "", by: Person | None, icon: str = "milestone"
    ) -> Milestone:
        """A steward puts one more stone at the end of the way; audited. DomainError without a name, or for one that is there."""
        check(by, "paths.write", community)
        name = _named(name)
        with transaction.atomic():
            Community.objects.select_for_update().get(pk=community.pk)
            there = cls.objects.filter(community=community)
            _must_be_new(there, name)
            last = there.order_by("-position").values_list("position", flat=True).first()
            milestone = cls.objects.create(
                community=community,
                slug=free_slug(there, name, otherwise="milestone"),
                name=name,
                why=why.strip(),
                icon=icon,
                position=(last or 0) + 1,
            )
            trace("milestone.defined", community=community, by=by, obj=milestone, changes={"name": ["", name]})
            return milestone

    def change(self, *, name: str, why: str, by: Person | None) -> None:
        """A steward says it differently; who reached it has still reached it. Audited."""
        check(by, "paths.write", self.community)
        name, why = _named(name), why.strip()
        changes = {
            key: [getattr(self, key), new] for key, new in (("name", name), ("why", why)) if getattr(self, key) != new
        }
        if not changes:
            return
        with transaction.atomic():
            _must_be_new(Milestone.objects.filter(community=self.community).exclude(pk=self.pk), name)
            self.name, self.why = name, why
            self.save(update_fields=["name", "why"])
            trace("milestone.changed", community=self.community, by=by, obj=self, changes=changes)

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


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= 120:
        raise DomainError(gettext("A milestone needs a name of at most 120 letters."))
    return name


def _must_be_new(others: MilestoneQuerySet, name: str) -> None:
    if others.pursued().filter(name__iexact=name).exists():
        raise Conflict(gettext("“%(name)s” is on your way already.") % {"name": name})
