"""What to make next: the stewards' pages."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from milepost.engines.milestones.lift import Group, Lift
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.coverage.drawing import draw_difference
from milepost.interfaces.web.coverage.views import _points, _window
from tests.factories import Cast, make_award, make_cast, make_member, make_milestone, make_opportunity, make_resource

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def page(person: Person, address: str) -> Any:
    client = Client()
    client.force_login(person.account)
    return client.get(address)


def test_it_says_what_is_missing_where_most_people_wait(cast: Cast) -> None:
    base = f"/c/{cast.community.slug}/coverage/"
    assert "There is no milestone yet" in page(cast.lan, base).content.decode()
    cache.clear()
    gig, paid = make_milestone(cast.community, name="First gig"), make_milestone(cast.community, name="First fee")
    make_resource(cast.community, milestones=[paid])
    shown = page(cast.lan, base).content.decode()
    assert "5 people wait before “First gig”, and nothing helps with it yet." in shown
    assert f"resources/new/?milestone={gig.slug}" in shown
    assert "What these numbers count" in shown
    for person in (cast.mateus, cast.soraya):
        assert page(person, base).status_code == 403
    assert Client().get(base).status_code == 302
    assert page(make_cast().lan, base).status_code == 404


def test_one_milestone_says_what_helps_and_what_came_of_it(cast: Cast, django_assert_max_num_queries: Any) -> None:
    stone = make_milestone(cast.community, name="First gig")
    with clock.moved(datetime.timedelta(days=-300)):
        guide = make_resource(cast.community, title="Breathe", milestones=[stone])
        rare = make_resource(cast.community, title="Rarely read", milestones=[stone])
    make_opportunity(cast.community, title="Fold chairs", milestone=stone)
    since = clock.now() - datetime.timedelta(days=290)
    people = [make_member(cast.community, joined_at=since) for _n in range(24)]
    for n, person in enumerate(people[:12]):
        with clock.moved(datetime.timedelta(days=-200)):
            guide.finish(by=person)
        if n < 9:
            make_award(person, stone, reached_on=clock.today("UTC") - datetime.timedelta(days=190))
    with clock.moved(datetime.timedelta(days=-200)):
        rare.finish(by=people[0])
    make_award(people[20], stone, reached_on=clock.today("UTC") - datetime.timedelta(days=130))
    catch_up()
    url = f"/c/{cast.community.slug}/coverage/{stone.slug}/"
    shown = page(cast.lan, url).content.decode()
    assert "9 of 12 (75 %)" in shown
    assert "0 of 12 (0 %)" in shown
    assert "1 of 12 (8 %)" in shown
    assert "+75" in shown
    assert "The range leaves nought out." in shown
    assert "no proof that it helped" in shown
    assert "Too few people have used it" in shown
    assert "Fold chairs" in shown
    steward = Client()
    steward.force_login(cast.lan.account)
    with django_assert_max_num_queries(16):
        steward.get(url)
    assert page(cast.mateus, url).status_code == 403
    assert page(cast.lan, f"/c/{cast.community.slug}/coverage/none/").status_code == 404


def test_differences_are_said_with_their_sign() -> None:
    assert [_points(x) for x in (0.104, -0.2, 0.0)] == ["+10", "−20", "0"]
    assert _window(Lift(30, Group(3, 1), Group(40, 2))) == {"days": 30, "enough": False}
    assert 'cx="232.0"' in draw_difference(1.0, 0.5, 1.0)
    assert 'x1="8.0"' in draw_difference(-1.0, -1.4, 0.0)
