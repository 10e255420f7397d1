"""Where a test run keeps its data, settled before Django reads its settings.

Each run has a MILEPOST_HOME of its own in a temporary folder. DATABASE_URL chooses the database as it does for a
site; without it that is SQLite, in a file with the same settings as a site's. `--postgres` starts a throw-away
cluster for the run. `--database-only` leaves out what does not touch the database, for the second run.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.postgres import NoServer, throwaway_cluster

_resources = ExitStack()
_DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("milepost")
    group.addoption("--postgres", action="store_true", help="run on PostgreSQL, in a throw-away cluster")
    group.addoption(
        "--database-only",
        action="store_true",
        help="run only tests that touch the database, and no browser or real data",
    )


def _memory_folder() -> str | None:
    """A folder in memory where there is one: an empty database per worker costs little, its writes less."""
    shm = Path("/dev/shm")
    return str(shm) if os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 2**30 else None


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(args: list[str]) -> Generator[None]:
    """Runs around pytest-django's own hook, which loads the settings."""
    # Workers of pytest-xdist inherit the environment, so each run has one home and one cluster.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        home = tempfile.mkdtemp(prefix="milepost-tests-", dir=_memory_folder())
        _resources.callback(shutil.rmtree, home, ignore_errors=True)
        atexit.register(_resources.close)
        os.environ["MILEPOST_HOME"] = home
        for name in [name for name in os.environ if name.startswith("MILEPOST_")]:
            # A developer's own site must not colour the tests.
            if name not in {"MILEPOST_HOME", "MILEPOST_SHARED"}:
                del os.environ[name]
        if "--postgres" in args:
            try:
                cluster = _resources.enter_context(throwaway_cluster())
            except NoServer as error:
                raise pytest.UsageError(f"--postgres: {error}") from error
            os.environ["DATABASE_URL"] = cluster.url()
            os.environ["MILEPOST_TEST_CLUSTER"] = "throw-away"
    elif "MILEPOST_TEST_CLUSTER" in os.environ:
        # A cluster each: an open transaction holds the log's readers back in all databases of its cluster, so one worker's
        # test would make the readers of another's wait.
        os.environ["DATABASE_URL"] = _resources.enter_context(throwaway_cluster()).url()
    return (yield)


def on_postgres() -> bool:
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def pytest_report_header() -> str:
    return f"database: {'PostgreSQL' if on_postgres() else 'SQLite'}"


def pytest_unconfigure() -> None:
    _resources.close()


def _touches_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("django_db"):
        return True
    if _DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
        return True
    from django.test import TransactionTestCase

    owner = getattr(item, "cls", None)
    return owner is not None and issubclass(owner, TransactionTestCase)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    unwanted = "sqlite" if on_postgres() else "postgres"
    only_database = config.getoption("--database-only")
    kept, left_out = [], []
    for item in items:
        other_database = item.get_closest_marker(unwanted) is not None
        elsewhere = item.get_closest_marker("browser") or item.get_closest_marker("realdata")
        if other_database or (only_database and (elsewhere or not _touches_database(item))):
            left_out.append(item)
        else:
            kept.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
