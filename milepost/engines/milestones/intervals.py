"""How sure a share is, and a difference of two shares.

Wilson's score interval for one proportion, and for a difference of two independent ones Newcombe's hybrid of both (method
10 in R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17,
1998). Both hold for small groups and for shares near nought and one, where the textbook interval does not.
"""

from __future__ import annotations

import math

Z = 1.959963984540054
"""The normal quantile that belongs to 95 %."""


def wilson(hits: int, size: int, z: float = Z) -> tuple[float, float]:
    """(low, high) for the share `hits` of `size`. ValueError for a group of nobody, or more hits than people."""
    if size <= 0 or not 0 <= hits <= size:
        raise ValueError(f"{hits} of {size} is no share")
    share, square = hits / size, z * z
    middle = share + square / (2 * size)
    spread = z * math.sqrt(share * (1 - share) / size + square / (4 * size * size))
    whole = 1 + square / size
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def newcombe(hits: int, size: int, other_hits: int, other_size: int, z: float = Z) -> tuple[float, float]:
    """(low, high) for the first share minus the second."""
    first, second = hits / size, other_hits / other_size
    low_1, high_1 = wilson(hits, size, z)
    low_2, high_2 = wilson(other_hits, other_size, z)
    difference = first - second
    return (
        difference - math.hypot(first - low_1, high_2 - second),
        difference + math.hypot(high_1 - first, second - low_2),
    )
