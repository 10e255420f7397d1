"""The embedded database: a snapshot while others write, and putting one in place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

from ..site import leave_database
from ..terminal import Progress

PAGES = 2_000
"""Pages a step; a step holds no lock that a writer would wait for, since the database keeps a write-ahead log."""


def path() -> Path:
    return Path(connection.settings_dict["NAME"])


def size() -> int:
    return sum(file.stat().st_size for file in (path(), _beside("-wal")) if file.exists())


def _beside(suffix: str) -> Path:
    return path().with_name(path().name + suffix)


def dump(target: Path, progress: Progress) -> None:
    """Copy the database as it is at this moment into `target`."""
    with closing(sqlite3.connect(path(), timeout=20, isolation_level=None)) as source:
        # One read transaction for the whole copy: without it, each write of someone else would begin the copy anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with closing(sqlite3.connect(target)) as copy:
            source.backup(
                copy, pages=PAGES, progress=lambda _status, left, total: progress(total - left, total, "pages")
            )
            # One file, without a log beside it.
            copy.execute("PRAGMA journal_mode=DELETE")


def load(dumped: Path, stamp: str, *, keep: bool) -> list[Path]:
    """Put the file in the database's place; returns where the old one is, if it was worth keeping."""
    leave_database()
    kept = []
    if keep and path().exists():
        with closing(sqlite3.connect(path(), timeout=20)) as old:
            # Everything into the one file that is kept.
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            old.execute("PRAGMA journal_mode=DELETE")
        kept.append(_beside(f".before-restore-{stamp}"))
        path().rename(kept[0])
    for suffix in ("-wal", "-shm"):
        _beside(suffix).unlink(missing_ok=True)
    dumped.rename(path())
    return kept
