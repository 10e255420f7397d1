"""How a badge looks: a stone on a way, in the community's colour. Drawn here, as SVG with words and as PNG without."""

from __future__ import annotations

import colorsys
import io
from textwrap import wrap

from django.utils.html import escape
from PIL import Image, ImageDraw

SIDE = 512
LINES = 3
_PATH = ((96, 372), (176, 330), (256, 344), (336, 302), (416, 318))
"""Where the way's stones lie; the middle one is the badge's."""


def _colours(hue: int) -> tuple[str, str, str]:
    """Dark, middle and light of one hue, as hex. Text in white on the dark one has 7:1 for every hue."""
    return tuple(_hex(hue, light, strong) for light, strong in ((0.20, 0.55), (0.42, 0.45), (0.93, 0.60)))  # type: ignore[return-value]


def _hex(hue: int, light: float, strong: float) -> str:
    red, green, blue = colorsys.hls_to_rgb((hue % 360) / 360, light, strong)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def svg(*, hue: int, milestone: str, community: str) -> str:
    dark, middle, light = _colours(hue)
    lines = wrap(milestone, 18, break_long_words=True)[: LINES + 1]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], lines[LINES - 1][:16] + "…"]
    first = 190 - 22 * (len(lines) - 1)
    words = "".join(
        f'<text x="256" y="{first + 46 * n}" text-anchor="middle" font-size="40" font-weight="600"'
        f' font-family="ui-serif, Georgia, serif" fill="#ffffff">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    way = " ".join(f"{x},{y}" for x, y in _PATH)
    stones = "".join(
        f'<circle cx="{x}" cy="{y}" r="{26 if n == 2 else 13}" fill="{"#ffffff" if n == 2 else light}"/>'
        for n, (x, y) in enumerate(_PATH)
    )
    foot = community if len(community) <= 30 else community[:29] + "…"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}" role="img">'
        f"<title>{escape(milestone)}, {escape(community)}</title>"
        f'<circle cx="256" cy="256" r="248" fill="{dark}"/>'
        f'<circle cx="256" cy="256" r="232" fill="none" stroke="{middle}" stroke-width="6"/>'
        f"{words}"
        f'<polyline points="{way}" fill="none" stroke="{middle}" stroke-width="10" stroke-linejoin="round"/>{stones}'
        f'<circle cx="256" cy="344" r="14" fill="{dark}"/>'
        f'<text x="256" y="436" text-anchor="middle" font-size="22" font-family="ui-sans-serif, system-ui, sans-serif"'
        f' fill="{light}">{escape(foot)}</text></svg>'
    )


def png(*, hue: int) -> bytes:
    """The same without words: no font that comes with Python writes all scripts. Drawn four times as large, for smooth edges."""
    dark, middle, light = _colours(hue)
    scale = 4
    image = Image.new("RGBA", (SIDE * scale, SIDE * scale), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)

    def disc(x: float, y: float, radius: float, fill: str | None, outline: str | None = None, width: int = 0) -> None:
        box = [(x - radius) * scale, (y - radius) * scale, (x + radius) * scale, (y + radius) * scale]
        draw.ellipse(box, fill=fill, outline=outline, width=width * scale)

    disc(256, 256, 248, dark)
    disc(256, 256, 235, None, middle, 6)
    # Without words the way goes through the middle, and is larger.
    way = [(256 + (x - 256) * 1.1, 256 + (y - 344) * 1.9) for x, y in _PATH]
    draw.line([(x * scale, y * scale) for x, y in way], fill=middle, width=14 * scale, joint="curve")
    for n, (x, y) in enumerate(way):
        disc(x, y, 62 if n == 2 else 22, "#ffffff" if n == 2 else light)
    disc(*way[2], 34, dark)
    out = io.BytesIO()
    image.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()
