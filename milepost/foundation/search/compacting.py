"""Making the index on SQLite forget: a word that was taken out stays in its segments until they are merged.

So the words of someone who was erased lie in the file, unreachable, until this has run (each night). PostgreSQL's vacuum
does the same by itself.
"""

from __future__ import annotations

from django.db import connection, transaction

PAGES = 64
"""Of the index that one step rewrites at the most: some 10 ms, so that people who write do not wait."""


def compact() -> int:
    """Merge all segments into one, in short steps; returns their number. Safe to repeat and to break off."""
    if connection.vendor != "sqlite":
        return 0
    steps = 0
    # A negative number begins the merge of everything, positive ones go on (FTS5, "The 'merge' Command").
    pages = -PAGES
    while _merge(pages):
        steps, pages = steps + 1, PAGES
    return steps


def _merge(pages: int) -> bool:
    """One step, in a transaction of its own; whether there is more to do."""
    with transaction.atomic(), connection.cursor() as cursor:
        before = connection.connection.total_changes
        cursor.execute("INSERT INTO search_index (search_index, rank) VALUES ('merge', %s)", [pages])
        # The command itself is one change.
        return bool(connection.connection.total_changes - before >= 2)
