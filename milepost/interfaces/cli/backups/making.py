"""Making a backup, while the site runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection

from milepost import __version__
from milepost.foundation.common import schema

from ..terminal import Progress, Refused
from . import postgres, sqlite
from .archive import DATABASES, FOLDERS, HEAD, Writer


@dataclass(frozen=True, slots=True)
class Made:
    path: str
    files: int
    bytes: int
    """Of the content, before compression."""
    with_secrets: bool


def make(out: IO[bytes], *, path: str, with_secrets: bool, progress: Progress) -> Made:
    """Write a backup into `out`: first the database as of one moment, then the files, of which it names only older ones."""
    with _staging(_database_size()) as staging:
        dumped = staging / DATABASES[connection.vendor]
        if connection.vendor == "sqlite":
            sqlite.dump(dumped, progress)
        else:
            postgres.dump(dumped)
        files = list(_files(with_secrets))
        total = dumped.stat().st_size + sum(size for _, _, size in files)
        done = dumped.stat().st_size
        with Writer(out, _head(total, with_secrets)) as archive:
            archive.add(dumped.name, dumped)
            dumped.unlink()
            for name, file, size in files:
                archive.add(name, file)
                done += size
                progress(done, total, "bytes")
            return Made(path, len(archive.sums.keys() - {HEAD}), total, with_secrets)


def make_file(path: Path, *, with_secrets: bool, progress: Progress) -> Made:
    """As `make`, into a file that only its owner may read and that appears under its name when it is whole."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            made = make(out, path=str(path), with_secrets=with_secrets, progress=progress)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return made


def stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}"


def _head(total: int, with_secrets: bool) -> dict[str, Any]:
    database: dict[str, Any] = {"vendor": connection.vendor}
    if connection.vendor == "postgresql":
        database["version"] = postgres.server_version()
    return {
        "milepost": __version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": database,
        "migrations": [list(node) for node in schema.applied()],
        "bytes": total,
        "secrets": with_secrets,
    }


def _files(with_secrets: bool) -> Iterator[tuple[str, Path, int]]:
    home: Path = settings.MILEPOST_HOME
    for folder in FOLDERS:
        if folder == "secrets" and not with_secrets:
            continue
        for file in sorted((home / folder).rglob("*")):
            if file.is_file() and not file.is_symlink():
                yield file.relative_to(home).as_posix(), file, file.stat().st_size


def _database_size() -> int:
    return sqlite.size() if connection.vendor == "sqlite" else postgres.size()


@contextmanager
def _staging(needed: int) -> Iterator[Path]:
    """A folder of our own for the copy of the database. Raises Refused where it has no room."""
    folder = schema.run_folder()
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Refused(
            f"The copy of the database needs {needed / 2**20:,.0f} MB, and {folder} has {free / 2**20:,.0f} MB.",
            "Make room there first.",
        )
    with staging_folder() as staging:
        yield staging


@contextmanager
def staging_folder() -> Iterator[Path]:
    """On the disk of the site's data. Those of processes that were killed are taken away."""
    folder = schema.run_folder()
    for left in folder.glob("staging-*"):
        pid = left.name.split("-")[1]
        if not pid.isdigit() or not _lives(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"staging-{os.getpid()}-", dir=folder) as staging:
        yield Path(staging)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
