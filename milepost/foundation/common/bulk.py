"""Writing many rows at once: executemany on SQLite, COPY on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def insert_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, ignore: bool = False
) -> None:
    """Insert `rows`, whose values stand in the order of `columns` (attribute names: `person_id`), without model instances.

    `ignore`: leave out rows that break a unique constraint. Values are Python values; this prepares them as the fields would.
    """
    fields: list[models.Field[Any, Any]] = [
        model._meta.get_field(c.removesuffix("_id") if _is_key(model, c) else c) for c in columns
    ]  # type: ignore[misc]
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
