from __future__ import annotations

from pathlib import Path

import click

from .site import open_database
from .terminal import Terminal, speaking


@click.command()
@click.option("--community", "slug", required=True, help="The community's short name.")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@speaking
def exporting(terminal: Terminal, slug: str, out: Path) -> None:
    """Take everything of a community out, as documented JSON Lines and files in the zip OUT.

    `milepost import milepost OUT --community SLUG` brings it back equal, here or on another site.
    """
    open_database(terminal)
    from milepost.outward.connectors.moving import take_out

    from .communities import find

    community = find(slug)
    with terminal.progress("Taking out") as show:
        report = take_out(community, out, progress=lambda done, total, note: show(done, total, note))
    terminal.answer(report.as_json(), report.in_words())
