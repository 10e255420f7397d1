"""What rules may ask of milestones and goals."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.conditions import Invalid, parse
from milepost.foundation.conditions.matching import matching
from tests.factories import Cast, make_award, make_cast, make_goal, make_milestone, make_opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def who(cast: Cast, tree: Any) -> set[Any]:
    return set(matching(parse(tree, community=cast.community), cast.community))


def test_a_goal_is_contributed_to_by_milestones_and_by_work_that_serves_it(cast: Cast) -> None:
    stone = make_milestone(cast.community)
    goal = make_goal(cast.community, slug="stages", title="A hundred stages", milestone=stone)
    make_award(cast.ife, stone, reached_on=clock.today("UTC") - datetime.timedelta(days=200))
    work, other = make_opportunity(cast.community, goal=goal), make_opportunity(cast.community)
    for taker, task in ((cast.soraya, work), (cast.mateus, other)):
        task.take(by=taker).finish(by=taker)
    catch_up()
    assert who(cast, {"contributed_to": goal.slug}) == {cast.ife.pk, cast.soraya.pk}
    assert who(cast, {"contributed_to": goal.slug, "within": "P90D"}) == {cast.soraya.pk}
    rule = parse({"not": {"contributed_to": goal.slug}}, community=cast.community)
    assert str(rule.explain()) == "Has not contributed to “A hundred stages”."


def test_a_goal_that_is_not_there_is_named(cast: Cast) -> None:
    with pytest.raises(Invalid) as raised:
        parse({"contributed_to": "nowhere"}, community=cast.community)
    assert raised.value.problems[0].path == "/contributed_to"


def test_rules_ask_how_people_want_to_be_celebrated(cast: Cast) -> None:
    everyone = who(cast, {"attribute": "celebration", "in": ["public", "community", "first_name", "private", "none"]})
    assert cast.lan.pk in everyone
    assert not who(cast, {"attribute": "celebration", "is": "none"})
