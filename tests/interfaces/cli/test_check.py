"""`milepost check` finds what is wrong and says what to do; it changes nothing."""

from __future__ import annotations

import shutil
import socket
import threading
from collections import namedtuple
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.utils.translation import gettext_lazy

from milepost.foundation.activity import following
from milepost.foundation.activity.models import ReaderCursor
from milepost.foundation.common import clock, schema
from milepost.foundation.jobs.alive import say_alive
from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.models import Schedule
from milepost.foundation.jobs.schedule import sync_schedules
from milepost.foundation.jobs.worker import run_pending
from milepost.interfaces.cli import checks

pytestmark = pytest.mark.django_db
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def no_signs():
    cache.clear()
    yield
    cache.clear()


def about(subject, look):
    return [(one.state, one.message, one.hint) for one in look() if one.about == subject]


def test_a_sound_site(answer, settings):
    settings.MILEPOST_HOME.chmod(0o700)
    say_alive()
    found = answer("check")
    assert found["ok"] is True
    assert {one["about"] for one in found["findings"]} >= {
        "settings", "folder", "disk", "mail", "database", "migrations", "worker", "readers", "background work",
    }  # fmt: skip
    assert [one for one in found["findings"] if one["state"] == "problem"] == []


def test_words_for_people_and_status_1(command, monkeypatch):
    monkeypatch.setattr(schema, "pending", lambda: [("spaces", "0002_more")])
    done = command("check")
    assert done.exit_code == 1
    assert "PROBLEM  migrations: 1 have not run." in done.stdout
    assert "→ Run `milepost upgrade`." in done.stdout


def test_what_needs_the_database_is_left_out_where_it_is_away(answer, command, monkeypatch):
    def away():
        raise OperationalError("unable to open database file")

    monkeypatch.setattr(schema, "pending", away)
    done = command("check")
    assert done.exit_code == 1
    assert "database: It does not answer: unable to open" in done.stdout
    assert "readers" not in done.stdout


def test_a_newer_milepost_has_been_here(monkeypatch):
    monkeypatch.setattr(schema, "ahead", lambda: [("spaces", "0099_beyond")])
    state, message, hint = about("migrations", checks.database_answers)[0]
    assert (state, "0099_beyond" in message, "newer version" in hint) == ("problem", True, True)


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_folder_that_others_may_look_into(settings, tmp_path, mode):
    settings.MILEPOST_HOME = tmp_path
    (tmp_path / "secrets").mkdir(mode=0o700)
    tmp_path.chmod(mode)
    state, _, hint = about("folder", checks.folder_is_ours)[0]
    assert state == "problem"
    assert hint == f"Run: chmod go-rwx {tmp_path}"


def test_a_secret_that_others_may_read(settings, tmp_path):
    settings.MILEPOST_HOME = tmp_path
    tmp_path.chmod(0o700)
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "django").touch(mode=0o600)
    assert about("folder", checks.folder_is_ours)[0][0] == "ok"
    (tmp_path / "secrets" / "django").chmod(0o644)
    assert str(tmp_path / "secrets" / "django") in about("folder", checks.folder_is_ours)[0][2]


@pytest.mark.parametrize(("free", "state"), [(100 * 2**30, "ok"), (2**30, "warning"), (2**20, "problem")])
def test_room_on_the_disk(monkeypatch, free, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(200 * 2**30, 0, free))
    assert [one.state for one in checks.disk_has_room()] == [state]


def test_mail_of_a_site_that_others_reach(settings):
    settings.PRODUCTION = True
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(settings.OUTBOX)},
        }
    }
    state, _, hint = about("mail", checks.mail_can_be_sent)[0]
    assert (state, "MILEPOST_MAIL_URL" in hint) == ("problem", True)


def smtp(settings, port):
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 5},
        }
    }


def test_a_mail_server_that_is_away(settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    smtp(settings, port)
    state, message, _ = about("mail", checks.mail_can_be_sent)[0]
    assert state == "problem"
    assert f"127.0.0.1:{port} does not take our mail" in message


def test_a_mail_server_that_lets_us_in(settings):
    heard = []

    def serve(server):
        connection, _ = server.accept()
        with connection, connection.makefile("rwb", buffering=0) as line:
            line.write(b"220 here\r\n")
            while words := line.readline():
                heard.append(words[:4].upper())
                line.write(b"221 bye\r\n" if words[:4].upper() == b"QUIT" else b"250 ok\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        smtp(settings, server.getsockname()[1])
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        assert about("mail", checks.mail_can_be_sent)[0][0] == "ok"
        thread.join()
    assert b"MAIL" not in heard


def test_a_worker_that_was_heard_of():
    assert about("worker", checks.worker_works)[0][0] == "warning"
    say_alive()
    state, message, _ = about("worker", checks.worker_works)[0]
    assert state == "ok"
    assert message.startswith("1 at work")


def test_work_that_is_due_and_nobody_does():
    say_alive()
    sync_schedules()
    assert about("worker", checks.worker_works)[0][0] == "ok"
    Schedule.objects.update(next_run_at=clock.now() - timedelta(hours=1))
    state, _, hint = about("worker", checks.worker_works)[0]
    assert (state, "milepost worker" in hint) == ("problem", True)


def test_a_reader_that_fails():
    following.catch_up()
    ReaderCursor.objects.update_or_create(reader="rollup", defaults={"error": "ValueError: odd"})
    state, message, _ = about("readers", checks.readers_follow)[0]
    assert state == "problem"
    assert "“rollup” fails: ValueError: odd" in message


def test_a_reader_that_is_behind(monkeypatch):
    rows = [{"reader": "rollup", "behind": 60_000, "error": ""}]
    monkeypatch.setattr(following, "status", lambda: rows)
    assert about("readers", checks.readers_follow)[0][:2] == ("warning", "Behind the log: rollup by 60,000.")
    blocker = {"pid": 7, "user": "ada", "seconds": 900, "query": "…"}
    monkeypatch.setattr(following, "blockers", lambda: [blocker])
    _, message, hint = about("readers", checks.readers_follow)[0]
    assert "wait for an open transaction of ada (900 s)" in message
    assert "pg_terminate_backend(7)" in hint


@job(label=gettext_lazy("Fail for a test"), retries=0)
def fails_again() -> None:
    raise ValueError("on purpose")


def test_background_work_that_failed():
    fails_again.enqueue()
    run_pending()
    state, message, hint = about("background work", checks.jobs_succeed)[0]
    assert state == "warning"
    assert "Fail for a test" in message
    assert "milepost jobs again" in hint
