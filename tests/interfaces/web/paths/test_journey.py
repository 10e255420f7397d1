"""A member's journey over HTTP: their own, that of others as they opened it, and stones of one's own."""

from __future__ import annotations

import datetime

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from milepost.domain.paths.models import JourneySharing, OwnStone, Persona
from milepost.foundation.common import clock
from tests.factories import (
    Cast,
    make_award,
    make_cast,
    make_choice,
    make_help_offer,
    make_member,
    make_milestone,
    make_persona,
    make_profile,
    make_resource,
)

from .test_personas import as_, read, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    live, tour = (
        make_milestone(cast.community, slug=slug, name=name)
        for slug, name in (("live", "First live gig"), ("tour", "First tour"))
    )
    persona = make_persona(cast.community, slug="pros", name="Professionals", path=[live, tour])
    make_choice(cast.soraya, persona)
    make_award(cast.soraya, live, evidence="Eleven people came.")
    return cast


class TestOwn:
    def test_reached_next_evidence_and_what_helps(self, cast: Cast) -> None:
        tour = cast.community.milestones.get(slug="tour")
        make_award(cast.ife, tour)
        make_help_offer(cast.ife, tour, words="I have a list of kind sofas.")
        make_resource(cast.community, title="How to book a van").milestones.add(tour)
        page = read(cast, cast.soraya, "people/soraya/journey/")
        for said in ("Eleven people came.", "First tour", "I have a list of kind sofas.", "How to book a van"):
            assert said in page, said
        assert f"/people/{cast.ife.pk}/introduction/?about=tour" in page

    def test_the_short_address_leads_there(self, cast: Cast) -> None:
        answer = as_(cast.soraya).get(url(cast, "me/journey/"))
        assert answer["Location"] == url(cast, "people/soraya/journey/")
        assert as_(None).get(url(cast, "me/journey/")).status_code == 302

    def test_at_most_twelve_queries_flat_in_stones_and_members(self, cast: Cast) -> None:
        def cost() -> int:
            client = as_(cast.soraya)
            cache.clear()
            with CaptureQueriesContext(connection) as asked:
                assert client.get(url(cast, "people/soraya/journey/")).status_code == 200
            return len(asked)

        OwnStone.lay(by=cast.soraya, name="For my mother")
        before = cost()
        persona = Persona.objects.get(slug="pros")
        tour = cast.community.milestones.get(slug="tour")
        for n in range(12):
            stone = make_milestone(cast.community)
            persona.stones.create(community=cast.community, milestone=stone, position=10 + n)
            make_award(cast.soraya, stone)
            make_help_offer(make_award(milestone=tour, person=make_member(cast.community)).person, tour)
            OwnStone.lay(by=cast.soraya, name=f"Song {n}")
        assert cost() == before <= 12


class TestOfOthers:
    def test_closed_until_it_is_opened(self, cast: Cast) -> None:
        for who in (None, cast.noor, cast.ife, cast.amara):
            assert as_(who).get(url(cast, "people/soraya/journey/")).status_code == 404
        JourneySharing.choose(by=cast.soraya, audience="community")
        assert "Eleven people came." in read(cast, cast.ife, "people/soraya/journey/")
        assert as_(None).get(url(cast, "people/soraya/journey/")).status_code == 404
        make_profile(cast.soraya, celebration="public")
        JourneySharing.choose(by=cast.soraya, audience="public")
        assert "Soraya" in read(cast, None, "people/soraya/journey/")

    def test_how_one_is_celebrated_comes_first(self, cast: Cast) -> None:
        make_profile(cast.soraya, celebration="private")
        JourneySharing.choose(by=cast.soraya, audience="public")
        assert as_(cast.ife).get(url(cast, "people/soraya/journey/")).status_code == 404
        assert "Nobody sees it for now" in read(cast, cast.soraya, "people/soraya/journey/")

    def test_own_stones_and_steps_are_not_shown(self, cast: Cast) -> None:
        OwnStone.lay(by=cast.soraya, name="For my mother")
        JourneySharing.choose(by=cast.soraya, audience="community")
        assert "For my mother" in read(cast, cast.soraya, "people/soraya/journey/")
        page = read(cast, cast.ife, "people/soraya/journey/")
        assert "For my mother" not in page
        assert "Who sees" not in page

    @pytest.mark.parametrize("key", ["nobody", "joao", "x" * 80])
    def test_who_has_none(self, cast: Cast, key: str) -> None:
        assert as_(cast.soraya).get(url(cast, f"people/{key}/journey/")).status_code == 404
        assert as_(cast.soraya).get(url(cast, f"people/{cast.joao.person.pk}/journey/")).status_code == 404


class TestSharing:
    def test_it_is_switched_by_oneself(self, cast: Cast) -> None:
        assert as_(None).post(url(cast, "me/journey/sharing/")).status_code == 302
        as_(cast.soraya).post(url(cast, "me/journey/sharing/"), {"audience": "community"})
        assert JourneySharing.objects.get().audience == "community"
        as_(cast.soraya).post(url(cast, "me/journey/sharing/"), {"audience": "the world"})
        assert JourneySharing.objects.get().audience == "community"


class TestOwnStones:
    def test_laid_reached_and_back(self, cast: Cast) -> None:
        client = as_(cast.soraya)
        answer = client.post(url(cast, "me/milestones/new/"), {"name": "Sing for my mother", "why": "", "by_when": ""})
        assert answer.status_code == 302
        stone = OwnStone.objects.get()
        day = clock.now().date() - datetime.timedelta(days=3)
        client.post(url(cast, f"me/milestones/{stone.pk}/reached/"), {"reached_on": day.isoformat()})
        stone.refresh_from_db()
        assert stone.reached_on == day
        client.post(url(cast, f"me/milestones/{stone.pk}/reached/"), {"back": "1"})
        stone.refresh_from_db()
        assert stone.reached_on is None
        client.post(url(cast, f"me/milestones/{stone.pk}/letting-go/"))
        assert "Take it up again" in read(cast, cast.soraya, "people/soraya/journey/")
        client.post(url(cast, f"me/milestones/{stone.pk}/letting-go/"), {"back": "1"})
        assert OwnStone.objects.ahead().count() == 1

    def test_bad_input_keeps_the_words(self, cast: Cast) -> None:
        answer = as_(cast.soraya).post(url(cast, "me/milestones/new/"), {"name": "", "why": "Because of her"})
        assert answer.status_code == 422
        assert "Because of her" in answer.content.decode()
        stone = OwnStone.lay(by=cast.soraya, name="Sing")
        late = (clock.now() + datetime.timedelta(days=3)).date().isoformat()
        answer = as_(cast.soraya).post(url(cast, f"me/milestones/{stone.pk}/reached/"), {"reached_on": late})
        assert answer.status_code == 422

    def test_nobody_else_s(self, cast: Cast) -> None:
        stone = OwnStone.lay(by=cast.soraya, name="Sing")
        for tail in (f"me/milestones/{stone.pk}/reached/", f"me/milestones/{stone.pk}/letting-go/"):
            assert as_(cast.ife).post(url(cast, tail)).status_code == 404
            assert as_(make_cast().ife).post(url(cast, tail)).status_code == 404
