"""The full-text index beside the table of documents; the migration makes it."""

from __future__ import annotations

from typing import Any


def empty(connection: Any) -> None:
    """Take out every document at once, without an entry of the index for each."""
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute("DELETE FROM search_document")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'search_document'")
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        cursor.execute("DELETE FROM search_document")
        cursor.execute("INSERT INTO search_index (search_index) VALUES ('delete-all')")
        for _name, sql in triggers:
            cursor.execute(sql)
