"""Database connections of a process that lives long and waits much."""

from __future__ import annotations

from django.db import connections


def refresh_connections() -> None:
    """Close what is broken and keep the rest.

    Django's `close_old_connections` would, with its default settings, open the database anew at each look at
    the queue.
    """
    for connection in connections.all(initialized_only=True):
        connection.close_at = None
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
