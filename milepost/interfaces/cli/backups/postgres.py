"""PostgreSQL: a dump in its custom format by the right program, and bringing one back."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from ..site import leave_database
from ..terminal import Refused

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version, off PATH."""
PASSED_ON = {"sslmode", "sslrootcert", "sslcert", "sslkey", "options", "service", "target_session_attrs"}


def size() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def server_version() -> int:
    """The major version, as in 15."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def program(name: str, at_least: int) -> Path:
    """`pg_dump` or `pg_restore` of the lowest version that is high enough: a newer one may write what an old server does
    not read. Raises Refused where there is none.
    """
    on_path = shutil.which(name)
    folders = [*([Path(on_path).parent] if on_path else []), *DEBIAN.glob("*/bin")]
    versions: dict[int, Path] = {}
    for folder in folders:
        path = folder / name
        if os.access(path, os.X_OK) and (version := _version_of(path)):
            versions.setdefault(version, path)
    if fitting := [version for version in versions if version >= at_least]:
        return versions[min(fitting)]
    there = ", ".join(map(str, sorted(versions))) or "none"
    raise Refused(
        f"PostgreSQL {at_least} needs {name} of version {at_least} or newer; here is: {there}.",
        f"Install it (Debian: apt-get install postgresql-client-{at_least}), or run this where it is.",
    )


def _version_of(path: Path) -> int | None:
    done = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)(?:\.\d+|devel|beta|rc)", done.stdout)
    return int(found.group(1)) if found else None


def _environment() -> dict[str, str]:
    """How the programs reach the database. By environment, since other users of the machine see a command's words."""
    settings = connection.settings_dict
    given = {
        "PGHOST": settings["HOST"],
        "PGPORT": str(settings["PORT"]),
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGDATABASE": settings["NAME"],
        "PGAPPNAME": "milepost backup",
    }
    for key, value in settings["OPTIONS"].items():
        if key in PASSED_ON:
            given["PG" + key.upper().replace("_", "")] = str(value)
    # pg_dump knows this variable under another name.
    if "PGTARGETSESSIONATTRS" in given:
        given["PGTARGETSESSIONATTRS"] = given["PGTARGETSESSIONATTRS"].replace("_", "-")
    return {**os.environ, **{name: value for name, value in given.items() if value}}


def dump(target: Path) -> None:
    """Everything of the database, as one consistent snapshot, while others go on."""
    _run(
        [
            str(program("pg_dump", server_version())),
            "--format=custom",
            "--compress=0",  # the archive is compressed as a whole
            "--no-owner",
            "--no-privileges",
            "--exclude-schema=before_restore_*",
            f"--file={target}",
        ]
    )


def load(dumped: Path, stamp: str, dumped_by: int) -> None:
    """Bring the dump into the database, in one transaction. What was there steps aside and comes back if it fails."""
    restore = str(program("pg_restore", max(server_version(), dumped_by)))
    _refuse_other_sessions()
    with _aside(f"before_restore_{re.sub(r'[^0-9]', '_', stamp)}"):
        _run(
            [restore, "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", *_into(), str(dumped)]
        )


def _into() -> list[str]:
    return [f"--dbname={connection.settings_dict['NAME']}"]


def _run(command: list[str]) -> None:
    leave_database()
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if line][:3] or ["it said nothing"]
        raise Refused(
            f"{Path(command[0]).name} failed: {' / '.join(said)}",
            "Nothing was changed. See that the database has room and that its user owns it.",
        )


def _refuse_other_sessions() -> None:
    """Our own pool first; a session takes a moment to end."""
    leave_database()
    for _attempt in range(15):
        others = _other_sessions()
        if not others:
            return
        time.sleep(0.2)
    raise Refused(
        f"Other sessions use the database ({len(others)}): {', '.join(f'{n} from {a}' for n, a in others[:5])}.",
        "Stop Milepost on every machine, and close other clients; then run this again.",
    )


def _other_sessions() -> list[tuple[str, str]]:
    # Not by Django's connection, whose pool may open another one beside it.
    with psycopg.connect(**connection.get_connection_params()) as own, own.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(nullif(application_name, ''), 'unnamed'), coalesce(host(client_addr), 'local socket')"
            " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return [(name, address) for name, address in cursor.fetchall()]


@contextmanager
def _aside(name: str) -> Iterator[None]:
    """Rename the schema with its tables and begin an empty one; drop the old at the end, or put it back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())")
        schema, has_tables = cursor.fetchone()
    if not has_tables:
        yield
        return
    here, there = connection.ops.quote_name(schema), connection.ops.quote_name(name)
    _execute(f"ALTER SCHEMA {here} RENAME TO {there}", f"CREATE SCHEMA {here}")
    try:
        for extension in _extensions_in(name):
            _execute(f"ALTER EXTENSION {connection.ops.quote_name(extension)} SET SCHEMA {here}")
        yield
    except BaseException:
        for extension in _extensions_in(schema):
            _execute(f"ALTER EXTENSION {connection.ops.quote_name(extension)} SET SCHEMA {there}")
        _execute(f"DROP SCHEMA {here} CASCADE", f"ALTER SCHEMA {there} RENAME TO {here}")
        raise
    _execute(f"DROP SCHEMA {there} CASCADE")


def _extensions_in(schema: str) -> list[str]:
    """Those that live in the schema: dropping it would take them along."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.extname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
            " WHERE n.nspname = %s AND e.extrelocatable",
            [schema],
        )
        return [row[0] for row in cursor.fetchall()]


def _execute(*statements: Any) -> None:
    from django.db import transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
