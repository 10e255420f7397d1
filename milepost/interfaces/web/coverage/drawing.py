"""A difference with its interval, drawn on a line from −100 to +100 points."""

from __future__ import annotations

from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT = 240, 28


def draw_difference(difference: float, low: float, high: float) -> SafeString:
    """Decoration: the words beside it say the same. Values are from −1 to 1."""
    x, left, right = (_x(value) for value in (difference, low, high))
    middle = HEIGHT / 2
    return mark_safe(  # noqa: S308 (numbers only)
        f'<svg class="lift" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        f'<line class="lift-axis" x1="0" y1="{middle}" x2="{WIDTH}" y2="{middle}"/>'
        f'<line class="lift-nought" x1="{_x(0)}" y1="3" x2="{_x(0)}" y2="{HEIGHT - 3}"/>'
        f'<line class="lift-range" x1="{left}" y1="{middle}" x2="{right}" y2="{middle}"/>'
        f'<circle class="lift-point" cx="{x}" cy="{middle}" r="5.5"/></svg>'
    )


def _x(value: float) -> float:
    return round(8 + (WIDTH - 16) * (max(-1.0, min(1.0, value)) + 1) / 2, 1)
