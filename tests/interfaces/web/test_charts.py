"""Charts as they are drawn: not only their data, but bars that one sees."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

import pytest

from milepost.engines.milestones.rhythm import Week
from milepost.interfaces.web.charts import people_a_week

pytest.importorskip("vl_convert", reason="charts come with the extra `insight`")
MONDAY = datetime.date(2026, 6, 1)
BAR = re.compile(r'<path aria-label="[^"]*, (\d+)" role="graphics-symbol" aria-roledescription="rect mark" d="([^"]+)"')


@dataclass(frozen=True)
class Bar:
    """As drawn, in pixels; `bottom` is further down than `top`."""

    people: int
    left: float
    right: float
    top: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def bars(weeks: list[Week]) -> list[Bar]:
    found = []
    for people, path in BAR.findall(people_a_week.picture(weeks)):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", path)]
        if "h" in path:  # square corners, said as steps: M left,top h width v height h -width Z
            left, top, width, height, _back = numbers
            numbers = [left, top, left + width, top + height]
        across, down = numbers[::2], numbers[1::2]
        found.append(Bar(int(people), min(across), max(across), min(down), max(down)))
    return found


def test_each_bar_is_as_high_as_its_people_are_many_and_newcomers_stand_on_top() -> None:
    weeks = [Week(MONDAY + datetime.timedelta(weeks=n), 20 + 2 * n, n % 4) for n in range(10)]
    drawn = bars(weeks)
    assert [bar.people for bar in drawn] == [
        n for week in weeks for n in (week.people - week.newcomers, week.newcomers)
    ]
    assert drawn[0].height > 50
    for bar in drawn:
        assert bar.right - bar.left > 10
        assert bar.height == pytest.approx(drawn[0].height / 20 * bar.people, abs=0.1)
    known, new = drawn[2:4]
    assert (new.people, new.left) == (1, pytest.approx(known.left, abs=1.0))
    assert new.bottom == pytest.approx(known.top, abs=0.1)


def test_of_weeks_without_anyone_no_bar_is_seen() -> None:
    drawn = bars([Week(MONDAY + datetime.timedelta(weeks=n), 0, 0) for n in range(3)])
    assert [(bar.people, bar.height) for bar in drawn] == [(0, 0)] * 6
