from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from .terminal import Terminal, speaking


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--force", is_flag=True, help="Replace a site that is here. Of SQLite and files, the old ones are kept aside."
)
@speaking
def restore(terminal: Terminal, file: Path, force: bool) -> None:
    """Bring the backup FILE back.

    All of it is unpacked and compared with its checksums before anything is touched. The site has to be stopped. Afterwards
    nothing that is old is sent again.
    """
    from .site import start

    start()
    from .backups.restoring import restore as bring_back
    from .occupied import alone

    with alone("restoring"), terminal.progress("Restoring") as report:
        done = bring_back(file, force=force, progress=report)
    lines = [f"Restored: the site as of {done.made_at}, made by Milepost {done.made_by} ({done.files} files)."]
    if done.migrated:
        lines.append(f"{done.migrated} migrations brought it up to this version.")
    if done.jobs_set_aside:
        lines.append(f"{done.jobs_set_aside} background jobs were set aside; `milepost jobs list --state cancelled`.")
    lines += [f"Kept aside: {one}" for one in done.kept]
    terminal.answer(asdict(done), "\n".join(lines))
