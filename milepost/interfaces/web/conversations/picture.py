"""The map as a picture: people as dots, those who answer alike in one shape with their letter, and "You"."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from milepost.domain.deliberation.drawing import Place
from milepost.domain.deliberation.mapping.wording import LETTERS, group_name
from milepost.interfaces.web.drawing.shapes import Point, closed_curve, number

WIDTH, HEIGHT, MARGIN = 640, 420, 64
KEPT = 0.98
"""Of the dots, how many are inside the frame for sure: a few far away would press all others together."""


@dataclass(frozen=True, slots=True)
class Frame:
    """From the map to the picture: its middle and one scale for both directions, since distance is what the map is about."""

    x: float
    y: float
    scale: float

    @classmethod
    def around(cls, dots: list[list[float]], place: Place | None) -> Frame:
        """Round all but the farthest dots, and "You"."""
        across, along = _span([x for x, _, _ in dots]), _span([y for _, y, _ in dots])
        if place is not None:
            across = (min(across[0], place.x), max(across[1], place.x))
            along = (min(along[0], place.y), max(along[1], place.y))
        wide, high = max(across[1] - across[0], 1e-6), max(along[1] - along[0], 1e-6)
        scale = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)
        return cls(sum(across) / 2, sum(along) / 2, scale)

    def at(self, x: float, y: float) -> Point:
        """In the picture; who stands farther away is drawn at its edge."""
        across = min(max(WIDTH / 2 + (x - self.x) * self.scale, MARGIN / 2), WIDTH - MARGIN / 2)
        down = min(max(HEIGHT / 2 - (y - self.y) * self.scale, MARGIN / 2), HEIGHT - MARGIN / 2)
        return (round(across, 1), round(down, 1))


def _span(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values) or [0.0]
    outside = int(len(ordered) * (1 - KEPT) / 2)
    return (ordered[outside], ordered[-1 - outside])


def draw_map(data: dict[str, Any], place: Place | None) -> SafeString:
    """SVG without styles or scripts. Its words are beside it in the page, so it says only what it is."""
    frame = Frame.around(data["dots"], place)
    dots = [(frame.at(x, y), group) for x, y, group in data["dots"]]
    several = len(data["groups"]) > 1
    areas, letters = [], []
    for group in range(len(data["groups"])) if several else ():
        mine = sorted({point for point, g in dots if g == group})
        centre = data["groups"][group]["centre"]
        middle = frame.at(centre[0], centre[1])
        areas.append(f'<path class="map-area map-{group}" d="{_area(mine, middle)}"/>')
        letters.append(_letter(group, min(mine, key=lambda point: point[1], default=middle)))
    shown = "".join(
        f'<circle class="map-dot map-{group if several else 0}" cx="{number(x)}" cy="{number(y)}" r="5"/>'
        for (x, y), group in dots
    )
    label = _("Map of how people answer: %(groups)s. Those who stand close together answer alike.") % {
        "groups": ", ".join(group_name(g) for g in range(len(data["groups"]))) if several else _("one group")
    }
    return mark_safe(  # noqa: S308 (numbers and escaped words)
        f'<svg class="opinion-map" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{''.join(areas)}{shown}{''.join(letters)}{_you(place, frame)}</svg>"
    )


def _letter(group: int, top: Point) -> str:
    """Above the group, where it hides nobody."""
    x, y = number(top[0]), number(max(top[1] - 34, 20))
    return (
        f'<g class="map-letter map-{group}"><circle cx="{x}" cy="{y}" r="17"/>'
        f'<text x="{x}" y="{y}" dy="6.5">{LETTERS[group]}</text></g>'
    )


def _area(points: list[Point], middle: Point) -> str:
    """A rounded outline a little outside of the points."""
    hull = _hull(points) if len(points) > 2 else points
    corners: list[Point] = []
    for x, y in hull:
        away = math.atan2(y - middle[1], x - middle[0])
        corner = (x + 16 * math.cos(away), y + 16 * math.sin(away))
        # Corners close by would make the smooth line curl.
        if all(math.dist(corner, other) > 24 for other in corners):
            corners.append(corner)
    if len(corners) < 3:
        # One or two spots: a circle, or an oval, round them.
        reach = max((math.dist(middle, corner) for corner in corners), default=16) + 6
        corners = [
            (middle[0] + reach * math.cos(k * math.pi / 4), middle[1] + reach * math.sin(k * math.pi / 4))
            for k in range(8)
        ]
    return closed_curve(corners)


def _hull(points: list[Point]) -> list[Point]:
    """The convex hull of sorted points, counter-clockwise (Andrew's monotone chain)."""

    def half(ordered: list[Point]) -> list[Point]:
        line: list[Point] = []
        for point in ordered:
            while len(line) > 1 and _turn(line[-2], line[-1], point) <= 0:
                line.pop()
            line.append(point)
        return line[:-1]

    hull = half(points) + half(points[::-1])
    return [a for a, b in pairwise([*hull, hull[0]]) if a != b]


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _you(place: Place | None, frame: Frame) -> str:
    if place is None:
        return ""
    x, y = frame.at(place.x, place.y)
    above = y > HEIGHT / 2
    word = number(y - 16 if above else y + 26)
    return (
        f'<g class="map-you"><circle cx="{number(x)}" cy="{number(y)}" r="9"/><circle class="map-you-core" cx="{number(x)}" '
        f'cy="{number(y)}" r="4"/><text x="{number(min(max(x, 30), WIDTH - 30))}" y="{word}">{escape(_("You"))}</text></g>'
    )
