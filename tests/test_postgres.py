"""The throw-away PostgreSQL cluster: it works, and nothing of it stays."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.postgres import missing, throwaway_cluster

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "a server is here")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int, folder: Path) -> bool:
    """Whether server and folder have gone; the watcher needs a moment after its process was killed."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and (alive(pid) or folder.exists()):
        time.sleep(0.05)
    return not alive(pid) and not folder.exists()


def test_cluster_answers_and_leaves_nothing():
    with throwaway_cluster() as cluster:
        with psycopg.connect(cluster.create_database("letters")) as connection:
            row = connection.execute("SELECT current_database(), 'ß' < 'z'").fetchone()
        pid = int((cluster.folder / "data" / "postmaster.pid").read_text().split()[0])
        assert row is not None
        assert row[0] == "letters"
        assert alive(pid)
    assert gone(pid, cluster.folder)


def test_a_killed_test_process_takes_its_cluster_along():
    code = (
        "from tests.postgres import throwaway_cluster\n"
        "with throwaway_cluster() as cluster:\n"
        "    print(cluster.folder, open(cluster.folder / 'data/postmaster.pid').readline(), flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        folder, pid = process.stdout.readline().split()
        assert alive(int(pid))
        process.kill()
    assert gone(int(pid), Path(folder))
