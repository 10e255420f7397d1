from __future__ import annotations

from typing import Any

import click

from .communities import find
from .site import open_database
from .terminal import Terminal, in_columns, speaking


@click.group()
def personas() -> None:
    """Personas and their paths: load them from a file, and see who is where."""


@personas.command()
@click.argument("file")
@click.option("--community", required=True, help="Its part of the address, as in /c/SLUG/.")
@speaking
def load(terminal: Terminal, file: str, community: str) -> None:
    """Load personas and milestones from FILE (YAML or JSON), or one that comes along: musicians, gardeners.

    What the community has stays; of a persona that is there already, the file's words are written over. Twice changes nothing.
    """
    open_database(terminal)
    from milepost.engines.milestones import bearings
    from milepost.engines.milestones import map as mapping
    from milepost.outward.starting import personas as starting

    found = find(community)
    report = starting.load(community=found, data=starting.read(file), by=None)
    mapping.forget(found)
    bearings.forget(found)
    terminal.answer(
        {"community": found.slug} | report.as_json(),
        f"{found.name}: {len(report.personas)} personas are new, {len(report.changed)} were there;"
        f" {len(report.milestones)} milestones are new, {len(report.kept)} were there.",
    )


@personas.command("map")
@click.option("--community", required=True, help="Its part of the address, as in /c/SLUG/.")
@speaking
def map_(terminal: Terminal, community: str) -> None:
    """Show for each persona how many reached each milestone, how many are there, how long it took, and where people stall."""
    open_database(terminal)
    from milepost.engines.milestones.map import take

    found = find(community)
    counted = take(found)
    data = {
        "community": found.slug,
        "members": counted.members,
        "without_persona": counted.without,
        "none_of_these": counted.none_of_these,
        "milestones": [{"slug": row.slug, "name": row.name, "shared": row.shared} for row in counted.rows],
        "personas": [_column(column, {row.id: row.slug for row in counted.rows}) for column in counted.columns],
    }
    terminal.answer(data, _table(counted))


def _column(column: Any, slugs: dict[Any, str]) -> dict[str, Any]:
    stall = column.stall
    return {
        "slug": column.slug,
        "name": column.name,
        "members": column.members,
        "at_start": column.at_start,
        "stall": slugs.get(stall) if stall else None,
        "path": [
            {
                "milestone": slugs[ident],
                "reached": cell.reached,
                "here": cell.here,
                "median_days": cell.days,
                "stalled": cell.stalled,
            }
            for ident, cell in column.cells.items()
        ],
    }


def _table(counted: Any) -> str:
    if not counted.columns:
        return "There are no personas yet. `milepost personas load FILE --community SLUG` brings some."
    head = ["Milestone", *(f"{column.name} ({column.members})" for column in counted.columns)]
    lines = [head, ["(before the first)", *(f"{column.at_start} here" for column in counted.columns)]]
    for row in counted.rows:
        cells = []
        for column in counted.columns:
            cell = column.cells.get(row.id)
            if cell is None:
                cells.append("")
                continue
            days = f", {cell.days} days" if cell.days is not None else ""
            stalled = f", {cell.stalled} stalled" if cell.stalled else ""
            cells.append(f"{cell.reached} reached, {cell.here} here{days}{stalled}")
        lines.append([row.name, *cells])
    lines.append(["", ""])
    lines.append([f"{counted.without} of {counted.members} members have chosen no persona.", ""])
    return in_columns([line + [""] * (len(head) - len(line)) for line in lines])
