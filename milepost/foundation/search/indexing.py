"""Bringing documents in line with the rows that they stand for, by two statements whatever their number."""

from __future__ import annotations

import json
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models.expressions import RawSQL

from . import schema
from .models import SearchDocument
from .registry import COLUMNS, Searchable, searchables

ATTEMPTS = 8


def refresh(one: Searchable, ids: str, params: list[Any]) -> None:
    """Make the documents of these rows anew; those of rows that cannot be found any more go. `ids` is SQL."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM search_document WHERE kind = %s AND object_id IN ({ids})", [one.kind, *params])
    rows = one.rows().filter(pk__in=RawSQL(ids, params))  # noqa: S611 - `ids` is an app's own, its values are parameters
    sql, row_params = rows.order_by().query.sql_with_params()
    names = ", ".join(COLUMNS)
    insert = f"INSERT INTO search_document (id, kind, {names}) SELECT {_new_id('q.at')}, %s, q.* FROM ({_named(sql)}) q"
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                if connection.vendor == "sqlite":
                    cursor.execute(f"{insert} RETURNING id", [one.kind, *row_params])
                    _enter(cursor, [row[0] for row in cursor.fetchall()])
                else:
                    cursor.execute(insert, [one.kind, *row_params])
            return
        except IntegrityError:
            # Two documents of one second drew the same number; the next draw is another.
            if attempt == ATTEMPTS - 1:
                raise


def _enter(cursor: Any, documents: list[int]) -> None:
    """SQLite: these documents into the index, by one statement; PostgreSQL's follows by itself.

    A statement a document, as a trigger would have it, costs four times as much: FTS5 writes at each. By the ids that were
    made, since what an app asks for may have another answer once the documents are there.
    """
    cursor.execute(
        "INSERT INTO search_index (rowid, title, body, scope) SELECT id, title, body, scope FROM search_content"
        " WHERE id IN (SELECT value FROM json_each(%s))",
        [json.dumps(documents)],
    )


def _named(sql: str) -> str:
    """The same rows with the columns called as they are in the table of documents."""
    if connection.vendor == "postgresql":
        return f"SELECT * FROM ({sql}) AS r ({', '.join(COLUMNS)})"
    return f"WITH r ({', '.join(COLUMNS)}) AS ({sql}) SELECT * FROM r"


def _new_id(moment: str) -> str:
    """SQL: the second in the upper 32 bits, a random number below it."""
    if connection.vendor == "postgresql":
        return f"(extract(epoch FROM {moment})::bigint << 31) | floor(random() * 2147483648)::bigint"
    return f"(CAST(strftime('%%s', {moment}) AS INTEGER) << 31) | (random() & 2147483647)"


def rebuild() -> None:
    """Every document anew from the rows, without the log. For repair, and to compare with."""
    with transaction.atomic():
        schema.empty(connection)
        for one in searchables().values():
            table = one.rows().model._meta
            refresh(one, f"SELECT {table.pk.column} FROM {table.db_table}", [])


def count() -> int:
    return SearchDocument.objects.count()
