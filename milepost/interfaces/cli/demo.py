from __future__ import annotations

import click

from .site import open_database
from .terminal import Terminal, in_columns, speaking


@click.group()
def demo() -> None:
    """Load the demo community."""


@demo.command()
@click.option("--force", is_flag=True, help="On a production site too; nobody of it gets a password there.")
@speaking
def load(terminal: Terminal, /, *, force: bool) -> None:
    """Load Open Stage: about 170 people over 18 months. Twice changes nothing."""
    open_database(terminal)
    from milepost.outward.starting.demo import loading

    with terminal.progress("Demo community") as show:
        report = loading.load(progress=show, force=force)
    words = f"{report.posts:,} messages of {report.people} people are there, at /c/{report.community}/."
    terminal.answer(report.as_json(), words if report.people else f"It is there already, at /c/{report.community}/.")


@demo.command("sign-ins")
@speaking
def sign_ins(terminal: Terminal) -> None:
    """Say as whom one can sign in to try it."""
    open_database(terminal)
    from milepost.outward.starting.demo import loading

    rows = [{"who": who, "mail": mail, "password": word} for who, mail, word in loading.sign_ins()]
    there = rows if loading.is_loaded() else []
    text = in_columns([[r["who"], r["mail"], r["password"]] for r in there]) if there else "The demo is not loaded."
    terminal.answer(there, text)
