"""Goals as rows for the component `goals`: how far, in honest words."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _

from milepost.engines.milestones.bearings import Bearings, GoalRow
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor, at_least
from milepost.interfaces.web import times, words
from milepost.interfaces.web.home import links

BEHIND = 0.6
"""Of what would be there by now: below it a goal is at risk, above it a little behind."""


def goal_rows(actor: Actor, now: Bearings, mine: set[uuid.UUID]) -> list[dict[str, Any]]:
    """`mine`: the milestones that the reader reached."""
    return [goal_row(actor, now, goal, mine) for goal in now.goals]


def goal_row(actor: Actor, now: Bearings, goal: GoalRow, mine: set[uuid.UUID]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "title": goal.title,
        "url": links.goal(actor.community, goal.slug),
        "line": "",
        "value": 0,
        "max": 0,
        "expected": None,
        "state": "",
        "state_label": "",
    }
    parts: list[str] = []
    if goal.reached is not None:
        shown = now.may_show(goal.reached, steward=at_least(actor, "steward"))
        if shown and goal.target:
            expected = goal.expected(clock.today(actor.community.time_zone))
            row |= {"value": goal.reached, "max": goal.target, "expected": expected}
            state, label = _state(goal, expected)
            row |= {"state": state, "state_label": label}
            parts.append(words.of(goal.reached, goal.target))
        else:
            parts.append(words.reached(goal.reached, now.members, steward=shown))
        if goal.milestone_id in mine:
            parts.append(_("you are one of them"))
    elif value := now.value(goal.value_id):
        parts.append(_("for %(what)s") % {"what": value.name})
    if goal.deadline and row["state"] != "reached":
        parts.append(_("until %(day)s") % {"day": times.day_words(goal.deadline)})
    row["line"] = " · ".join(parts)
    return row


def _state(goal: GoalRow, expected: float | None) -> tuple[str, str]:
    """Colour and words; nothing is said of a goal without a deadline until it is reached."""
    assert goal.reached is not None
    assert goal.target is not None
    if goal.reached >= goal.target:
        return "reached", _("reached")
    if expected is None:
        return "", ""
    if goal.reached >= expected:
        return "going", _("on the way")
    if goal.reached >= BEHIND * expected:
        return "going", _("a little behind")
    return "risk", _("behind")
