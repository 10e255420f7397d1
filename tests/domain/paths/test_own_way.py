"""Stones of one's own, who sees a journey, first steps; and what merging, erasing and taking along make of all of it."""

from __future__ import annotations

import datetime

import pytest

from milepost.domain.paths import choosing
from milepost.domain.paths.models import (
    CheckIn,
    CohortMember,
    HelpOffer,
    Interest,
    Introduction,
    JourneySharing,
    OwnStone,
    PersonaChoice,
    Welcome,
)
from milepost.domain.people import erasure, linking, portrait
from milepost.foundation.activity.models import Activity
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from tests.factories import (
    Cast,
    make_cast,
    make_choice,
    make_cohort,
    make_help_offer,
    make_introduction,
    make_milestone,
    make_persona,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


class TestOwnStones:
    def test_set_reached_and_not_after_all(self, cast: Cast) -> None:
        stone = OwnStone.lay(by=cast.soraya, name=" Play  for my mother ", why="She asked.")
        assert stone.name == "Play for my mother"
        stone.reach(by=cast.soraya, on=clock.now().date() - datetime.timedelta(days=4))
        told = Activity.objects.standing().get(verb="stone.reached")
        assert told.happened_at.date() == stone.reached_on
        stone.unreach(by=cast.soraya)
        assert not Activity.objects.standing().filter(verb="stone.reached").exists()
        assert list(OwnStone.objects.ahead()) == [stone]

    def test_let_go_and_taken_up(self, cast: Cast) -> None:
        stone = OwnStone.lay(by=cast.soraya, name="Sing")
        stone.let_go(by=cast.soraya)
        assert not OwnStone.objects.ahead().exists()
        stone.take_up(by=cast.soraya)
        assert OwnStone.objects.ahead().exists()

    def test_it_is_nobody_elses(self, cast: Cast) -> None:
        stone = OwnStone.lay(by=cast.soraya, name="Sing")
        for act in (stone.reach, stone.let_go, stone.take_up, stone.unreach):
            with pytest.raises(NotAllowed):
                act(by=cast.amara)

    def test_what_cannot_be(self, cast: Cast) -> None:
        with pytest.raises(DomainError, match="name"):
            OwnStone.lay(by=cast.soraya, name="")
        stone = OwnStone.lay(by=cast.soraya, name="Sing")
        with pytest.raises(DomainError, match="to come"):
            stone.reach(by=cast.soraya, on=clock.now().date() + datetime.timedelta(days=2))
        with pytest.raises(DomainError, match="long ago"):
            stone.reach(by=cast.soraya, on=datetime.date(1901, 1, 1))
        for n in range(19):
            OwnStone.lay(by=cast.soraya, name=f"Sing {n}")
        with pytest.raises(DomainError, match="20 of your own"):
            OwnStone.lay(by=cast.soraya, name="One more")


class TestSharing:
    def test_the_member_decides(self, cast: Cast) -> None:
        JourneySharing.choose(by=cast.soraya, audience="public")
        JourneySharing.choose(by=cast.soraya, audience="private")
        assert JourneySharing.objects.get().audience == "private"
        with pytest.raises(DomainError):
            JourneySharing.choose(by=cast.soraya, audience="everybody")


class TestFirstSteps:
    def test_begun_passed_over_closed(self, cast: Cast) -> None:
        welcome = Welcome.begin(by=cast.soraya)
        assert Welcome.begin(by=cast.soraya) == welcome
        welcome.pass_over(by=cast.soraya, step="meet")
        welcome.pass_over(by=cast.soraya, step="meet")
        assert welcome.passed == ["meet"]
        with pytest.raises(NotAllowed):
            welcome.close(by=cast.lan)
        welcome.close(by=cast.soraya)
        welcome.close(by=cast.soraya)
        assert Activity.objects.filter(verb="welcome.finished").count() == 1


def furnish(cast: Cast) -> None:
    """Soraya with one of everything."""
    make_choice(cast.soraya, make_persona(cast.community))
    choosing.tell_interests(person=cast.soraya, names=["Oud"])
    make_help_offer(cast.soraya, make_milestone(cast.community), words="My words")
    make_introduction(cast.soraya, cast.ife, words="Private words")
    cohort = make_cohort(walkers=[cast.soraya])
    cohort.check_in(by=cast.soraya, words="My check-in")
    OwnStone.lay(by=cast.soraya, name="My own stone")
    JourneySharing.choose(by=cast.soraya, audience="community")
    Welcome.begin(by=cast.soraya)


def test_all_of_it_can_be_taken_along(cast: Cast) -> None:
    furnish(cast)
    names = {name for name, rows in portrait.own_data(cast.soraya) if any(True for _ in rows)}
    assert {
        "personas-chosen.jsonl",
        "interests.jsonl",
        "help-offered.jsonl",
        "introductions.jsonl",
        "cohorts.jsonl",
        "check-ins.jsonl",
        "own-milestones.jsonl",
        "journey-sharing.jsonl",
        "welcome.jsonl",
        "cohorts-organised.jsonl",
    } <= names


def test_erasing_takes_their_own_way_and_keeps_the_group_s_count(cast: Cast) -> None:
    furnish(cast)
    erasure.erase(person=cast.soraya, by=cast.amara)
    for model in (PersonaChoice, Interest, HelpOffer, Introduction, OwnStone, JourneySharing, Welcome):
        assert not model._default_manager.exists(), model.__name__
    assert CheckIn.objects.get().words == ""
    assert CohortMember.objects.count() == 1


def test_merging_moves_it_and_splitting_gives_it_back(cast: Cast) -> None:
    persona = make_persona(cast.community)
    ghost = cast.joao.person
    make_choice(ghost, persona)
    make_choice(cast.soraya, persona)
    cohort = make_cohort(cast.community)
    CohortMember.objects.create(community=cast.community, cohort=cohort, person=ghost)
    merge = linking.merge(kept=cast.soraya, gone=ghost, by=cast.lan)
    assert PersonaChoice.objects.filter(person=cast.soraya).count() == 1
    assert CohortMember.objects.get().person == cast.soraya
    linking.split(merge=merge, by=cast.lan)
    assert CohortMember.objects.get().person == ghost
    assert PersonaChoice.objects.filter(person=ghost).count() == 1
