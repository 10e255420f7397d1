"""The path: a way with stones on it, drawn wide for broad rooms and tall for narrow ones.

The drawing is an ordered list, so its text is the list that a screen reader reads, that wraps, that zooms and that anyone
can select; the way and the stones behind it are SVG. Each stone draws its own length of the way, which a stretchable
picture lets grow with the text: no width has to be known here, and the names may be as long as they need.

Wide, the stones stand in turn below and above the middle, with their names on the far side of the way, so that a name has
nearly two stones' room and never crosses the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from milepost.interfaces.web.drawing.shapes import number, seeded, stone

type State = Literal["reached", "next", "later", "own"]

STATES: tuple[State, ...] = ("reached", "next", "later", "own")
FEW, SOME, MANY = 4, 7, 12
"""Up to how many stones a middling, a broad and a full page show in one row; see `path.css`."""

LEAN = (34.0, 64.0, 42.0, 68.0, 36.0)
"""How far across the tall way each stone lies, in percent, in turn."""

CHECK = '<path class="tick" d="m-7.5 .5 5 5.2 9.5-11.2"/>'
SPARK = '<path class="spark" d="M0-8C1-2 2-1 8 0 2 1 1 2 0 8-1 2-2 1-8 0-2-1-1-2 0-8Z"/>'


@dataclass(frozen=True, slots=True)
class Stone:
    """One milestone on a path as it is shown: `own` is a stone that the member set for themself."""

    label: str
    state: State = "later"
    detail: str = ""
    url: str = ""


def as_stone(value: Stone | Mapping[str, object]) -> Stone:
    if isinstance(value, Stone):
        return value
    state = str(value.get("state") or "later")
    return Stone(
        label=str(value.get("label") or ""),
        state=next((known for known in STATES if known == state), "later"),
        detail=str(value.get("detail") or ""),
        url=str(value.get("url") or ""),
    )


def draw_path(stones: Iterable[Stone | Mapping[str, object]], *, label: str = "") -> SafeString:
    """The whole way. `label` names the list for screen readers ("Your path")."""
    row = [as_stone(value) for value in stones]
    if not row:
        return SafeString("")
    size = "few" if len(row) <= FEW else "some" if len(row) <= SOME else "many"
    heights = _heights(row)
    items = "".join(_item(row, heights, index) for index in range(len(row)))
    name = f' aria-label="{conditional_escape(label)}"' if label else ""
    # The role is said again because Safari takes it from lists without bullets.
    return mark_safe(f'<div class="path path-{size}"><ol role="list"{name}>{items}</ol></div>')  # noqa: S308 (parts are escaped)


def _item(row: Sequence[Stone], heights: Sequence[float], index: int) -> str:
    here = row[index]
    side = "below" if index % 2 == 0 else "above"
    name = f"<b>{conditional_escape(here.label)}</b>"
    if here.url:
        name = f'<a href="{conditional_escape(here.url)}">{name}</a>'
    detail = f"<small>{conditional_escape(here.detail)}</small>" if here.detail else ""
    current = ' aria-current="step"' if here.state == "next" else ""
    return (
        f'<li class="{side} is-{here.state}"{current}>{_wide(row, heights, index)}{_tall(row, index)}'
        f'<span class="path-text">{name}<i class="sr">, {_state_name(here.state)}</i>{detail}</span></li>'
    )


def _state_name(state: State) -> str:
    match state:
        case "reached":
            return gettext("reached")
        case "next":
            return gettext("next")
        case "own":
            return gettext("your own milestone, still ahead")
        case _:
            return gettext("still ahead")


def _heights(row: Sequence[Stone]) -> list[float]:
    """How far down each stone stands, in percent: a wave, but no two alike."""
    draws = seeded("|".join(s.label for s in row), len(row))
    return [(66 + 10 * draw) if i % 2 == 0 else (24 + 12 * draw) for i, draw in enumerate(draws)]


def _wide(row: Sequence[Stone], heights: Sequence[float], index: int) -> str:
    """One column of the wave: from the middle of the way behind to the middle of the way ahead."""
    here = heights[index]
    line = ""
    if index > 0:
        edge = (heights[index - 1] + here) / 2
        line += _half(
            f"M0 {number(edge)}C12.5 {number((edge + here) / 2)} 25 {number(here)} 50 {number(here)}", row, index
        )
    ahead = (here + heights[index + 1]) / 2 if index + 1 < len(row) else here - 12
    line += _half(
        f"M50 {number(here)}C75 {number(here)} 87.5 {number((here + ahead) / 2)} 100 {number(ahead)}", row, index + 1
    )
    return _tile("wide", line, "50%", f"{number(here)}%", row[index].state, index)


def _tall(row: Sequence[Stone], index: int) -> str:
    """One row of the way downhill; it grows with the text beside it, so the stone stands at a fixed height."""
    here = LEAN[index % len(LEAN)]
    line = ""
    if index > 0:
        edge = (LEAN[(index - 1) % len(LEAN)] + here) / 2
        line += _half(f"M{number(edge)} 0C{number(edge)} 12 {number(here)} 18 {number(here)} 30", row, index)
    if index + 1 < len(row):
        edge = (here + LEAN[(index + 1) % len(LEAN)]) / 2
        line += _half(f"M{number(here)} 30C{number(here)} 60 {number(edge)} 80 {number(edge)} 100", row, index + 1)
    return _tile("tall", line, f"{number(here)}%", "30%", row[index].state, index)


def _half(curve: str, row: Sequence[Stone], toward: int) -> str:
    """Half of the way between two stones: walked where the later one is reached or next."""
    walked = toward < len(row) and row[toward].state in ("reached", "next")
    kind = "walked" if walked else "ahead"
    return f'<path class="{kind}" d="{curve}"/>'


def _tile(kind: str, line: str, x: str, y: str, state: State, index: int) -> str:
    return (
        f'<svg class="way way-{kind}" aria-hidden="true"><svg width="100%" height="100%" viewBox="0 0 100 100" '
        f'preserveAspectRatio="none">{line}</svg><svg x="{x}" y="{y}" overflow="visible">{draw_stone(state, index)}</svg></svg>'
    )


def draw_stone(state: State, shape: int = 0) -> str:
    """The stone alone, round 0,0, for the path and for the little stones in running text."""
    if state == "next":
        return f'<circle class="halo" r="31"/><path class="stone next" d="{stone(shape, 21)}"/>'
    mark = {"reached": CHECK, "own": SPARK}.get(state, "")
    return f'<path class="stone {state}" d="{stone(shape)}"/>{mark}'


def small_stone(state: State) -> SafeString:
    """A stone as large as the text that it stands in."""
    return mark_safe(  # noqa: S308 (built from constants)
        f'<svg class="stone-small" viewBox="-22 -22 44 44" aria-hidden="true">{draw_stone(state, 3).replace(_HALO, "")}</svg>'
    )


_HALO = '<circle class="halo" r="31"/>'
