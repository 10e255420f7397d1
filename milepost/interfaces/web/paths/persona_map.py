"""The persona map: milestones as rows, personas as columns, and in each cell who is where.

Stewards see every count. Everybody else sees what the privacy floor allows, and where they are themselves.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from milepost.engines.milestones import journeys
from milepost.engines.milestones.bearings import bearings
from milepost.engines.milestones.floor import FLOOR
from milepost.engines.milestones.map import Cell, Column, PersonaMap, persona_map, shown_to_members
from milepost.foundation.identity.access import at_least, can
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.paths import links as here
from milepost.interfaces.web.paths.personas import how_many
from milepost.interfaces.web.times import figure


@require_safe
@route("personas.map")
def page(request: Request) -> HttpResponse:
    actor = request.actor
    community = actor.community
    steward = at_least(actor, "steward")
    counted = persona_map(community)
    standing = _standing(request)
    shown = {column.id: _shown(column, counted, steward) for column in counted.columns}
    rows = [row for row in counted.rows if steward or not row.secret]
    return render(
        request,
        "web/paths/map.html",
        {
            "columns": [
                {
                    "name": column.name,
                    "seed": column.seed,
                    "url": here.persona(community, column.slug),
                    "how_many": how_many(column, counted, steward=steward),
                    "start": _start(column, steward, standing),
                    "stall": _stall(column, counted) if steward else "",
                }
                for column in counted.columns
            ],
            "rows": [
                {
                    "name": row.name,
                    "url": links.milestone(community, row.slug),
                    "shared": row.shared,
                    "is_shared": row.shared > 1,
                    "cells": [_cell(column, row.id, shown[column.id], steward, standing) for column in counted.columns],
                }
                for row in rows
            ],
            "steward": steward,
            "without": _without(counted) if steward else (),
            "may_write": can(actor, "personas.write"),
            "floor": FLOOR,
        },
    )


def _standing(request: Request) -> dict[uuid.UUID, uuid.UUID | None]:
    """Where the reader stands on each persona's path that they chose: the furthest milestone, or None at the start."""
    person = request.actor.person
    if person is None:
        return {}
    person.community = request.actor.community
    walked = journeys.walk(person, bearings(person.community), own=False)
    reached = {stone.id for stone in walked.stones if stone.state == "reached"}
    return {
        path.id: next((ident for ident in reversed(path.stones) if ident in reached), None) for path in walked.personas
    }


def _shown(column: Column, counted: PersonaMap, steward: bool) -> set[uuid.UUID]:
    """The cells whose count may be shown."""
    if steward:
        return set(column.cells)
    counts = {ident: cell.reached for ident, cell in column.cells.items()}
    return shown_to_members(column.members, counts, counted.members)


def _start(column: Column, steward: bool, standing: dict[uuid.UUID, uuid.UUID | None]) -> dict[str, Any]:
    you = column.id in standing and standing[column.id] is None
    return {"here": column.at_start if steward else None, "you": you}


def _cell(
    column: Column,
    stone: uuid.UUID,
    shown: set[uuid.UUID],
    steward: bool,
    standing: dict[uuid.UUID, uuid.UUID | None],
) -> dict[str, Any] | None:
    """What a cell says; None where the milestone is not on this path."""
    cell = column.cells.get(stone)
    if cell is None:
        return None
    may = stone in shown
    return {
        "reached": _reached(cell) if may else "",
        "hidden": not may,
        "share": cell.reached if may else 0,
        "of": column.members,
        "here": cell.here if steward and cell.here else None,
        "here_words": ngettext("%(count)s is here", "%(count)s are here", cell.here) % {"count": figure(cell.here)},
        "days": _days(cell.days) if cell.days is not None and (may or steward) else "",
        "stalled": _stalled(cell) if steward and cell.stalled else "",
        "worst": steward and column.stall == stone,
        "you": standing.get(column.id) == stone,
    }


def _reached(cell: Cell) -> str:
    if not cell.reached:
        return _("nobody yet")
    return ngettext("%(count)s reached it", "%(count)s reached it", cell.reached) % {"count": figure(cell.reached)}


def _days(days: int) -> str:
    return ngettext("%(count)s day from the one before", "%(count)s days from the one before", days) % {
        "count": figure(days)
    }


def _stalled(cell: Cell) -> str:
    said = ngettext("%(count)s here for over %(days)s days", "%(count)s here for over %(days)s days", cell.stalled)
    return said % {"count": figure(cell.stalled), "days": figure(cell.patience)}


def _stall(column: Column, counted: PersonaMap) -> str:
    """The sentence under a column: where most of this persona wait."""
    if column.stall is None:
        return ""
    name = next((row.name for row in counted.rows if row.id == column.stall), "")
    return _("Most wait after “%(milestone)s”.") % {"milestone": name}


def _without(counted: PersonaMap) -> list[str]:
    said = [
        ngettext(
            "%(count)s member has chosen no persona.", "%(count)s members have chosen no persona.", counted.without
        )
        % {"count": figure(counted.without)}
    ]
    if counted.none_of_these:
        said.append(
            ngettext(
                "%(count)s of them said: none of these.",
                "%(count)s of them said: none of these.",
                counted.none_of_these,
            )
            % {"count": figure(counted.none_of_these)}
        )
    return said
