"""What a steward decides about a milestone besides its name: how it is reached, who verifies, what it asks for and gives."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.models import Person

if TYPE_CHECKING:
    from milepost.domain.charter.models import Value

    from .models import Milestone

NAME = 120
"""Letters that a milestone's name may have."""
MOST_LEVELS = 12
VALID_DAYS = 36_525
"""A century: what is valid for longer is valid for good."""
PLAIN = (
    "kind", "value", "way", "verified_by", "needs_evidence", "repeats", "is_secret", "valid_for_days", "grants_role",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Everything of a definition but its name, its why and its icon. Slugs in `requires` are of the same community."""

    kind: str = "life"
    value: Value | None = None
    way: str = "claim"
    verified_by: str = "nobody"
    needs_evidence: bool = False
    rule: dict[str, Any] = field(default_factory=dict)
    levels: tuple[dict[str, Any], ...] = ()
    subject_id: uuid.UUID = NO_ID
    repeats: str = "once"
    requires: tuple[str, ...] = ()
    is_secret: bool = False
    valid_for_days: int | None = None
    grants_role: str = ""

    @classmethod
    def of(cls, milestone: Milestone) -> Details:
        """As they are now."""
        plain: dict[str, Any] = {name: getattr(milestone, name) for name in PLAIN}
        return cls(
            rule=dict(milestone.rule),
            levels=tuple(milestone.levels),
            subject_id=milestone.subject_id,
            requires=tuple(milestone.requires.order_by("slug").values_list("slug", flat=True)),
            **plain,
        )

    def apply(self, milestone: Milestone, *, by: Person | None) -> dict[str, list[Any]]:
        """Check and keep them, inside the caller's transaction; what changed, as the trail says it.

        DomainError for what contradicts itself, names a milestone that is not there, or leads back to itself.
        """
        from . import ruling

        self._check()
        rule, levels = ruling.checked(self, milestone)
        changes: dict[str, list[Any]] = {}
        for name in PLAIN:
            before, after = getattr(milestone, name), getattr(self, name)
            if before != after:
                changes[name] = [str(before if before is not None else ""), str(after if after is not None else "")]
                setattr(milestone, name, after)
        changes |= ruling.require(milestone, self.requires)
        changes |= ruling.keep(milestone, rule, levels, self.subject_id, by=by)
        milestone.save()
        return changes

    def _check(self) -> None:
        from .models import Milestone
        from .models.milestone import GRANTED

        chosen = {
            "kind": Milestone.Kind, "way": Milestone.Way, "verified_by": Milestone.Verifier, "repeats": Milestone.Repeats,
        }  # fmt: skip
        for name, choices in chosen.items():
            if getattr(self, name) not in choices.values:
                raise DomainError(
                    _("“%(value)s” cannot be %(name)s.") % {"value": getattr(self, name), "name": name},
                    _("Possible are: %(values)s.") % {"values": ", ".join(choices.values)},
                )
        if self.grants_role and self.grants_role not in GRANTED:
            raise DomainError(
                _("A milestone cannot make anyone “%(role)s”.") % {"role": self.grants_role},
                _("It can make them ambassador or moderator; stewards are chosen."),
            )
        if self.valid_for_days is not None and not 1 <= self.valid_for_days <= VALID_DAYS:
            raise DomainError(_("A milestone holds for one day at least, and a century at most."))
        self._check_way()

    def _check_way(self) -> None:
        if self.way == "rule" and not self.rule and not self.levels:
            raise DomainError(_("A milestone that a rule finds needs the rule."), _("Write at least one line of it."))
        if self.way != "rule" and (self.rule or self.levels):
            raise DomainError(_("Only a milestone that a rule finds has a rule."), _("Choose “a rule finds it”."))
        if self.rule and self.levels:
            raise DomainError(
                _("A milestone with levels has a rule for each level, and none beside them."),
                _("Remove one of the two."),
            )
        if self.levels and self.repeats != "once":
            raise DomainError(_("A milestone with levels cannot repeat as well."), _("Make two milestones of it."))
        if len(self.levels) > MOST_LEVELS:
            raise DomainError(_("%(most)s levels are the most.") % {"most": MOST_LEVELS})
        for level in self.levels:
            if not isinstance(level, dict) or not str(level.get("name", "")).strip() or not level.get("rule"):
                raise DomainError(_("Each level needs a name and a rule."))
