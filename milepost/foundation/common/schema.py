"""The state of the database's tables against the code: what is missing, what is ahead, and bringing them in line.

One process at a time migrates: a second one that starts meanwhile waits, then finds nothing left to do. Each migration is a
transaction on both databases, so one that is killed leaves no trace and the next run goes on where it was.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Names = list[tuple[str, str]]
"""(app, migration)."""

ADVISORY_LOCK = 0x4D504F53
"""Any number that nothing else on the database takes."""


def is_empty() -> bool:
    """Whether no migration has ever run on this database."""
    return not MigrationRecorder(connection).has_table()


def applied() -> Names:
    return sorted(MigrationRecorder(connection).applied_migrations())


def pending() -> Names:
    """Migrations of the code that the database has not seen, in the order in which they would run."""
    loader = MigrationLoader(connection)
    done = set(loader.applied_migrations)
    wanted: list[tuple[str, str]] = []
    for leaf in loader.graph.leaf_nodes():
        wanted += [node for node in loader.graph.forwards_plan(leaf) if node not in done and node not in wanted]
    return wanted


def ahead() -> Names:
    """Migrations of our apps in the database that the code does not know: a newer Milepost made it."""
    loader = MigrationLoader(connection)
    ours = {config.label for config in apps.get_app_configs()}
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        known |= set(migration.replaces)
    return sorted(node for node in loader.applied_migrations if node[0] in ours and node not in known)


def migrate() -> Names:
    """Apply what is pending; returns what was. Safe where several processes start at once."""
    with only_one("migrate"):
        todo = pending()
        # Also with nothing pending: what follows migrations (content types, triggers) may have been cut off.
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        return todo


def pending_at_rest() -> Names:
    """What is pending once nobody migrates: another process may be preparing the database at this moment."""
    with only_one("migrate"):
        return pending()


def run_folder() -> Path:
    """Where processes of this machine leave locks and signs of life; nothing in it is worth keeping."""
    folder: Path = settings.MILEPOST_HOME / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Hold a lock of this machine, and of the database where other machines reach it."""
    with (run_folder() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        try:
            yield
        finally:
            # The lock is the connection's: it goes with it if this process dies.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
