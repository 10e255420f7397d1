"""Which outage an error stands for: real errors of both databases, not made-up ones."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import closing

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.db.utils import load_backend

from milepost.foundation.common.outages import Outage, outage_of


def sqlite(path, **options):
    """A connection of Django's to a database of its own."""
    made = connection.settings_dict | {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}
    return load_backend("django.db.backends.sqlite3").DatabaseWrapper(made, "other")


@pytest.mark.django_db
def test_sqlite_full(tmp_path):
    with closing(sqlite(tmp_path / "full")) as other, other.cursor() as cursor:
        cursor.execute("CREATE TABLE pages (body BLOB)")
        cursor.execute("PRAGMA max_page_count = 20")
        with pytest.raises(OperationalError) as caught:
            cursor.execute("INSERT INTO pages VALUES (zeroblob(1000000))")
    assert outage_of(caught.value) is Outage.FULL


@pytest.mark.django_db
def test_sqlite_locked(tmp_path):
    with closing(sqlite3.connect(tmp_path / "locked", isolation_level=None)) as writer:
        writer.execute("CREATE TABLE t (x)")
        writer.execute("BEGIN IMMEDIATE")
        other = sqlite(tmp_path / "locked", timeout=0)
        with closing(other), other.cursor() as cursor, pytest.raises(OperationalError) as caught:
            cursor.execute("INSERT INTO t VALUES (1)")
    assert outage_of(caught.value) is Outage.LOCKED


@pytest.mark.django_db
def test_sqlite_away_or_unprepared(tmp_path):
    with pytest.raises(OperationalError) as caught:
        sqlite(tmp_path / "no" / "folder").cursor()
    assert outage_of(caught.value) is Outage.AWAY
    (tmp_path / "junk").write_bytes(b"no database" * 100)
    with closing(sqlite(tmp_path / "junk")) as other, pytest.raises(DatabaseError) as broken, other.cursor() as cursor:
        cursor.execute("SELECT * FROM t")
    assert outage_of(broken.value) is Outage.AWAY
    empty = sqlite(tmp_path / "empty")
    with closing(empty), empty.cursor() as cursor, pytest.raises(OperationalError) as missing:
        cursor.execute("SELECT * FROM t")
    assert outage_of(missing.value) is Outage.UNPREPARED


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_postgresql():
    with transaction.atomic(), pytest.raises(ProgrammingError) as missing, transaction.atomic():
        connection.cursor().execute("SELECT * FROM nowhere")
    assert outage_of(missing.value) is Outage.UNPREPARED

    held = connection.settings_dict | {"OPTIONS": {}}
    other = load_backend("django.db.backends.postgresql").DatabaseWrapper(held, "other")
    with closing(other), other.cursor() as first, transaction.atomic(), connection.cursor() as second:
        second.execute("LOCK TABLE identity_account IN ACCESS EXCLUSIVE MODE")
        first.execute("SET lock_timeout = '20ms'")
        with pytest.raises(OperationalError) as locked:
            first.execute("SELECT 1 FROM identity_account")
    assert outage_of(locked.value) is Outage.LOCKED

    nobody = connection.settings_dict | {"OPTIONS": {"connect_timeout": 2}, "PORT": "1"}
    with pytest.raises(OperationalError) as away:
        load_backend("django.db.backends.postgresql").DatabaseWrapper(nobody, "away").cursor()
    assert outage_of(away.value) is Outage.AWAY


def test_postgresql_full():
    """Not brought about here: it would take a full disk. The code is PostgreSQL's own, 53100."""
    error = OperationalError("could not extend file")
    error.__cause__ = psycopg.errors.DiskFull("could not extend file")
    assert outage_of(error) is Outage.FULL


def test_a_full_disk_for_files_too():
    assert outage_of(OSError(errno.ENOSPC, "No space left on device")) is Outage.FULL


def test_an_outage_behind_another_error_is_found():
    def save_the_session():
        try:
            raise OperationalError("database is locked")
        except OperationalError as error:
            raise RuntimeError("the session could not be saved") from error

    with pytest.raises(RuntimeError) as caught:
        save_the_session()
    assert outage_of(caught.value) is Outage.LOCKED


@pytest.mark.parametrize(
    "error", [None, ValueError("x"), IntegrityError("UNIQUE constraint failed"), FileNotFoundError()]
)
def test_faults_of_ours_are_no_outage(error):
    assert outage_of(error) is None
