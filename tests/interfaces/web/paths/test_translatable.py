"""Every text of the pages of personas, journeys, meetings, cohorts and first steps can be translated."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client

from milepost.domain.paths.models import Mentoring, NoneOfThese, OwnStone, Persona
from milepost.engines.milestones import welcoming
from milepost.foundation.common import clock
from tests.factories import (
    make_account,
    make_award,
    make_charter,
    make_choice,
    make_cohort,
    make_community,
    make_help_offer,
    make_introduction,
    make_member,
    make_milestone,
    make_persona,
    make_value,
)
from tests.interfaces.web.test_translatable import bracketed, forgotten  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db


def test_every_text_can_be_translated(client: Client, bracketed: None) -> None:  # noqa: F811
    community = make_community("greek", name="Ανοιχτή Σκηνή", tagline="Μουσική")
    account = make_account("eleni@example.org", name="Ελένη")
    owner = make_member(community, role="owner", account=account, name="Ελένη", handle="eleni")
    owner.community = community
    other = make_member(
        community, name="Νίκος", handle="nikos", account=make_account("nikos@example.org", name="Νίκος")
    )
    make_charter(community, mission="Ώσπου κάθε τραγούδι.", agreements="- Ακούμε.")
    make_value(community, name="Μαζί", slug="mazi")
    one, two = (
        make_milestone(community, name=name, slug=slug) for name, slug in (("Πρώτη", "proti"), ("Δεύτερη", "deyteri"))
    )
    hobby = make_persona(community, name="Ερασιτέχνες", slug="hobby", path=[one, two], story="Μετά.", needs=["ένα"])
    make_persona(community, name="Άλλοι", slug="alloi", path=[one], retired_at=clock.now(), answer="Όχι.")
    Persona.propose(community=community, by=other, name="Ακροατές")
    make_choice(owner, hobby)
    day = clock.now().date() - datetime.timedelta(days=120)
    make_award(owner, one, reached_on=day, evidence="Σαράντα.")
    for stone in (one, two):
        make_award(other, stone, reached_on=day)
    make_help_offer(other, two, words="Ρώτα.")
    make_help_offer(owner, one, words="Ναι.")
    NoneOfThese.objects.create(community=community, person=other, words="Ακούω.")
    OwnStone.lay(by=owner, name="Δικό μου", why="Έτσι.")
    OwnStone.lay(by=owner, name="Άλλο").let_go(by=owner)
    make_introduction(other, owner, words="Γεια", milestone=one)
    make_introduction(owner, other, agreed=True)
    mentoring = Mentoring.objects.create(community=community, mentor=other, mentee=owner, next_talk_at=clock.now())
    cohort = make_cohort(walkers=[owner, other], slug="songs", name="Τραγούδια", target=20, unit="τραγούδια")
    cohort.check_in(by=owner, words="Ένα.", stuck=True)
    welcoming.begin(owner)
    client.force_login(account)
    tails = [
        "personas/", "personas/hobby/", "personas/alloi/", "personas/hobby/change/", "personas/hobby/path/",
        "personas/new/", "persona-choice/", "persona-map/", "people/eleni/journey/", "me/milestones/new/", "meetings/",
        f"people/{other.pk}/introduction/?about=deyteri", f"mentoring/{mentoring.pk}/talk/", "milestones/proti/help/",
        "cohorts/", "cohorts/songs/", "cohorts/songs/change/", "cohorts/new/", "welcome/", "welcome/done/", "welcome/interests/", "welcome/persona/",
        "welcome/celebration/", "welcome/charter/", "welcome/meet/", "welcome/week/",
    ]  # fmt: skip
    wrong = {}
    for tail in tails:
        answer = client.get(f"/c/greek/{tail}")
        assert answer.status_code == 200, tail
        if found := forgotten(answer.content.decode()):
            wrong[tail] = found
    assert wrong == {}
