"""Rules that come round again, also compared with another hand's reading of RFC 5545."""

from __future__ import annotations

import datetime
from datetime import UTC, date, time
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from milepost.domain.events import recurrence, wall
from milepost.domain.events.recurrence import Rule, RuleRefused

THURSDAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no part"),
        ("EVERY=WEEK", "no part"),
        ("BYDAY=TH", "daily, weekly"),
        ("FREQ=HOURLY", "daily, weekly"),
        ("FREQ=WEEKLY;BYDAY=TODAY", "no weekday"),
        ("FREQ=WEEKLY;BYDAY=2TH", "Only monthly"),
        ("FREQ=MONTHLY;BYDAY=0TH", "no weekday"),
        ("FREQ=WEEKLY;COUNT=3;UNTIL=20270101", "not both"),
        ("FREQ=WEEKLY;COUNT=0", "from 1 to"),
        ("FREQ=WEEKLY;COUNT=9999999999", "from 1 to"),
        ("FREQ=WEEKLY;INTERVAL=x", "from 1 to"),
        ("FREQ=WEEKLY;UNTIL=tomorrow", "no day"),
        ("FREQ=WEEKLY;FREQ=DAILY", "twice"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "from 1 to 31"),
        ("FREQ=WEEKLY;BYHOUR=3", "no part"),
    ],
)
def test_what_is_no_rule_is_refused_with_a_reason(text, says):
    with pytest.raises(RuleRefused, match=says):
        Rule.parse(text)


def test_without_an_end_only_as_many_as_asked_for():
    endless = Rule.parse("FREQ=DAILY")
    assert len(endless.days(THURSDAY, most=5)) == 5
    assert endless.days(THURSDAY, to=THURSDAY + datetime.timedelta(days=2))[-1] == date(2026, 11, 28)
    assert len(endless.days(THURSDAY, most=10**6)) <= recurrence.FURTHEST.days + 1


def test_a_rule_that_never_holds_says_so():
    with pytest.raises(RuleRefused, match="never comes round"):
        Rule.parse("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30").must_begin_on(THURSDAY)


def test_the_first_day_is_one_of_the_rule():
    Rule.parse("FREQ=WEEKLY;BYDAY=TH").must_begin_on(THURSDAY)
    with pytest.raises(RuleRefused, match="2026-11-27"):
        Rule.parse("FREQ=WEEKLY;BYDAY=FR").must_begin_on(THURSDAY)


def test_29_february_comes_in_leap_years_only_and_over_2100():
    rule = Rule.parse("FREQ=YEARLY")
    assert rule.days(date(2024, 2, 29), most=3) == [date(2024, 2, 29), date(2028, 2, 29), date(2032, 2, 29)]
    assert rule.days(date(2096, 2, 29), most=2) == [date(2096, 2, 29), date(2104, 2, 29)]


def test_the_31st_is_left_out_of_short_months():
    days = Rule.parse("FREQ=MONTHLY;BYMONTHDAY=31").days(date(2027, 1, 31), most=3)
    assert days == [date(2027, 1, 31), date(2027, 3, 31), date(2027, 5, 31)]


def test_an_until_in_utc_becomes_the_local_day():
    assert Rule.parse("FREQ=DAILY;UNTIL=20261231T233000Z", "Asia/Tokyo").until == date(2027, 1, 1)
    assert Rule.parse("RRULE:freq=daily;until=20261231").text == "FREQ=DAILY;UNTIL=20261231"


def test_the_clocks_leap_and_fall_back():
    lisbon = "Europe/Lisbon"
    # 28 March 2027, 01:00 becomes 02:00: the offset before the leap counts, so half past one is half past two.
    leapt = wall.moment(date(2027, 3, 28), time(1, 30), lisbon)
    assert wall.local(leapt, lisbon).time() == time(2, 30)
    # 31 October 2027, 02:00 becomes 01:00: of the two half past ones the first.
    twice = wall.moment(date(2027, 10, 31), time(1, 30), lisbon)
    assert twice == datetime.datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    # Over a change, the clock on the wall stays.
    before, after = (wall.moment(d, time(19), lisbon) for d in (date(2027, 3, 27), date(2027, 3, 28)))
    assert after - before == datetime.timedelta(hours=23)


def test_split_and_rest_are_the_whole():
    rule = Rule.parse("FREQ=WEEKLY;BYDAY=TH;COUNT=10")
    whole = rule.days(THURSDAY)
    cut = whole[4]
    assert rule.ending_before(cut).days(THURSDAY) + rule.rest_from(THURSDAY, cut).days(cut) == whole


@pytest.mark.parametrize("name", recurrence.CHOICES)
def test_choices_begin_on_their_first_day(name):
    rule = recurrence.chosen(name, THURSDAY)
    rule.must_begin_on(THURSDAY)
    assert recurrence.in_words(rule)


def test_in_words():
    assert (
        recurrence.in_words(recurrence.chosen("fortnightly", THURSDAY, count=10))
        == "every 2 weeks on Thursday, 10 times"
    )
    assert recurrence.in_words(recurrence.chosen("monthly_weekday", THURSDAY)) == "every month on the fourth Thursday"


rules = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={}".format, st.integers(1, 40)),
    st.builds(
        "FREQ=WEEKLY;INTERVAL={};BYDAY={}".format,
        st.integers(1, 6),
        st.lists(st.sampled_from(recurrence.WEEKDAYS), min_size=1, max_size=4, unique=True).map(",".join),
    ),
    st.builds("FREQ=MONTHLY;BYMONTHDAY={}".format, st.integers(-31, 31).filter(bool)),
    st.builds(
        "FREQ=MONTHLY;BYDAY={}{}".format, st.sampled_from([-2, -1, 1, 2, 3, 4, 5]), st.sampled_from(recurrence.WEEKDAYS)
    ),
    st.builds("FREQ=YEARLY;BYMONTH={};BYMONTHDAY={}".format, st.integers(1, 12), st.integers(1, 31)),
)


@given(rules, st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.none() | st.integers(1, 20))
def test_as_another_hand_reads_the_standard(text, start, count):
    rule = Rule.parse(text + (f";COUNT={count}" if count else ""))
    first = next(iter(rule.days(start, most=1)), None)
    if first is None:
        return
    event = icalendar.Event()
    event.add("uid", "one")
    event.add("dtstart", datetime.datetime.combine(first, time(19), ZoneInfo("Europe/Lisbon")))
    event.add("rrule", icalendar.vRecur.from_ical(rule.text))
    calendar = icalendar.Calendar()
    calendar.add_component(event)
    until = first + datetime.timedelta(days=500)
    theirs = [
        e["DTSTART"].dt.date()
        for e in recurring_ical_events.of(calendar).between(first, until + datetime.timedelta(days=1))
    ]
    assert rule.days(first, to=until) == sorted(theirs)
