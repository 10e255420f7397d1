"""A portrait for a persona, drawn from a few words: a person before a landscape, without a face that would be anyone's.

The same words always give the same portrait. Tones are of a fixed lightness, so that they work on light and dark pages.
"""

from __future__ import annotations

from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from milepost.interfaces.web.colour import to_hex
from milepost.interfaces.web.drawing.shapes import Point, closed_curve, number, open_curve, seeded

SIZE = 120
SKINS = ((0.86, 0.05, 62), (0.78, 0.07, 60), (0.68, 0.08, 55), (0.56, 0.08, 50), (0.46, 0.07, 46), (0.38, 0.055, 42))
HAIRS = ((0.28, 0.03, 50), (0.36, 0.06, 48), (0.5, 0.1, 55), (0.66, 0.1, 70), (0.82, 0.05, 85), (0.45, 0.12, 35))
"""Lightness, chroma and hue, as oklch."""


@lru_cache(maxsize=512)
def draw_portrait(seed: str, size: str = "") -> SafeString:
    """Sizes: small, (none), large. It is decoration: the persona's name stands beside it."""
    draws = seeded(f"portrait {seed.casefold()}", 20)
    hue = 360 * draws[0]
    kind = f" portrait-{escape(size)}" if size else ""
    skin = to_hex(SKINS[int(draws[1] * len(SKINS)) % len(SKINS)])
    hair = to_hex(HAIRS[int(draws[2] * len(HAIRS)) % len(HAIRS)])
    return mark_safe(  # noqa: S308 (numbers and constants; the size is escaped)
        f'<svg class="portrait{kind}" viewBox="0 0 {SIZE} {SIZE}" aria-hidden="true">'
        f"{_landscape(hue, draws[3:8])}{_person(hue, skin, hair, draws[8:])}</svg>"
    )


def _landscape(hue: float, draws: list[float]) -> str:
    sky, sun = to_hex((0.87, 0.06, hue)), to_hex((0.94, 0.07, (hue + 50) % 360))
    hill = to_hex((0.7, 0.08, (hue + 20) % 360))
    ridge: list[Point] = [(-4 + 32 * n, 62 + 26 * (draw - 0.5)) for n, draw in enumerate(draws)]
    across = number(22 + 76 * draws[0])
    return (
        f'<path fill="{sky}" d="M0 0h{SIZE}v{SIZE}H0z"/><circle cx="{across}" cy="30" r="15" fill="{sun}"/>'
        f'<path fill="{hill}" d="{open_curve(ridge)}V{SIZE}H-4Z"/>'
    )


def _person(hue: float, skin: str, hair: str, draws: list[float]) -> str:
    coat, scarf = to_hex((0.45, 0.1, (hue + 180) % 360)), to_hex((0.72, 0.13, (hue + 120) % 360))
    lean = 5 * (draws[0] - 0.5)
    x, y = 60 + lean, 52.0
    wide, tall = 17 + 2 * draws[1], 20 + 2 * draws[2]
    back, front = _HAIR[int(draws[3] * len(_HAIR)) % len(_HAIR)](x, y, wide, tall)
    shoulders = 34 + 5 * draws[4]
    body = closed_curve(
        [
            (60 - shoulders, 124),
            (60 - shoulders + 3, 97),
            (x - 13, 83),
            (x + 13, 83),
            (60 + shoulders - 3, 97),
            (60 + shoulders, 124),
        ]
    )
    parts = [
        f'<path fill="{hair}" d="{back}"/>' if back else "",
        f'<path fill="{skin}" d="M{number(x - 7)} {number(y + 12)}h14v22h-14z"/>',
        f'<path fill="{coat}" d="{body}"/>',
        f'<ellipse cx="{number(x)}" cy="{number(y)}" rx="{number(wide)}" ry="{number(tall)}" fill="{skin}"/>',
        f'<path fill="{hair}" d="{front}"/>' if front else "",
    ]
    if draws[5] > 0.5:
        parts.append(
            f'<path fill="none" stroke="{scarf}" stroke-width="8" stroke-linecap="round" '
            f'd="M{number(x - 13)} 84q{number(13.0)} 9 26 0"/>'
        )
    if draws[6] > 0.7:
        rims = number(y + 1)
        parts.append(
            f'<g fill="none" stroke="{hair}" stroke-width="1.8"><circle cx="{number(x - 7.5)}" cy="{rims}" r="5"/>'
            f'<circle cx="{number(x + 7.5)}" cy="{rims}" r="5"/><path d="M{number(x - 2.5)} {rims}h5"/></g>'
        )
    return "".join(parts)


def _cap(x: float, y: float, wide: float, tall: float) -> str:
    """Hair on the upper third of the head."""
    return (
        f"M{number(x - wide - 1)} {number(y - 1)}C{number(x - wide - 2)} {number(y - tall - 8)} "
        f"{number(x + wide + 2)} {number(y - tall - 8)} {number(x + wide + 1)} {number(y - 1)}"
        f"C{number(x + wide - 5)} {number(y - 9)} {number(x + 4)} {number(y - 12)} {number(x - 4)} {number(y - 10)}"
        f"C{number(x - wide + 6)} {number(y - 8)} {number(x - wide + 1)} {number(y - 6)} {number(x - wide - 1)} {number(y - 1)}Z"
    )


def _short(x: float, y: float, wide: float, tall: float) -> tuple[str, str]:
    return "", _cap(x, y, wide, tall)


def _long(x: float, y: float, wide: float, tall: float) -> tuple[str, str]:
    around = [(x, y - tall - 4), (x + wide + 4, y - 8), (x + wide + 6, y + 22), (x + 8, y + 36), (x - 8, y + 36)]
    around += [(x - wide - 6, y + 22), (x - wide - 4, y - 8)]
    return closed_curve(around), _cap(x, y, wide, tall)


def _round(x: float, y: float, wide: float, tall: float) -> tuple[str, str]:
    around = [(x, y - tall - 12), (x + wide + 9, y - 12), (x + wide + 7, y + 8), (x, y + 12), (x - wide - 7, y + 8)]
    return closed_curve([*around, (x - wide - 9, y - 12)]), _cap(x, y, wide, tall)


def _bun(x: float, y: float, wide: float, tall: float) -> tuple[str, str]:
    top = y - tall - 8
    knot = closed_curve([(x, top - 8), (x + 9, top), (x, top + 8), (x - 9, top)])
    return knot, _cap(x, y, wide, tall)


def _scarfed(x: float, y: float, wide: float, tall: float) -> tuple[str, str]:
    around = [(x, y - tall - 5), (x + wide + 5, y - 6), (x + wide + 3, y + 18), (x + 12, y + 34), (x - 12, y + 34)]
    return closed_curve([*around, (x - wide - 3, y + 18), (x - wide - 5, y - 6)]), _cap(x, y - 2, wide + 1, tall)


def _bare(x: float, y: float, wide: float, tall: float) -> tuple[str, str]:
    return "", ""


_HAIR = (_short, _long, _round, _bun, _scarfed, _bare)
