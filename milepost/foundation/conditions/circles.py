"""Rules that come back to themselves through the segments or milestones that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from . import registry
from .language import Clause
from .problems import Problem

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community

type Named = tuple[str, str]


def circles(clause: Clause, owner: Named, community: Community) -> list[Problem]:
    """The first line that leads back to the owner of the rule, with the way that it takes."""
    for path, named in _names(clause):
        if way := _way(named, owner, community):
            steps = " → ".join(f"“{slug}”" for _key, slug in (owner, *way))
            return [Problem(f"{path}/{named[0]}", _("This goes in a circle: %(steps)s.") % {"steps": steps})]
    return []


def _names(clause: Clause) -> list[tuple[str, Named]]:
    found = [name for part in clause.parts for name in _names(part)]
    for key in clause.tree.keys() & registry.references().keys():
        found.append((clause.path, (key, str(clause.tree[key]))))
    return found


def _way(start: Named, goal: Named, community: Community) -> tuple[Named, ...]:
    """The names from `start` to `goal`, both included; empty where there is no way."""
    seen: set[Named] = {start}
    paths: list[tuple[Named, ...]] = [(start,)]
    while paths:
        path = paths.pop()
        if path[-1] == goal:
            return path
        for step in _depends(path[-1], community):
            if step not in seen:
                seen.add(step)
                paths.append((*path, step))
    return ()


def _depends(named: Named, community: Community) -> list[Named]:
    key, slug = named
    ref = registry.references().get(key)
    if ref is None or ref.depends is None:
        return []
    target = ref.find(community, slug)
    return [] if target is None else list(ref.depends(target))
