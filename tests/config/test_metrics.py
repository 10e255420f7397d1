from __future__ import annotations

import os
import subprocess
import sys

from milepost.config import metrics

COUNT = """
import os, sys
from pathlib import Path
from milepost.config import metrics
metrics.share_between_processes(Path(sys.argv[1]))
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
things = Counter("things", "Things.")
things.inc()
if os.fork() == 0:
    things.inc(2)
    os._exit(0)
os.wait()
registry = CollectorRegistry()
MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""


def test_forked_processes_count_together(tmp_path):
    done = subprocess.run([sys.executable, "-c", COUNT, tmp_path], capture_output=True, text=True, check=True)
    assert "things_total 3.0" in done.stdout


def test_what_dead_processes_left_is_taken_away(tmp_path, monkeypatch):
    monkeypatch.delenv(metrics.VARIABLE, raising=False)
    alive, dead, odd = (tmp_path / f"counter_{pid}.db" for pid in (os.getpid(), 99_999_999, "x"))
    for file in (alive, dead, odd):
        file.touch()
    metrics.share_between_processes(tmp_path)
    assert [file.exists() for file in (alive, dead, odd)] == [True, False, False]
    assert os.environ[metrics.VARIABLE] == str(tmp_path)
