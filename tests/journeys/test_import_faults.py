"""`milepost import` as a process that is killed, run twice at once, and given a large export."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from milepost.outward.connectors.generate import write_slack_export
from tests.outward.connectors.building import said, slack_files, write_zip
from tests.postgres import NoServer, throwaway_cluster
from tests.sites import Site

MESSAGES = 3_600
FACTS = """
from milepost.foundation.activity.following import status
from milepost.foundation.identity.models import Community
from milepost.outward.connectors.models import ImportRun
from tests.outward.connectors.stored import facts
whole, cut = (Community.objects.get(slug=slug) for slug in ("whole", "cut"))
one, other = facts(whole), facts(cut)
for table in one:
    assert one[table] == other[table], table
assert {row["behind"] for row in status()} == {0}
first, = ImportRun.objects.filter(community=whole)
second, = ImportRun.objects.filter(community=cut)
assert first.counts == second.counts, (first.counts, second.counts)
assert second.quarantine.count() == first.quarantine.count() == 1
print("equal", len(one["posts"]))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    home = tmp_path / "home"
    home.mkdir()
    if request.param == "sqlite":
        yield Site.prepared(home)
        return
    try:
        with throwaway_cluster() as cluster:
            yield Site(home, cluster.create_database("imports"))
    except NoServer as reason:
        pytest.skip(str(reason))


def posts(site: Site, slug: str) -> int:
    """How many posts are committed, asked beside the running import."""
    counting = (
        f"SELECT count(*) FROM spaces_post p JOIN identity_community c ON c.id = p.community_id WHERE c.slug = '{slug}'"
    )
    if site.database_url:
        with psycopg.connect(site.database_url) as connection:
            return int(connection.execute(counting).fetchone()[0])
    with closing(sqlite3.connect(site.home / "milepost.sqlite3", timeout=20)) as database:
        return int(database.execute(counting).fetchone()[0])


def wait_until(reached: Callable[[], bool], running: Any) -> None:
    until = time.monotonic() + 90
    while not reached():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


def export(folder: Path) -> Path:
    """A generated history, and a user without an id, who goes to the quarantine."""
    import zipfile

    write_slack_export(folder / "made.zip", MESSAGES, people=40, channels=3, days=30)
    with zipfile.ZipFile(folder / "made.zip") as made, zipfile.ZipFile(folder / "slack.zip", "w") as out:
        for name in made.namelist():
            content = made.read(name)
            if name == "users.json":
                content = json.dumps([*json.loads(content), {"name": "nobody"}]).encode()
            out.writestr(name, content)
        out.writestr("integration_logs.json", "[]")
    return folder / "slack.zip"


@pytest.mark.slow
def test_killed_again_and_again_it_ends_as_if_nothing_had_been(site: Site, tmp_path: Path) -> None:
    path = export(tmp_path)
    for slug in ("whole", "cut"):
        assert site.milepost("community", "create", slug, "--name", slug.title()).returncode == 0
    for goal in (1, 1_200, 2_200):
        running = site.start("import", "slack", path, "--community", "cut")
        wait_until(lambda goal=goal: posts(site, "cut") >= goal, running)  # type: ignore[misc]
        running.send_signal(signal.SIGKILL)
        running.communicate()
        assert posts(site, "cut") < MESSAGES, "it was killed before its end"
    last = site.milepost("import", "slack", path, "--community", "cut", "--json")
    assert last.returncode == 0, last.stderr
    assert "Going on where an earlier import of this file was cut off." in last.stderr
    report = json.loads(last.stdout)
    assert (report["messages"], report["quarantined"], report["skipped"]) == (MESSAGES, 1, 1)
    whole = site.json("import", "slack", path, "--community", "whole")
    assert {k: v for k, v in whole.items() if k != "run"} == {k: v for k, v in report.items() if k != "run"}
    assert site.python(FACTS) == f"equal {MESSAGES}"


HOLDING = """
import sys
from milepost.foundation.identity.models import Community
from milepost.outward.connectors.locks import only_import
with only_import(Community.objects.get(slug="cut")):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_import_at_once_is_refused_and_another_community_is_free(site: Site, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "small.zip", slack_files({"general/2020-01-02": [said("1577967001.000001")]}))
    for slug in ("other", "cut"):
        assert site.milepost("community", "create", slug, "--name", slug.title()).returncode == 0
    first = site.start_python(HOLDING)
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    refused = site.milepost("import", "slack", path, "--community", "cut", "--json")
    assert refused.returncode == 1
    answer = json.loads(refused.stdout)["error"]
    assert answer["message"] == "Another import into “Cut” is running."
    assert "Wait until it has ended" in answer["hint"]
    assert site.json("import", "slack", path, "--community", "other")["messages"] == 1
    # Killed without a word, it holds nothing any more.
    first.kill()
    first.communicate()
    assert site.json("import", "slack", path, "--community", "cut")["messages"] == 1


WATCHED = """
import re, sys
from pathlib import Path
from milepost.interfaces.cli.root import milepost
try:
    milepost(sys.argv[1:])
finally:
    peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
    Path("{peak}").write_text(peak)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_stays_under_300_mb(tmp_path: Path) -> None:
    """Sixty thousand messages here; `milepost bench` takes a million."""
    import subprocess

    site, peak = Site.prepared(tmp_path / "home"), tmp_path / "peak"
    write_slack_export(tmp_path / "slack.zip", 60_000, people=5_000)
    assert site.milepost("community", "create", "large", "--name", "Large").returncode == 0
    done = subprocess.run(
        [sys.executable, "-c", WATCHED.format(peak=peak), "import", "slack", str(tmp_path / "slack.zip"), "--community", "large"],
        env=site.environment, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert posts(site, "large") == 60_000
    assert int(peak.read_text()) // 1024 < 300
