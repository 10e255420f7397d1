from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .site import open_database
from .terminal import Refused, Terminal, speaking

if TYPE_CHECKING:
    from milepost.domain.events.models import Event

of_community = click.option("--community", "slug", required=True, help="The community's short name.")
a_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def events() -> None:
    """Events: list them, see who was there, take answers that came by mail."""


@events.command("list")
@of_community
@click.option("--past", is_flag=True, help="Those that are over, the latest first.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@speaking
def listing(terminal: Terminal, slug: str, past: bool, limit: int) -> None:
    """List what comes, each event of a series by itself."""
    open_database(terminal)
    from milepost.domain.events.models import Event, Registration

    from .communities import find

    rows = Event.objects.filter(community=find(slug)).published()
    rows = rows.over().order_by("-starts_at", "-pk") if past else rows.to_come().order_by("starts_at", "pk")
    found: list[dict[str, Any]] = [
        {
            "id": str(event.pk),
            "title": event.title,
            "kind": event.kind,
            "starts_at": event.starts_at,
            "time_zone": event.zone,
            "series": str(event.series_id) if event.series_id else None,
            "capacity": event.capacity,
            "going": Registration.objects.placed().filter(event=event).count(),
            "waiting": Registration.objects.waiting().filter(event=event).count(),
            "came": Registration.objects.came().filter(event=event).count(),
            "cancelled": event.is_cancelled,
        }
        for event in rows[:limit]
    ]
    columns = {
        "id": "Id",
        "starts_at": "Begins (UTC)",
        "title": "Name",
        "going": "Coming",
        "waiting": "Waiting",
        "came": "Came",
    }
    terminal.table(found, columns, "There are no events.")


@events.command()
@click.argument("event_id", metavar="EVENT")
@click.option("--import", "file", type=a_file, help="Zoom's participants or Eventbrite's attendees, as CSV.")
@click.option("--look", is_flag=True, help="With --import: only say who the people in it are; count nobody.")
@speaking
def attendance(terminal: Terminal, event_id: str, file: Path | None, look: bool) -> None:
    """Say who was at EVENT (its id); or count those whom a file names.

    From a file, those count whom a mail address or the name of someone registered makes sure, and whoever has an address
    and is new comes in as a guest. The others are listed; a steward decides about them on the event's page.
    """
    open_database(terminal)
    event = _event(event_id)
    if file is not None:
        _import(terminal, event, file, look=look)
        return
    from milepost.domain.events.models import Registration

    rows = Registration.objects.filter(event=event).select_related("person").order_by("person__name", "pk")
    missing = set(Registration.objects.missing().filter(event=event).values_list("pk", flat=True))
    found = [
        {
            "person": str(row.person_id),
            "name": row.person.name,
            "answer": row.answer,
            "waiting": row.is_waiting,
            "came": row.came_at is not None,
            "by": row.came_by,
            "minutes": row.minutes,
            "missing": row.pk in missing,
        }
        for row in rows
    ]
    columns = {
        "name": "Name",
        "answer": "Answer",
        "came": "Came",
        "by": "By",
        "minutes": "Minutes",
        "missing": "Missing",
    }
    terminal.table(found, columns, "Nobody is registered.")


def _event(words: str) -> Event:
    from milepost.domain.events.models import Event

    try:
        found = Event.objects.select_related("community").filter(pk=uuid.UUID(words)).first()
    except ValueError:
        found = None
    if found is None:
        raise Refused(f"There is no event “{words}”.", "`milepost events list --community …` shows their ids.")
    return found


def _import(terminal: Terminal, event: Event, file: Path, *, look: bool) -> None:
    from milepost.foundation.common.errors import DomainError
    from milepost.outward.connectors.attendance import importing

    try:
        run = importing.begin(event=event, content=file.read_bytes(), file_name=file.name, by=None)
        counts = {} if look else importing.apply(run=run, by=None)
    except DomainError as error:
        raise Refused(error.message, error.hint) from error
    rows = [
        {
            "line": row.line,
            "name": row.name or row.excerpt,
            "mail": row.mail,
            "minutes": row.minutes,
            "person": row.person.name if row.person else None,
            "reason": row.problem or row.reason,
            "counted": row.taken_at is not None,
        }
        for row in run.rows.select_related("person").order_by("line")
    ]
    if terminal.json:
        terminal.answer({"kind": run.kind, "counts": counts, "rows": rows}, "")
        return
    columns = {
        "line": "Line",
        "name": "Name",
        "minutes": "Minutes",
        "person": "Who that is",
        "reason": "Why",
        "counted": "Counted",
    }
    terminal.table(rows, columns, "Nobody is in this file.")
    if counts:
        click.echo(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))


@events.command()
@click.argument("file", type=click.File("rb"))
@speaking
def reply(terminal: Terminal, file: Any) -> None:
    """Take the answers in FILE, a mail that a calendar program sent back (- for standard input).

    For a mail server that pipes what comes to the site's address: `milepost events reply -`.
    """
    open_database(terminal)
    from milepost.domain.events import replies
    from milepost.foundation.common.errors import DomainError

    try:
        taken = replies.take(file.read(replies.LARGEST + 1))
    except DomainError as error:
        raise Refused(error.message, error.hint) from error
    rows = [one.plain() for one in taken]
    columns = {"event": "Event", "mail": "From", "answer": "Answer", "state": "Now", "reason": "Why not"}
    terminal.table(rows, columns, "No answers.")
