from __future__ import annotations

import datetime
import itertools
from typing import Any

from milepost.domain.charter.models import CharterVersion, Value
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.people.models import Praise, Profile
from milepost.engines.milestones.models import Award
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Person

from .people import make_community, make_member

_number = itertools.count(1)


def make_charter(community: Community | None = None, **fields: Any) -> CharterVersion:
    """A version in force."""
    community = community or make_community()
    last = CharterVersion.objects.filter(community=community).order_by("-number").first()
    fields = {
        "number": last.number + 1 if last else 1,
        "mission": "Everyone in our town who plays music can live from it.",
        "agreements": "We answer newcomers first.",
        "ratified_at": clock.now(),
    } | fields
    return CharterVersion.objects.create(community=community, **fields)


def make_value(community: Community | None = None, **fields: Any) -> Value:
    n = next(_number)
    fields = {"slug": f"value-{n}", "name": f"Value {n}", "position": n} | fields
    return Value.objects.create(community=community or make_community(), **fields)


def make_milestone(community: Community | None = None, **fields: Any) -> Milestone:
    n = next(_number)
    fields = {"slug": f"milestone-{n}", "name": f"Milestone {n}", "position": n} | fields
    return Milestone.objects.create(community=community or make_community(), **fields)


def make_goal(community: Community | None = None, *, adopted: bool = True, **fields: Any) -> Goal:
    """A goal that the community has taken as its own, unless `adopted` is False."""
    n = next(_number)
    if community is None:
        owner = fields.get("value") or fields.get("milestone")
        community = owner.community if owner else make_community()
    fields = {"slug": f"goal-{n}", "title": f"Goal {n}", "adopted_at": clock.now() if adopted else None} | fields
    return Goal.objects.create(community=community, **fields)


def make_award(person: Person | None = None, milestone: Milestone | None = None, **fields: Any) -> Award:
    """That someone reached a milestone, yesterday."""
    person = person or make_member(milestone.community if milestone else None)
    milestone = milestone or make_milestone(person.community)
    fields = {"reached_on": clock.now().date() - datetime.timedelta(days=1)} | fields
    return Award.objects.create(community=person.community, person=person, milestone=milestone, **fields)


def make_profile(person: Person, **fields: Any) -> Profile:
    return Profile.objects.create(community=person.community, person=person, **fields)


def make_praise(giver: Person, receiver: Person, **fields: Any) -> Praise:
    fields = {"words": f"For help {next(_number)}"} | fields
    return Praise.objects.create(community=giver.community, giver=giver, receiver=receiver, **fields)
