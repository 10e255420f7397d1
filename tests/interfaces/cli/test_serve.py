"""`milepost serve` as people run it: prepares, answers, keeps the worker going, ends without leaving anything."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.postgres import missing, throwaway_cluster
from tests.sites import Site

pytestmark = pytest.mark.slow


class Served:
    def __init__(self, site: Site) -> None:
        self.log = site.home.with_name("serve.log")
        with self.log.open("w") as log:
            self.process = site.start("serve", "--port", "0", "--workers", "1", stderr=log)
        self.said: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if "Ctrl-C" in line:
                break
        found = re.search(r"http://localhost:(\d+)", "".join(self.said))
        assert found, self.log.read_text()
        self.port = int(found.group(1))

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def family(self) -> list[int]:
        """The process ids of all that descend from it."""
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            listed = subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
            )
            children = [int(word) for word in listed.stdout.split()]
            found += children
            todo += children
        return found

    def worker_pids(self) -> list[int]:
        return [int(pid) for pid in re.findall(r"Worker \S+?:(\d+)/MainThread begins", self.log.read_text())]


def until(true, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "home"


@pytest.fixture
def served(home: Path) -> Iterator[Served]:
    one = Served(Site(home))
    family = one.family()
    try:
        yield one
    finally:
        one.process.kill()
        one.process.communicate()
        until(lambda: gone(family))


def test_an_empty_folder_becomes_a_site_that_answers_and_ends_when_asked(served, home):
    assert "Milepost is ready." in "".join(served.said)
    assert str(home) in "".join(served.said)
    assert served.get("/healthz")[0] == 200
    assert served.get("/readyz")[0] == 200
    page = served.get("/nowhere/")
    assert page[0] == 404
    sheet = re.search(r'href="(/static/web/milepost\.[0-9a-f]+\.css)"', page[1])
    assert served.get(sheet.group(1))[0] == 200
    # Counted in one process and told by any.
    assert 'milepost_http_requests_total{method="GET",route="probe",status="200"} 2.0' in served.get("/metrics")[1]
    family = served.family()
    assert len(family) == 3, "gunicorn's parent, its one process, the worker"
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(timeout=60) == 0
    assert gone(family)
    assert "Traceback" not in served.log.read_text()


def test_the_worker_follows_the_log_and_is_started_again_when_it_dies(served, home):
    site = Site(home)
    site.json("community", "create", f"garden-{served.port}", "--name", "Garden")
    until(lambda: all(row["behind"] == 0 for row in site.json("readers", "status")["readers"]))
    until(lambda: bool(served.worker_pids()))
    first = served.worker_pids()[-1]
    os.kill(first, signal.SIGKILL)
    until(lambda: served.worker_pids()[-1] != first)
    assert served.get("/healthz")[0] == 200

    def heard_of() -> bool:
        return any(one["about"] == "worker" and one["state"] == "ok" for one in site.json("check")["findings"])

    until(heard_of)


def test_a_killed_parent_leaves_nobody_behind(served):
    family = served.family()
    assert len(family) == 3
    served.process.kill()
    until(lambda: gone(family))


@pytest.mark.skipif(bool(missing()), reason=missing() or "a server is here")
def test_on_postgresql(tmp_path):
    """Parent and children have connections of their own; the readers follow; no session is left behind."""
    with throwaway_cluster() as cluster:
        site = Site(tmp_path / "home", cluster.create_database("served"))
        one = Served(site)
        family = one.family()
        try:
            assert one.get("/readyz")[0] == 200
            site.json("community", "create", "garden", "--name", "Garden")
            until(lambda: all(row["behind"] == 0 for row in site.json("readers", "status")["readers"]))
            assert "milepost_database_up 1.0" in one.get("/metrics")[1]
            one.process.send_signal(signal.SIGTERM)
            assert one.process.wait(timeout=60) == 0
        finally:
            one.process.kill()
            one.process.communicate()
            until(lambda: gone(family))
        with psycopg.connect(cluster.url()) as connection:
            left = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = 'served'").fetchone()
        assert left == (0,)
        assert "Traceback" not in one.log.read_text()


def test_a_taken_port_is_said_before_anything_is_touched(tmp_path):
    site = Site(tmp_path / "home")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = site.milepost("serve", "--port", str(port))
    assert done.returncode == 1
    assert f"Something else listens on 127.0.0.1:{port}" in done.stderr
    assert f"--port {port + 1}" in done.stderr
    assert not site.home.exists()


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (["--host", "192.0.2.1"], {}, "--host"),
        ([], {"MILEPOST_URL": "http://community.example.org"}, "needs https"),
        ([], {"MILEPOST_URL": "https://community.example.org", "MILEPOST_DEBUG": "1"}, "MILEPOST_DEBUG must be off"),
        ([], {"DATABASE_URL": "mysql://x"}, "DATABASE_URL begins with"),
        ([], {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "DATABASE_URL"),
    ],
)
def test_what_cannot_be_served_says_what_to_do(tmp_path, monkeypatch, words, variables, said):
    site = Site(tmp_path / "home")
    environment = site.environment | variables
    monkeypatch.setattr(Site, "environment", environment)
    done = site.milepost("serve", "--port", "0", *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
