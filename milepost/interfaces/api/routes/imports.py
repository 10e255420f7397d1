"""Imports of history: starting one with an upload, watching it, reading what it brought."""

import datetime
import uuid
from typing import Annotated, Any, Literal

from ninja import File, Form
from ninja.files import UploadedFile
from pydantic import Field, StrictBool, ValidationError

from milepost.interfaces.api.fields import SourceName
from milepost.interfaces.api.paging import Cursor, Limit, Order, Page
from milepost.interfaces.api.problems import Problem, not_found
from milepost.interfaces.api.routing import MULTIPART, Given, Routes, Told
from milepost.interfaces.api.tokens import Asked
from milepost.outward.connectors.importing import report_of
from milepost.outward.connectors.models import ImportRun, QuarantinedRow
from milepost.outward.connectors.records import Options
from milepost.outward.connectors.sources import SOURCES
from milepost.outward.connectors.tasks import carry_out_import
from milepost.outward.connectors.uploading import begin

routes = Routes(tags=["imports"])

NEWEST = Order("imports", ("created_at", "id"), falling=True)
IN_ORDER = Order("quarantine", ("id",))
State = Literal["waiting", "running", "finished", "failed", "cancelled"]


class ImportTold(Told):
    id: uuid.UUID
    kind: str
    source: str
    file_name: str
    state: State
    percent: int
    error: str = Field(description="Why the last attempt failed")
    created_at: datetime.datetime
    started_at: datetime.datetime | None
    moved_at: datetime.datetime | None = Field(description="When it last got further")
    finished_at: datetime.datetime | None

    @classmethod
    def of(cls, run: ImportRun) -> "ImportTold":
        return cls(
            id=run.pk,
            kind=run.kind,
            source=run.source,
            file_name=run.file_name,
            state=_state(run),
            percent=run.percent,
            error=run.error if run.failed_at else "",
            created_at=run.created_at,
            started_at=run.started_at,
            moved_at=run.moved_at,
            finished_at=run.finished_at,
        )


def _state(run: ImportRun) -> State:
    if run.cancelled_at:
        return "cancelled"
    if run.finished_at:
        return "finished"
    if run.failed_at:
        return "failed"
    return "running" if run.started_at else "waiting"


class ReportTold(Told):
    """What an import brought so far: counts of what is new; `skipped` of what was left out or was there already."""

    state: State
    source: str
    people: int
    channels: int
    threads: int
    messages: int
    reactions: int
    activities: int
    skipped: int
    skipped_by_reason: dict[str, int]
    quarantined: int
    noted: int = Field(description="Rows that came in, but not as they were")
    unnamed_reactions: int
    first_at: datetime.datetime | None
    last_at: datetime.datetime | None


class QuarantineTold(Told):
    """A row that could not be imported, or not as it was (`noted`)."""

    place: str
    line: int
    reason: str
    words: str
    detail: str
    excerpt: str
    noted: bool

    @classmethod
    def of(cls, row: QuarantinedRow) -> "QuarantineTold":
        return cls(
            place=row.place,
            line=row.line,
            reason=row.reason,
            words=row.reason_text,
            detail=row.detail,
            excerpt=row.excerpt,
            noted=row.noted,
        )


def _run(request: Asked, run_id: uuid.UUID) -> ImportRun:
    run = ImportRun.objects.filter(community=request.actor.community, pk=run_id).first()
    if run is None:
        raise not_found()
    return run


@routes.read("/communities/{slug:slug}/imports", permission="imports.run", answer=Page[ImportTold])
def imports(request: Asked, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """Imports, the newest first"""
    found = ImportRun.objects.filter(community=request.actor.community).defer(
        "options", "preview", "position", "counts"
    )
    return NEWEST.page(request, found, cursor=cursor, limit=limit, tell=lambda rows: [ImportTold.of(r) for r in rows])


class OptionsGiven(Given):
    """What to take, and how to read it. Channels are named by key or by name."""

    direct: list[str] = Field([], description="Direct conversations, which come only if named")
    only_channels: list[str] = []
    skip_channels: list[str] = []
    private_channels: list[str] = Field([], description="For exports that do not say which ones are private")
    timezone: str = Field("UTC", max_length=64, description="Of times that carry none")
    day_first: StrictBool | None = None
    kind: Literal["members", "messages", "activities"] | None = Field(None, description="Of a table")
    mapping: dict[str, str] = Field({}, description="Of a table: field to column")
    verb: str = Field("", max_length=40, description="Of a table of activities that has no column for it")

    def chosen(self) -> Options:
        given = self.model_dump()
        names = ("direct", "only_channels", "skip_channels", "private_channels")
        return Options(**given | {name: frozenset(given[name]) for name in names})


KINDS = ", ".join(SOURCES)


@routes.write(
    "POST",
    "/communities/{slug:slug}/imports",
    permission="imports.run",
    answer=ImportTold,
    status=202,
    media=MULTIPART,
)
def start_import(
    request: Asked,
    file: Annotated[UploadedFile, File(description="The export, as the other system gives it")],
    kind: Annotated[str, Form(max_length=20, description=f"One of: {KINDS}")],
    source: Annotated[SourceName | Literal[""], Form(description="Tells two workspaces of one kind apart")] = "",
    options: Annotated[str, Form(max_length=100_000, description="OptionsGiven as JSON")] = "{}",
) -> ImportTold:
    """Upload an export and import it in the background

    The same file twice changes nothing; a newer export adds what is new. Watch `state` and `percent`, then read the report.
    """
    if kind not in SOURCES:
        raise _wrong("kind", f"{KINDS}?")
    try:
        chosen = OptionsGiven.model_validate_json(options).chosen()
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong("options", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    run = begin(
        file,
        kind,
        community=request.actor.community,
        options=chosen,
        source=source,
        by=request.actor.person,
    )
    account = request.token.account.pk
    carry_out_import.using(community_id=request.actor.community.pk, requested_by=account).enqueue(str(run.pk))
    return ImportTold.of(run)


def _wrong(name: str, detail: str) -> Problem:
    return Problem("invalid", errors=[{"where": "form", "pointer": name, "detail": detail}])


@routes.read("/communities/{slug:slug}/imports/{uuid:run_id}", permission="imports.run", answer=ImportTold)
def one(request: Asked, run_id: uuid.UUID) -> ImportTold:
    """How far one import is"""
    return ImportTold.of(_run(request, run_id))


@routes.read("/communities/{slug:slug}/imports/{uuid:run_id}/report", permission="imports.run", answer=ReportTold)
def report(request: Asked, run_id: uuid.UUID) -> ReportTold:
    """What one import brought"""
    run = _run(request, run_id)
    told = report_of(run).as_json()
    return ReportTold(state=_state(run), **{k: told[k] for k in ReportTold.model_fields if k != "state"})


@routes.read(
    "/communities/{slug:slug}/imports/{uuid:run_id}/quarantine",
    permission="imports.run",
    answer=Page[QuarantineTold],
)
def quarantine(request: Asked, run_id: uuid.UUID, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """The rows that could not be imported, with the reason"""
    found = QuarantinedRow.objects.filter(run=_run(request, run_id))
    return IN_ORDER.page(
        request, found, cursor=cursor, limit=limit, tell=lambda rows: [QuarantineTold.of(r) for r in rows]
    )
