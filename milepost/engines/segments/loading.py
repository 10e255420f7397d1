"""Segments from a file, so that they can be kept in a repository and shared.

- name: Regulars
  about: Thank them
  rule: {did: reply.posted, days_at_least: 4, within: P30D}
- name: Hosts            # no rule: a list that is kept by hand
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.engines.milestones.loading import LARGEST, read
from milepost.foundation.common.errors import DomainError
from milepost.foundation.conditions import Invalid, Problem, parse
from milepost.foundation.identity.models import Community, Person

from .models import Segment

__all__ = ["LARGEST", "Loaded", "load", "read"]

MOST = 1_000
KEYS = {"name", "slug", "about", "rule"}


@dataclass(slots=True)
class Loaded:
    """Slugs of what a file made, changed, or left as it was; and the segments whose members are to be worked out."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    touched: list[Segment] = field(default_factory=list)


def load(given: Any, *, community: Community, by: Person | None) -> Loaded:
    """Define what the file says, and change what is there (by slug, else by name). All or none; twice changes nothing.

    A segment may name one that stands further down. Raises Invalid with every problem found and its place in the file.
    """
    check(by, "segments.write", community)
    entries = given.get("segments") if isinstance(given, dict) else given
    if not isinstance(entries, list) or not 0 < len(entries) <= MOST:
        raise Invalid([Problem("/segments", _("Here stands a list of 1 to %(most)d segments.") % {"most": MOST})])
    problems = [problem for n, entry in enumerate(entries) for problem in _wrong(entry, f"/{n}")]
    if problems:
        raise Invalid(problems)
    loaded = Loaded()
    waiting = dict(enumerate(entries))
    with transaction.atomic():
        while waiting:
            left: dict[int, list[Problem]] = {}
            done = False
            for n, entry in list(waiting.items()):
                if wrong := _take(entry, f"/{n}", community, by, loaded):
                    left[n] = wrong
                else:
                    del waiting[n]
                    done = True
            if not done:
                # What names one another in a circle never finds what it names.
                raise Invalid([problem for found in left.values() for problem in found])
    return loaded


def _wrong(entry: Any, path: str) -> list[Problem]:
    if not isinstance(entry, dict):
        return [Problem(path, _("A segment has a name and a rule."))]
    found = [
        Problem(f"{path}/{key}", _("“%(key)s” means nothing here.") % {"key": key}) for key in entry if key not in KEYS
    ]
    for key in ("name", "slug", "about"):
        if key in entry and not isinstance(entry[key], str):
            found.append(Problem(f"{path}/{key}", _("This is no text.")))
    if not str(entry.get("name", "")).strip():
        found.append(Problem(f"{path}/name", _("A segment needs a name.")))
    return found


def _take(entry: dict[str, Any], path: str, community: Community, by: Person | None, loaded: Loaded) -> list[Problem]:
    """What is wrong with it now; nothing where it is done."""
    rule, name, about = entry.get("rule"), " ".join(entry["name"].split()), entry.get("about", "").strip()
    there = Segment.objects.filter(community=community)
    found = (
        there.filter(slug=entry["slug"]).first() if "slug" in entry else there.kept().filter(name__iexact=name).first()
    )
    try:
        if found is None:
            made = Segment.define(
                community=community, name=name, by=by, rule=rule, about=about, slug=entry.get("slug", "")
            )
            loaded.created.append(made.slug)
            loaded.touched.append(made)
            return []
        if found.is_list != (rule is None):
            return [Problem(path, _("“%(name)s” is there already, and of the other kind.") % {"name": found.name})]
        same_rule = (
            rule is None or parse(rule, community=community, owner=(Segment.KEY, found.slug)).hash == found.rule_hash
        )
        if same_rule and (found.name, found.about) == (name, about) and found.retired_at is None:
            loaded.unchanged.append(found.slug)
            return []
        if found.retired_at is not None:
            found.take_up(by=by)
        found.change(by=by, name=name, rule=rule, about=about)
    except Invalid as invalid:
        return [Problem(f"{path}/rule{problem.path}", problem.message) for problem in invalid.problems]
    except DomainError as refused:
        return [Problem(path, str(refused))]
    loaded.changed.append(found.slug)
    loaded.touched.append(found)
    return []
