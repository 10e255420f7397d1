"""One member's journey: what lies behind and ahead on the paths of their personas, who helps, and who may look."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from milepost.domain.paths.models import Milestone, OwnStone
from milepost.domain.people import presenting
from milepost.engines.milestones import journeys, welcoming
from milepost.engines.milestones.bearings import take
from milepost.engines.milestones.loading import template
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Membership
from tests.factories import (
    Cast,
    actor,
    make_award,
    make_cast,
    make_charter,
    make_choice,
    make_help_offer,
    make_member,
    make_milestone,
    make_persona,
    make_profile,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def day(ago: int) -> datetime.date:
    return clock.now().date() - datetime.timedelta(days=ago)


def shape(journey: journeys.Journey) -> list[tuple[str, str]]:
    return [(stone.name, stone.state) for stone in journey.stones]


class TestWalking:
    def test_the_path_of_ones_persona_and_what_was_reached_beside_it(self, cast: Cast) -> None:
        a, b, c, other = (make_milestone(cast.community, name=n) for n in "ABCO")
        make_choice(cast.soraya, make_persona(cast.community, path=[a, b, c], name="Hobbyists"))
        make_award(cast.soraya, other, reached_on=day(50))
        make_award(cast.soraya, a, reached_on=day(20), evidence="Eleven people.")
        walked = journeys.walk(cast.soraya, take(cast.community), own=True)
        assert shape(walked) == [("O", "reached"), ("A", "reached"), ("B", "next"), ("C", "later")]
        assert walked.reached == 2
        assert walked.next_stone is not None
        assert walked.next_stone.personas == ("Hobbyists",)
        assert walked.stones[1].evidence[0].words == "Eleven people."

    def test_several_personas_share_stones(self, cast: Cast) -> None:
        a, b, c, d = (make_milestone(cast.community, name=n) for n in "ABCD")
        make_choice(cast.soraya, make_persona(cast.community, path=[a, c], name="One"))
        make_choice(cast.soraya, make_persona(cast.community, path=[a, b, c, d], name="Two"))
        walked = journeys.walk(cast.soraya, take(cast.community), own=True)
        assert [name for name, _state in shape(walked)] == ["A", "B", "C", "D"]
        assert walked.stones[0].personas == ("One", "Two")

    def test_without_a_persona_the_whole_way(self, cast: Cast) -> None:
        for name in "AB":
            make_milestone(cast.community, name=name)
        walked = journeys.walk(cast.soraya, take(cast.community), own=True)
        assert shape(walked) == [("A", "next"), ("B", "later")]

    def test_secret_ones_steps_and_retired_ones(self, cast: Cast) -> None:
        secret = make_milestone(cast.community, name="Secret", is_secret=True)
        found = make_milestone(cast.community, name="Found", is_secret=True)
        step = make_milestone(cast.community, name="Step", kind=Milestone.Kind.STEP)
        retired = make_milestone(cast.community, name="Old", retired_at=clock.now())
        make_choice(cast.soraya, make_persona(cast.community, path=[secret, found, retired]))
        for stone in (found, step):
            make_award(cast.soraya, stone)
        walked = journeys.walk(cast.soraya, take(cast.community), own=True)
        assert shape(walked) == [("Found", "reached")]
        assert [one.name for one in walked.steps] == ["Step"]

    def test_revoked_is_ahead_again_and_a_repeated_one_stands_once(self, cast: Cast) -> None:
        a = make_milestone(cast.community, name="A")
        b = make_milestone(cast.community, name="B", repeats="yearly")
        make_award(cast.soraya, a, revoked_at=clock.now())
        make_award(cast.soraya, b, occurrence="2024", reached_on=datetime.date(2024, 5, 5))
        make_award(cast.soraya, b, occurrence="2025", reached_on=datetime.date(2025, 5, 5))
        walked = journeys.walk(cast.soraya, take(cast.community), own=True)
        assert shape(walked) == [("B", "reached"), ("A", "next")]
        assert [e.day.year for e in walked.stones[0].evidence] == [2025, 2024]
        assert walked.stones[0].reached_on == datetime.date(2024, 5, 5)

    def test_own_stones_are_for_oneself(self, cast: Cast) -> None:
        OwnStone.lay(by=cast.soraya, name="Mine")
        OwnStone.lay(by=cast.soraya, name="Gone").let_go(by=cast.soraya)
        mine = journeys.walk(cast.soraya, take(cast.community), own=True)
        assert ([s.name for s in mine.own], [s.name for s in mine.let_go]) == (["Mine"], ["Gone"])
        assert journeys.walk(cast.soraya, take(cast.community), own=False).own == []

    def test_queries_are_flat(self, cast: Cast) -> None:
        def cost(stones: int) -> int:
            person = make_member(cast.community)
            person.community = cast.community
            path = [make_milestone(cast.community) for _ in range(stones)]
            make_choice(person, make_persona(cast.community, path=path))
            for stone in path[:-1]:
                make_award(person, stone)
            now = take(cast.community)
            with CaptureQueriesContext(connection) as asked:
                journeys.walk(person, now, own=True)
            return len(asked)

        assert cost(2) == cost(20) == 3


class TestWhoMayLook:
    @pytest.mark.parametrize(
        ("audience", "celebration", "member", "visitor"),
        [
            ("private", "public", False, False),
            ("community", "public", True, False),
            ("community", "community", True, False),
            ("community", "first_name", False, False),
            ("public", "public", True, True),
            ("public", "community", True, False),
            ("public", "private", False, False),
            ("public", "none", False, False),
        ],
    )
    def test_both_choices_count(self, cast: Cast, audience: str, celebration: str, member: bool, visitor: bool) -> None:
        assert journeys.may_see(actor(cast.soraya), cast.soraya.pk, audience, celebration)
        assert journeys.may_see(actor(cast.ife), cast.soraya.pk, audience, celebration) is member
        assert journeys.may_see(actor(None, cast.community), cast.soraya.pk, audience, celebration) is visitor
        assert journeys.may_see(actor(cast.noor, cast.community), cast.soraya.pk, audience, celebration) is visitor


class TestHelpers:
    def test_who_reached_it_offered_and_lets_themselves_be_named(self, cast: Cast) -> None:
        stone = make_milestone(cast.community)
        reached, quiet, only_offers, gone, on_break, withdrew = (make_member(cast.community) for _ in range(6))
        for person in (reached, quiet, gone, on_break, withdrew):
            make_award(person, stone)
        for person in (reached, quiet, only_offers, gone, on_break):
            make_help_offer(person, stone, words="Ask me")
        make_help_offer(withdrew, stone, withdrawn_at=clock.now())
        make_profile(quiet, celebration="private")
        Membership.objects.filter(person=gone).update(left_at=clock.now())
        Membership.objects.filter(person=on_break).update(paused_at=clock.now())
        found = journeys.helpers(cast.community, [stone.pk])
        assert [one.id for one in found[stone.pk]] == [reached.pk]
        assert journeys.helpers(cast.community, [stone.pk], without=reached.pk) == {}

    def test_somebody_one_stone_ahead_first(self, cast: Cast) -> None:
        a, b, c = (make_milestone(cast.community) for _ in range(3))
        make_choice(cast.soraya, make_persona(cast.community, path=[a, b, c]))
        make_award(cast.soraya, a)
        for person, stone in ((cast.lan, c), (cast.ife, b), (cast.mateus, a)):
            make_award(person, stone)
            make_help_offer(person, stone)
        now = take(cast.community)
        met = journeys.one_to_meet(cast.soraya, now, journeys.walk(cast.soraya, now, own=False))
        assert met is not None
        assert (met[0].id, met[1]) == (cast.ife.pk, b.pk)

    def test_nobody(self, cast: Cast) -> None:
        make_milestone(cast.community)
        now = take(cast.community)
        assert journeys.one_to_meet(cast.soraya, now, journeys.walk(cast.soraya, now, own=False)) is None


class TestFirstSteps:
    def test_they_are_participation_steps_laid_once(self, cast: Cast) -> None:
        welcoming.begin(cast.soraya)
        welcoming.begin(cast.ife)
        laid = Milestone.objects.filter(community=cast.community)
        assert set(laid.values_list("slug", flat=True)) == set(welcoming.STEPS.values())
        assert {stone.kind for stone in laid} == {"step"}
        assert take(cast.community).stones == [], "and never shown as what someone achieved"

    def test_each_counts_from_the_deed_and_then_by_its_award(self, cast: Cast) -> None:
        from milepost.domain.paths import choosing

        welcome = welcoming.begin(cast.soraya)
        choosing.tell_interests(person=cast.soraya, names=["Oud"])
        before = {one.key: one for one in welcoming.checklist(cast.soraya, welcome)}
        assert before["interests"].done
        assert before["interests"].done_on is None
        assert not before["persona"].done
        assert "charter" not in before, "no charter is in force"
        catch_up()
        after = {one.key: one for one in welcoming.checklist(cast.soraya, welcome)}
        assert after["interests"].done_on == clock.today(cast.community.time_zone)

    def test_a_step_that_the_community_retired_is_not_asked(self, cast: Cast) -> None:
        make_charter(cast.community)
        welcome = welcoming.begin(cast.soraya)
        keys = [one.key for one in welcoming.checklist(cast.soraya, welcome)]
        assert keys == ["interests", "persona", "celebration", "charter", "meet", "week"]
        Milestone.objects.get(slug="step-met-someone").retire(by=cast.lan)
        assert "meet" not in [one.key for one in welcoming.checklist(cast.soraya, welcome)]

    def test_choosing_how_to_be_celebrated_is_a_step(self, cast: Cast) -> None:
        welcome = welcoming.begin(cast.soraya)
        presenting.choose_celebration(person=cast.soraya, celebration="public")
        assert {one.key for one in welcoming.checklist(cast.soraya, welcome) if one.done} == {"celebration"}

    def test_they_are_said_in_the_reader_s_language_unless_the_community_says_otherwise(self, cast: Cast) -> None:
        words = {one["slug"]: (one["name"], one["why"]) for one in template(welcoming.TEMPLATE)["milestones"]}
        assert {slug: (str(name), str(why)) for slug, (name, why) in welcoming._SAID.items()} == words
        welcome = welcoming.begin(cast.soraya)
        Milestone.objects.filter(slug="step-first-words").update(name="Sang along")
        names = {one.key: one.name for one in welcoming.checklist(cast.soraya, welcome)}
        assert (names["week"], names["interests"]) == ("Sang along", "Said what I care about")
