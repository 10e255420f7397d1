"""Personas with their paths from a file, so that they can be kept in a repository and shared; and those that come along.

The file is YAML or JSON: `personas`, each with `slug`, `name`, `story`, `needs`, `success`, `seed`, `suggests` (a condition) and
`path` (slugs of milestones), and `milestones` that the paths need. What the community has already stays as it is, unless the
file says more of a persona: then that is written over. Twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.paths.models import Milestone, Persona
from milepost.domain.paths.models.persona import WRITTEN
from milepost.domain.people.authority import check
from milepost.engines.milestones import loading as definitions
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.conditions import Invalid, Problem
from milepost.foundation.conditions.problems import instead, shown
from milepost.foundation.identity.models import Community, Person

MOST = 200
PERSONA_KEYS = {"slug", "path", *WRITTEN}


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
            data = definitions.read(file.read_bytes())
            names = {one["slug"]: one["name"] for one in data.get("milestones", ())}
            personas = tuple(
                {"name": one["name"], "seed": one.get("seed") or one["slug"], "path": [names[s] for s in one["path"]]}
                for one in data["personas"]
            )
            found.append(Offered(file.name.removesuffix(".yaml"), data["name"], data.get("about", ""), personas))
    return found


def read(where: str) -> Any:
    """The file at this path, or the one that comes along under this name. DomainError for what cannot be read."""
    along = files(__package__).joinpath("paths", f"{where}.yaml")
    if where.isidentifier() and along.is_file():
        return definitions.read(along.read_bytes())
    path = Path(where)
    if not path.is_file():
        names = ", ".join(one.key for one in offered())
        raise DomainError(
            _("There is no file “%(path)s”.") % {"path": where}, _("These come along: %(names)s.") % {"names": names}
        )
    with path.open("rb") as file:
        return definitions.read(file.read(definitions.LARGEST + 1))


def load(*, community: Community, data: Any, by: Person | None) -> Loaded:
    """Bring the file's milestones and personas in, all of it or nothing; audited as each is written.

    Raises Invalid with the problems and their places in the file, NotAllowed.
    """
    check(by, "personas.write", community)
    personas = data.get("personas") if isinstance(data, dict) else None
    if not isinstance(personas, list) or not 0 < len(personas) <= MOST:
        raise Invalid([Problem("/personas", _("Here stands a list of 1 to %(most)d personas.") % {"most": MOST})])
    report, problems = Loaded(), list[Problem]()
    with transaction.atomic():
        _milestones(community, data.get("milestones"), by, report)
        for n, one in enumerate(personas):
            if wrong := _shape(n, one):
                problems += wrong
                continue
            try:
                _persona(community, one, by, report)
            except Invalid as error:
                problems += [Problem(f"/personas/{n}/suggests{p.path}", p.message) for p in error.problems]
            except NotAllowed:
                raise
            except DomainError as error:
                problems.append(Problem(f"/personas/{n}", str(error)))
        if problems:
            raise Invalid(problems)
    return report


def _milestones(community: Community, given: Any, by: Person | None, report: Loaded) -> None:
    """Those that the community has not; they are defined as `milepost milestones load` does."""
    if not given:
        return
    there = Milestone.objects.filter(community=community)
    slugs = set(there.values_list("slug", flat=True))
    names = {name.casefold(): slug for slug, name in there.pursued().values_list("slug", "name")}
    new = []
    for one in given if isinstance(given, list) else [given]:
        slug = str(one.get("slug") or "") if isinstance(one, dict) else ""
        name = str(one.get("name") or "").casefold() if isinstance(one, dict) else ""
        if slug in slugs or (name and name in names):
            report.kept.append(slug if slug in slugs else names[name])
        else:
            new.append(one)
    if new:
        report.milestones += definitions.load({"milestones": new}, community=community, by=by).created


def _shape(n: int, one: Any) -> list[Problem]:
    if not isinstance(one, dict):
        return [Problem(f"/personas/{n}", _("A persona is a set of words with their values."))]
    found = [
        Problem(f"/personas/{n}/{key}", _("This is not known here.") + " " + instead(key, PERSONA_KEYS))
        for key in one.keys() - PERSONA_KEYS
    ]
    if not isinstance(one.get("name"), str) or not one["name"].strip():
        found.append(Problem(f"/personas/{n}/name", _("A persona needs a name.")))
    if not isinstance(one.get("needs", []), list):
        found.append(Problem(f"/personas/{n}/needs", _("Here stands a list.")))
    if one.get("path") is not None and not isinstance(one["path"], list):
        found.append(Problem(f"/personas/{n}/path", _("Here stands a list of milestones.")))
    return found


def _persona(community: Community, one: dict[str, Any], by: Person | None, report: Loaded) -> None:
    fields = {key: one[key] for key in WRITTEN if key in one}
    slug = str(one.get("slug") or "")
    there = Persona.objects.filter(community=community)
    stones = _path(community, one["path"]) if one.get("path") is not None else None
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


def _path(community: Community, slugs: list[Any]) -> list[Milestone]:
    """The milestones by their slugs, in order."""
    known = {stone.slug: stone for stone in Milestone.objects.pursued().filter(community=community)}
    for slug in slugs:
        if slug not in known:
            raise DomainError(_("There is no milestone %(slug)s.") % {"slug": shown(slug)}, instead(slug, known))
    return [known[slug] for slug in slugs]
