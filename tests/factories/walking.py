from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence
from typing import Any

from milepost.domain.paths.models import (
    CheckIn,
    Cohort,
    CohortMember,
    HelpOffer,
    Interest,
    Introduction,
    JourneySharing,
    Mentoring,
    Milestone,
    NoneOfThese,
    OwnStone,
    PathStone,
    Persona,
    PersonaChoice,
    Welcome,
)
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Person

from .people import make_community, make_member
from .purpose import make_milestone

_number = itertools.count(1)


def make_persona(community: Community | None = None, *, path: Sequence[Milestone] = (), **fields: Any) -> Persona:
    """One that the community has adopted, with its path."""
    n = next(_number)
    community = community or (path[0].community if path else make_community())
    fields = {
        "slug": f"persona-{n}",
        "name": f"Persona {n}",
        "seed": f"persona {n}",
        "position": n,
        "adopted_at": clock.now(),
    } | fields
    persona = Persona.objects.create(community=community, **fields)
    PathStone.objects.bulk_create(
        PathStone(community=community, persona=persona, milestone=stone, position=place)
        for place, stone in enumerate(path)
    )
    return persona


def make_choice(person: Person | None = None, persona: Persona | None = None, **fields: Any) -> PersonaChoice:
    """That a member finds themselves in a persona."""
    person = person or make_member(persona.community if persona else None)
    persona = persona or make_persona(person.community)
    fields = {"chosen_at": clock.now()} | fields
    return PersonaChoice.objects.create(community=person.community, person=person, persona=persona, **fields)


def make_help_offer(person: Person, milestone: Milestone, **fields: Any) -> HelpOffer:
    return HelpOffer.objects.create(community=person.community, person=person, milestone=milestone, **fields)


def make_introduction(asker: Person, asked: Person, *, agreed: bool = False, **fields: Any) -> Introduction:
    fields = {"agreed_at": clock.now() if agreed else None} | fields
    return Introduction.objects.create(community=asker.community, asker=asker, asked=asked, **fields)


def make_cohort(community: Community | None = None, *, walkers: Sequence[Person] = (), **fields: Any) -> Cohort:
    """One that began a week ago and goes on for three more, with these people."""
    n = next(_number)
    community = community or (walkers[0].community if walkers else make_community())
    today = clock.today(community.time_zone)
    fields = {
        "slug": f"cohort-{n}",
        "name": f"Cohort {n}",
        "starts_on": today - datetime.timedelta(days=7),
        "ends_on": today + datetime.timedelta(days=21),
        "organiser": walkers[0] if walkers else None,
    } | fields
    cohort = Cohort.objects.create(community=community, **fields)
    for person in walkers:
        CohortMember.objects.create(
            community=community, cohort=cohort, person=person, joined_at=clock.now() - datetime.timedelta(days=7)
        )
    return cohort


def make_one_of_each(community: Community, *, slug: str, word: str, member: Person, other: Person) -> None:
    """One row of each kind of this file and what goes with it, each bearing the word; named `persona-<slug>` and so on."""
    persona = make_persona(community, slug=f"persona-{slug}", name=f"Persona {word}", story=word)
    make_choice(member, persona)
    NoneOfThese.objects.create(community=community, person=other, words=word)
    Interest.objects.create(community=community, person=member, slug="sung", name=word)
    stone = Milestone.objects.filter(community=community).first() or make_milestone(community)
    persona.stones.create(community=community, milestone=stone, position=0)
    make_help_offer(member, stone, words=word)
    make_introduction(member, other, words=word)
    Mentoring.objects.create(community=community, mentor=other, mentee=member)
    cohort = make_cohort(walkers=[member, other], slug=f"cohort-{slug}", name=f"Cohort {word}", why=word)
    today = clock.today(community.time_zone)
    CheckIn.objects.create(community=community, cohort=cohort, person=member, day=today, words=word)
    OwnStone.objects.create(community=community, person=member, name=f"Own stone {word}")
    JourneySharing.objects.create(community=community, person=member, audience="community")
    Welcome.objects.create(community=community, person=member)
