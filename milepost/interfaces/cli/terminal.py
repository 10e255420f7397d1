"""What a command prints, and where."""

from __future__ import annotations

import functools
import json
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any, Concatenate, Protocol

import click

JSON_ASKED = "milepost.json"
"""Key in click's context: whether standard output belongs to JSON."""
LINE_EVERY = 10.0
"""Seconds between two lines of progress where there is no terminal to draw a bar on."""


class Refused(click.ClickException):
    """The command could not do it: a message, and a hint that says what to do."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        # Asked now: when the error is shown, click has put the context away.
        context = click.get_current_context(silent=True)
        self.as_json = context is not None and bool(context.find_root().meta.get(JSON_ASKED))

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"Error: {self.message}", err=True)
        if self.hint:
            click.echo(self.hint, err=True)
        if self.as_json:
            click.echo(as_json({"error": {"message": self.message, "hint": self.hint}}))


class Progress(Protocol):
    def __call__(self, done: int, total: int | None = None, note: str = "") -> None: ...


def as_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class Terminal:
    """Answers go to standard output, the rest to standard error."""

    def __init__(self, json: bool = False) -> None:
        self.json = json

    def note(self, text: str) -> None:
        """What is going on."""
        click.echo(text, err=True)

    def answer(self, data: Any, text: str) -> None:
        """What was asked for: `data` for `--json`, `text` for people."""
        click.echo(as_json(data) if self.json else text)

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], nothing: str) -> None:
        """Rows as JSON, or under the headings `columns` (by key); `nothing` where there is no row."""
        if self.json:
            click.echo(as_json(list(rows)))
        elif not rows:
            click.echo(nothing)
        else:
            click.echo(in_columns([list(columns.values()), *([_cell(row[key]) for key in columns] for row in rows)]))

    @contextmanager
    def progress(self, title: str) -> Iterator[Progress]:
        """A bar on standard error where a person looks at it; elsewhere a line now and then."""
        if sys.stderr.isatty():
            with _bar(title) as report:
                yield report
        else:
            yield _lines(title)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d %H:%M:%S"))
    return str(value)


def in_columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(_width(row[n]) for row in rows) for n in range(len(rows[0]))]

    def line(row: Sequence[str]) -> str:
        return "  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True)).rstrip()

    return "\n".join(map(line, rows))


def _width(text: str) -> int:
    """Columns that the text takes in a terminal: accents take none, East Asian letters two."""
    seen = (letter for letter in text if not unicodedata.combining(letter))
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in seen)


def _lines(title: str) -> Progress:
    last = time.monotonic()

    def report(done: int, total: int | None = None, note: str = "") -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY:
            last = time.monotonic()
            click.echo(f"{title}: {done:,}{f' of {total:,}' if total else ''} {note}".rstrip(), err=True)

    return report


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def report(done: int, total: int | None = None, note: str = "") -> None:
            bar.update(task, completed=done, total=total or None, description=f"{title} {note}".rstrip())

        yield report


def speaking[**P, R](command: Callable[Concatenate[Terminal, P], R]) -> Callable[..., R]:
    """Give a command its terminal as the first argument, and the option `--json`."""

    @click.option("--json", "wants_json", is_flag=True, help="Print JSON, and nothing else, on standard output.")
    @functools.wraps(command)
    def run(*args: Any, wants_json: bool, **kwargs: Any) -> R:
        click.get_current_context().find_root().meta[JSON_ASKED] = wants_json
        return command(Terminal(wants_json), *args, **kwargs)

    return run
