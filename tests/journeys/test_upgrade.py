"""An upgrade is killed in the middle of its migrations, again and again, and in the end the database is as if never."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.postgres import missing, throwaway_cluster
from tests.sites import Site

KILLED_AT = (8, 40)
"""After so many migrations; there are more."""


def on_sqlite(site: Site, query: str) -> list[Any]:
    path = site.home / "milepost.sqlite3"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as database:
        return database.execute(query).fetchall()


def on_postgres(site: Site, query: str) -> list[Any]:
    with psycopg.connect(site.database_url) as connection:
        return connection.execute(query).fetchall()


pytestmark = pytest.mark.slow
Ask = Callable[[Site, str], list[Any]]


def applied(ask: Ask, site: Site) -> int:
    try:
        return int(ask(site, "SELECT count(*) FROM django_migrations")[0][0])
    except (sqlite3.OperationalError, psycopg.errors.UndefinedTable, IndexError):
        return 0


def kill_in_the_middle(ask: Ask, site: Site) -> list[int]:
    """Start `milepost upgrade` and kill it when it has come so far; returns how many migrations each kill left applied."""
    left = []
    for target in KILLED_AT:
        process = site.start("upgrade")
        while process.poll() is None and applied(ask, site) < target:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it was through before it could be killed"
        left.append(applied(ask, site))
    return left


def test_killed_on_sqlite(tmp_path):
    schema = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1, 2"
    untouched, site = Site(tmp_path / "untouched"), Site(tmp_path / "killed")
    whole = untouched.json("upgrade")
    assert whole["ok"], whole["findings"]
    left_behind = site.home / "run" / "staging-99999999-x"
    left_behind.mkdir(parents=True)
    site.home.chmod(0o700)
    left = kill_in_the_middle(on_sqlite, site)
    assert left == sorted(left)
    assert left[-1] < len(whole["migrated"]), "the last kill came too late to mean anything"

    done = site.json("upgrade")
    assert done["ok"], done["findings"]
    assert 0 < len(done["migrated"]) < len(whole["migrated"])
    assert Path(done["backup"]).parent == site.home / "backups"
    assert on_sqlite(site, schema) == on_sqlite(untouched, schema)
    assert on_sqlite(site, "SELECT count(*) FROM django_content_type") == on_sqlite(
        untouched, "SELECT count(*) FROM django_content_type"
    )
    assert list((site.home / "run").glob("staging-*")) == []
    assert site.json("upgrade")["migrated"] == []


@pytest.mark.skipif(bool(missing()), reason=missing() or "a server is here")
def test_killed_on_postgresql(tmp_path):
    columns = (
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'public' ORDER BY 1, 2"
    )
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE 'pg%' ORDER BY 1"
    triggers = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
    with throwaway_cluster() as cluster:
        untouched = Site(tmp_path / "untouched", cluster.create_database("untouched"))
        site = Site(tmp_path / "killed", cluster.create_database("killed"))
        whole = untouched.json("upgrade")
        left = kill_in_the_middle(on_postgres, site)
        assert left[-1] < len(whole["migrated"]), "the last kill came too late to mean anything"
        done = site.json("upgrade")
        assert done["ok"], done["findings"]
        for query in (columns, indexes, triggers):
            assert on_postgres(site, query) == on_postgres(untouched, query)


def test_two_that_start_at_once_prepare_the_database_once(tmp_path):
    site = Site(tmp_path / "site")
    both = [site.start("community", "list", "--json") for _ in range(2)]
    for process in both:
        out, said = process.communicate()
        assert process.returncode == 0, said
        assert out == "[]\n"
    assert site.json("check")["ok"]
    twice = "SELECT app, name FROM django_migrations GROUP BY app, name HAVING count(*) > 1"
    assert on_sqlite(site, twice) == []
