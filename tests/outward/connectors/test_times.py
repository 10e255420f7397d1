"""Times as people and programs write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.outward.connectors.records import ConnectorError
from milepost.outward.connectors.sources.times import finds_day_first, parse_time, zone

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2021-03-04T05:06:07Z", "2021-03-04T05:06:07"),
        ("2021-03-04T05:06:07.123+02:00", "2021-03-04T03:06:07.123000"),
        ("2021-03-04 05:06:07", "2021-03-04T04:06:07"),
        ("2021-07-04", "2021-07-03T22:00:00"),
        ("20210304", "2021-03-03T23:00:00"),
        ("2021-03-04 05:06:07 UTC", "2021-03-04T05:06:07"),
        ("2021-03-04 05:06:07 +0100", "2021-03-04T04:06:07"),
        ("1614834367", "2021-03-04T05:06:07"),
        (1614834367, "2021-03-04T05:06:07"),
        (1614834367.5, "2021-03-04T05:06:07.500000"),
        ("1614834367000", "2021-03-04T05:06:07"),
        (1614834367000000, "2021-03-04T05:06:07"),
        (1614834367000000000, "2021-03-04T05:06:07"),
        ("04.03.2021 05:06", "2021-03-04T04:06:00"),
        ("4.3.21, 05:06:07", "2021-03-04T04:06:07"),
        ("04.03.2021 um 05:06 Uhr", "2021-03-04T04:06:00"),
        ("04/03/2021 à 05h06", "2021-03-04T04:06:00"),
        ("04/03/2021", "2021-03-03T23:00:00"),
        ("3/24/21, 5:06 PM", "2021-03-24T16:06:00"),
        ("12/31/2020 12:00 am", "2020-12-30T23:00:00"),
        ("2021/03/04 05:06:07", "2021-03-04T04:06:07"),
        ("Thu, 4 Mar 2021 05:06:07 +0000", "2021-03-04T05:06:07"),
        ("Thu Mar 4 05:06:07 2021", "2021-03-04T04:06:07"),
        ("Mar 4, 2021 5:06 PM", "2021-03-04T16:06:00"),
        ("20210304050607", "2021-03-04T04:06:07"),
        (datetime(2021, 3, 4, 5, 6, 7), "2021-03-04T04:06:07"),
        (date(2021, 3, 4), "2021-03-03T23:00:00"),
    ],
)
def test_times(value, expected):
    assert parse_time(value, BERLIN) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_the_month_may_come_first():
    assert parse_time("3/4/2021", ZoneInfo("UTC"), day_first=False) == datetime(2021, 3, 4, tzinfo=UTC)
    assert finds_day_first(["3/4/2021", "5/24/2021"]) is False
    assert finds_day_first(["3/4/2021", "24/5/2021"]) is True
    assert finds_day_first(["3.4.2021"]) is True
    assert finds_day_first(["3/4/2021", "2021-01-01"]) is None


@pytest.mark.parametrize(
    "value", ["", "soon", None, True, [], "99/99/2021", "x" * 500, "31.02.2021", float("nan"), float("inf"), 1e300]
)
def test_what_is_no_time(value):
    assert parse_time(value, BERLIN) is None


@given(st.text(max_size=40) | st.floats() | st.integers())
def test_nothing_makes_it_fail(value):
    moment = parse_time(value, BERLIN)
    assert moment is None or moment.tzinfo is not None


def test_zones():
    assert zone("America/Sao_Paulo").key == "America/Sao_Paulo"
    for name in ("Mars/Olympus", "", "../etc/passwd"):
        with pytest.raises(ConnectorError):
            zone(name)
