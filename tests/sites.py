"""Sites of their own: the real command in a process of its own, with a home and a database that nothing else uses."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
SETUP = "import django; django.setup()\n"


@dataclass(frozen=True)
class Site:
    home: Path
    database_url: str = ""

    @classmethod
    def prepared(cls, home: Path) -> Site:
        """A site on SQLite whose tables are there: migrating takes many seconds, copying what was migrated none."""
        shutil.copytree(_prepared(), home, dirs_exist_ok=True)
        return cls(home)

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("MILEPOST_", "PYTEST_", "COV_", "PROMETHEUS_"))
        }
        return kept | {
            "MILEPOST_HOME": str(self.home),
            "DATABASE_URL": self.database_url,
            "DJANGO_SETTINGS_MODULE": "milepost.config.settings",
            "PYTHONPATH": str(CHECKOUT),
        }

    def milepost(self, *words: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """`milepost WORDS…`, to its end, whatever that is."""
        return subprocess.run(
            [sys.executable, "-m", "milepost", *map(str, words)],
            env=self.environment,
            cwd=CHECKOUT,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )

    def json(self, *words: str | Path, given: str | None = None) -> Any:
        """The command's answer; it has to succeed."""
        done = self.milepost(*words, "--json", given=given)
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    def start(self, *words: str | Path, **options: Any) -> subprocess.Popen[str]:
        """`milepost WORDS…`, left running."""
        return subprocess.Popen(
            [sys.executable, "-m", "milepost", *map(str, words)],
            env=self.environment,
            cwd=CHECKOUT,
            text=True,
            **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options),
        )

    def python(self, code: str) -> str:
        """Code that runs in the site; what it prints."""
        done = subprocess.run(
            [sys.executable, "-c", SETUP + code],
            env=self.environment,
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start_python(self, code: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", SETUP + code],
            env=self.environment,
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


@functools.cache
def _prepared() -> Path:
    """The home of a site that each test process prepares once."""
    folder = Path(tempfile.mkdtemp(prefix="milepost-prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    done = Site(folder / "home").milepost("community", "list")
    assert done.returncode == 0, done.stderr
    return folder / "home"
