"""Counting across processes: web processes and worker of one machine write into one folder, and any of them can answer.

prometheus-client decides at its first import whether to do so, by an environment variable; so the settings call this before
any app is loaded, and only in processes that serve (a command or a test counts for itself).
"""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share_between_processes(folder: Path) -> None:
    """Let this process write its counters into `folder`, and take away what dead processes left there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        pid = file.stem.rpartition("_")[2]
        if not pid.isdigit() or not _lives(int(pid)):
            file.unlink(missing_ok=True)
    os.environ[VARIABLE] = str(folder)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
