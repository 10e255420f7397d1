"""Personas with their paths from a file, so that they can be kept in a repository and shared; and those that come along.

The file is YAML or JSON: `personas`, each with `slug`, `name`, `story`, `needs`, `success`, `seed`, `suggests` (a condition) and
`path` (slugs of milestones), and `milestones` that the paths need. What the community has already stays as it is, unless the
file says more of a persona: then that is written over. Twice changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.charter.models import Value
from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Milestone, Persona
from milepost.domain.paths.models.persona import WRITTEN
from milepost.domain.people.authority import check
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Community, Person

LARGEST = 1_000_000
"""Bytes of a file."""
MOST = 200
PERSONA_KEYS = {"slug", "path", *WRITTEN}
MILESTONE_KEYS = {
    "slug", "name", "why", "icon", "kind", "value", "way", "verified_by", "needs_evidence", "rule", "repeats", "is_secret",
    "valid_for_days", "requires",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that comes along, by its `key`. `personas` have name, seed and path (names of milestones)."""

    key: str
    name: str
    about: str
    personas: tuple[dict[str, Any], ...]


@dataclass(slots=True)
class Loaded:
    """What a file brought: slugs of what is new, what was written over, and milestones that were there already."""

    personas: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    milestones: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, list[str]]:
        return {
            "personas": self.personas,
            "changed": self.changed,
            "milestones": self.milestones,
            "kept": self.kept,
        }


def offered() -> list[Offered]:
    """The files that come along, by name."""
    found = []
    for file in sorted(files(__package__).joinpath("paths").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".yaml"):
            data = parse(file.read_text(encoding="utf-8"))
            names = {one["slug"]: one["name"] for one in data.get("milestones", ())}
            personas = tuple(
                {"name": one["name"], "seed": one.get("seed") or one["slug"], "path": [names[s] for s in one["path"]]}
                for one in data["personas"]
            )
            found.append(Offered(file.name.removesuffix(".yaml"), data["name"], data.get("about", ""), personas))
    return found


def read(where: str) -> dict[str, Any]:
    """The file at this path, or the one that comes along under this name. DomainError for what cannot be read."""
    along = files(__package__).joinpath("paths", f"{where}.yaml")
    if where.isidentifier() and along.is_file():
        return parse(along.read_text(encoding="utf-8"))
    path = Path(where)
    if not path.is_file():
        names = ", ".join(one.key for one in offered())
        raise DomainError(
            _("There is no file “%(path)s”.") % {"path": where}, _("These come along: %(names)s.") % {"names": names}
        )
    if path.stat().st_size > LARGEST:
        raise DomainError(_("“%(path)s” is larger than personas can be.") % {"path": where})
    try:
        return parse(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise DomainError(_("“%(path)s” is no text in UTF-8.") % {"path": where}) from error


def parse(text: str) -> dict[str, Any]:
    """YAML or JSON. DomainError with the place for what is neither."""
    try:
        data = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError, RecursionError) as error:
        raise DomainError(
            _("The file cannot be read: %(why)s") % {"why": " ".join(str(error).split())[:200]}
        ) from error
    if not isinstance(data, dict):
        raise DomainError(_("The file has no personas."), _("It begins with “personas:” and a list."))
    return data


def load(*, community: Community, data: Mapping[str, Any], by: Person | None) -> Loaded:
    """Bring the file's milestones and personas in, all of it or nothing; audited as each is written.

    Raises DomainError that names the entry and what is wrong with it, NotAllowed.
    """
    check(by, "personas.write", community)
    milestones, personas = _entries(data, "milestones"), _entries(data, "personas")
    if not personas:
        raise DomainError(_("The file has no personas."), _("It begins with “personas:” and a list."))
    report = Loaded()
    with transaction.atomic():
        for n, one in enumerate(milestones):
            _said(f"/milestones/{n}", one, MILESTONE_KEYS)
            _milestone(community, one, by, report, f"/milestones/{n}")
        for n, one in enumerate(personas):
            _said(f"/personas/{n}", one, PERSONA_KEYS)
            _persona(community, one, by, report, f"/personas/{n}")
    return report


def _entries(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    listed = data.get(key) or []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise DomainError(_("/%(key)s has to be a list of entries.") % {"key": key})
    if len(listed) > MOST:
        raise DomainError(_("/%(key)s has more than %(most)d entries.") % {"key": key, "most": MOST})
    return listed


def _said(where: str, one: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(str(key) for key in one.keys() - known):
        raise DomainError(
            _("%(where)s: “%(key)s” is not known here.") % {"where": where, "key": unknown[0]},
            _("Possible are: %(keys)s.") % {"keys": ", ".join(sorted(known))},
        )
    if not isinstance(one.get("name"), str) or not one["name"].strip():
        raise DomainError(_("%(where)s has no name.") % {"where": where})


def _milestone(community: Community, one: dict[str, Any], by: Person | None, report: Loaded, where: str) -> None:
    slug = str(one.get("slug") or "")
    there = Milestone.objects.filter(community=community)
    found = there.filter(slug=slug).first() if slug else there.pursued().filter(name__iexact=one["name"]).first()
    if found is not None:
        report.kept.append(found.slug)
        return
    plain = {key: one[key] for key in MILESTONE_KEYS - {"slug", "name", "why", "icon", "value"} if key in one}
    value = Value.objects.held().filter(community=community, slug=str(one.get("value", ""))).first()
    try:
        details = Details(value=value, **(plain | {"requires": tuple(plain.get("requires", ()))}))
        made = Milestone.define(
            community=community,
            name=one["name"],
            why=str(one.get("why", "")),
            icon=str(one.get("icon", "milestone")),
            slug=slug,
            details=details,
            by=by,
        )
    except DomainError as error:
        raise DomainError(f"{where}: {error.message}", error.hint) from error
    report.milestones.append(made.slug)


def _persona(community: Community, one: dict[str, Any], by: Person | None, report: Loaded, where: str) -> None:
    fields = {key: one[key] for key in WRITTEN if key in one}
    slug = str(one.get("slug") or "")
    there = Persona.objects.filter(community=community)
    try:
        stones = _path(community, one.get("path"))
        found = there.filter(slug=slug).first() if slug else there.filter(name__iexact=one["name"]).first()
        if found is None:
            found = Persona.write(community=community, by=by, slug=slug, **fields)
            report.personas.append(found.slug)
        else:
            found.change(by=by, **fields)
            found.adopt(by=by)
            report.changed.append(found.slug)
        if stones is not None:
            found.lay(milestones=stones, by=by)
    except DomainError as error:
        raise DomainError(f"{where}: {error.message}", error.hint) from error


def _path(community: Community, slugs: Any) -> list[Milestone] | None:
    """The milestones by their slugs, in order; None where the file says nothing of a path."""
    if slugs is None:
        return None
    if not isinstance(slugs, list):
        raise DomainError(_("“path” has to be a list of milestones."))
    known = {stone.slug: stone for stone in Milestone.objects.pursued().filter(community=community)}
    for slug in slugs:
        if slug not in known:
            names = ", ".join(sorted(known)[:12])
            raise DomainError(
                _("There is no milestone “%(slug)s”.") % {"slug": slug}, _("There are: %(names)s.") % {"names": names}
            )
    return [known[slug] for slug in slugs]
