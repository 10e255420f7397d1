"""A site for one measurement: an empty home, a database, and processes that work on it. All of it goes away afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..terminal import Refused
from .cluster import NoServer, throwaway_cluster

CHILD = "milepost.interfaces.cli.bench.child"
ROOT = Path(__file__).resolve().parents[4]
"""The folder that holds the package: the checkout, or where it is installed."""


@dataclass(frozen=True)
class Ground:
    home: Path
    database: str
    """`sqlite` or `postgresql`."""
    url: str = ""
    server: int = 0
    """The process id of the PostgreSQL server."""

    @property
    def environment(self) -> dict[str, str]:
        """The caller's own settings must not reach it, nor may its own reach the caller's site."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MILEPOST_", "PROMETHEUS_"))}
        paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
        return kept | {
            "MILEPOST_HOME": str(self.home),
            "MILEPOST_LOG_LEVEL": "WARNING",
            "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "milepost.config.settings",
            "PYTHONPATH": os.pathsep.join(paths),
        }

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "milepost", *words]

    def run(self, job: str, **given: Any) -> Any:
        """A job of `child.JOBS` in a process of its own; its answer. Raises Refused with what it said where it fails."""
        process = subprocess.Popen(
            [sys.executable, "-m", CHILD, job, json.dumps(given, default=str)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            out, error = process.communicate()
        finally:
            # Cut off: whoever works in the folder must not outlive it.
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            raise Refused(f"The measurement “{job}” failed.", error.strip()[-4000:] or out[-4000:])
        return json.loads(out.splitlines()[-1])


@contextmanager
def ground(database: str) -> Iterator[Ground]:
    """An empty site. Raises Refused for PostgreSQL where there is no server program to start."""
    with ExitStack() as until_the_end:
        home = Path(tempfile.mkdtemp(prefix="milepost-bench-"))
        until_the_end.callback(shutil.rmtree, home, ignore_errors=True)
        if database == "sqlite":
            yield Ground(home, database)
            return
        try:
            cluster = until_the_end.enter_context(throwaway_cluster())
        except NoServer as missing:
            raise Refused(f"There is no PostgreSQL to measure: {missing}.", "Add `--database sqlite`.") from missing
        yield Ground(home, database, cluster.create_database("milepost"), cluster.server)
