"""Times and figures, as people of each language say them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone, translation

from milepost.interfaces.web import times
from milepost.interfaces.web.templatetags import look

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


def words(markup: str) -> str:
    return markup.split(">", 1)[1].removesuffix("</time>")


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=20), "20 min ago"),
        (timedelta(hours=1, minutes=59), "1 hour ago"),
        (timedelta(hours=15), "15 hours ago"),
        (timedelta(hours=16), "yesterday"),
        (timedelta(hours=30), "yesterday"),
        (timedelta(days=3), "Saturday"),
        (timedelta(days=7), "November 17"),
        (timedelta(days=400), "Oct. 20, 2025"),
        (timedelta(days=-9), "December 3"),
    ],
)
def test_how_long_ago(before: timedelta, said: str) -> None:
    with translation.override("en"), timezone.override("UTC"):
        assert words(times.ago(NOW - before, NOW)) == said


def test_yesterday_is_the_readers_own() -> None:
    moment = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    with translation.override("en"), timezone.override("UTC"):
        assert words(times.ago(moment, NOW)) == "yesterday"
    with translation.override("en"), timezone.override("Asia/Tokyo"):
        assert words(times.ago(moment, NOW)) == "yesterday"  # there it is past midnight by now
    with translation.override("en"), timezone.override("Europe/Helsinki"):
        assert words(times.ago(moment, NOW)) == "16 hours ago"


def test_dates_follow_the_language() -> None:
    with timezone.override("UTC"):
        with translation.override("de"):
            assert words(times.day(date(2026, 11, 9), date(2026, 12, 1))) == "9. November"
        with translation.override("en"):
            assert words(times.day(date(2026, 11, 9), date(2026, 12, 1))) == "November 9"


def test_times_carry_their_machine_form() -> None:
    assert 'datetime="2026-11-24T15:30+00:00"' in times.ago(NOW, NOW)
    assert times.ago(None) == times.day(None) == times.clock(None) == ""


def test_figures_follow_the_language() -> None:
    with translation.override("en"):
        assert look.figure(1204) == "1,204"
        assert look.figure(2.25) in ("2.2", "2.3")
    with translation.override("de"):
        assert look.figure(1204) == "1.204"
    assert look.figure(None) == "–"
    assert look.figure(0) == "0"
    assert look.figure("many") == "many"


def test_percent() -> None:
    assert look.percent(0.876) == "88 %"
    assert look.percent(None) == "–"
