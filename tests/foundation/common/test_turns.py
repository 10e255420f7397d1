"""Writers of the embedded database take turns."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.db.utils import load_backend

from milepost.foundation.common.sqlite import turns
from milepost.foundation.common.sqlite.turns import Turns

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db]
ENGINE = "milepost.foundation.common.sqlite"
# Takes turn after turn without a rest, and writes a line for each that it had.
GREEDY = """
import sys, time
from milepost.foundation.common.sqlite.turns import Turns
mine, told = Turns(sys.argv[1]), open(sys.argv[2], "ab", buffering=0)
while True:
    mine.take()
    told.write(b".")
    time.sleep(0.02)
    mine.leave()
"""


@pytest.fixture
def database(tmp_path: Path):
    options = {"timeout": 0.2, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}
    made = connection.settings_dict | {"ENGINE": ENGINE, "NAME": str(tmp_path / "x.sqlite3"), "OPTIONS": options}

    def opened():
        wrapper = load_backend(ENGINE).DatabaseWrapper(made, "other")
        opening.append(wrapper)
        return wrapper

    opening: list = []
    first = opened()
    with first.cursor() as cursor:
        cursor.execute("CREATE TABLE word (text TEXT)")
    yield opened
    for wrapper in opening:
        if wrapper.connection is not None:
            wrapper.close()


def begin(wrapper):
    wrapper.ensure_connection()
    wrapper._start_transaction_under_autocommit()
    wrapper.in_atomic_block = True


def end(wrapper):
    wrapper._commit()
    wrapper.in_atomic_block = False


def test_whoever_waits_is_next(tmp_path):
    """However greedy another process is: at most the turn that it has, and one it had lined up for, come before ours."""
    database, told = tmp_path / "x.sqlite3", tmp_path / "told"
    with subprocess.Popen([sys.executable, "-c", GREEDY, str(database), str(told)]) as greedy:
        try:
            while not told.exists() or told.stat().st_size < 3:
                assert greedy.poll() is None
                os.sched_yield()
            mine = Turns(str(database))
            for _ in range(20):
                before = told.stat().st_size
                mine.take()
                assert told.stat().st_size - before <= 2
                mine.leave()
            mine.close()
        finally:
            greedy.kill()


def test_a_killed_writer_leaves_its_turn(tmp_path):
    database = tmp_path / "x.sqlite3"
    with subprocess.Popen([sys.executable, "-c", GREEDY, str(database), str(tmp_path / "told")]) as greedy:
        while not (tmp_path / "told").exists():
            assert greedy.poll() is None
            os.sched_yield()
        greedy.kill()
    mine = Turns(str(database))
    mine.take()
    mine.leave()
    mine.leave()
    mine.close()


def test_without_a_turn_the_database_itself_says_that_it_is_busy(database, monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    one, two = database(), database()
    begin(one)
    with pytest.raises(OperationalError, match="locked"):
        begin(two)
    with pytest.raises(OperationalError, match="locked"), two.cursor() as cursor:
        cursor.execute("INSERT INTO word VALUES ('late')")
    end(one)
    with two.cursor() as cursor:
        cursor.execute("INSERT INTO word VALUES ('in time')")


def test_many_threads_lose_nothing(database):
    """Transactions and single statements of six connections at once; the database's own patience would be too short."""

    def write(number: int) -> None:
        mine = database()
        for n in range(20):
            if n % 2:
                begin(mine)
            with mine.cursor() as cursor:
                cursor.execute("INSERT INTO word VALUES (%s)", [f"{number} {n}"])
            if n % 2:
                end(mine)
        mine.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database().cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT text), count(*) FROM word")
        assert cursor.fetchone() == (120, 120)
