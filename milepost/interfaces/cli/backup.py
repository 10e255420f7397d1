from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from .terminal import Refused, Terminal, speaking


@click.command()
@click.argument("out", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--without-secrets", is_flag=True, help="Leave out the secrets, for a copy that others may see.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@speaking
def backup(terminal: Terminal, out: Path, without_secrets: bool, force: bool) -> None:
    """Write database, uploads and secrets into OUT (a .tar.gz, a folder, or - for standard output).

    The site may go on running: the database is copied as of one moment. Settings in the environment are not part of it.
    """
    from .site import start

    start()
    from milepost.foundation.common import schema

    from .backups.making import make, make_file, stamp

    if schema.is_empty():
        raise Refused("There is nothing to back up: the database is empty.", "See that MILEPOST_HOME is the right one.")
    to_stdout = str(out) == "-"
    if to_stdout and terminal.json:
        raise click.UsageError("--json and - both want standard output.")
    if to_stdout and sys.stdout.isatty():
        raise click.UsageError("A backup is no text for a terminal: send it on, as in `milepost backup - | ssh …`.")
    if out.is_dir():
        out /= f"milepost-{stamp()}.tar.gz"
    if out.exists() and not force and not to_stdout:
        raise Refused(f"{out} is there already.", "Choose another name, or write over it with --force.")
    with terminal.progress("Backup") as report:
        if to_stdout:
            made = make(sys.stdout.buffer, path="-", with_secrets=not without_secrets, progress=report)
        else:
            made = make_file(out, with_secrets=not without_secrets, progress=report)
    text = f"{made.path}: {made.files} files, {made.bytes / 2**20:,.1f} MB before compression"
    text += "." if made.with_secrets else ", without secrets."
    if to_stdout:
        terminal.note(text)
    else:
        terminal.answer(asdict(made), text)
