from __future__ import annotations

import datetime
from datetime import date, time

import pytest

from milepost.domain.events import changing, filling, proposing, registering
from milepost.domain.events.changing import Links
from milepost.domain.events.models import Event, Notice, Registration, Series, SeriesMember
from milepost.domain.events.proposing import When
from milepost.domain.events.recurrence import Rule, RuleRefused
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from tests.factories import make_cast, make_event, make_member, make_milestone

pytestmark = pytest.mark.django_db

LISBON = "Europe/Lisbon"
NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)


@pytest.fixture
def cast():
    with clock.moved(NOON):
        yield make_cast(time_zone=LISBON)


def weekly(text: str = "FREQ=WEEKLY;BYDAY=TH", day: date = date(2026, 11, 26)) -> When:
    return When(day, time(19), 120, LISBON, Rule.parse(text))


def days(series: Series) -> list[date]:
    return list(series.events.order_by("occurrence").values_list("occurrence", flat=True))


def test_a_series_without_end_is_made_a_bounded_way_ahead(cast):
    first = make_event(host=cast.lan, when=weekly())
    made = days(first.series)
    assert made[:2] == [date(2026, 11, 26), date(2026, 12, 3)]
    assert len(made) <= filling.MOST + 1
    assert made[-1] <= (NOON + filling.AHEAD).date()
    daily = make_event(host=cast.lan, when=weekly("FREQ=DAILY"))
    assert len(days(daily.series)) <= filling.MOST + 1


def test_the_clock_on_the_wall_stays_over_daylight_saving(cast):
    first = make_event(host=cast.lan, when=weekly())
    starts = {e.occurrence: e for e in first.series.events.all()}
    winter, summer = starts[date(2027, 3, 25)], starts[date(2027, 4, 1)]
    assert winter.local_start.time() == summer.local_start.time() == time(19)
    assert summer.starts_at - winter.starts_at == datetime.timedelta(days=7, hours=-1)


def test_time_passing_makes_more_and_never_twice(cast):
    first = make_event(host=cast.lan, when=weekly())
    before = days(first.series)
    with clock.moved(NOON + datetime.timedelta(days=90)):
        assert filling.fill_all() > 0
        assert filling.fill_all() == 0
        after = days(first.series)
    assert after[: len(before)] == before
    assert len(after) == len(set(after))


def test_a_29_february_has_a_next_one_in_four_years(cast):
    with clock.moved(datetime.datetime(2028, 2, 1, tzinfo=datetime.UTC)):
        first = make_event(host=cast.lan, when=weekly("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", date(2028, 2, 29)))
        assert days(first.series) == [date(2028, 2, 29)]
    with clock.moved(datetime.datetime(2028, 3, 5, tzinfo=datetime.UTC)):
        filling.fill_all()
        assert days(first.series) == [date(2028, 2, 29), date(2032, 2, 29)]


def test_a_first_day_that_the_rule_does_not_give_is_refused(cast):
    with pytest.raises(RuleRefused):
        make_event(host=cast.lan, when=weekly("FREQ=WEEKLY;BYDAY=MO"))
    assert not Series.objects.exists()


def test_new_events_have_the_people_milestones_and_tags_of_the_last(cast):
    stone = make_milestone(cast.community)
    first = make_event(host=cast.lan, when=weekly(), milestones=[stone], tags=["Open Stage"], speakers=["Björk"])
    last = first.series.events.order_by("-occurrence").first()
    assert {str(p) for p in last.parts.all()} == {"Lan Nguyễn", "Björk"}
    assert last.milestone_links.get().milestone == stone
    assert [t.name for t in last.tags.all()] == ["open stage"]


# --- editing ----------------------------------------------------------------------------------------


def test_edit_one_leaves_the_others_and_later_changes_leave_it(cast):
    first = make_event(host=cast.lan, when=weekly(), title="Evening")
    third = first.series.events.order_by("occurrence")[2]
    changing.change(event=third, by=cast.lan, title="The long evening")
    changing.change_series(event=first, by=cast.lan, which="all", title="Open evening", place="The hall")
    titles = list(first.series.events.order_by("occurrence").values_list("title", flat=True)[:4])
    assert titles == ["Open evening", "Open evening", "The long evening", "Open evening"]
    third.refresh_from_db()
    assert third.place == "The hall", "what was not changed alone follows"


def test_this_and_following_splits_the_series(cast):
    first = make_event(host=cast.lan, when=weekly())
    series = first.series
    filling.join_series(series=series, by=cast.soraya)
    rows = list(series.events.order_by("occurrence"))
    ids = [row.pk for row in rows]
    fourth = rows[3]
    changing.change_series(
        event=fourth, by=cast.lan, which="following", when=When(fourth.occurrence, time(20), 60, LISBON), title="Later"
    )
    series.refresh_from_db()
    assert days(series) == [row.occurrence for row in rows[:3]]
    assert series.ended_at
    fourth.refresh_from_db()
    assert fourth.series.continues == series
    assert fourth.local_start.time() == time(20)
    assert list(fourth.series.events.order_by("occurrence").values_list("pk", flat=True)) == ids[3:]
    assert SeriesMember.objects.filter(series=fourth.series, person=cast.soraya).exists()
    assert Registration.objects.filter(event__in=ids, person=cast.soraya).count() == len(ids)
    assert set(series.events.values_list("title", flat=True)) == {rows[0].title}
    # One mail about all of it, not one for each.
    assert Notice.objects.filter(kind="changed", registration__person=cast.soraya).count() == 1
    filling.fill_all()
    assert days(series) == [row.occurrence for row in rows[:3]], "the old one is over"


def test_all_moves_to_another_weekday_with_who_is_registered(cast):
    first = make_event(host=cast.lan, when=weekly("FREQ=WEEKLY;BYDAY=TH;COUNT=5"))
    second = first.series.events.order_by("occurrence")[1]
    registering.register(event=second, by=cast.soraya)
    rule = Rule.parse("FREQ=WEEKLY;BYDAY=TU;COUNT=5")
    with pytest.raises(DomainError, match="does not come round"):
        changing.change_series(
            event=first, by=cast.lan, which="all", when=When(date(2026, 12, 1), time(19), 120, LISBON)
        )
    changing.change_series(
        event=first, by=cast.lan, which="all", when=When(date(2026, 12, 1), time(19), 120, LISBON, rule)
    )
    second.refresh_from_db()
    assert second.occurrence.strftime("%a") == "Tue"
    assert second.registrations.get().person == cast.soraya
    live = Event.objects.taking_place().filter(series=second.series).order_by("occurrence")
    assert [e.occurrence for e in live] == [date(2026, 12, 1) + datetime.timedelta(days=7 * n) for n in range(5)]
    assert all(e.local_start.date() == e.occurrence for e in live)


def test_half_as_often_calls_the_others_off(cast):
    first = make_event(host=cast.lan, when=weekly("FREQ=WEEKLY;BYDAY=TH;COUNT=6"))
    rule = Rule.parse("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;COUNT=3")
    changing.change_series(
        event=first, by=cast.lan, which="all", when=When(date(2026, 11, 26), time(19), 120, LISBON, rule)
    )
    live = Event.objects.taking_place().order_by("starts_at")
    assert [e.occurrence for e in live] == [date(2026, 11, 26), date(2026, 12, 10), date(2026, 12, 24)]
    assert Event.objects.filter(cancelled_at__isnull=False).count() == 3


def test_what_has_taken_place_stays_as_it_was(cast):
    first = make_event(host=cast.lan, when=weekly(), title="Before")
    with clock.moved(NOON + datetime.timedelta(days=10)):
        later = first.series.events.order_by("occurrence")[3]
        changing.change_series(
            event=later, by=cast.lan, which="all", title="After", when=When(later.occurrence, time(18), 120, LISBON)
        )
    first.refresh_from_db()
    assert first.title == "Before"
    assert first.local_start.time() == time(19)
    third = first.series.events.order_by("occurrence")[2]
    assert (third.title, third.local_start.time()) == ("After", time(18))


def test_links_change_for_all(cast):
    first = make_event(host=cast.lan, when=weekly("FREQ=WEEKLY;BYDAY=TH;COUNT=3"))
    changing.change_series(event=first, by=cast.lan, which="all", links=Links(hosts=[cast.soraya], tags=["x"]))
    assert {str(p) for e in first.series.events.all() for p in e.parts.all()} == {"Soraya Haddad"}


def test_only_hosts_change_a_series(cast):
    first = make_event(host=cast.lan, when=weekly())
    with pytest.raises(NotAllowed):
        changing.change_series(event=first, by=cast.soraya, which="all", title="Mine")
    with pytest.raises(NotAllowed):
        changing.cancel_series(event=first, by=cast.soraya)


def test_a_series_ends(cast):
    first = make_event(host=cast.lan, when=weekly("FREQ=WEEKLY;BYDAY=TH;COUNT=6"))
    filling.join_series(series=first.series, by=cast.soraya)
    third = first.series.events.order_by("occurrence")[2]
    assert changing.cancel_series(event=third, by=cast.lan, reason="Summer") == 4
    assert Event.objects.taking_place().count() == 2
    assert Notice.objects.filter(kind="cancelled").count() == 1
    first.series.refresh_from_db()
    assert filling.fill(first.series) == []


# --- joining once -----------------------------------------------------------------------------------


def test_join_once_and_be_registered_for_what_is_made_later(cast):
    first = make_event(host=cast.lan, when=weekly())
    count = filling.join_series(series=first.series, by=cast.soraya)
    assert count == first.series.events.count()
    assert Notice.objects.filter(registration__person=cast.soraya).count() == 1, "one mail, not sixty"
    declined = first.series.events.order_by("occurrence")[1]
    registering.unregister(event=declined, person=cast.soraya, by=cast.soraya)
    assert filling.join_series(series=first.series, by=cast.soraya) == 0, "what was declined stays so"
    with clock.moved(NOON + datetime.timedelta(days=90)):
        made = filling.fill_all()
        assert made
        last = first.series.events.order_by("-occurrence").first()
        assert last.registrations.placed().filter(person=cast.soraya).exists()
        filling.leave_series(series=first.series, by=cast.soraya)
    assert (
        not Registration.objects.standing()
        .filter(person=cast.soraya, event__starts_at__gt=NOON + datetime.timedelta(days=90))
        .exists()
    )


def test_each_event_of_a_joined_series_has_its_own_places(cast):
    first = make_event(host=cast.lan, when=weekly("FREQ=WEEKLY;BYDAY=TH;COUNT=3"), capacity=1)
    second = first.series.events.order_by("occurrence")[1]
    registering.register(event=second, by=cast.ife)
    filling.join_series(series=first.series, by=cast.soraya)
    rows = Registration.objects.filter(person=cast.soraya).order_by("event__starts_at")
    assert [row.is_waiting for row in rows] == [False, True, False]


def test_who_may_not_see_it_does_not_join(cast):
    first = make_event(host=cast.lan, when=weekly())
    with pytest.raises(NotAllowed):
        filling.join_series(series=first.series, by=make_member())
    asks = make_event(host=cast.lan, when=weekly(), questions=[{"question": "?", "required": True}])
    with pytest.raises(DomainError, match="asks questions"):
        filling.join_series(series=asks.series, by=cast.soraya)


def test_publishing_the_first_announces_all(cast):
    first = proposing.propose(community=cast.community, by=cast.lan, when=weekly(), title="Draft", announce=False)
    assert not Event.objects.published().exists()
    proposing.publish(event=first, by=cast.lan)
    assert Event.objects.published().count() == first.series.events.count()
