"""A community's accent, worked out into pairs that everyone can read.

A community chooses one colour, as a hex value or as a hue in degrees. From it come, for light and for dark, the tones that
the sheet uses: each lies inside sRGB and each pair meets WCAG 2.2 contrast against every surface of the theme, AAA (7:1)
wherever it is text and 3:1 where it only draws.

Conversions: Björn Ottosson, "A perceptual color space for image processing" (2020). Contrast: WCAG 2.2, relative luminance.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

TEXT_CONTRAST = 7.0
DRAWING_CONTRAST = 3.0

DEFAULT_HUE = 172.0
DEFAULT_CHROMA = 0.1
MIN_CHROMA, MAX_CHROMA = 0.02, 0.15

type Oklch = tuple[float, float, float]
"""Lightness 0 to 1, chroma 0 to about 0.4, hue in degrees."""

type Rgb = tuple[float, float, float]
"""Linear-light or gamma-encoded sRGB, 0 to 1; each function says which."""


@dataclass(frozen=True, slots=True)
class Surfaces:
    """The backgrounds of one theme; `tokens.css` holds the same values and a test compares them."""

    paper: Oklch
    raised: Oklch
    sunken: Oklch

    def all(self) -> tuple[Oklch, ...]:
        return (self.paper, self.raised, self.sunken)


LIGHT = Surfaces(paper=(0.983, 0.007, 85), raised=(1.0, 0.0, 85), sunken=(0.957, 0.011, 85))
DARK = Surfaces(paper=(0.2, 0.01, 70), raised=(0.238, 0.012, 70), sunken=(0.168, 0.01, 70))


@dataclass(frozen=True, slots=True)
class Tones:
    """One theme's accent, as hex: text and fills, what lies on it, a soft ground, and a livelier tone for drawing."""

    accent: str
    strong: str
    on: str
    soft: str
    bright: str


@dataclass(frozen=True, slots=True)
class Accent:
    light: Tones
    dark: Tones


def oklch_to_linear(colour: Oklch) -> Rgb:
    """Linear-light sRGB, possibly outside 0 to 1 where the colour lies outside the gamut."""
    lightness, chroma, hue = colour
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def linear_to_oklch(rgb: Rgb) -> Oklch:
    red, green, blue = rgb
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def in_gamut(colour: Oklch) -> Oklch:
    """The same lightness and hue with as much of the chroma as sRGB can show."""
    if _fits(colour):
        return colour
    lightness, chroma, hue = colour
    low, high = 0.0, chroma
    for _ in range(14):
        middle = (low + high) / 2
        low, high = (middle, high) if _fits((lightness, middle, hue)) else (low, middle)
    return lightness, low, hue


def to_hex(colour: Oklch) -> str:
    """The colour as a screen shows it, `#rrggbb`, mapped into the gamut."""
    linear = oklch_to_linear(in_gamut(colour))
    return "#" + "".join(f"{round(_encode(min(1.0, max(0.0, c))) * 255):02x}" for c in linear)


def from_hex(value: str) -> Oklch:
    digits = value.lstrip("#")
    if len(digits) == 3:
        digits = "".join(d * 2 for d in digits)
    red, green, blue = (_decode(int(digits[i : i + 2], 16) / 255) for i in (0, 2, 4))
    return linear_to_oklch((red, green, blue))


def luminance(hex_colour: str) -> float:
    """WCAG 2.2 relative luminance, 0 to 1."""
    digits = hex_colour.lstrip("#")
    red, green, blue = (_decode(int(digits[i : i + 2], 16) / 255) for i in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two hex colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def hue_and_chroma(accent: object) -> tuple[float, float]:
    """What a community stored (hex, hue in degrees, or `oklch(L C H)`) as hue and chroma; the house's own where it is none."""
    text = str(accent if accent is not None else "").strip().lower()
    if re.fullmatch(r"#?([0-9a-f]{3}|[0-9a-f]{6})", text) and (text.startswith("#") or not text.isdigit()):
        _, chroma, hue = from_hex(text)
        return hue, min(MAX_CHROMA, max(MIN_CHROMA, chroma))
    if found := re.fullmatch(r"oklch\(\s*[\d.]+%?\s+([\d.]+)\s+([\d.]+)(?:deg)?\s*\)", text):
        return float(found[2]) % 360, min(MAX_CHROMA, max(MIN_CHROMA, float(found[1])))
    if re.fullmatch(r"\d{1,3}(\.\d+)?", text):
        return float(text) % 360, DEFAULT_CHROMA
    return DEFAULT_HUE, DEFAULT_CHROMA


@lru_cache(maxsize=2048)
def accent_for(value: str | float | None) -> Accent:
    """The accent's tones for both themes. A stored value that is no colour gives the house's own accent."""
    hue, chroma = hue_and_chroma(value)
    return Accent(light=_light(hue, chroma), dark=_dark(hue, chroma))


@lru_cache(maxsize=2048)
def accent_css(value: str | float | None) -> str:
    """Custom properties for the accent, as the text of one style sheet."""
    tones = accent_for(value)
    pairs = "".join(
        f"--{name}:light-dark({getattr(tones.light, field)},{getattr(tones.dark, field)});"
        for name, field in (
            ("accent", "accent"),
            ("accent-strong", "strong"),
            ("on-accent", "on"),
            ("accent-soft", "soft"),
            ("accent-bright", "bright"),
        )
    )
    return f":root{{{pairs}}}"


def _light(hue: float, chroma: float) -> Tones:
    soft = to_hex((0.948, min(chroma, 0.035), hue))
    grounds = [*map(to_hex, LIGHT.all()), soft]
    accent = _until((0.47, chroma, hue), grounds, TEXT_CONTRAST, step=-0.005)
    return Tones(
        accent=to_hex(accent),
        strong=to_hex((accent[0] - 0.07, chroma, hue)),
        on=to_hex((0.995, 0.004, hue)),
        soft=soft,
        bright=to_hex(_until((0.66, chroma * 1.2, hue), grounds, DRAWING_CONTRAST, step=-0.005)),
    )


def _dark(hue: float, chroma: float) -> Tones:
    soft = to_hex((0.3, min(chroma, 0.045), hue))
    grounds = [*map(to_hex, DARK.all()), soft]
    accent = _until((0.78, chroma, hue), grounds, TEXT_CONTRAST, step=0.005)
    return Tones(
        accent=to_hex(accent),
        strong=to_hex((min(0.97, accent[0] + 0.06), chroma, hue)),
        on=to_hex((0.17, 0.025, hue)),
        soft=soft,
        bright=to_hex(_until((0.68, chroma * 1.1, hue), grounds, DRAWING_CONTRAST, step=0.005)),
    )


def _until(colour: Oklch, grounds: list[str], ratio: float, *, step: float) -> Oklch:
    """Moves the lightness by `step` until the colour stands out from every ground by `ratio`."""
    lightness, chroma, hue = colour
    while 0 < lightness < 1:
        shown = to_hex((lightness, chroma, hue))
        if all(contrast(shown, ground) >= ratio for ground in grounds):
            break
        lightness += step
    return lightness, chroma, hue


def _fits(colour: Oklch) -> bool:
    return all(-1e-4 <= channel <= 1 + 1e-4 for channel in oklch_to_linear(colour))


def _encode(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _decode(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
