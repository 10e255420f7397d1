from __future__ import annotations

import platform
from importlib.metadata import version as installed

import click

from milepost import __version__

from .terminal import Terminal, in_columns, speaking

PARTS = ("django", "gunicorn", "psycopg")


@click.command()
@speaking
def version(terminal: Terminal) -> None:
    """Say which versions are at work."""
    import sqlite3

    found = {"milepost": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    found |= {name: installed(name) for name in PARTS}
    terminal.answer(found, in_columns([[name, number] for name, number in found.items()]))
