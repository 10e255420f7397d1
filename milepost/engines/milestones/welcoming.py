"""A newcomer's first steps: participation steps as any other, laid in each community by a template, and shown as a checklist."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import CharterVersion
from milepost.domain.paths.models import Milestone, Welcome
from milepost.foundation.activity.models import Activity
from milepost.foundation.identity.models import Community, Person

from .bearings import forget
from .loading import load, template
from .models import Award

TEMPLATE = "first-steps"
OPEN = "first-steps"
"""Key in the browser's session: the community whose first steps are open."""
STEPS = {
    "interests": "step-told-interests",
    "persona": "step-found-myself",
    "celebration": "step-chose-celebration",
    "charter": "step-agreed",
    "meet": "step-met-someone",
    "week": "step-first-words",
}
"""The pages of a first visit in their order, and the step that each of them is."""
_SAID = {
    "step-told-interests": (_("Said what I care about"), _("Others can find you by it, and you them.")),
    "step-found-myself": (
        _("Found my path, or said that it is missing"),
        _("The path of people like you is drawn for you. And who finds none tells us which one to write."),
    ),
    "step-chose-celebration": (
        _("Chose how to be celebrated"),
        _("What you reach is yours. You say who hears of it."),
    ),
    "step-agreed": (_("Agreed to the charter"), _("It is what we promise each other.")),
    "step-met-someone": (
        _("Asked somebody to meet"),
        _("Knowing one person is the difference between a website and a place."),
    ),
    "step-first-words": (_("Took part for the first time"), _("The hardest step is the first one.")),
}
"""The template's words, for readers in other languages. What a steward wrote instead is the community's own and stays."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One step of the checklist. `done_on` is None while it is not done; `retired`: the community does without it."""

    key: str
    name: str
    why: str
    done: bool
    done_on: datetime.date | None
    passed: bool


def begin(person: Person) -> Welcome:
    """The first visit begins; in the community's first one the steps are laid. Twice changes nothing."""
    community = person.community
    if not Milestone.objects.filter(community=community, slug__in=STEPS.values()).exists():
        load(template(TEMPLATE), community=community, by=None)
        forget(community)
    return Welcome.begin(by=person)


def checklist(person: Person, welcome: Welcome | None) -> list[Taken]:
    """The steps in their order, without those that the community has retired, or that have nothing to offer. Four queries.

    A step counts from the moment of the deed, also while the reader that awards it is on its way.
    """
    stones = {
        stone.slug: stone for stone in Milestone.objects.filter(community=person.community_id, slug__in=STEPS.values())
    }
    days = dict(
        Award.objects.standing()
        .filter(person=person, milestone__slug__in=STEPS.values())
        .values_list("milestone__slug", "reached_on")
    )
    verbs = {slug: set(_deeds(slug)) for slug in STEPS.values()}
    done = set(
        Activity.objects.standing()
        .filter(community=person.community_id, identity__person=person, verb__in=set().union(*verbs.values()))
        .values_list("verb", flat=True)
        .distinct()
    )
    has_charter = CharterVersion.objects.in_force(person.community) is not None
    passed = set(welcome.passed) if welcome else set()
    found = []
    for key, slug in STEPS.items():
        stone = stones.get(slug)
        if (stone is not None and stone.retired_at is not None) or (key == "charter" and not has_charter):
            continue
        name, why = _said(slug, stone)
        found.append(
            Taken(
                key=key,
                name=name,
                why=why,
                done=slug in days or bool(verbs[slug] & done),
                done_on=days.get(slug),
                passed=key in passed,
            )
        )
    return found


def _said(slug: str, stone: Milestone | None) -> tuple[str, str]:
    words, (name, why) = _words()[slug], _SAID[slug]
    if stone is None:
        return str(name), str(why)
    return (
        str(name) if stone.name == words["name"] else stone.name,
        str(why) if stone.why == words["why"] else stone.why,
    )


@cache
def _words() -> dict[str, dict[str, Any]]:
    return {one["slug"]: one for one in template(TEMPLATE)["milestones"]}


def _deeds(slug: str) -> list[str]:
    """The verbs that the step's rule counts, as the template says it."""
    did = _words()[slug]["rule"]["did"]
    return [did] if isinstance(did, str) else list(did)


def of(community: Community, person: Person) -> Welcome | None:
    return Welcome.objects.filter(community=community, person=person).first()
