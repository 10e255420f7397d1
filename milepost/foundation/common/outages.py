"""What an error of the database or the disk means for people, whatever the database is."""

from __future__ import annotations

import errno
from enum import StrEnum

from django.db import DatabaseError, InterfaceError, OperationalError


class Outage(StrEnum):
    FULL = "full"
    """No room on the disk: reading goes on, nothing can be saved until someone makes room."""
    LOCKED = "locked"
    """Another writer held the database for longer than we wait: the same again will work."""
    AWAY = "away"
    """The database cannot be reached or read."""
    UNPREPARED = "unprepared"
    """Tables or columns are missing: migrations have not run."""


_SQLITE_WORDS = (
    ("database or disk is full", Outage.FULL),
    ("database is locked", Outage.LOCKED),
    ("database table is locked", Outage.LOCKED),
    ("no such table", Outage.UNPREPARED),
    ("no such column", Outage.UNPREPARED),
    ("unable to open database", Outage.AWAY),
    ("readonly database", Outage.AWAY),
    ("disk i/o error", Outage.AWAY),
    ("disk image is malformed", Outage.AWAY),
    ("file is not a database", Outage.AWAY),
)
# PostgreSQL's error codes, by their beginning (its manual, appendix A).
_POSTGRESQL_CODES = (
    ("53100", Outage.FULL),
    ("55P03", Outage.LOCKED),
    ("40P01", Outage.LOCKED),
    ("42P01", Outage.UNPREPARED),
    ("42703", Outage.UNPREPARED),
    ("08", Outage.AWAY),
    ("53", Outage.AWAY),
    ("57P", Outage.AWAY),
    ("28", Outage.AWAY),
    ("3D000", Outage.AWAY),
)


def outage_of(error: BaseException | None) -> Outage | None:
    """Which outage the error, or an error behind it, stands for; None where it is something else, a fault of ours."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if found := _one(error):
            return found
        error = error.__cause__ or error.__context__
    return None


def _one(error: BaseException) -> Outage | None:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Outage.FULL
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    code = getattr(error.__cause__, "sqlstate", None)
    if code:
        return next((outage for begin, outage in _POSTGRESQL_CODES if str(code).startswith(begin)), None)
    words = str(error).lower()
    for part, outage in _SQLITE_WORDS:
        if part in words:
            return outage
    # psycopg gives no code where there is no connection: refused, timed out, cut off, no room in the pool.
    if isinstance(error, OperationalError | InterfaceError) and _is_psycopg(error.__cause__):
        return Outage.AWAY
    return None


def _is_psycopg(error: BaseException | None) -> bool:
    return error is not None and type(error).__module__.partition(".")[0] in {"psycopg", "psycopg_pool"}
