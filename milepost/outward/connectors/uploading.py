"""Exports that are uploaded: kept in MILEPOST_HOME/imports until they are imported, then deleted."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.ids import new_id
from milepost.foundation.common.uploads import clean_name
from milepost.foundation.identity.models import Community, Person

from .importing import start
from .models import ImportRun
from .records import ConnectorError, Options
from .sources import open_source

KEPT = timedelta(days=30)
"""How long an upload waits for its import to be finished: for another attempt, or for someone to look at it."""

GLANCE = 1 << 20
"""Bytes that are read to see whether a file can be imported."""


def folder() -> Path:
    return Path(settings.MILEPOST_HOME) / "imports"


def keep(file: UploadedFile, community: Community) -> Path:
    """Put an upload where the worker finds it. Raises ConnectorError for one that is empty or too large."""
    name = clean_name(file.name or "")
    if not file.size:
        raise ConnectorError(_("“%(name)s” is empty.") % {"name": name}, _("Choose the file again."))
    if file.size > settings.IMPORT_LIMIT:
        raise ConnectorError(
            _("“%(name)s” is too large: %(size)s.") % {"name": name, "size": filesizeformat(file.size)},
            _("Import it with the command line on the server: milepost import."),
        )
    place = folder() / community.pk.hex
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Sources look at endings, so the name's is kept.
    path = place / f"{new_id().hex}-{name}"
    try:
        if isinstance(file, TemporaryUploadedFile):
            # From a folder on the same disk (FILE_UPLOAD_TEMP_DIR): nothing is copied.
            shutil.move(file.temporary_file_path(), path)
            path.chmod(0o600)
        else:
            with path.open("xb") as kept:
                for chunk in file.chunks():
                    kept.write(chunk)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def begin(
    file: UploadedFile, kind: str, *, community: Community, options: Options, source: str = "", by: Person | None = None
) -> ImportRun:
    """Keep an upload, look whether it can be read, and make its run; nothing of the history is stored yet.

    Raises ConnectorError for a file of another kind, or options that do not fit it; then nothing is left behind.
    """
    path = keep(file, community)
    try:
        open_source(kind, str(path), options).preview(GLANCE)
        run = start(
            kind,
            str(path),
            community=community,
            options=options,
            source=source,
            by=by,
            file_name=clean_name(file.name or ""),
        )
    except DomainError:
        discard(path)
        raise
    if run.path != str(path):
        # An earlier import of the same file goes on, with its own copy if that is still there.
        if Path(run.path).exists():
            discard(path)
        else:
            run.path = str(path)
            run.save(update_fields=["path"])
    return run


def discard(path: str | Path) -> None:
    """Delete a file if it is an upload; what an operator named on the command line is theirs."""
    if Path(path).is_relative_to(folder()):
        Path(path).unlink(missing_ok=True)


def forget_old() -> int:
    """Delete uploads that no import finished within KEPT; returns how many."""
    before = (clock.now() - KEPT).timestamp()
    gone = 0
    waiting = set(
        ImportRun.objects.unfinished().filter(moved_at__gte=clock.now() - KEPT).values_list("path", flat=True)
    )
    for path in folder().glob("*/*"):
        if path.stat().st_mtime < before and str(path) not in waiting:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
