"""A community leaves one site and arrives at another, on another database, equal row by row; and nothing is sent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from milepost.outward.connectors.generate import write_slack_export
from tests.postgres import NoServer, throwaway_cluster

NEW_HERE = {"community.arrived"}


def milepost(home: Path, *args: str, url: str = "", expect: int = 0) -> str:
    """Run the command line with a home of its own."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MILEPOST_", "DATABASE_", "PYTEST"))}
    env |= {"MILEPOST_HOME": str(home)} | ({"DATABASE_URL": url} if url else {})
    done = subprocess.run(
        [sys.executable, "-m", "milepost", *args], env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == expect, done.stderr
    return done.stdout


def contents(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of an export by table, in an order that does not depend on the database."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.endswith(".jsonl")]
        found = {n: [json.loads(line) for line in archive.read(n).splitlines()] for n in names}
    for name, rows in found.items():
        if not name.endswith(("activity.activity.jsonl", "activity.retraction.jsonl")):
            rows.sort(key=lambda row: json.dumps(row, sort_keys=True))
    return found


@pytest.fixture(scope="module")
def old_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with an owner and an imported history."""
    home = tmp_path_factory.mktemp("old")
    write_slack_export(home / "slack.zip", 300, people=20, channels=3, days=40)
    milepost(home, "community", "create", "garden", "--name", "Garden")
    milepost(home, "import", "slack", str(home / "slack.zip"), "--community", "garden")
    milepost(home, "export", "--community", "garden", str(home / "out.zip"))
    return home


def arrived_equal(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> None:
    assert before.keys() == after.keys()
    for name, rows in before.items():
        new = [row for row in after[name] if row not in rows]
        assert [row for row in rows if row not in after[name]] == [], name
        assert {row.get("action") for row in new} <= NEW_HERE, name
    assert before["tables/activity.activity.jsonl"] == after["tables/activity.activity.jsonl"], (
        "the log keeps its order"
    )


def test_to_postgresql_and_back(old_site: Path, tmp_path: Path) -> None:
    try:
        cluster = throwaway_cluster()
        with cluster as running:
            url = running.create_database("arrival")
            milepost(tmp_path, "import", "milepost", str(old_site / "out.zip"), "--community", "garden", url=url)
            milepost(tmp_path, "export", "--community", "garden", str(tmp_path / "again.zip"), url=url)
            there = json.loads(milepost(tmp_path, "stats", "--community", "garden", "--json", url=url))
            readers = json.loads(milepost(tmp_path, "readers", "status", "--json", url=url))["readers"]
    except NoServer as reason:
        pytest.skip(str(reason))
    arrived_equal(contents(old_site / "out.zip"), contents(tmp_path / "again.zip"))
    assert there == json.loads(milepost(old_site, "stats", "--community", "garden", "--json"))
    assert {row["behind"] for row in readers} == {0}
    assert not list((tmp_path / "outbox").glob("*"))


def test_twice_changes_nothing_and_a_taken_name_is_refused(old_site: Path, tmp_path: Path) -> None:
    for _ in range(2):
        milepost(tmp_path, "import", "milepost", str(old_site / "out.zip"), "--community", "garden")
    milepost(tmp_path, "export", "--community", "garden", str(tmp_path / "again.zip"))
    arrived_equal(contents(old_site / "out.zip"), contents(tmp_path / "again.zip"))
    other = tmp_path / "other"
    milepost(other, "community", "create", "garden", "--name", "Another garden")
    milepost(other, "import", "milepost", str(old_site / "out.zip"), "--community", "garden", expect=1)


def test_killed_in_the_middle_it_goes_on(old_site: Path, tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MILEPOST_", "DATABASE_", "PYTEST"))}
    command = [
        sys.executable,
        "-m",
        "milepost",
        "import",
        "milepost",
        str(old_site / "out.zip"),
        "--community",
        "garden",
    ]
    milepost(tmp_path, "community", "list")
    for pause in (0.9, 1.1, 1.3):
        running = subprocess.Popen(command, env=env | {"MILEPOST_HOME": str(tmp_path)}, stderr=subprocess.DEVNULL)
        time.sleep(pause)
        running.send_signal(signal.SIGKILL)
        running.wait()
    milepost(tmp_path, *command[3:])
    milepost(tmp_path, "export", "--community", "garden", str(tmp_path / "again.zip"))
    arrived_equal(contents(old_site / "out.zip"), contents(tmp_path / "again.zip"))


@pytest.mark.parametrize("harm", ["cut", "changed", "climbing", "no_manifest"])
def test_a_damaged_export_says_so_and_shows_nothing(old_site: Path, tmp_path: Path, harm: str) -> None:
    harmed = tmp_path / "harmed.zip"
    data = (old_site / "out.zip").read_bytes()
    if harm == "cut":
        harmed.write_bytes(data[: len(data) // 2])
    else:
        with zipfile.ZipFile(old_site / "out.zip") as source, zipfile.ZipFile(harmed, "w") as target:
            for info in source.infolist():
                content = source.read(info)
                if harm == "changed" and info.filename.endswith("spaces.post.jsonl"):
                    content = content.replace(b"the", b"THE")
                if harm != "no_manifest" or info.filename != "manifest.json":
                    target.writestr(info.filename, content)
            if harm == "climbing":
                target.writestr("files/../../evil.txt", "x")
    home = tmp_path / "site"
    milepost(home, "import", "milepost", str(harmed), "--community", "garden", expect=1)
    assert not (home.parent / "evil.txt").exists()
    assert "garden" not in [
        c["slug"] for c in json.loads(milepost(home, "community", "list", "--json")) if not c.get("archived_at")
    ]
