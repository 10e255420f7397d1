"""`milepost bench` at a hundredth of its size: it runs, what it compares is the same work, and nothing of it stays."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from milepost.interfaces.cli.bench import grounds, metering, pages, posting, wire
from milepost.interfaces.cli.bench.cluster import missing
from milepost.interfaces.cli.terminal import Refused

MESSAGES = 10_000


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where the measurements make their folders."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def measured(command, tmp_path, temporary):
    """What the command writes with `--json`, and what it prints."""

    def run(*words: str):
        out = tmp_path / "figures.json"
        done = command("bench", *words, "--json", out)
        assert done.exit_code == 0, done.output
        assert list(temporary.iterdir()) == []
        return json.loads(out.read_text()), done.stdout

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    "database",
    [
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.skipif(bool(missing()), reason=missing() or "a server is here")),
    ],
)
def test_import_and_floor_make_the_same_rows(measured, database):
    figures, printed = measured("import", "--messages", MESSAGES, "--database", database)
    assert {"processor", "cores", "memory", "python", "sqlite"} <= figures["machine"].keys()
    one = figures["import"][database]
    whole, floor = one["import"], one["floor"]
    assert one["same_rows"] is True
    assert whole["rows"] == floor["rows"]
    assert whole["rows"]["posts"] == whole["report"]["messages"] == MESSAGES
    assert whole["rows"]["activities"] == MESSAGES + whole["report"]["reactions"]
    assert whole["rows"]["documents"] == MESSAGES + whole["report"]["channels"]
    assert (whole["report"]["skipped"], whole["report"]["quarantined"]) == (0, 0)
    assert one["ratio"] > 0
    assert one["messages_per_cpu_second"] > 0
    assert min(one["peak_memory"], one["peak_memory_at_a_tenth"]) > 0
    assert (whole["cpu_server"] > 0) == (database == "postgresql")
    assert f"{one['ratio']:.2f} times" in printed


@pytest.mark.slow
def test_pages_are_measured_against_a_plain_one(measured, monkeypatch):
    monkeypatch.setattr(pages, "SECONDS", 0.2)
    figures, printed = measured("pages", "--members", "500", "--posts", "2000")
    found = figures["pages"]
    assert list(found["full"]) == ["plain", "home", "thread", "people", "profile"]
    assert found["full"]["plain"]["queries"] == 3
    assert found["full"]["plain"]["ratio"] == 1
    for name in ("home", "thread", "people", "profile"):
        assert found["full"][name]["queries"] <= found["targets"]["queries"]
        assert found["full"][name]["bytes"] > 1000
        for level in found["http"][name].values():
            assert level["requests"] > 0
            assert level["failed"] == 0
    assert found["weight"]["script"] < found["targets"]["script"]
    assert found["weight"]["css"] < found["targets"]["css"]
    assert found["weight"]["first_view"] < found["targets"]["first_view"]
    assert "32 connections" in printed


@pytest.mark.slow
def test_replies_are_kept_while_a_history_comes_in(measured, monkeypatch):
    monkeypatch.setattr(posting, "QUIET", 0.5)
    figures, printed = measured("posting", "--messages", "10000")
    found = figures["posting"]
    assert found["messages"] == 2_000
    assert found["during"]["replies"] > 0
    assert found["during"]["refused"] == {}
    assert (found["lost"], found["lock_errors"]) == (0, 0)
    assert "under 300 ms" in printed


def test_a_measurement_that_fails_says_why_and_leaves_nothing(temporary):
    with pytest.raises(Refused) as refused, grounds.ground("sqlite") as site:
        site.run("wire", address="127.0.0.1:nowhere", path="/", cookie="", connections=1, seconds=1)
    assert "wire" in refused.value.message
    assert "nowhere" in refused.value.hint
    assert list(temporary.iterdir()) == []


def test_a_site_of_its_own_knows_nothing_of_the_callers(monkeypatch, temporary):
    monkeypatch.setenv("MILEPOST_URL", "https://example.org")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    with grounds.ground("sqlite") as site:
        assert site.environment["MILEPOST_HOME"] == str(site.home)
        assert site.environment["DATABASE_URL"] == ""
        assert "MILEPOST_URL" not in site.environment


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")
def test_the_work_of_a_whole_tree_of_processes_is_counted():
    busy = "import time\nwhile time.process_time() < 0.3: pass\n"
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {busy!r}])\nprint('done', flush=True)\ninput()\n"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert metering.tree_cpu(process.pid) >= 0.29
        process.communicate("\n")


def test_quantiles_are_values_that_were_measured():
    values = [float(n) for n in range(1, 101)]
    assert [metering.quantile(values, q) for q in (0.0, 0.5, 0.95, 1.0)] == [1.0, 50.0, 95.0, 100.0]
    assert metering.quantile([7.0], 0.95) == 7.0
    assert metering.quantile([], 0.5) == 0.0


def test_an_answer_in_chunks_is_read_to_its_end():
    async def read() -> tuple[int, bool, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nnext")
        reader.feed_eof()
        status, stays = await wire._answer(reader)
        return status, stays, await reader.read()

    # In a thread of its own: where a browser was driven before, this one has a loop already.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, read()).result() == (200, True, b"next")


def test_a_bench_that_is_told_to_end_takes_its_folders_along(temporary):
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen(
        [sys.executable, "-m", "milepost", "bench", "import", "--messages", "1000000", "--database", "sqlite"],
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "Writing" in process.stderr.readline()
        assert len(list(temporary.iterdir())) == 1
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 143
    assert list(temporary.iterdir()) == []
