"""Writing many rows at once: executemany on SQLite, COPY on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from django.db import connection, models


def insert_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, ignore: bool = False
) -> None:
    """Insert `rows`, whose values stand in the order of `columns` (attribute names: `person_id`), without model instances.

    `ignore`: leave out rows that break a unique constraint. Values are Python values; this prepares them as the fields would.
    """
    fields = [
        cast("models.Field[Any, Any]", model._meta.get_field(c.removesuffix("_id") if _is_key(model, c) else c))
        for c in columns
    ]
    names = ", ".join(connection.ops.quote_name(str(f.column)) for f in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    if connection.vendor == "postgresql" and not ignore:
        from psycopg.types.json import Jsonb

        jsons = {i for i, f in enumerate(fields) if isinstance(f, models.JSONField)}
        statement = f"COPY {table} ({names}) FROM STDIN"
        # Django wraps the errors of execute(), not those of copy().
        with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(
                    [Jsonb(v) if i in jsons and v is not None else v for i, v in enumerate(row)] if jsons else row
                )
        return
    ready = [f.get_db_prep_save for f in fields]
    marks = ", ".join(["%s"] * len(fields))
    verb = "INSERT OR IGNORE INTO" if ignore and connection.vendor == "sqlite" else "INSERT INTO"
    tail = " ON CONFLICT DO NOTHING" if ignore and connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.executemany(
            f"{verb} {table} ({names}) VALUES ({marks}){tail}",
            ([prepare(value, connection) for prepare, value in zip(ready, row, strict=True)] for row in rows),  # type: ignore[arg-type]
        )


def _is_key(model: type[models.Model], column: str) -> bool:
    return column.endswith("_id") and any(f.attname == column and f.name != column for f in model._meta.concrete_fields)


def insert_prepared(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, ignore: bool = False) -> None:
    """Insert rows whose values the database takes as they are: text for ids, moments (see `moment`) and JSON.

    The least work there is: executemany on SQLite, COPY on PostgreSQL. `ignore` leaves out rows that are there already.
    """
    if not rows:
        return
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and not ignore:
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        tail = " ON CONFLICT DO NOTHING" if ignore else ""
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}){tail}", rows)


def moment(value: datetime) -> str:
    """A UTC moment as the database's text: as Django writes it on SQLite; PostgreSQL takes the offset too."""
    return str(value) if _with_offset() else str(value)[:-6]


@cache
def _with_offset() -> bool:
    return connection.vendor == "postgresql"


def update_prepared(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run one UPDATE with each row's parameters."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def learn_statistics(*tables: str) -> None:
    """PostgreSQL: let the planner know the tables as they are now, without waiting for autovacuum.

    A table that just went from empty to many rows looks empty to it for a minute, and what reads the new rows then takes
    thousands of times as long as it should.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(tables)}")


def spare_memory() -> None:
    """SQLite: read this connection's pages through its cache alone, of 64 MB.

    Elsewhere up to 256 MB of the file are mapped, which is quicker, but counts as the process's memory; a long import would
    come to hold all of it.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA mmap_size = 0")
            cursor.execute("PRAGMA cache_size = -65536")
