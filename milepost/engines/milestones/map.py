"""The persona map: for each persona's path, how many reached each milestone, how many stand there, how long the step before it
took, and where people stall.

Worked out from choices and awards by three queries, whatever the number of members, personas and milestones:

    reached   members of the persona who have reached the milestone
    here      of those, whose furthest milestone on this path it is; the start: who has reached none of it
    days      median of the days from the milestone just before it on the path, over those who have reached both in this order
    stalled   of those here, who have been here longer than `patience` days: twice the median of the next step, 90 at least

Counted are members who belong now; what former members reached stands in the milestones' own counts.
"""

from __future__ import annotations

import datetime
import itertools
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db import connection

from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community

from .floor import FLOOR, SPLITS_FROM

SECONDS = 60
PATIENCE = 90
"""Days for which standing somewhere is no stalling, however quick others were."""
TIMES = 2
ENOUGH = 5
"""People whose days a median needs."""


@dataclass(slots=True)
class Cell:
    """One milestone on one persona's path. `position` counts from 0."""

    position: int
    reached: int = 0
    here: int = 0
    days: int | None = None
    """Median, where at least ENOUGH people walked the step."""
    walked: int = 0
    """Over how many people the median is."""
    patience: int | None = None
    """After how many days here someone counts as stalled; None at the end of the path."""
    stalled: int = 0


@dataclass(slots=True)
class Column:
    """A persona: how many members chose it, how many of them stand before its first milestone."""

    id: uuid.UUID
    slug: str
    name: str
    seed: str
    members: int = 0
    at_start: int = 0
    cells: dict[uuid.UUID, Cell] = field(default_factory=dict)

    @property
    def stall(self) -> uuid.UUID | None:
        """The milestone at which most people stall, if anyone does."""
        worst = max(
            self.cells, key=lambda ident: (self.cells[ident].stalled, -self.cells[ident].position), default=None
        )
        return worst if worst is not None and self.cells[worst].stalled else None


@dataclass(frozen=True, slots=True)
class Row:
    """A milestone that stands on a path at least."""

    id: uuid.UUID
    slug: str
    name: str
    secret: bool
    """Shown to stewards only."""
    shared: int
    """On how many of the paths."""


@dataclass(slots=True)
class PersonaMap:
    members: int = 0
    """Who belongs now and claimed themselves."""
    without: int = 0
    """Of those, who has chosen no persona."""
    none_of_these: int = 0
    """Of those, who said that they are none of these."""
    rows: list[Row] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)


def persona_map(community: Community) -> PersonaMap:
    """At most `SECONDS` old."""
    key = f"persona-map:{community.pk}"
    found: PersonaMap | None = cache.get(key)
    if found is None:
        found = take(community)
        cache.set(key, found, SECONDS)
    return found


def forget(community: Community) -> None:
    """Let the next page count anew."""
    cache.delete(f"persona-map:{community.pk}")


def take(community: Community) -> PersonaMap:
    """From the tables: three queries, and a fourth where anyone may stall."""
    made = PersonaMap()
    _lay(made, community)
    if made.columns:
        _count(made, community)
        _stall(made, community)
    return made


# --- the paths ----------------------------------------------------------------------------------------

_PATHS = """
    SELECT p.id, p.slug, p.name, p.seed, m.id, m.slug, m.name, m.is_secret
      FROM paths_persona p
      LEFT JOIN paths_pathstone s ON s.persona_id = p.id
      LEFT JOIN paths_milestone m
        ON m.id = s.milestone_id AND m.adopted_at IS NOT NULL AND m.retired_at IS NULL
     WHERE p.community_id = %(community)s AND p.adopted_at IS NOT NULL AND p.retired_at IS NULL
     ORDER BY p.position, p.name, s.position"""


def _lay(made: PersonaMap, community: Community) -> None:
    columns: dict[uuid.UUID, Column] = {}
    names: dict[uuid.UUID, tuple[str, str, bool]] = {}
    for persona, slug, name, seed, stone, stone_slug, stone_name, secret in _rows(_PATHS, community):
        column = columns.setdefault(_id(persona), Column(_id(persona), slug, name, seed))
        if stone is not None:
            column.cells[_id(stone)] = Cell(len(column.cells))
            names[_id(stone)] = (stone_slug, stone_name, bool(secret))
    made.columns = list(columns.values())
    order = merged([list(column.cells) for column in made.columns])
    made.rows = [Row(ident, *names[ident], sum(ident in c.cells for c in made.columns)) for ident in order]


def merged(paths: Iterable[list[uuid.UUID]]) -> list[uuid.UUID]:
    """All milestones of the paths in one order that keeps each path's own as far as they agree."""
    order: list[uuid.UUID] = []
    for path in paths:
        place = 0
        for ident in path:
            if ident in order:
                place = max(place, order.index(ident) + 1)
            else:
                order.insert(place, ident)
                place += 1
    return order


# --- the counts ---------------------------------------------------------------------------------------

_CHOSEN = """
    chosen AS (
        SELECT c.persona_id, c.person_id
          FROM paths_personachoice c
          JOIN identity_membership b ON b.person_id = c.person_id AND b.left_at IS NULL
          JOIN identity_person w ON w.id = c.person_id AND w.account_id IS NOT NULL
         WHERE c.community_id = %(community)s AND c.chosen_at IS NOT NULL AND c.left_at IS NULL)"""
_LAID = """
    laid AS (
        SELECT s.persona_id, s.milestone_id,
               ROW_NUMBER() OVER (PARTITION BY s.persona_id ORDER BY s.position) - 1 AS place
          FROM paths_pathstone s
          JOIN paths_persona p ON p.id = s.persona_id AND p.adopted_at IS NOT NULL AND p.retired_at IS NULL
          JOIN paths_milestone m
            ON m.id = s.milestone_id AND m.adopted_at IS NOT NULL AND m.retired_at IS NULL
         WHERE s.community_id = %(community)s)"""
_WALKED = """
    walked AS (
        SELECT laid.persona_id, laid.milestone_id, laid.place, c.person_id, a.reached_on,
               LAG(laid.place) OVER way AS place_before,
               LAG(a.reached_on) OVER way AS reached_before,
               LEAD(laid.place) OVER way AS place_after
          FROM laid
          JOIN chosen c ON c.persona_id = laid.persona_id
          JOIN ({awards}) a ON a.milestone_id = laid.milestone_id AND a.person_id = c.person_id
        WINDOW way AS (PARTITION BY laid.persona_id, c.person_id ORDER BY laid.place))"""


def _with_walked() -> str:
    # One day for each person and milestone: of a repeatable one, the first.
    awards = (
        "SELECT milestone_id, person_id, MIN(reached_on) AS reached_on FROM milestones_award"
        " WHERE community_id = %(community)s AND revoked_at IS NULL GROUP BY milestone_id, person_id"
    )
    return f"WITH {_CHOSEN}, {_LAID}, {_WALKED.format(awards=awards)}"


def _count(made: PersonaMap, community: Community) -> None:
    by_id = {column.id: column for column in made.columns}
    sql = f"""{_with_walked()},
        steps AS (
            SELECT persona_id, milestone_id, {_days("reached_on", "reached_before")} AS days
              FROM walked WHERE place_before = place - 1 AND reached_on >= reached_before),
        ranked AS (
            SELECT persona_id, milestone_id, days,
                   ROW_NUMBER() OVER (PARTITION BY persona_id, milestone_id ORDER BY days) AS n,
                   COUNT(*) OVER (PARTITION BY persona_id, milestone_id) AS whole
              FROM steps)
        SELECT 'cell' AS kind, persona_id, milestone_id, COUNT(*) AS one,
               SUM(CASE WHEN place_after IS NULL THEN 1 ELSE 0 END) AS two
          FROM walked GROUP BY persona_id, milestone_id
        UNION ALL
        SELECT 'days', persona_id, milestone_id, MAX(whole), AVG(days) FROM ranked
         WHERE n IN ((whole + 1) / 2, (whole + 2) / 2) GROUP BY persona_id, milestone_id
        UNION ALL
        SELECT 'column', persona_id, NULL, COUNT(*), 0 FROM chosen GROUP BY persona_id
        UNION ALL
        SELECT 'begun', persona_id, NULL, COUNT(DISTINCT person_id), 0 FROM walked GROUP BY persona_id
        UNION ALL
        SELECT 'whole', NULL, NULL, COUNT(*), SUM(CASE WHEN EXISTS (
                   SELECT 1 FROM chosen WHERE chosen.person_id = b.person_id) THEN 0 ELSE 1 END)
          FROM identity_membership b JOIN identity_person w ON w.id = b.person_id AND w.account_id IS NOT NULL
         WHERE b.community_id = %(community)s AND b.left_at IS NULL
        UNION ALL
        SELECT 'none', NULL, NULL, COUNT(*), 0 FROM paths_noneofthese x
          JOIN identity_membership b ON b.person_id = x.person_id AND b.left_at IS NULL
         WHERE x.community_id = %(community)s"""
    for kind, persona, stone, one, two in _rows(sql, community):
        column = by_id.get(_id(persona)) if persona is not None else None
        if kind == "whole":
            made.members, made.without = one, int(two or 0)
        elif kind == "none":
            made.none_of_these = one
        elif column is None:
            continue
        elif kind == "column":
            column.members = column.at_start = one
        elif kind == "begun":
            column.at_start = column.members - one
        elif (cell := column.cells.get(_id(stone))) is not None:
            if kind == "cell":
                cell.reached, cell.here = one, int(two or 0)
            else:
                cell.walked, cell.days = one, round(two) if one >= ENOUGH else None


def _stall(made: PersonaMap, community: Community) -> None:
    """Who stands at a milestone that has a next one, for longer than it took others to go on."""
    today = clock.today(community.time_zone)
    since: list[str] = []
    params: dict[str, Any] = {}
    places: dict[int, Cell] = {}
    for column in made.columns:
        cells = sorted(column.cells.items(), key=lambda item: item[1].position)
        for (ident, cell), (_next, ahead) in itertools.pairwise(cells):
            cell.patience = max(PATIENCE, TIMES * (ahead.days or 0))
            if cell.here:
                n = len(places)
                places[n] = cell
                since.append(
                    f"SELECT {n} AS n, {_uuid(f'p{n}')} AS persona_id, {_uuid(f'm{n}')} AS milestone_id,"
                    f" {_day(f'd{n}')} AS until"
                )
                params |= {f"p{n}": _key(column.id), f"m{n}": _key(ident)}
                params[f"d{n}"] = (today - datetime.timedelta(days=cell.patience)).isoformat()
    if not since:
        return
    sql = f"""{_with_walked()}, since AS ({" UNION ALL ".join(since)})
        SELECT since.n, COUNT(*) FROM walked
          JOIN since ON since.persona_id = walked.persona_id AND since.milestone_id = walked.milestone_id
         WHERE walked.place_after IS NULL AND walked.reached_on < since.until GROUP BY since.n"""
    for n, count in _rows(sql, community, params):
        places[n].stalled = count


# --- what may be shown --------------------------------------------------------------------------------


def shown_to_members(whole: int, counts: Mapping[uuid.UUID, int], members: int) -> set[uuid.UUID]:
    """Of nested counts of one group of `whole`, those that may be shown to everybody: neither a count nor the difference
    between two of them is a group under the floor. Noughts may; in a small community nothing else may.
    """
    shown = {ident for ident, count in counts.items() if count == 0}
    if members < SPLITS_FROM or whole < FLOOR or 0 < members - whole < FLOOR:
        return shown
    said = [whole, 0]
    for ident, count in sorted(counts.items(), key=lambda item: -item[1]):
        if count and all(count == other or abs(count - other) >= FLOOR for other in said):
            said.append(count)
            shown.add(ident)
    return shown


# --- the two databases --------------------------------------------------------------------------------


def _rows(sql: str, community: Community, more: dict[str, Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"community": _key(community.pk), **(more or {})})
        rows: list[Any] = cursor.fetchall()
        return rows


def _days(later: str, earlier: str) -> str:
    if connection.vendor == "sqlite":
        return f"CAST(julianday({later}) - julianday({earlier}) AS integer)"
    return f"({later} - {earlier})"


def _uuid(name: str) -> str:
    return f"%({name})s" if connection.vendor == "sqlite" else f"%({name})s::uuid"


def _day(name: str) -> str:
    return f"%({name})s" if connection.vendor == "sqlite" else f"%({name})s::date"


def _key(value: uuid.UUID) -> uuid.UUID | str:
    return value if connection.vendor == "postgresql" else value.hex


def _id(value: object) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
