"""What machine the figures are of."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from .cluster import find_programs


def machine() -> dict[str, Any]:
    """Processor, memory (bytes), system, and the versions that do the work; what cannot be known is empty."""
    import sqlite3

    import django

    from milepost import __version__

    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "django": django.get_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": _postgresql(),
        "milepost": __version__,
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() in {"model name", "Model", "Hardware"} and value.strip():
                return value.strip()
    return platform.processor() or platform.machine()


def _postgresql() -> str:
    programs = find_programs()
    if programs is None:
        return ""
    said = subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, text=True, check=False)
    return said.stdout.strip().removeprefix("postgres (PostgreSQL) ")


def in_words(found: dict[str, Any]) -> str:
    postgresql = f", PostgreSQL {found['postgresql']}" if found["postgresql"] else ""
    return (
        f"{found['processor']}, {found['usable_cores']} of {found['cores']} cores, {found['memory'] / 2**30:.1f} GiB,"
        f" load {found['load']}; {found['system']}\n"
        f"Milepost {found['milepost']}, Python {found['python']}, Django {found['django']}, SQLite {found['sqlite']}"
        f"{postgresql}"
    )
