"""Milestones by claim: said once, taken back without a trace in what is counted; and what each may see celebrated."""

from __future__ import annotations

import datetime

import pytest

from milepost.engines.milestones import bearings
from milepost.engines.milestones.floor import may_show
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberDay
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from tests.factories import (
    make_award,
    make_cast,
    make_charter,
    make_community,
    make_goal,
    make_member,
    make_milestone,
    make_organisation,
    make_value,
)

pytestmark = pytest.mark.django_db

YESTERDAY = datetime.timedelta(days=1)


def test_a_claim_is_said_once() -> None:
    cast = make_cast()
    stone = make_milestone(cast.community)
    day = clock.now().date() - YESTERDAY
    first = Award.claim(person=cast.ife, milestone=stone, reached_on=day, evidence=" Forty euros ")
    again = Award.claim(person=cast.ife, milestone=stone, reached_on=day, evidence="Fifty")
    assert first == again
    assert first.evidence == "Forty euros"
    told = Activity.objects.get(verb="milestone.reached")
    assert (told.object_id, told.happened_at.date()) == (stone.pk, day)


def test_taking_back_and_saying_it_again() -> None:
    cast = make_cast()
    stone = make_milestone(cast.community)
    for _ in range(2):
        award = Award.claim(person=cast.ife, milestone=stone, reached_on=clock.now().date() - YESTERDAY)
        catch_up()
        assert MemberDay.objects.get(verb="milestone.reached").count == 1
        award.withdraw(by=cast.ife)
        catch_up()
        assert not MemberDay.objects.filter(verb="milestone.reached").exists()
        assert not Award.objects.exists()
    assert Activity.objects.filter(verb="milestone.reached").standing().count() == 0
    assert Activity.objects.filter(verb="milestone.reached").count() == 2


def test_nobody_takes_back_for_another() -> None:
    cast = make_cast()
    award = make_award(cast.ife)
    with pytest.raises(NotAllowed):
        award.withdraw(by=cast.amara)
    assert Award.objects.exists()


def test_what_cannot_be_claimed() -> None:
    cast = make_cast()
    today = clock.now().date()
    with pytest.raises(DomainError, match="another community"):
        Award.claim(person=cast.ife, milestone=make_milestone(), reached_on=today)
    retired = make_milestone(cast.community, retired_at=clock.now())
    with pytest.raises(DomainError, match="no longer"):
        Award.claim(person=cast.ife, milestone=retired, reached_on=today)
    stone = make_milestone(cast.community)
    for day, words in (
        (today + datetime.timedelta(days=2), "still to come"),
        (datetime.date(1950, 1, 1), "too long ago"),
    ):
        with pytest.raises(DomainError, match=words):
            Award.claim(person=cast.ife, milestone=stone, reached_on=day)
    assert not Activity.objects.filter(verb="milestone.reached").exists()


@pytest.mark.parametrize(
    ("count", "whole", "shown"),
    [
        (0, 3, True),
        (1, 100, False),
        (4, 100, False),
        (5, 100, True),
        (95, 100, True),
        (96, 100, False),
        (99, 100, False),
        (100, 100, True),
        (10, 19, False),
        (19, 19, False),
        (10, 20, True),
    ],
)
def test_the_privacy_floor(count: int, whole: int, shown: bool) -> None:
    assert may_show(count, whole) is shown
    assert may_show(count, whole, steward=True)


def test_bearings_say_in_one_query_where_a_community_stands(django_assert_num_queries) -> None:
    cast = make_cast()
    community = cast.community
    make_charter(community, mission="The old one")
    make_charter(community, mission="Why we are here", vision="What will be")
    make_charter(community, mission="Never ratified", ratified_at=None)
    value = make_value(community, meaning="On an ordinary day")
    make_value(community, retired_at=clock.now())
    stone, old = make_milestone(community), make_milestone(community, retired_at=clock.now())
    goal = make_goal(community, milestone=stone, value=value, target=12, deadline=datetime.date(2030, 1, 1))
    told = make_goal(community)
    make_goal(community, adopted=False)
    make_goal(community, retired_at=clock.now())
    for person in (cast.ife, cast.lan):
        make_award(person, stone)
    make_award(cast.ife, old)
    make_organisation(community)
    make_member(community, joined_at=clock.now() - YESTERDAY, left_at=clock.now())
    make_goal(), make_value(), make_award()
    with django_assert_num_queries(1):
        now = bearings.take(community)
    assert (now.mission, now.vision, now.number, now.members) == ("Why we are here", "What will be", 2, 5)
    assert [row.id for row in now.values] == [value.pk]
    assert [(row.id, row.reached) for row in now.stones] == [(stone.pk, 2)]
    assert now.stone(old.pk) is not None
    assert [(row.id, row.reached, row.target) for row in now.goals] == [(goal.pk, 2, 12.0), (told.pk, None, None)]


def test_an_empty_community_has_bearings_too() -> None:
    now = bearings.take(make_community())
    assert (now.members, now.mission, now.goals, now.values, now.stones) == (0, "", [], [], [])


def test_where_a_goal_would_be_by_now() -> None:
    cast = make_cast()
    adopted = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    make_goal(
        cast.community,
        milestone=make_milestone(cast.community),
        target=100,
        adopted_at=adopted,
        deadline=datetime.date(2026, 4, 11),
    )
    (goal,) = bearings.take(cast.community).goals
    assert goal.expected(datetime.date(2026, 1, 1)) == 0
    assert goal.expected(datetime.date(2026, 2, 20)) == 50
    assert goal.expected(datetime.date(2027, 1, 1)) == 100
