"""The horizon: the landscape that stands beside a community's mission, its own by the community's name.

Hills, one way that winds up to the ridge, a few stones on it and the sun (in the dark: the moon) where the way goes. It is decoration.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from django.utils.safestring import SafeString, mark_safe

from milepost.interfaces.web.drawing.shapes import Point, number, open_curve, seeded, stone

WIDTH, HEIGHT = 520, 340


@lru_cache(maxsize=1024)
def draw_horizon(seed: str) -> SafeString:
    draws = seeded(f"horizon {seed}", 30)
    sun_x = 300 + 130 * draws[0]
    hills = "".join(
        f'<path class="hill hill-{depth}" d="{_ridge(base, swing, draws[4 + 6 * depth : 10 + 6 * depth])}"/>'
        for depth, (base, swing) in enumerate([(178, 74), (216, 62), (262, 44)])
    )
    way = _way(sun_x, draws[24:30])
    stones = "".join(
        f'<g transform="translate({number(x)} {number(y)}) scale({scale})"><path class="{kind}" d="{stone(index)}"/></g>'
        for index, (x, y, scale, kind) in enumerate(
            [(*way[1], 0.66, "pebble"), (*way[2], 0.52, "pebble"), (*way[3], 0.42, "pebble ahead")]
        )
    )
    return mark_safe(  # noqa: S308 (numbers only)
        f'<svg class="horizon" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMidYMid slice" aria-hidden="true">'
        f'<circle class="glow" cx="{number(sun_x)}" cy="112" r="74"/><circle class="sun" cx="{number(sun_x)}" cy="112" r="40"/>'
        f'{hills}<path class="trail" d="{_winding(way)}"/>{stones}</svg>'
    )


def _ridge(base: float, swing: float, draws: list[float]) -> str:
    points: list[Point] = [(WIDTH * i / 5 * 1.04 - 10, base - swing * (draw - 0.5)) for i, draw in enumerate(draws)]
    return f"{open_curve(points)}V{HEIGHT}H-10Z"


def _way(sun_x: float, draws: list[float]) -> list[Point]:
    """From the near edge, winding less and less, up to the ridge under the sun."""
    turns, heights = (90.0, 215.0, 150.0, 205.0, 190.0), (HEIGHT + 6.0, 300.0, 258.0, 224.0, 190.0)
    drift = (sun_x - 190) / 4
    return [
        (x + 30 * (draw - 0.5) + drift * i, y)
        for i, (x, y, draw) in enumerate(zip(turns, heights, draws, strict=False))
    ]


def _winding(way: list[Point]) -> str:
    """A road through the points that passes each of them uphill."""
    parts = [f"M{number(way[0][0])} {number(way[0][1])}"]
    for (x, y), (next_x, next_y) in pairwise(way):
        half = number((y + next_y) / 2)
        parts.append(f"C{number(x)} {half} {number(next_x)} {half} {number(next_x)} {number(next_y)}")
    return "".join(parts)
