"""Fixtures that every part of the tests may use."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests.plugins.database import on_postgres

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHECKOUT = Path(__file__).resolve().parents[1]
CHROMIUM = Path(os.environ.get("MILEPOST_CHROMIUM", "/usr/bin/chromium"))
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# A slow machine is no failure. In continuous integration the same examples each time; elsewhere new ones.
hypothesis.settings.register_profile(
    "milepost",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("milepost")

pytest_plugins = ["tests.plugins.network"]


def shared_folder() -> Path:
    """Where the data of real communities lies: beside the checkout, unless MILEPOST_SHARED says otherwise."""
    return Path(os.environ.get("MILEPOST_SHARED") or CHECKOUT.parent / "shared")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    data = shared_folder() / "data"
    absent = {}
    if not data.is_dir():
        absent["realdata"] = "the data of real communities is not here; MILEPOST_SHARED=/path/to/it brings it"
    if not CHROMIUM.exists():
        absent["browser"] = "there is no Chromium (Debian: apt-get install chromium); MILEPOST_CHROMIUM names another"
    for item in items:
        for marker, reason in absent.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def _migrated_copy() -> Path:
    """Where an empty SQLite database with all migrations applied is kept; another name after any change of them."""
    digest = hashlib.sha256((CHECKOUT / "requirements" / "core.txt").read_bytes())
    for path in sorted((CHECKOUT / "milepost").rglob("migrations/*.py")):
        digest.update(f"{path.relative_to(CHECKOUT)} {path.stat().st_size}".encode() + path.read_bytes())
    return CHECKOUT / ".cache" / "databases" / f"{digest.hexdigest()[:24]}.sqlite3"


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """SQLite's file goes with the run's folder; until then Django takes what it finds there and migrates the rest."""
    return django_db_keepdb or not on_postgres()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """SQLite in a file, one for each worker: a database in memory would share one connection and know no WAL."""
    if not on_postgres():
        from django.conf import settings

        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        name = Path(os.environ["MILEPOST_HOME"]) / f"test-{worker}.sqlite3"
        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(name)
        # Another run may be putting a newer copy in its place just now.
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(_migrated_copy(), name)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Keep a copy of the database as it is before the first test, so that the next run need not migrate again."""
    from django.db import connection

    copy = _migrated_copy()
    if on_postgres() or copy.exists():
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    for old in copy.parent.glob("*.sqlite3"):
        old.unlink(missing_ok=True)
    draft = copy.with_suffix(f".{os.getpid()}")
    with django_db_blocker.unblock(), contextlib.closing(sqlite3.connect(draft)) as target:
        connection.ensure_connection()
        connection.connection.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    draft.replace(copy)


@pytest.fixture(scope="session", autouse=True)
def static_from_source() -> Iterator[None]:
    """Static files straight from the source; a site collects them at its start, under names with a hash."""
    from django.conf import settings
    from django.test.utils import override_settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        # WhiteNoise looks for the folder of collected files when the first request comes.
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        yield


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own() -> Iterator[None]:
    """A folder for each worker: where one empties the cache, another's counts and limits must stay."""
    from django.conf import settings
    from django.test.utils import override_settings

    own = settings.MILEPOST_HOME / f"cache-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with override_settings(CACHES={"default": settings.CACHES["default"] | {"LOCATION": own}}):
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the data of real communities; tests that take it carry the marker `realdata`."""
    return shared_folder() / "data"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the session; tests that take it carry the marker `browser`."""
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_FLAGS)
            yield browser
            browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def context_options() -> dict[str, Any]:
    """What `page` opens its context with; a test module overrides it for another width, language or colour scheme."""
    return {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", "timezone_id": "UTC"}


@pytest.fixture
def page(chromium: Browser, context_options: dict[str, Any]) -> Iterator[Page]:
    """A page in a context of its own. An error in the page's script, or a request that leaves this machine, fails."""
    with chromium.new_context(**context_options) as context:
        context.set_default_timeout(60_000)
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:", "about:"))
                else wrong.append(f"request to {request.url}")
            ),
        )
        yield page
    assert not wrong, wrong
