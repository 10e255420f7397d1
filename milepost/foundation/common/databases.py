"""What SQLite and PostgreSQL do differently, said once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.backends.signals import connection_created
from django.db.models import BigIntegerField, Expression


@lru_cache(maxsize=65536)
def _day_of_quarter(quarter: str, zone: str) -> str:
    moment = datetime.fromisoformat(quarter).replace(tzinfo=UTC)
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def _local_day(moment: str | None, zone: str) -> str | None:
    """SQLite: the local day of a stored UTC moment. Offsets are multiples of 15 minutes, so one quarter is one answer."""
    if moment is None:
        return None
    quarter = int(moment[14:16]) // 15 * 15
    return _day_of_quarter(f"{moment[:14]}{quarter:02d}:00", zone)


def _prepare(sender: Any, connection: Any, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function("milepost_day", 2, _local_day, deterministic=True)


def connect() -> None:
    connection_created.connect(_prepare, dispatch_uid="milepost-databases")


def local_day_sql(moment: str, zone: str) -> str:
    """SQL for the local day of the column `moment` in the zone that the SQL expression `zone` names."""
    if connection.vendor == "sqlite":
        return f"milepost_day({moment}, {zone})"
    return f"({moment} AT TIME ZONE {zone})::date"


class TransactionId(Expression):
    """The id of the writing transaction on PostgreSQL; 0 on SQLite, which has one writer at a time."""

    allowed_default = True
    output_field = BigIntegerField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        if connection.vendor == "postgresql":
            return "(pg_current_xact_id()::text::bigint)", ()
        return "0", ()


def variables_at_once() -> int:
    """How many parameters one statement may have, with some to spare (SQLite: 32,766 since 3.32)."""
    return 20_000 if connection.vendor == "sqlite" else 60_000


@contextmanager
def snapshot() -> Iterator[None]:
    """Read everything as of one moment, while others go on writing. Takes no write lock."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        # atomic() would begin an IMMEDIATE transaction, and hold up everyone who writes.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
