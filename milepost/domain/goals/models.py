from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.paths.models import Milestone
from milepost.domain.people.authority import check
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.fields import IdModel
from milepost.foundation.common.slugs import free_slug
from milepost.foundation.identity.models import Community, Person


class GoalQuerySet(models.QuerySet["Goal"]):
    def adopted(self) -> Self:
        return self.filter(adopted_at__isnull=False, retired_at__isnull=True)


class Goal(IdModel):
    """A goal that members share: what, why, and which value it serves.

    Where `milestone` is set, progress is how many members reached it; the number is worked out by `engines.milestones`.
    """

    community = models.ForeignKey(Community, models.CASCADE, related_name="goals")
    slug = models.SlugField(max_length=100)
    title = models.CharField(_("goal"), max_length=160)
    why = models.TextField(_("why"), blank=True, max_length=2000)
    value = models.ForeignKey(Value, models.SET_NULL, null=True, blank=True, related_name="goals")
    milestone = models.ForeignKey(Milestone, models.SET_NULL, null=True, blank=True, related_name="goals")
    target = models.DecimalField(_("target"), max_digits=16, decimal_places=2, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    deadline = models.DateField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    adopted_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = GoalQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "created_at"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="goal_once"),
            models.CheckConstraint(
                condition=models.Q(target__isnull=True) | models.Q(target__gt=Decimal(0)), name="goal_target_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def draft(cls, *, community: Community, by: Person | None, title: str, **fields: Any) -> Goal:
        """A steward writes down a goal that the community may adopt; audited.

        `fields`: why, value, milestone, target, unit, deadline. DomainError without a title, or for what belongs to others.
        """
        check(by, "goals.write", community)
        made = cls(community=community, **_checked(community, title=title, **fields))
        with transaction.atomic():
            Community.objects.select_for_update().get(pk=community.pk)
            there = cls.objects.filter(community=community)
            made.slug = free_slug(there, made.title, longest=100, otherwise="goal")
            made.position = (there.order_by("-position").values_list("position", flat=True).first() or 0) + 1
            made.save(force_insert=True)
            trace("goal.drafted", community=community, by=by, obj=made, changes={"title": ["", made.title]})
        return made

    def change(self, *, by: Person | None, title: str, **fields: Any) -> None:
        """A steward says it differently; the address stays. Audited. Records `goal.changed`."""
        check(by, "goals.write", self.community)
        new = _checked(self.community, title=title, **fields)
        changes = {k: [_plain(getattr(self, k)), _plain(v)] for k, v in new.items() if getattr(self, k) != v}
        if not changes:
            return
        with transaction.atomic():
            for key in changes:
                setattr(self, key, new[key])
            self.save(update_fields=list(changes))
            record("goal.changed", community=self.community, by=by, obj=self)
            trace("goal.changed", community=self.community, by=by, obj=self, changes=changes)

    def adopt(self, *, by: Person | None) -> None:
        """The community takes the goal as its own; twice changes nothing. Records `goal.adopted`."""
        check(by, "goals.write", self.community)
        with transaction.atomic():
            goal = Goal.objects.select_for_update().get(pk=self.pk)
            if goal.adopted_at is None:
                goal.adopted_at = self.adopted_at = clock.now()
                goal.save(update_fields=["adopted_at"])
                record("goal.adopted", community=self.community, by=by, obj=goal, source_key=f"goal.adopted:{goal.pk}")
                trace("goal.adopted", community=self.community, by=by, obj=goal)

    def retire(self, *, by: Person | None, reason: str = "") -> None:
        """The goal is no longer pursued; pages that point to it stay. `resume` takes it up again. Records `goal.retired`."""
        self._retire(True, by, reason)

    def resume(self, *, by: Person | None) -> None:
        """Take a retired goal up again. Records `goal.resumed`."""
        self._retire(False, by, "")

    def _retire(self, retired: bool, by: Person | None, reason: str) -> None:
        check(by, "goals.write", self.community)
        if (self.retired_at is not None) == retired:
            return
        verb = "goal.retired" if retired else "goal.resumed"
        with transaction.atomic():
            self.retired_at = clock.now() if retired else None
            self.save(update_fields=["retired_at"])
            record(verb, community=self.community, by=by, obj=self)
            trace(verb, community=self.community, by=by, obj=self, reason=reason)


_FIELDS = {"why", "value", "milestone", "target", "unit", "deadline"}


def _checked(community: Community, *, title: str, **fields: Any) -> dict[str, Any]:
    """The fields as they may be stored. A target without a milestone or a unit would be a number of nothing."""
    if unknown := fields.keys() - _FIELDS:
        raise ValueError(f"a goal has no {', '.join(sorted(unknown))}")
    title = " ".join(title.split())
    if not 0 < len(title) <= 160:
        raise DomainError(
            gettext("A goal needs a title of at most 160 letters."), gettext("Say what will be so when it is reached.")
        )
    for key in ("value", "milestone"):
        if (row := fields.get(key)) is not None and row.community_id != community.pk:
            raise DomainError(gettext("That belongs to another community."))
    if (target := fields.get("target")) is not None and target <= 0:
        raise DomainError(gettext("A target is more than nothing."))
    for key in ("why", "unit"):
        if key in fields:
            fields[key] = fields[key].strip()
    return {"title": title, **fields}


def _plain(value: object) -> str:
    return "" if value is None else str(value)
