"""QR codes as SVG that the page's policy lets through: no styles, colours by the sheet."""

from __future__ import annotations

from functools import lru_cache

import segno
from django.utils.safestring import SafeString, mark_safe


@lru_cache(maxsize=512)
def code(words: str) -> SafeString:
    """The QR code of an address, dark on light whatever the theme: phones read it so."""
    made = segno.make(words, error="m", micro=False)
    drawn = made.svg_inline(omitsize=True, border=3, dark="#000", light="#fff", svgclass="qr-drawing", lineclass=None)
    return mark_safe(drawn.replace("<svg", '<svg aria-hidden="true"', 1))  # noqa: S308 (segno's own)
