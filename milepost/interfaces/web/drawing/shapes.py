"""Organic outlines, the same each time for the same seed."""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

type Point = tuple[float, float]

STONE_SHAPES = 9


def number(value: float) -> str:
    """A coordinate with one decimal at most, as short as it can be."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def seeded(text: str, count: int) -> list[float]:
    """`count` numbers from 0 to 1 that depend on nothing but the text."""
    numbers: list[float] = []
    block = 0
    while len(numbers) < count:
        digest = hashlib.blake2b(f"{block}:{text}".encode(), digest_size=32).digest()
        numbers += [int.from_bytes(digest[i : i + 2]) / 65535 for i in range(0, 32, 2)]
        block += 1
    return numbers[:count]


@lru_cache(maxsize=64)
def stone(shape: int, radius: float = 18) -> str:
    """The outline of a pebble round 0,0: a closed path, a little wider than tall."""
    draws = seeded(f"stone {shape % STONE_SHAPES}", 8)
    points = []
    for corner, draw in enumerate(draws[:7]):
        angle = 2 * math.pi * (corner + 0.22 * (draw - 0.5)) / 7
        reach = radius * (0.93 + 0.14 * draws[(corner + 1) % 8])
        points.append((1.09 * reach * math.cos(angle), 0.93 * reach * math.sin(angle)))
    return closed_curve(points)


def closed_curve(points: list[Point]) -> str:
    """A smooth closed path through the points (Catmull-Rom, as cubic curves)."""
    count = len(points)
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for i in range(count):
        before, here, there, after = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        parts.append(_cubic(before, here, there, after))
    return "".join(parts) + "Z"


def open_curve(points: list[Point]) -> str:
    """A smooth path through the points that starts at the first and ends at the last."""
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for i in range(len(points) - 1):
        before, after = points[max(0, i - 1)], points[min(len(points) - 1, i + 2)]
        parts.append(_cubic(before, points[i], points[i + 1], after))
    return "".join(parts)


def _cubic(before: Point, here: Point, there: Point, after: Point) -> str:
    first = (here[0] + (there[0] - before[0]) / 6, here[1] + (there[1] - before[1]) / 6)
    second = (there[0] - (after[0] - here[0]) / 6, there[1] - (after[1] - here[1]) / 6)
    return "C" + " ".join(number(c) for point in (first, second, there) for c in point)
