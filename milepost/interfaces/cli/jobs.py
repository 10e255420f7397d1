from __future__ import annotations

import uuid

import click

from .site import open_database
from .terminal import Refused, Terminal, speaking

STATES = ("failed", "waiting", "running", "finished", "cancelled", "all")


@click.group()
def jobs() -> None:
    """Background work: list it, run failed work again."""


@jobs.command("list")
@click.option("--state", type=click.Choice(STATES), default="failed", show_default=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@speaking
def list_(terminal: Terminal, state: str, limit: int) -> None:
    """List background work, the newest first; by default what failed and was not repeated."""
    open_database(terminal)
    from milepost.foundation.jobs.models import JobRun
    from milepost.foundation.jobs.services import failures

    runs = JobRun.objects.all()
    found = failures() if state == "failed" else runs if state == "all" else getattr(runs, state)()
    rows = [
        {
            "id": run.pk,
            "job": run.name,
            "label": run.title,
            "state": run.state.value,
            "queued_at": run.queued_at,
            "attempts": run.attempts,
            "done": run.progress_done,
            "total": run.progress_total,
            "error": run.error,
        }
        for run in found.order_by("-queued_at")[:limit]
    ]
    columns = {"id": "Id", "state": "State", "queued_at": "Asked for", "label": "What", "error": "Error"}
    terminal.table(rows, columns, f"Nothing is {state}." if state != "all" else "There was no background work yet.")


@jobs.command()
@click.argument("job_id", metavar="ID", type=click.UUID)
@speaking
def again(terminal: Terminal, job_id: uuid.UUID) -> None:
    """Ask for the work ID once more, after it failed or was cancelled. Asking twice asks once."""
    open_database(terminal)
    from milepost.foundation.jobs.models import JobRun

    run = JobRun.objects.filter(pk=job_id).first()
    if run is None:
        raise Refused(f"There is no background work with the id {job_id}.", "`milepost jobs list` shows the ids.")
    fresh = run.again()
    terminal.answer({"id": fresh.pk, "again_of": run.pk}, f"“{fresh.title}” waits for a worker, as {fresh.pk}.")
