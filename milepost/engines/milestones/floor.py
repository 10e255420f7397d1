"""The privacy floor: pages for members and visitors never show a small group apart, nor let it be worked out."""

from __future__ import annotations

FLOOR = 5
"""People; a smaller group is never shown apart."""
SPLITS_FROM = 20
"""Members; a smaller community shows no splits of itself."""


def may_show(count: int, whole: int, *, steward: bool = False) -> bool:
    """Whether "`count` of `whole`" may be shown: neither those counted nor the others are a group under the floor.

    None and all are no groups apart. Stewards may see what they could count by hand.
    """
    if steward or count == 0:
        return True
    if whole < SPLITS_FROM or count < FLOOR:
        return False
    return not 0 < whole - count < FLOOR
