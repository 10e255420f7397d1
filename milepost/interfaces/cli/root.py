"""`milepost` itself: finds the subcommand, and turns every error into words and an exit status."""

from __future__ import annotations

import importlib
import os
from typing import Any

import click

from milepost import __version__

from .registry import SECTIONS, entries
from .terminal import Refused

UNEXPECTED = "This is a fault in Milepost. `milepost --debug …` shows where; please report it with that text."


class Commands(click.Group):
    """Imports a subcommand when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(entries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = entries().get(cmd_name)
        if entry is None:
            return None
        found: click.Command = getattr(importlib.import_module(entry.module), entry.attribute)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        _name, command, rest = super().resolve_command(ctx, args)
        # In usage lines the name that people typed, which is not always the function's.
        return args[0], command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        there = entries()
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in section.items() if name in there])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            raise explained(error) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--home", type=click.Path(file_okay=False), help="The site's folder of data (MILEPOST_HOME).")
@click.option("--debug", is_flag=True, help="Show where an unexpected error comes from.")
@click.version_option(__version__, message="milepost %(version)s")
def milepost(home: str | None, debug: bool) -> None:
    """The self-hosted home of a mission-driven community.

    `milepost serve` is all it takes to begin. Data lives in MILEPOST_HOME; DATABASE_URL chooses PostgreSQL.
    """
    if home:
        os.environ["MILEPOST_HOME"] = home


def explained(error: Exception) -> Refused:
    """The error in words that say what to do."""
    from django.core.exceptions import ImproperlyConfigured

    from milepost.foundation.common.errors import DomainError
    from milepost.foundation.common.outages import Outage, outage_of

    if isinstance(error, DomainError):
        return Refused(error.message, error.hint)
    if isinstance(error, ImproperlyConfigured):
        return Refused(str(error), "Correct the setting and run the command again.")
    hints = {
        Outage.FULL: "Make room on the disk and run the command again; what was saved before is safe.",
        Outage.LOCKED: "Another process was writing for a long time. Run the command again in a moment.",
        Outage.AWAY: "See that the database runs and that DATABASE_URL (or MILEPOST_HOME) names it rightly.",
        Outage.UNPREPARED: "The database lacks tables of this version. Run `milepost upgrade`.",
    }
    outage = outage_of(error)
    if outage is not None:
        return Refused(_first_line(error), hints[outage])
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return Refused(f"{place}{error.strerror or error}", "See that the path is right and that you may use it.")
    return Refused(f"{type(error).__name__}: {_first_line(error)}", UNEXPECTED)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
