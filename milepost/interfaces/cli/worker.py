from __future__ import annotations

import click

from .site import open_database
from .terminal import Terminal


@click.command()
def worker() -> None:
    """Start one more worker for background work.

    `milepost serve` brings one along. More may run, on any machine that reaches the same PostgreSQL database. Ctrl-C or
    SIGTERM ends it: what is under way is finished or, where it can go on later, put back.
    """
    import os

    os.environ["MILEPOST_PROCESS"] = "worker"
    open_database(Terminal())
    from milepost.foundation.jobs.worker import run_worker, stop_on_signals

    from .occupied import in_use

    with in_use():
        run_worker(stop_on_signals())
