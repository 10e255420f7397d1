"""A milestone's rule: checked, without circles, and kept version by version."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from milepost.foundation import conditions
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Community, Person

if TYPE_CHECKING:
    from .describing import Details
    from .models import Milestone


def checked(details: Details, milestone: Milestone) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Rule and levels in the form in which they are kept. Raises DomainError (`conditions.Invalid` names the places)."""
    community, owner = milestone.community, ("reached", milestone.slug)
    rule = conditions.parse(details.rule, community=community, owner=owner).tree if details.rule else {}
    levels = [
        {
            "name": str(level["name"]).strip()[:80],
            "rule": conditions.parse(level["rule"], community=community, owner=owner).tree,
        }
        for level in details.levels
    ]
    if details.repeats == "each" and details.way == "rule":
        _countable(rule)
    _no_circle(milestone, _named_in([rule, *(level["rule"] for level in levels)]) | set(details.requires))
    return rule, levels


def _countable(rule: Any) -> None:
    """What is reached each time anew is one kind of thing done, without counts: each of its objects is one time."""
    allowed = {"did", "in", "role"}
    if (
        not isinstance(rule, dict)
        or "did" not in rule
        or set(rule) - allowed - {"at_least"}
        or rule.get("at_least", 1) != 1
    ):
        raise DomainError(
            _("What counts each time is one line about something done, without numbers or periods."),
            _("Write a rule such as “gave a talk”, or let it count once, or once each year."),
        )


def reached_in(tree: Any) -> Iterator[str]:
    """The slugs of the milestones that a condition names."""
    if isinstance(tree, dict):
        if isinstance(tree.get("reached"), str):
            yield tree["reached"]
        for value in tree.values():
            yield from reached_in(value)
    elif isinstance(tree, list):
        for part in tree:
            yield from reached_in(part)


def _named_in(trees: Iterable[Any]) -> set[str]:
    return {slug for tree in trees for slug in reached_in(tree)}


def _no_circle(milestone: Milestone, builds_on: set[str]) -> None:
    """Raises DomainError, with the whole circle, where a milestone would be needed to reach itself."""
    names, below = _graph(milestone.community)
    below[milestone.slug] = builds_on
    names[milestone.slug] = milestone.name
    way: list[str] = []
    done: set[str] = set()

    def walk(slug: str) -> None:
        if slug in way:
            circle = [names.get(s, s) for s in [*way[way.index(slug) :], slug]]
            raise DomainError(
                _("These milestones go in a circle: %(circle)s.") % {"circle": " → ".join(circle)},
                _("Take one of them out of the rule, or out of what has to be reached before."),
            )
        if slug in done:
            return
        way.append(slug)
        for lower in sorted(below.get(slug, ())):
            walk(lower)
        done.add(way.pop())

    walk(milestone.slug)


def _graph(community: Community) -> tuple[dict[str, str], dict[str, set[str]]]:
    from .models import Milestone

    names: dict[str, str] = {}
    below: dict[str, set[str]] = {}
    for slug, name, rule, levels in Milestone.objects.filter(community=community).values_list(
        "slug", "name", "rule", "levels"
    ):
        names[slug], below[slug] = name, _named_in([rule, levels])
    for slug, required in Milestone.objects.filter(community=community, requires__isnull=False).values_list(
        "slug", "requires__slug"
    ):
        below[slug].add(required)
    return names, below


def require(milestone: Milestone, slugs: Iterable[str]) -> dict[str, list[Any]]:
    """What has to be reached before; the change as the trail says it. DomainError for one that is not there."""
    from .models import Milestone

    wanted = set(slugs)
    found = {m.slug: m for m in Milestone.objects.filter(community=milestone.community, slug__in=wanted)}
    if missing := wanted - found.keys():
        raise DomainError(
            _("There is no milestone “%(slug)s”.") % {"slug": min(missing)},
            _("The list of milestones shows their names."),
        )
    before = set(milestone.requires.values_list("slug", flat=True))
    if before == wanted:
        return {}
    milestone.requires.set(found.values())
    return {"requires": [", ".join(sorted(before)), ", ".join(sorted(wanted))]}


def keep(
    milestone: Milestone, rule: dict[str, Any], levels: list[dict[str, Any]], subject: uuid.UUID, *, by: Person | None
) -> dict[str, list[Any]]:
    """Make a new version where how it is reached is another than in the last one."""
    from .models import MilestoneVersion

    now = {
        "way": milestone.way, "rule": rule, "levels": levels, "subject_id": subject, "repeats": milestone.repeats,
    }  # fmt: skip
    milestone.rule, milestone.levels, milestone.subject_id = rule, levels, subject
    last = MilestoneVersion.objects.filter(milestone=milestone).order_by("-number").first()
    if last is None and not milestone.is_automatic:
        return {}
    if last is not None and all(getattr(last, name) == value for name, value in now.items()):
        return {}
    before = milestone.version
    milestone.version = (last.number if last else 0) + 1
    MilestoneVersion.objects.create(
        community=milestone.community, milestone=milestone, number=milestone.version, made_by=by, **now
    )
    return {"version": [before, milestone.version]}
