"""What rules may ask about events, from the event to who matches."""

from __future__ import annotations

import datetime

import pytest

from milepost.domain.events import attending, proposing
from milepost.foundation.activity.following import catch_up
from milepost.foundation.conditions import matching, parse
from tests.factories import make_cast, make_event, make_milestone, make_when

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


def held(cast, days=10, **fields):
    return proposing.note(community=cast.community, by=cast.lan, when=make_when(-days), title="Evening", **fields)


def who(cast, rule):
    catch_up()
    return set(matching(parse(rule, community=cast.community), cast.community))


def test_attended_by_tag_kind_and_milestone(cast):
    stone = make_milestone(cast.community, slug="first-evening")
    kitchen, call = held(cast, kind="workshop", tags=["Kitchen"], milestones=[stone]), held(cast, kind="call")
    attending.check_in(event=kitchen, person=cast.soraya, by=cast.lan)
    attending.check_in(event=call, person=cast.ife, by=cast.lan)
    for tag, expected in (
        ("kitchen", {cast.soraya.pk}),
        ("workshop", {cast.soraya.pk}),
        ("call", {cast.ife.pk}),
        ("milestone:first-evening", {cast.soraya.pk}),
    ):
        assert who(cast, {"did": "event.attended", "in": {"tag": tag}}) == expected, tag
    assert who(cast, {"did": "event.attended", "in": {"object": f"event:{call.pk}"}}) == {cast.ife.pk}
    assert who(
        cast, {"all": [{"did": "event.attended"}, {"not": {"did": "event.attended", "in": {"tag": "call"}}}]}
    ) == {cast.soraya.pk}


def test_attended_one_event_with_its_day(cast):
    event = held(cast, days=10)
    attending.check_in(event=event, person=cast.soraya, by=cast.lan)
    assert who(cast, {"attended": str(event.pk)}) == {cast.soraya.pk}
    assert who(cast, {"attended": str(event.pk), "within": "P5D"}) == set()
    attending.was_not_there(event=event, person=cast.soraya, by=cast.lan)
    assert who(cast, {"attended": str(event.pk)}) == set()


def test_attended_any_of_a_series(cast):
    from milepost.foundation.common import clock

    first = make_event(host=cast.lan, when=make_when(1, rule="FREQ=DAILY;COUNT=3"))
    second = first.series.events.order_by("occurrence")[1]
    with clock.moved(second.ends_at + datetime.timedelta(hours=1)):
        attending.check_in(event=second, person=cast.soraya, by=cast.lan)
        assert who(cast, {"attended": str(first.series_id), "at_least": 1}) == {cast.soraya.pk}
        assert who(cast, {"attended": str(first.pk)}) == set()


def test_what_is_not_there_is_refused(cast):
    from milepost.foundation.conditions import Invalid

    for rule in (
        {"did": "event.attended", "in": {"tag": "no-such-tag"}},
        {"did": "event.attended", "in": {"tag": "milestone:none"}},
        {"attended": "00000000-0000-0000-0000-000000000001"},
        {"attended": "x"},
    ):
        with pytest.raises(Invalid):
            parse(rule, community=cast.community)
