"""What this app holds of a person: choices, interests, offers, meetings, cohorts, and their own way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Model, Q

from milepost.domain.people.holdings import Subject, erases, moves, portrays
from milepost.domain.people.portrait import rows_of

from .models import (
    CheckIn,
    Cohort,
    CohortMember,
    HelpOffer,
    Interest,
    Introduction,
    JourneySharing,
    Mentoring,
    NoneOfThese,
    Notice,
    OwnStone,
    Persona,
    PersonaChoice,
    Welcome,
)

moves(PersonaChoice, "person", unique=("persona",))
moves(NoneOfThese, "person", unique=())
moves(Interest, "person", unique=("slug",))
moves(HelpOffer, "person", unique=("milestone",))
moves(Introduction, "asker", apart="asked")
moves(Introduction, "asked", apart="asker")
moves(Mentoring, "mentor", apart="mentee")
moves(Mentoring, "mentee", apart="mentor")
moves(CohortMember, "person", unique=("cohort",))
moves(CheckIn, "person")
moves(OwnStone, "person")
moves(JourneySharing, "person", unique=())
moves(Welcome, "person", unique=())
moves(Notice, "person", unique=("kind", "about"))
moves(Persona, "proposed_by")
moves(Cohort, "organiser")


@erases
def erase(subject: Subject) -> dict[str, int]:
    """Their own way goes; that a group once had someone more stays, without their words."""
    own: tuple[type[Model], ...] = (
        PersonaChoice,
        NoneOfThese,
        Interest,
        HelpOffer,
        OwnStone,
        JourneySharing,
        Welcome,
        Notice,
    )
    gone = sum(model._default_manager.filter(person__in=subject.people).delete()[0] for model in own)
    met = Introduction.objects.filter(Q(asker__in=subject.people) | Q(asked__in=subject.people)).delete()[0]
    met += Mentoring.objects.filter(Q(mentor__in=subject.people) | Q(mentee__in=subject.people)).delete()[0]
    told = CheckIn.objects.filter(person__in=subject.people).exclude(words="").update(words="")
    return {"own way": gone, "meetings": met, "check-ins": told}


def _rows(model: type[Model], *keys: str) -> Callable[[Subject], Iterator[dict[str, Any]]]:
    def rows(subject: Subject) -> Iterator[dict[str, Any]]:
        wanted = Q()
        for key in keys:
            wanted |= Q(**{f"{key}__in": subject.people})
        return rows_of(model._default_manager.filter(wanted))

    return rows


for _name, _model, *_keys in (
    ("personas-chosen", PersonaChoice, "person"),
    ("none-of-these", NoneOfThese, "person"),
    ("interests", Interest, "person"),
    ("help-offered", HelpOffer, "person"),
    ("introductions", Introduction, "asker", "asked"),
    ("mentoring", Mentoring, "mentor", "mentee"),
    ("cohorts", CohortMember, "person"),
    ("check-ins", CheckIn, "person"),
    ("own-milestones", OwnStone, "person"),
    ("journey-sharing", JourneySharing, "person"),
    ("welcome", Welcome, "person"),
    ("path-mails", Notice, "person"),
    ("personas-proposed", Persona, "proposed_by"),
    ("cohorts-organised", Cohort, "organiser"),
):
    portrays(_name, _rows(_model, *_keys))
