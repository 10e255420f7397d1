from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from .terminal import Refused, Terminal, speaking


@click.command()
@click.option("--no-backup", is_flag=True, help="Without a backup first, where you have made one yourself.")
@click.option(
    "--backup-to", type=click.Path(path_type=Path, file_okay=False), help="The folder for it [MILEPOST_HOME/backups]."
)
@click.option("--while-serving", is_flag=True, help="Although the site runs, with the old version's code.")
@speaking
def upgrade(terminal: Terminal, no_backup: bool, backup_to: Path | None, while_serving: bool) -> None:
    """After new code was installed: back up, migrate, collect static files, check.

    Safe to repeat, also after it was killed: each migration happens whole or not at all. What the check finds is told and does
    not make the upgrade fail: a mail server that is away must not keep the site from starting.
    """
    from contextlib import ExitStack

    from .site import prepare, refuse_a_newer_database, start

    start()
    from .check import in_words
    from .checks import findings
    from .occupied import alone
    from .serving.static import collect

    with ExitStack() as held:
        if not while_serving:
            held.enter_context(alone("an upgrade"))
        refuse_a_newer_database()
        made = None if no_backup else _backup_if_needed(terminal, backup_to)
        migrated = prepare()
        collected = collect()
        # The worker is at rest, since the site is stopped.
        found = [one for one in findings() if one.about != "worker"]
    problems = [one for one in found if one.state == "problem"]
    done: dict[str, Any] = {
        "backup": made,
        "migrated": [".".join(node) for node in migrated],
        "collected": collected,
        "ok": not problems,
        "findings": [asdict(one) for one in found],
    }
    lines = [f"Backup: {made}" if made else "No backup was needed." if not no_backup else "No backup was made."]
    lines.append(f"{len(migrated)} migrations ran." if migrated else "The database was up to date.")
    lines.append(in_words(found))
    terminal.answer(done, "\n".join(lines))


def _backup_if_needed(terminal: Terminal, folder: Path | None) -> str | None:
    """Before migrations change anything, unless there is nothing yet."""
    from django.conf import settings

    from milepost import __version__
    from milepost.foundation.common import schema

    from .backups.making import make_file, stamp

    if schema.is_empty() or not schema.pending():
        return None
    folder = folder or Path(settings.MILEPOST_HOME) / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"before-{__version__}-{stamp()}.tar.gz"
    with terminal.progress("Backup") as report:
        try:
            make_file(path, with_secrets=True, progress=report)
        except (Refused, OSError) as error:
            raise Refused(
                f"The backup before the upgrade failed, so nothing was changed: {error}",
                "Mend that, name another folder with --backup-to, or go on with --no-backup.",
            ) from error
    return str(path)
