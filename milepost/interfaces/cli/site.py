"""A command's way to the site: Django started, and the database in a state to work with."""

from __future__ import annotations

import os

from .terminal import Refused, Terminal

CONNECT_WITHIN = 10
"""Seconds."""


def start() -> None:
    """Read the settings and load the apps. Twice changes nothing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "milepost.config.settings")
    import django

    django.setup()


def open_database(terminal: Terminal) -> None:
    """Start, and see that the database has the tables of this version: an empty one is prepared, an older one refused.

    Raises Refused where `milepost upgrade` has to run first, or where a newer Milepost made the database.
    """
    start()
    from milepost.foundation.common import schema

    reach_database()
    refuse_a_newer_database()
    if schema.is_empty():
        terminal.note("The database is empty: preparing it.")
        prepare()
    elif schema.pending() and (pending := schema.pending_at_rest()):
        raise Refused(
            f"The database is of an older version: {len(pending)} migrations have not run.",
            "Run `milepost upgrade`, then this command again.",
        )


def prepare() -> list[tuple[str, str]]:
    """Bring the tables up to this version and settle the log's epoch; returns the migrations that ran."""
    from milepost.foundation.activity import epochs
    from milepost.foundation.common import schema

    reach_database()
    refuse_a_newer_database()
    applied = schema.migrate()
    epochs.settle()
    return applied


def reach_database() -> None:
    """Raise Refused at once where PostgreSQL does not answer; Django's pool would try for a while, and not say why."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return
    import psycopg

    try:
        psycopg.connect(**{"connect_timeout": CONNECT_WITHIN} | connection.get_connection_params()).close()
    except psycopg.OperationalError as error:
        words = " ".join(str(error).split())
        raise Refused(
            f"The database does not answer: {words}", "See that it runs, and that DATABASE_URL is right."
        ) from error


def leave_database() -> None:
    """Close every connection, and the pools, which have threads and keep connections of their own."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


def refuse_a_newer_database() -> None:
    from milepost.foundation.common import schema

    if ahead := schema.ahead():
        app, name = ahead[-1]
        raise Refused(
            f"A newer Milepost made this database: it has the migration {app}.{name}, which this version does not know.",
            "Install that newer version again, or restore the backup made before it was installed.",
        )
