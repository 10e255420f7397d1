"""The pictures that Milepost draws: valid, the same each time, with their words."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.interfaces.web.colour import contrast
from milepost.interfaces.web.drawing.avatar import draw_avatar, initials, tones
from milepost.interfaces.web.drawing.horizon import draw_horizon
from milepost.interfaces.web.drawing.meter import draw_meter, draw_sparkline
from milepost.interfaces.web.drawing.path import STATES, Stone, draw_path
from milepost.interfaces.web.drawing.shapes import number, stone
from milepost.interfaces.web.samples import LONG_NAME
from milepost.interfaces.web.styleguide import sample_stones

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=60)


def parse(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(markup)


@pytest.mark.parametrize("count", range(1, 13))
def test_a_path_of_any_length_is_valid_and_lists_its_stones_in_order(count: int) -> None:
    stones = sample_stones(count)
    drawn = parse(draw_path(stones, label="Your path"))
    items = drawn.findall("./ol/li")
    assert [item.findtext(".//b") for item in items] == [stone["label"] for stone in stones]
    assert [item.get("aria-current") for item in items].count("step") == 1
    assert all(picture.get("aria-hidden") == "true" for item in items for picture in item.findall("svg"))


def test_the_way_is_walked_up_to_the_next_stone_and_no_further() -> None:
    row = [Stone("a", "reached"), Stone("b", "next"), Stone("c", "later")]
    items = parse(draw_path(row)).findall("./ol/li")
    lines = [[line.get("class") for line in item.findall("svg[@class='way way-wide']/svg[1]/path")] for item in items]
    assert lines == [["walked"], ["walked", "ahead"], ["ahead", "ahead"]]


def test_neighbouring_lengths_of_the_way_meet() -> None:
    items = parse(draw_path(sample_stones(8))).findall("./ol/li")
    for kind in ("wide", "tall"):
        curves = [[p.get("d", "") for p in item.findall(f"svg[@class='way way-{kind}']/svg[1]/path")] for item in items]
        for here, there in itertools.pairwise(curves):
            leaves, arrives = here[-1].split()[-2:], there[0][1:].split("C")[0].split()
            across = 1 if kind == "wide" else 0
            assert leaves[across] == arrives[across]


@given(st.lists(st.tuples(TEXT, st.sampled_from(STATES), TEXT), min_size=1, max_size=12))
def test_names_never_break_the_markup(row: list[tuple[str, str, str]]) -> None:
    drawn = parse(
        draw_path([{"label": label, "state": state, "detail": detail, "url": detail} for label, state, detail in row])
    )
    assert len(drawn.findall("./ol/li")) == len(row)


def test_no_stones_draw_nothing_and_unknown_states_lie_ahead() -> None:
    assert draw_path([]) == ""
    assert "is-later" in draw_path([{"label": "x", "state": "nonsense"}])


@pytest.mark.parametrize("hue", range(0, 360, 3))
def test_initials_are_readable_on_each_tone(hue: int) -> None:
    assert all(contrast("#ffffff", tone) >= 4.5 for tone in tones(hue))


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Amara Okafor", "AO"),
        ("José Álvarez-Ruiz", "JR"),
        ("王小明", "王"),
        ("سلمى حداد", "س"),
        ("Þóra", "Þ"),
        ("(bot) 3", "B3"),
        ("  ", "?"),
        (LONG_NAME, "WC"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@given(TEXT)
def test_avatars_are_valid_and_the_same_each_time(name: str) -> None:
    assert parse(draw_avatar(name)).get("aria-hidden") == "true"
    assert draw_avatar.__wrapped__(name) == draw_avatar(name)


@pytest.mark.parametrize(("value", "maximum", "width"), [(143, 200, "71.5%"), (250, 200, "100%"), (1, 3, "33.3%")])
def test_a_meter_shows_the_share(value: float, maximum: float, width: str) -> None:
    drawn = parse(draw_meter(value, maximum, "so far", expected=maximum / 2))
    fill, mark = drawn.find("./svg/rect[@class='fill']"), drawn.find("./svg/rect[@class='mark']")
    assert fill is not None
    assert fill.get("width") == width
    assert mark is not None
    assert mark.get("x") == "50%"
    assert float(drawn.get("aria-valuenow", "")) <= maximum


def test_an_empty_meter_has_no_fill() -> None:
    assert parse(draw_meter(0, 0, "nothing yet")).find("./svg/rect[@class='fill']") is None
    assert parse(draw_meter(-3, 10, "below")).get("aria-valuenow") == "0"


def test_a_sparkline_keeps_its_gaps() -> None:
    line = parse(draw_sparkline([1, 2, None, 4, 5], "rising")).find("path")
    assert line is not None
    assert line.get("d", "").count("M") == 2
    assert draw_sparkline([None, None], "nothing") == ""


def test_each_community_has_its_own_horizon() -> None:
    drawn = parse(draw_horizon("open-stage"))
    assert drawn.get("aria-hidden") == "true"
    assert draw_horizon("open-stage") != draw_horizon("river-watch")


def test_nothing_drawn_carries_an_inline_style() -> None:
    """The content security policy would refuse it."""
    everything = [
        draw_path(sample_stones(12)),
        draw_avatar("A B"),
        draw_meter(1, 2, "x"),
        draw_sparkline([1, 2], "x"),
        draw_horizon("x"),
    ]
    assert all("style=" not in drawn for drawn in everything)


@given(st.floats(min_value=-1e4, max_value=1e4))
def test_coordinates_are_short_and_near(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, abs=0.051)
    assert "e" not in number(value)


def test_stones_differ_and_stay_near_their_radius() -> None:
    outlines = {stone(shape, 20) for shape in range(9)}
    assert len(outlines) == 9
    assert all(
        abs(float(n)) < 27
        for outline in outlines
        for n in outline.replace("M", " ").replace("C", " ").strip("Z").split()
    )
