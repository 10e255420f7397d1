"""The database's tables against the code: what is missing, what is ahead, and one at a time."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder

from milepost.foundation.common import schema, tenancy


@pytest.mark.django_db
def test_in_line():
    assert schema.pending() == []
    assert schema.ahead() == []
    assert not schema.is_empty()
    assert {app for app, _ in schema.applied()} >= {"activity", "identity", "spaces"}


@pytest.mark.django_db
def test_what_has_not_run_is_pending_in_its_order():
    recorder = MigrationRecorder(connection)
    last = [node for node in schema.applied() if node[0] in {"identity", "activity"}]
    for node in last:
        recorder.record_unapplied(*node)
    pending = schema.pending()
    assert sorted(pending) == sorted(last)
    apps = [app for app, _ in pending]
    assert apps.index("identity") < apps.index("activity"), "the log stands on identities"


@pytest.mark.django_db
def test_what_a_newer_version_did_is_ahead():
    recorder = MigrationRecorder(connection)
    recorder.record_applied("spaces", "0099_beyond")
    recorder.record_applied("an_app_that_is_gone", "0001_initial")
    assert schema.ahead() == [("spaces", "0099_beyond")]


@pytest.mark.django_db(transaction=True)
def test_migrating_again_mends_what_follows_migrations():
    """Killed between the last migration and what comes after it: the triggers are missing."""
    whole = tenancy.installed()
    assert whole
    tenancy.remove()
    assert schema.migrate() == []
    assert tenancy.installed() == whole


@pytest.mark.django_db(transaction=True)
def test_one_at_a_time():
    order = []

    def second():
        with schema.only_one("test"):
            order.append("second")
        connections.close_all()

    with schema.only_one("test"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
