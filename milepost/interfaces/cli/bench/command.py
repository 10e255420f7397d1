from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..terminal import Terminal, as_json

PARTS = ("import", "pages", "posting", "milestones", "segments", "cocreate")
DATABASES = ("sqlite", "postgresql")
QUICK = 100
"""By how much less `--quick` measures."""


@click.command()
@click.argument("part", type=click.Choice(PARTS), required=False)
@click.option("--messages", default=1_000_000, show_default=True, type=click.IntRange(100), help="Messages to import.")
@click.option("--members", default=100_000, show_default=True, type=click.IntRange(50), help="For pages: members.")
@click.option("--posts", default=1_000_000, show_default=True, type=click.IntRange(200), help="For pages: posts.")
@click.option(
    "--crowd",
    default=1_000_000,
    show_default=True,
    type=click.IntRange(10_000),
    help="For milestones and segments: members.",
)
@click.option(
    "--activities",
    default=10_000_000,
    show_default=True,
    type=click.IntRange(10_000),
    help="For milestones and segments: activities.",
)
@click.option(
    "--database", type=click.Choice(DATABASES), help="Only this one; by default imports on both, the rest on SQLite."
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="For milestones and segments on SQLite: keep the members that are made in this folder, and take them from there.",
)
@click.option("--quick", is_flag=True, help="A hundredth of everything.")
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures to this file too."
)
def bench(
    part: str | None,
    messages: int,
    members: int,
    posts: int,
    crowd: int,
    activities: int,
    database: str | None,
    keep: Path | None,
    quick: bool,
    out: Path | None,
) -> None:
    """Measure this machine: importing, pages, posting during an import, milestones and segments, counting votes.

    Makes its own data and starts what it needs, in temporary folders and on this machine's own address only; your site is not
    touched. All of it at full size takes about an hour; --quick takes minutes and says less.
    """
    from .machine import in_words, machine

    terminal = Terminal()
    if quick:
        messages, members, posts = (
            max(least, n // QUICK) for n, least in ((messages, 1_000), (members, 100), (posts, 2_000))
        )
        crowd, activities = max(10_000, crowd // QUICK), max(10_000, activities // QUICK)
    found: dict[str, Any] = {"machine": machine()}
    click.echo(in_words(found["machine"]))
    with _tidy_when_terminated():
        for name in [part] if part else PARTS:
            if name == "cocreate":
                found[name], lines = _votes(terminal, QUICK if quick else 1)
            else:
                found[name], lines = _measure(
                    name, messages, members, posts, (crowd, activities, keep), database, terminal
                )
            click.echo("\n" + lines)
            if out:
                # After each part: a later one that fails must not take the figures along.
                out.write_text(as_json(found) + "\n")


@contextmanager
def _tidy_when_terminated() -> Iterator[None]:
    """SIGTERM unwinds as Ctrl-C does, so that no folder and no server stays behind."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _votes(terminal: Terminal, scale: int) -> tuple[Any, str]:
    from . import cocreate

    found = cocreate.compare(terminal.note, scale)
    return found, cocreate.in_words(found)


def _measure(
    name: str,
    messages: int,
    members: int,
    posts: int,
    crowd: tuple[int, int, Path | None],
    database: str | None,
    terminal: Terminal,
) -> tuple[Any, str]:
    from . import importing, milestones, pages, posting, segments, tables

    many, deeds, keep = crowd

    if name == "import":
        found = importing.measure(messages, [database] if database else _there(terminal), terminal.note)
        return found, tables.of_import(found)
    if name == "pages":
        found = pages.compare(members, posts, database or "sqlite", terminal.note)
        return found, tables.of_pages(found)
    if name == "milestones":
        found = milestones.measure(many, deeds, [database] if database else _there(terminal), terminal.note, keep)
        return found, tables.of_milestones(found)
    if name == "segments":
        found = segments.measure(many, deeds, [database] if database else _there(terminal), terminal.note, keep)
        return found, tables.of_segments(found)
    found = posting.measure(messages // 5, database or "sqlite", terminal.note)
    return found, tables.of_posting(found)


def _there(terminal: Terminal) -> list[str]:
    from .cluster import missing

    if reason := missing():
        terminal.note(f"PostgreSQL is left out: {reason}.")
        return ["sqlite"]
    return list(DATABASES)
