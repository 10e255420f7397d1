"""Bringing a backup back: nothing is touched before all of it was unpacked and compared with its checksums."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from milepost.foundation.activity import following
from milepost.foundation.common import schema
from milepost.foundation.jobs.services import set_aside

from .. import site
from ..terminal import Progress, Refused
from . import postgres, sqlite
from .archive import FOLDERS, Unpacked, read_head, unpack
from .making import staging_folder, stamp


@dataclass
class Restored:
    made_at: str
    made_by: str
    files: int
    migrated: int
    """Migrations that ran because the backup was older."""
    jobs_set_aside: int
    kept: list[str] = field(default_factory=list)
    """What was there before, under its new name."""
    readers: list[dict[str, Any]] = field(default_factory=list)


def restore(path: Path, *, force: bool, progress: Progress) -> Restored:
    """Replace database, uploads and secrets by the backup's.

    Afterwards the readers go on where they were, effects begin at the end of the log, and background work that was waiting
    is set aside: nothing is sent. Raises Refused, with nothing changed, for a damaged or foreign file, for another kind of
    database, for a newer version's backup, and for a site that is not empty unless `force`.
    """
    head = read_head(path)
    _refuse_another_database(head)
    _refuse_a_newer_backup(head)
    if not force and has_content():
        raise Refused(
            "There is a site here already: its database holds accounts or communities.",
            "To replace it, run this again with --force; make a backup of it first.",
        )
    _refuse_without_room(head)
    with staging_folder() as staging:
        unpacked = unpack(path, staging, progress)
        kept = _replace(unpacked)
    cache.clear()
    migrated = site.prepare()
    jobs = set_aside()
    following.skip_effects_to_end()
    readers = [{"reader": row["reader"], "behind": row["behind"]} for row in following.status()]
    return Restored(
        made_at=head["made_at"],
        made_by=head["milepost"],
        files=len(unpacked.files),
        migrated=len(migrated),
        jobs_set_aside=jobs,
        kept=[str(one) for one in kept],
        readers=readers,
    )


def has_content() -> bool:
    """Whether anybody has an account or a community here; tables alone are no content."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for table in ("identity_account", "identity_community"):
            if table in tables:
                cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608 (one of two names)
                if cursor.fetchone():
                    return True
    return False


def _replace(unpacked: Unpacked) -> list[Path]:
    moment = stamp()
    kept = []
    # The database first: if it cannot be brought back, the files have not changed.
    if connection.vendor == "sqlite":
        kept += sqlite.load(unpacked.database, moment, keep=has_content())
    else:
        postgres.load(unpacked.database, moment, int(unpacked.head["database"]["version"]))
    home: Path = settings.MILEPOST_HOME
    for folder in FOLDERS:
        fresh, old = unpacked.folder / folder, home / folder
        if folder == "secrets" and not fresh.is_dir():
            continue
        if old.is_dir() and any(old.iterdir()):
            kept.append(home / f"{folder}.before-restore-{moment}")
            old.rename(kept[-1])
        elif old.is_dir():
            old.rmdir()
        if fresh.is_dir():
            fresh.rename(old)
        else:
            old.mkdir(mode=0o700)
    return kept


def _refuse_another_database(head: dict[str, Any]) -> None:
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
    made = head["database"]["vendor"]
    if made != connection.vendor:
        raise Refused(
            f"The backup holds a {names.get(made, made)} database, and this site has {names[connection.vendor]}.",
            "Restore it on the same kind of database. To move a community from one to the other, use"
            " `milepost export --community SLUG FILE` there and `milepost import milepost FILE` here.",
        )


def _refuse_a_newer_backup(head: dict[str, Any]) -> None:
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    labels = {label for label, _ in known}
    newer = [f"{app}.{name}" for app, name in head["migrations"] if app in labels and (app, name) not in known]
    if newer:
        raise Refused(
            f"The backup was made by Milepost {head['milepost']}, which has tables that this version does not know"
            f" ({newer[-1]}).",
            "Install that version or a newer one, then restore.",
        )


def _refuse_without_room(head: dict[str, Any]) -> None:
    needed, free = int(head.get("bytes", 0)), shutil.disk_usage(schema.run_folder()).free
    if free < needed * 1.1:
        raise Refused(
            f"The backup needs {needed / 2**20:,.0f} MB unpacked, and there are {free / 2**20:,.0f} MB.",
            f"Make room in {settings.MILEPOST_HOME} first.",
        )
