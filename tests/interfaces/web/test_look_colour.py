"""Accents: whatever a community chooses, everyone can read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.interfaces.web import sheet
from milepost.interfaces.web.colour import (
    DARK,
    DEFAULT_HUE,
    LIGHT,
    Surfaces,
    Tones,
    accent_css,
    accent_for,
    contrast,
    from_hex,
    hue_and_chroma,
    to_hex,
)

HUES = st.floats(min_value=0, max_value=360, exclude_max=True)
HEX = st.integers(min_value=0, max_value=0xFFFFFF).map(lambda n: f"#{n:06x}")
TOKENS = (sheet.SOURCES / "css" / "tokens.css").read_text("utf-8")


def assert_readable(tones: Tones, surfaces: Surfaces) -> None:
    grounds = [*map(to_hex, surfaces.all()), tones.soft]
    for ground in grounds:
        assert contrast(tones.accent, ground) >= 7
        assert contrast(tones.bright, ground) >= 3
    assert contrast(tones.on, tones.accent) >= 7
    assert contrast(tones.on, tones.strong) >= 7


@given(HUES)
def test_every_hue_is_readable_in_light_and_dark(hue: float) -> None:
    accent = accent_for(round(hue, 2))
    assert_readable(accent.light, LIGHT)
    assert_readable(accent.dark, DARK)


@given(HEX)
def test_every_hex_colour_is_readable_in_light_and_dark(chosen: str) -> None:
    accent = accent_for(chosen)
    assert_readable(accent.light, LIGHT)
    assert_readable(accent.dark, DARK)


@given(HEX)
def test_hex_survives_the_way_through_oklch(colour: str) -> None:
    assert to_hex(from_hex(colour)) == colour


def test_known_contrasts() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("nonsense", ["", None, "javascript:alert(1)", "}</style>", "red;", "#12", "-5"])
def test_what_is_no_colour_gives_the_house_accent(nonsense: str | None) -> None:
    assert hue_and_chroma(nonsense)[0] == DEFAULT_HUE
    assert accent_css(nonsense) == accent_css(None)
    assert "<" not in accent_css(nonsense)


def test_oklch_and_hue_say_the_same() -> None:
    assert hue_and_chroma("oklch(45% 0.1 250)") == (250, 0.1)
    assert hue_and_chroma(250)[0] == 250
    assert hue_and_chroma("610")[0] == 250


def pair(name: str) -> tuple[str, str]:
    """A token's light and dark value, as hex."""
    found = re.search(rf"--{name}: light-dark\((oklch\([^)]*\)|#\w+), (oklch\([^)]*\)|#\w+)\)", TOKENS)
    assert found, name
    light, dark = found.groups()
    return as_hex(light), as_hex(dark)


def as_hex(value: str) -> str:
    if value.startswith("#"):
        return value
    lightness, chroma, hue = re.findall(r"[\d.]+", value)
    return to_hex((float(lightness) / 100, float(chroma), float(hue)))


@pytest.mark.parametrize("name", ["paper", "raised", "sunken"])
def test_surfaces_are_the_same_in_the_sheet_and_in_the_arithmetic(name: str) -> None:
    assert pair(name) == (to_hex(getattr(LIGHT, name)), to_hex(getattr(DARK, name)))


def test_the_sheets_own_accent_is_what_the_house_hue_gives() -> None:
    accent = accent_for(None)
    assert pair("accent") == (accent.light.accent, accent.dark.accent)
    assert pair("accent-soft") == (accent.light.soft, accent.dark.soft)
    assert pair("on-accent") == (accent.light.on, accent.dark.on)


@pytest.mark.parametrize(
    ("text", "grounds", "ratio"),
    [
        ("ink", ["paper", "raised", "sunken", "accent-soft", "sun-soft", "risk-soft", "reached-soft"], 7),
        ("soft", ["paper", "raised", "sunken"], 7),
        ("soft", ["accent-soft"], 4.5),
        ("risk", ["paper", "raised", "risk-soft"], 4.5),
        ("reached", ["paper", "reached-soft"], 4.5),
        ("going", ["paper", "going-soft"], 4.5),
        ("on-risk", ["risk"], 4.5),
        ("edge", ["paper", "raised"], 3),
    ],
)
@pytest.mark.parametrize("theme", [0, 1])
def test_tokens_reach_their_contrast(text: str, grounds: list[str], ratio: float, theme: int) -> None:
    for ground in grounds:
        assert contrast(pair(text)[theme], pair(ground)[theme]) >= ratio, (text, ground)


def test_no_sheet_names_a_colour_outside_the_tokens() -> None:
    """Hex and rgb colours belong to the tokens, so that both themes are thought of."""
    strays = {
        path.name: found
        for path in Path(sheet.SOURCES / "css").rglob("*.css")
        if path.name != "tokens.css"
        and (found := re.findall(r"(?<![\w%&])#[0-9a-f]{3,8}\b|rgba?\(", path.read_text("utf-8")))
    }
    assert strays == {}
