"""Small steps from the roll-up: each on the day it was first taken, by one query for all and for one."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from milepost.domain.spaces.models import Thread
from milepost.engines.milestones import bearings
from milepost.engines.milestones.models import Award
from milepost.engines.milestones.steps import Step, a_year_after, journey, reached
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Membership, Person
from tests.factories import (
    Cast,
    make_award,
    make_cast,
    make_choice,
    make_member,
    make_milestone,
    make_persona,
    make_space,
)

pytestmark = pytest.mark.django_db

FIRST = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)


def on(day: int) -> Any:
    """The clock at noon, `day` days after the first."""
    return clock.moved(FIRST + datetime.timedelta(days=day))


@pytest.fixture
def cast() -> Cast:
    """Ife begins, Lan answers two days later, Ife answers Lan the day after that; Soraya talks to herself."""
    cast = make_cast()
    space = make_space(cast.community)
    with on(0):
        thread = Thread.start(space=space, title="Who has a room", text="?", by=cast.ife)
    with on(2):
        answer = thread.reply(text="I do", by=cast.lan)
    with on(3):
        thread.reply(text="Thank you", by=cast.ife, reply_to=answer)
        alone = Thread.start(space=space, title="A thought", text="…", by=cast.soraya)
        alone.reply(text="And another", by=cast.soraya)
    catch_up()
    return cast


def days(person: Person) -> dict[Step, int]:
    return {step: (day - FIRST.date()).days for step, day in journey(person).steps.items() if step is not Step.YEAR}


def test_each_step_has_the_day_on_which_it_was_first_taken(cast: Cast) -> None:
    assert days(cast.ife) == {Step.POST: 0, Step.ANSWERED: 2, Step.HELPED: 3}
    assert days(cast.lan) == {Step.POST: 2, Step.ANSWERED: 3, Step.HELPED: 2}


def test_who_talks_to_themselves_was_neither_answered_nor_helped_anyone(cast: Cast) -> None:
    assert days(cast.soraya) == {Step.POST: 3}
    assert days(cast.amara) == {}


def test_all_at_once_are_the_same_as_one_by_one(cast: Cast, django_assert_num_queries: Any) -> None:
    long_here = make_member(cast.community, joined_at=clock.now() - datetime.timedelta(days=800))
    make_cast()
    with django_assert_num_queries(1):
        everyone = list(reached(cast.community))
    one_by_one = {
        (person.pk, step, day)
        for person in (cast.amara, cast.lan, cast.mateus, cast.ife, cast.soraya, long_here)
        for step, day in journey(person).steps.items()
    }
    assert len(everyone) == len(set(everyone))
    assert set(everyone) == one_by_one
    assert {step for _, step, _ in everyone} == set(Step)


def test_one_journey_is_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    stone = make_milestone(cast.community)
    make_award(cast.ife, stone, reached_on=datetime.date(2026, 1, 5), evidence="Forty euros")
    with django_assert_num_queries(1):
        travelled = journey(cast.ife)
    assert travelled.joined is not None
    assert travelled.awards[stone.pk].day == datetime.date(2026, 1, 5)
    assert travelled.awards[stone.pk].evidence == "Forty euros"


def test_the_way_ahead_is_that_of_the_personas_one_chose(cast: Cast, django_assert_num_queries: Any) -> None:
    shared, album, other = (make_milestone(cast.community) for _ in range(3))
    make_choice(cast.ife, make_persona(path=[shared]))
    left = make_choice(cast.ife, make_persona(path=[other]))
    left.left_at = clock.now()
    left.save()
    make_choice(cast.ife, make_persona(path=[album], retired_at=clock.now()))
    with django_assert_num_queries(1):
        assert journey(cast.ife).path == {shared.pk}
    assert journey(cast.mateus).path == set()


def test_a_deleted_reply_takes_its_steps_along(cast: Cast) -> None:
    post = cast.lan.identities.get().posts.get()
    post.delete(by=cast.lan)
    catch_up()
    assert days(cast.lan) == {Step.ANSWERED: 3}
    assert Step.ANSWERED not in days(cast.ife)


def test_a_year_with_us_comes_with_time_alone() -> None:
    cast = make_cast(time_zone="Pacific/Auckland")
    # 1 March there, 29 February in UTC.
    joined = datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.UTC)
    Membership.objects.filter(person=cast.soraya).update(joined_at=joined)
    with clock.moved(datetime.datetime(2025, 2, 28, 10, tzinfo=datetime.UTC)):
        assert Step.YEAR not in journey(cast.soraya).steps
    with clock.moved(datetime.datetime(2025, 2, 28, 11, 30, tzinfo=datetime.UTC)):
        assert journey(cast.soraya).steps[Step.YEAR] == datetime.date(2025, 3, 1)
        assert (cast.soraya.pk, Step.YEAR, datetime.date(2025, 3, 1)) in set(reached(cast.community))
    Membership.objects.filter(person=cast.soraya).update(left_at=datetime.datetime(2024, 6, 1, tzinfo=datetime.UTC))
    assert Step.YEAR not in journey(cast.soraya).steps


def test_a_leap_day_returns_on_the_first_of_march() -> None:
    assert a_year_after(datetime.date(2024, 2, 29)) == datetime.date(2025, 3, 1)
    assert a_year_after(datetime.date(2025, 5, 31)) == datetime.date(2026, 5, 31)


def test_every_step_says_what_it_counts() -> None:
    assert len({step.label for step in Step}) == len({step.definition for step in Step}) == len(Step)


def test_awards_of_others_are_not_mine(cast: Cast) -> None:
    make_award(cast.lan, make_milestone(cast.community))
    assert journey(cast.ife).awards == {}
    assert Award.objects.count() == 1


def test_a_communitys_own_steps_are_no_milestones_of_life(cast: Cast, django_assert_num_queries: Any) -> None:
    step = make_milestone(cast.community, kind="step")
    make_award(cast.ife, step, reached_on=datetime.date(2026, 3, 5), how="rule")
    with django_assert_num_queries(1):
        travelled = journey(cast.ife)
    assert travelled.awards == {}
    assert travelled.taken[step.pk].day == datetime.date(2026, 3, 5)
    now = bearings.take(cast.community)
    assert (now.stones, [stone.id for stone in now.steps]) == ([], [step.pk])
