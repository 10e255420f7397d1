"""Meters and sparklines: small pictures of one figure."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from milepost.interfaces.web.drawing.shapes import number


def draw_meter(
    value: float, maximum: float, label: str, *, expected: float | None = None, kind: str = ""
) -> SafeString:
    """A bar from 0 to `maximum`. `expected` marks where the value would be if all went evenly; same unit as the value."""
    share = _percent(value, maximum)
    fill = f'<rect class="fill" width="{share}%" height="100%" rx="4"/>' if share != "0" else ""
    mark = (
        ""
        if expected is None
        else f'<rect class="mark" x="{_percent(expected, maximum)}%" y="-4" width="2" height="16"/>'
    )
    return mark_safe(  # noqa: S308 (label and kind are escaped)
        f'<span class="meter{" meter-" + escape(kind) if kind else ""}" role="meter" aria-valuemin="0" aria-valuemax="{maximum:g}" '
        f'aria-valuenow="{min(max(value, 0), maximum):g}" aria-valuetext="{escape(label)}" aria-label="{escape(label)}">'
        f'<svg aria-hidden="true"><rect class="track" width="100%" height="100%" rx="4"/>{fill}{mark}</svg></span>'
    )


def draw_sparkline(values: Sequence[float | None], label: str, *, width: int = 120, height: int = 32) -> SafeString:
    """A line of equally spaced values; gaps (None) stay gaps. `label` says in words what the line shows."""
    known = [v for v in values if v is not None]
    if not known:
        return SafeString("")
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    step = (width - 8) / max(1, len(values) - 1)
    spots = [
        None if v is None else (4 + i * step, 4 + (height - 8) * (1 - (v - low) / span)) for i, v in enumerate(values)
    ]
    line, pen = "", "M"
    for spot in spots:
        if spot is None:
            pen = "M"
            continue
        line += f"{pen}{number(spot[0])} {number(spot[1])}"
        pen = "L"
    end = next(spot for spot in reversed(spots) if spot is not None)
    return mark_safe(  # noqa: S308 (the label is escaped)
        f'<svg class="sparkline" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
        f'<path d="{line}"/><circle cx="{number(end[0])}" cy="{number(end[1])}" r="3"/></svg>'
    )


def _percent(value: float, maximum: float) -> str:
    if maximum <= 0:
        return "0"
    return number(100 * min(1.0, max(0.0, value / maximum)))
