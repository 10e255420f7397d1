"""Definitions of milestones as a file, YAML or JSON, so that a path can be kept in a repository and shared.

milestones:
  - name: First paid gig           # all that is needed
    slug: first-paid-gig
    why: Your music is work, and work is paid.
    icon: banknote
    kind: life                     # or step
    value: honesty                 # slugs of what it serves
    goal: a-hundred-first-stages
    reached_by: claim              # rule, award, attendance, resource, import
    verified_by: peer              # nobody, steward
    needs_evidence: true
    rule: {did: event.attended, at_least: 3}
    levels: [{name: Bronze, rule: {…}}, …]
    subject: event:summer-fest     # of attendance and resource; without it, any
    repeats: once                  # yearly, each
    requires: [first-live-gig]
    secret: false
    valid_for_days: 365
    grants: {role: ambassador, spaces: [stage]}
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Milestone
from milepost.domain.people.authority import check
from milepost.domain.spaces.models import Space
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.conditions import Invalid, Problem
from milepost.foundation.conditions.problems import instead, shown
from milepost.foundation.conditions.registry import object_of
from milepost.foundation.identity.models import Community, Person

from .backfilling import put_in_force
from .giving import serve
from .models import RuleInForce

LARGEST = 1_000_000
"""Bytes of a file of definitions."""
MOST = 500
TEMPLATES = Path(__file__).parent / "definitions"
KEYS = {
    "name", "slug", "why", "icon", "kind", "value", "goal", "reached_by", "verified_by", "needs_evidence", "rule", "levels",
    "subject", "repeats", "requires", "secret", "valid_for_days", "grants",
}  # fmt: skip
TYPES: dict[str, tuple[type, ...]] = {
    "needs_evidence": (bool,), "secret": (bool,), "rule": (dict,), "levels": (list,), "requires": (list,), "grants": (dict,),
    "valid_for_days": (int, type(None)),
}  # fmt: skip


@dataclass(slots=True)
class Loaded:
    """Slugs of what a file made, changed, or left as it was; and of those whose new rule waits to be put in force."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


def templates() -> list[str]:
    return sorted(path.stem for path in TEMPLATES.glob("*.yaml"))


def template(name: str) -> Any:
    """The definitions that come with Milepost under that name."""
    return read((TEMPLATES / f"{name}.yaml").read_bytes())


class _Loader(yaml.SafeLoader):
    """Plain values only, and none twice over: aliases make a few lines into gigabytes, and dates are words here."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases (*) are not taken")
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(content: bytes) -> Any:
    """The file's content, of YAML or JSON. Raises Invalid for what is neither, or too much."""
    if len(content) > LARGEST:
        raise Invalid([Problem("", _("This is too long: %(most)d bytes are the most.") % {"most": LARGEST})])
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text) if text.lstrip().startswith(("{", "[")) else yaml.load(text, _Loader)  # noqa: S506 # nosec B506 (made of SafeLoader)
    except RecursionError:
        raise Invalid([Problem("", _("Things lie in things without end here."))]) from None
    except (ValueError, yaml.YAMLError) as error:
        raise Invalid(
            [Problem("", _("This is neither YAML nor JSON: %(why)s") % {"why": " ".join(str(error).split())})]
        ) from None


def load(given: Any, *, community: Community, by: Person | None) -> Loaded:
    """Define the milestones that the file says, and change those that are there (by slug, else by name). All or none; audited.

    The first rule of a milestone is in force at once, as nobody can lose anything by it; a changed one waits for a steward.
    Twice changes nothing. Raises Invalid with every problem found and its place in the file.
    """
    check(by, "paths.write", community)
    entries = given.get("milestones") if isinstance(given, dict) else given
    if not isinstance(entries, list) or not entries or len(entries) > MOST:
        raise Invalid([Problem("/milestones", _("Here stands a list of 1 to %(most)d milestones.") % {"most": MOST})])
    work = _Work(community, by)
    with transaction.atomic():
        placed = [work.place(n, entry) for n, entry in enumerate(entries)]
        if not work.problems:
            for n, (milestone, entry) in enumerate(zip(placed, entries, strict=True)):
                assert milestone is not None
                work.describe(n, milestone, entry)
        if work.problems:
            raise Invalid(work.problems)
    return work.done


class _Work:
    def __init__(self, community: Community, by: Person | None) -> None:
        self.community, self.by = community, by
        self.problems: list[Problem] = []
        self.done = Loaded()

    def wrong(self, n: int, key: str, message: str) -> None:
        self.problems.append(Problem(f"/milestones/{n}" + (f"/{key}" if key else ""), message))

    def place(self, n: int, entry: Any) -> Milestone | None:
        """The milestone as it is there, or a new one that says its name only: rules may name those further down."""
        before = len(self.problems)
        self._shape(n, entry)
        if len(self.problems) > before:
            return None
        there = Milestone.objects.adopted().filter(community=self.community).select_related("community")
        slug = entry.get("slug", "")
        found = there.filter(slug=slug).first() if slug else there.pursued().filter(name__iexact=entry["name"]).first()
        if found is not None:
            return found
        try:
            # Of its own, so that a refusal does not end the others.
            with transaction.atomic():
                made = Milestone.define(community=self.community, name=entry["name"], by=self.by, slug=slug)
        except NotAllowed:
            raise
        except DomainError as refusal:
            self.wrong(n, "name", str(refusal))
            return None
        self.done.created.append(made.slug)
        return made

    def _shape(self, n: int, entry: Any) -> None:
        if not isinstance(entry, dict):
            self.wrong(n, "", _("A milestone is an object with a name."))
            return
        for name in entry:
            if name not in KEYS:
                self.wrong(
                    n, str(name), _("%(name)s means nothing here. %(instead)s")
                    % {"name": shown(name), "instead": instead(name, KEYS, most=20)},
                )  # fmt: skip
        for name, value in entry.items():
            allowed = TYPES.get(name, (str,))
            if name in KEYS and (not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed)):
                self.wrong(n, name, _("%(value)s does not fit here.") % {"value": shown(value)})
        if not str(entry.get("name") or "").strip():
            self.wrong(n, "name", _("A milestone needs a name."))

    def describe(self, n: int, milestone: Milestone, entry: dict[str, Any]) -> None:
        old = (Details.of(milestone), milestone.name, milestone.why, milestone.icon)
        details = self._details(n, entry)
        if details is None:
            return
        try:
            with transaction.atomic():
                milestone.change(
                    name=entry["name"],
                    why=entry.get("why", milestone.why),
                    icon=entry.get("icon", ""),
                    by=self.by,
                    details=details,
                )
                self._give(n, milestone, entry)
                if milestone.is_automatic and not RuleInForce.objects.filter(milestone=milestone).exists():
                    put_in_force(milestone, by=self.by)
        except NotAllowed:
            raise
        except Invalid as refusal:
            key = "rule" if details.rule else "levels"
            self.problems += [Problem(f"/milestones/{n}/{key}{p.path}", p.message) for p in refusal.problems]
            return
        except DomainError as refusal:
            self.wrong(n, "", str(refusal))
            return
        self._note(milestone, same=old == (Details.of(milestone), milestone.name, milestone.why, milestone.icon))

    def _note(self, milestone: Milestone, *, same: bool) -> None:
        if milestone.slug not in self.done.created:
            (self.done.unchanged if same else self.done.changed).append(milestone.slug)
        force = RuleInForce.objects.filter(milestone=milestone).first()
        if milestone.is_automatic and (force is None or force.version != milestone.version):
            self.done.waiting.append(milestone.slug)

    def _details(self, n: int, entry: dict[str, Any]) -> Details | None:
        before = len(self.problems)
        value = self._one(n, "value", Value.objects.filter(community=self.community), entry.get("value"))
        subject = NO_ID
        if name := entry.get("subject"):
            found = object_of(self.community, name)
            if found is None:
                self.wrong(n, "subject", _("There is nothing called %(name)s here.") % {"name": shown(name)})
            subject = found or NO_ID
        if len(self.problems) > before:
            return None
        return Details(
            kind=entry.get("kind", "life"),
            value=value,
            way=entry.get("reached_by", "rule" if entry.get("rule") or entry.get("levels") else "claim"),
            verified_by=entry.get("verified_by", "nobody"),
            needs_evidence=entry.get("needs_evidence", False),
            rule=entry.get("rule") or {},
            levels=tuple(entry.get("levels") or ()),
            subject_id=subject,
            repeats=entry.get("repeats", "once"),
            requires=tuple(str(slug) for slug in entry.get("requires") or ()),
            is_secret=entry.get("secret", False),
            valid_for_days=entry.get("valid_for_days"),
            grants_role=str((entry.get("grants") or {}).get("role", "")),
        )

    def _one(self, n: int, key: str, rows: Any, slug: Any) -> Any:
        if not slug:
            return None
        found = rows.filter(slug=slug).first()
        if found is None:
            there = rows.values_list("slug", flat=True)
            self.wrong(
                n,
                key,
                _("There is no %(name)s here. %(instead)s") % {"name": shown(slug), "instead": instead(slug, there)},
            )
        return found

    def _give(self, n: int, milestone: Milestone, entry: dict[str, Any]) -> None:
        if "goal" not in entry and "grants" not in entry:
            return
        goal = self._one(n, "goal", Goal.objects.filter(community=self.community), entry.get("goal"))
        spaces = []
        for slug in (entry.get("grants") or {}).get("spaces") or ():
            space = self._one(n, "grants/spaces", Space.objects.filter(community=self.community), slug)
            spaces += [space] if space else []
        serve(milestone=milestone, goal=goal, spaces=spaces, by=self.by)
