"""A face for everyone without a photo: their initials on a small landscape in colours of their own.

Colours are oklch tones of one lightness, so that white initials reach at least 4.5:1 on each of them (a test tries all hues).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from milepost.interfaces.web.colour import to_hex
from milepost.interfaces.web.drawing.shapes import number, seeded

GROUND, HILL, SUN = (0.46, 0.095), (0.395, 0.085), (0.53, 0.09)
"""Lightness and chroma of the avatar's three tones."""


def tones(hue: float) -> tuple[str, str, str]:
    """Ground, hill and sun of one avatar, as hex."""
    return (
        to_hex((*GROUND, hue)),
        to_hex((*HILL, (hue + 24) % 360)),
        to_hex((*SUN, (hue - 40) % 360)),
    )


def initials(name: str) -> str:
    """One or two letters: of the first and the last word, or the first character where a script has no initials."""
    words = [w for w in name.replace("-", " ").split() if any(c.isalnum() for c in w)]
    if not words:
        return "?"
    letters = [next(c for c in word if c.isalnum()) for word in (words[0], words[-1])]
    if len(words) == 1 or unicodedata.category(letters[0]) == "Lo":
        return letters[0].upper()
    return "".join(letters).upper()


@lru_cache(maxsize=4096)
def draw_avatar(name: str, size: str = "") -> SafeString:
    """The drawn avatar. It is decoration: the name stands beside it, or the caller labels the link around it."""
    draws = seeded(name.casefold(), 5)
    ground, hill, sun = tones(360 * draws[0])
    left, middle, right = (number(20 + 14 * d) for d in draws[1:4])
    across = number(8 + 24 * draws[4])
    letters = escape(initials(name))
    kind = f" avatar-{escape(size)}" if size else ""
    return mark_safe(  # noqa: S308 (the letters are escaped)
        f'<svg class="avatar{kind}" viewBox="0 0 40 40" aria-hidden="true"><path fill="{ground}" d="M0 0h40v40H0z"/>'
        f'<circle cx="{across}" cy="13" r="9" fill="{sun}"/>'
        f'<path fill="{hill}" d="M0 {left}C10 {middle} 14 {middle} 22 {right}S34 {left} 40 {middle}V40H0z"/>'
        f'<text x="20" y="25.2" fill="#fff">{letters}</text></svg>'
    )
