"""A member's way as it is drawn: what they reached, the next stone, and what lies ahead."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from milepost.engines.milestones.bearings import Bearings, Stone
from milepost.engines.milestones.steps import Journey, Step
from milepost.foundation.identity.models import Community
from milepost.interfaces.web import words
from milepost.interfaces.web.home import links
from milepost.interfaces.web.times import day

HOME = 7
"""Stones on home: as many as stand in one row on a broad screen."""


@dataclass(frozen=True, slots=True)
class Way:
    stones: list[dict[str, str]]
    next_stone: Stone | None
    next_step: Step | None
    reached: int
    """Milestones, steps not counted."""


def drawn(
    community: Community, now: Bearings, journey: Journey, *, own: bool = True, at_most: int | None = None
) -> Way:
    """The whole way, or `at_most` so many stones of it round the next one. `own`: it is the reader's.

    Ahead lies what is on the path of their personas; of who chose none, all of it.
    """
    open_stones = [stone for stone in now.stones if stone.id not in journey.awards]
    if journey.path:
        open_stones = [stone for stone in open_stones if stone.id in journey.path]
    step = Step.POST if own and Step.POST not in journey.steps else None
    ahead: list[dict[str, str]] = []
    if step:
        ahead.append({"label": step.label, "state": "next", "detail": _("a small step, and a good one")})
    for stone in open_stones:
        state = "later" if ahead else "next"
        ahead.append(
            {
                "label": stone.name,
                "state": state,
                "detail": _how_many(now, stone) if own else "",
                "url": links.milestone(community, stone.slug),
            }
        )
    behind = _behind(community, now, journey)
    if at_most is not None:
        behind = _weightiest(behind, max(at_most - len(ahead), (at_most + 1) // 2))
        ahead = ahead[: at_most - len(behind)]
    stones = [passed.stone for passed in behind] + ahead
    next_stone = open_stones[0] if open_stones and not step else None
    return Way(stones, next_stone, step, sum(1 for ident in journey.awards if now.stone(ident)))


def _how_many(now: Bearings, stone: Stone) -> str:
    if stone.reached == 0:
        return _("you could be the first")
    return words.reached(stone.reached, now.members) if now.may_show(stone.reached) else ""


@dataclass(frozen=True, slots=True)
class _Passed:
    day: datetime.date
    rank: int
    """Among what happened on one day: joining, steps in their order, milestones."""
    stone: dict[str, str]


MILESTONE = 9


def _behind(community: Community, now: Bearings, journey: Journey) -> list[_Passed]:
    """Oldest first. Steps are called small, so that nobody takes them for what counts."""
    found: list[_Passed] = []
    if journey.joined:
        detail = _dated(_("joined %(day)s"), journey.joined)
        found.append(_Passed(journey.joined, 0, _reached(_("Found my people"), detail)))
    for rank, (label, _why, when) in enumerate(_small(journey, now), start=1):
        if when:
            found.append(
                _Passed(when, min(rank, MILESTONE - 1), _reached(label, _dated(_("small step, %(day)s"), when)))
            )
    for ident, award in journey.awards.items():
        if stone := now.stone(ident):
            url = links.milestone(community, stone.slug)
            found.append(_Passed(award.day, MILESTONE, _reached(stone.name, day(award.day), url)))
    return sorted(found, key=lambda passed: (passed.day, passed.rank))


def _weightiest(behind: list[_Passed], count: int) -> list[_Passed]:
    """The last milestones, and where there is room the beginning and the last steps; in their order."""
    by_weight = sorted(
        range(len(behind)), key=lambda i: (behind[i].rank == MILESTONE, behind[i].rank == 0, i), reverse=True
    )
    return [behind[i] for i in sorted(by_weight[:count])]


def _dated(sentence: str, when: datetime.date) -> SafeString:
    before, _mark, after = sentence.partition("%(day)s")
    return format_html("{}{}{}", before, day(when), after)


def _reached(label: str, detail: str, url: str = "") -> dict[str, str]:
    return {"label": label, "state": "reached", "detail": detail, "url": url}


def _small(journey: Journey, now: Bearings) -> list[tuple[str, str, datetime.date | None]]:
    """Name, what it is about, and the day, of each small step: the community's own, or those that every community has."""
    if now.steps:
        taken = {ident: reached.day for ident, reached in journey.taken.items()}
        return [(stone.name, stone.why, taken.get(stone.id)) for stone in now.steps]
    return [(step.label, step.definition, journey.steps.get(step)) for step in Step]


def small_steps(journey: Journey, now: Bearings) -> list[dict[str, Any]]:
    """For a page that lists them with their definitions."""
    return [
        {
            "title": label,
            "text": day(when) if when else why,
            "state": "done" if when else "ahead",
        }
        for label, why, when in _small(journey, now)
    ]
