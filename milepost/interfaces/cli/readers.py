from __future__ import annotations

from typing import Any

import click

from .site import open_database
from .terminal import Refused, Terminal, speaking


@click.group()
def readers() -> None:
    """What follows the log: how far it is, run it, rewind it."""


@readers.command()
@speaking
def status(terminal: Terminal) -> None:
    """Show how far each reader is behind, its last error, and who holds readers back."""
    open_database(terminal)
    from milepost.foundation.activity import following

    rows, held_by = following.status(), following.blockers()
    if terminal.json:
        terminal.answer({"readers": rows, "held_back_by": held_by}, "")
        return
    columns = {"reader": "Reader", "kind": "Kind", "behind": "Behind", "moved_at": "Moved at", "error": "Error"}
    terminal.table(rows, columns, "There are no readers.")
    if any(row["behind"] for row in rows) and held_by:
        click.echo("\nReaders wait for these open transactions, oldest first:")
        terminal.table(held_by, {"pid": "Process", "user": "User", "seconds": "Seconds", "query": "Query"}, "")


@readers.command()
@click.argument("name", required=False)
@speaking
def run(terminal: Terminal, name: str | None) -> None:
    """Run the reader NAME, or all, until nothing is left. The worker does this by itself."""
    open_database(terminal)
    _answer(terminal, _catch_up(terminal, name), name)


@readers.command()
@click.argument("name")
@click.option("--no-run", is_flag=True, help="Only rewind; the worker reads the log again.")
@speaking
def rewind(terminal: Terminal, name: str, no_run: bool) -> None:
    """Empty what the reader NAME derived, and what builds on it, and derive it anew from the whole log."""
    open_database(terminal)
    from milepost.foundation.activity import following

    try:
        following.rewind(name)
    except ValueError as error:
        raise Refused(str(error), "`milepost readers status` lists them.") from error
    _answer(terminal, 0 if no_run else _catch_up(terminal, None), name)


def _catch_up(terminal: Terminal, name: str | None) -> int:
    from milepost.foundation.activity import following

    if name is not None and name not in {one.name for one in following.readers()}:
        raise Refused(f"There is no reader “{name}”.", "`milepost readers status` lists them.")
    done = 0
    with terminal.progress("Reading the log") as report:

        def moved(reader: str, count: int) -> None:
            nonlocal done
            done += count
            report(done, None, reader)

        following.catch_up([name] if name else None, progress=moved)
    return done


def _answer(terminal: Terminal, read: int, name: str | None) -> None:
    data: dict[str, Any] = {"reader": name, "read": read}
    terminal.answer(data, f"{name or 'All readers'}: {read:,} activities read.")
