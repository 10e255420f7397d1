"""One import a community at a time, with a lock that ends with the process that holds it, however it ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from milepost.foundation.common.errors import Conflict
from milepost.foundation.identity.models import Community

LINGERS = 3.0
"""Seconds that PostgreSQL may take to notice that the process of an earlier import is gone."""


@contextmanager
def only_import(community: Community) -> Iterator[None]:
    """Hold the community's import lock. Raises Conflict where another import runs.

    On PostgreSQL a lock of the session, so that several machines agree; on SQLite one of a file in MILEPOST_HOME.
    """
    busy = Conflict(
        _("Another import into “%(name)s” is running.") % {"name": community.name},
        _("Wait until it has ended, or stop it, and start this one again. Nothing was changed."),
    )
    if connection.vendor == "postgresql":
        key = community.pk.int & (1 << 63) - 1
        if not _locked(key):
            raise busy
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
        return
    folder = settings.MILEPOST_HOME / "locks"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / f"import-{community.pk.hex}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        yield


def _locked(key: int) -> bool:
    until = time.monotonic() + LINGERS
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
            if cursor.fetchone()[0]:
                return True
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
