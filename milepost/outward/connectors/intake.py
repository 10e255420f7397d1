"""An uploaded file on its way into a community: taken in, looked at, chosen from, let in, stopped, thrown away.

The files themselves are kept by `uploading`.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict
from milepost.foundation.common.uploads import clean_name
from milepost.foundation.identity.models import Community, Person
from milepost.foundation.jobs.models import JobRun

from . import importing, tasks, uploading
from .models import ImportRun, TableMapping
from .records import ConnectorError, Options
from .sources import SOURCES, detect_source, open_source
from .sources.table import glance

FORGOTTEN = timedelta(days=7)
"""After which an upload that nobody let in is thrown away."""
SHOWN_CHANNELS = 300
"""Channels that a preview keeps, the largest; the others come along as they are."""


def must_fit(size: int) -> None:
    """Raise ConnectorError for an upload of so many bytes that is above the limit or the room on the disk."""
    if size > settings.IMPORT_LIMIT:
        raise ConnectorError(
            _("The file is larger than this site takes: %(size)s MB, and the limit is %(limit)s MB.")
            % {"size": size >> 20, "limit": settings.IMPORT_LIMIT >> 20},
            _("Ask the operator to import it on the command line, where there is no limit."),
        )
    free = shutil.disk_usage(settings.MILEPOST_HOME).free
    if size * 2 > free:
        raise ConnectorError(
            _("There is not enough room on the disk for this file: %(size)s MB, and %(free)s MB are free.")
            % {"size": size >> 20, "free": free >> 20},
            _("Nothing was changed. Ask the operator to make room, then upload it again."),
        )


def receive(*, community: Community, by: Person | None, kind: str, upload: UploadedFile, label: str = "") -> ImportRun:
    """Keep an uploaded file and look into it. `kind` empty: found from the file. Nothing of it is imported yet.

    Raises NotAllowed, ConnectorError for a file that is no export of the kind.
    """
    check(by, "imports.run", community)
    must_fit(upload.size or 0)
    name = clean_name(upload.name or "")
    place = uploading.keep(upload, community)
    try:
        found = kind or detect_source(str(place)) or ""
        _must_be(found, place, name)
        run = ImportRun(
            community=community, started_by=by, kind=found, path=str(place), file_name=name,
            source=f"{found}:{slugify(label)[:24]}" if slugify(label) else found,
            fingerprint=importing.fingerprint(place),
            options=importing.stored_options(Options(timezone=community.time_zone)),
        )  # fmt: skip
        look(run)
        run.save(force_insert=True)
    except ConnectorError as error:
        uploading.discard(place)
        raise _by_name(error, str(place), name) from error
    except BaseException:
        uploading.discard(place)
        raise
    return run


def _by_name(error: ConnectorError, path: str, name: str) -> ConnectorError:
    """The error with the name under which the file was uploaded, not the one under which it is kept."""
    return ConnectorError(error.message.replace(Path(path).name, name).replace(path, name), error.hint)


def _must_be(kind: str, place: Path, name: str) -> None:
    if kind == "milepost":
        raise ConnectorError(
            _("A community that was taken out of Milepost comes back as a community of its own."),
            _("Ask the operator to bring it in: milepost import milepost %(name)s --community …") % {"name": name},
        )
    if not kind:
        raise ConnectorError(
            _("“%(name)s” is of no format that can be read here.") % {"name": name},
            _("Upload the export as the other tool made it: a zip, JSON, mbox, CSV or Parquet file."),
        )
    # Of a table the columns may bear any names: which is what is asked afterwards.
    is_one = bool(glance(str(place))[0]) if kind == "table" else kind in SOURCES and SOURCES[kind].detect(str(place))
    if not is_one:
        found = detect_source(str(place))
        raise ConnectorError(
            _("“%(name)s” is not what you said it is.") % {"name": name},
            _("It looks like: %(found)s. Choose that, or another file.") % {"found": found}
            if found
            else _("Upload the export as the other tool made it, and choose that tool."),
        )


def look(run: ImportRun) -> None:
    """Preview the file with the choices made so far, into `run.preview` (not saved): counts, or why it cannot be read."""
    options = importing.options_of(run)
    try:
        seen = open_source(run.kind, run.path, options).preview()
    except ConnectorError as error:
        if run.kind != "table":
            raise
        # A table can be helped by saying which column is what.
        columns, rows = glance(run.path)
        run.preview = {"error": _by_name(error, run.path, run.file_name).message, "columns": columns, "rows": rows}
        return
    # asdict() would make a Counter of pairs out of the Counter.
    found = asdict(replace(seen, skipped=Counter())) | {"skipped": dict(seen.skipped)}
    for name in ("first_at", "last_at"):
        found[name] = found[name].isoformat() if found[name] else ""
    found["channels"].sort(key=lambda channel: (channel["kind"] == "direct", -channel["messages"], channel["name"]))
    found["more_channels"] = max(0, len(found["channels"]) - SHOWN_CHANNELS)
    found["channels"] = found["channels"][:SHOWN_CHANNELS]
    found["columns"], found["rows"] = glance(run.path) if run.kind == "table" else ([], [])
    run.preview = found


def choose(run: ImportRun, *, by: Person | None, options: Options, save_as: str = "") -> None:
    """What is to come in, and how; looks again. `save_as`: keep the table's mapping under this name.

    Raises NotAllowed, Conflict where it has begun, ConnectorError where the choices do not fit the file.
    """
    check(by, "imports.run", run.community)
    if run.started_at:
        raise Conflict(_("This import has begun."), _("Its choices stand. Upload the file again to choose otherwise."))
    run.options = importing.stored_options(options)
    look(run)
    with transaction.atomic():
        run.save(update_fields=["options", "preview"])
        if save_as.strip() and run.kind == "table":
            TableMapping.objects.update_or_create(
                community=run.community,
                name=save_as.strip()[:80],
                defaults={"kind": run.preview.get("kind", ""), "mapping": run.preview.get("mapping", {})},
            )


def let_in(run: ImportRun, *, by: Person | None) -> None:
    """Ask for the import in the background: the first time, after it failed, or after it was stopped; it goes on where it was.

    Twice asks once. Raises NotAllowed, Conflict for one that is done, ConnectorError where its file is gone.
    """
    check(by, "imports.run", run.community)
    run.refresh_from_db()
    if run.finished_at:
        raise Conflict(_("This import is done."))
    if not Path(run.path).exists():
        raise ConnectorError(
            _("The file of this import is not here any more."), _("Upload it again; it goes on from there.")
        )
    if run.preview.get("error"):
        raise ConnectorError(str(run.preview["error"]), _("Say which column is what."))
    if work_of(run) is not None:
        return
    with transaction.atomic():
        ImportRun.objects.filter(pk=run.pk).update(
            started_at=run.started_at or clock.now(), failed_at=None, cancelled_at=None, error=""
        )
        account = by.account_id if by else None
        label = _("Import of %(name)s") % {"name": run.file_name}
        tasks.carry_out_import.using(community_id=run.community_id, requested_by=account, label=label).enqueue(
            str(run.pk)
        )
    run.refresh_from_db()


def work_of(run: ImportRun) -> JobRun | None:
    """The background job that carries the import out, waiting or at work."""
    jobs = JobRun.objects.for_community(run.community_id).named(tasks.carry_out_import.name).unended()
    return next((job for job in jobs if job.arguments.get("args") == [str(run.pk)]), None)


def stop(run: ImportRun, *, by: Person | None) -> None:
    """End it after the part that is being stored now; what is stored stays, and it can go on later.

    Raises NotAllowed, Conflict for one that is not under way.
    """
    check(by, "imports.run", run.community)
    job = work_of(run)
    if job is not None:
        job.cancel()
    elif run.state not in {"running", "failed"}:
        raise Conflict(_("This import is not under way."))
    if job is None or job.cancelled_at:
        ImportRun.objects.filter(pk=run.pk, finished_at=None).update(cancelled_at=clock.now())
    run.refresh_from_db()


def discard(run: ImportRun, *, by: Person | None) -> None:
    """Throw the uploaded file away. An import that has begun keeps its record, and what it stored.

    Raises NotAllowed, Conflict for one that is under way.
    """
    check(by, "imports.run", run.community)
    if work_of(run) is not None:
        raise Conflict(_("This import is under way."), _("Stop it first."))
    uploading.discard(run.path)
    if run.started_at is None:
        run.delete()
        return
    with transaction.atomic():
        ImportRun.objects.filter(pk=run.pk, cancelled_at=None).update(cancelled_at=clock.now())
        trace("import.discarded", community=run.community, by=by, reason=run.file_name)


def forget_old() -> int:
    """Throw away what nobody let in within a week. Returns how many imports."""
    gone = 0
    for run in ImportRun.objects.filter(started_at=None, created_at__lt=clock.now() - FORGOTTEN):
        uploading.discard(run.path)
        run.delete()
        gone += 1
    return gone


def mapping_named(community: Community, pk: Any) -> TableMapping | None:
    return TableMapping.objects.filter(community=community, pk=pk).first()
