"""What a process costs: CPU seconds and peak memory, of itself, its children, and a PostgreSQL server beside it."""

from __future__ import annotations

import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds. `server` is PostgreSQL's part of `cpu`."""

    cpu: float
    server: float
    wall: float


class Meter:
    """Runs from its making on. `server`: the process id of a PostgreSQL server whose work counts too; 0: there is none."""

    def __init__(self, server: int = 0) -> None:
        self.server = server
        self._began = self._now()

    def _now(self) -> tuple[float, float, float]:
        return own_cpu(), tree_cpu(self.server) if self.server else 0.0, time.perf_counter()

    def read(self) -> Cost:
        own, server, wall = (now - before for now, before in zip(self._now(), self._began, strict=True))
        return Cost(own + server, server, wall)


def own_cpu() -> float:
    """User and system time of this process and of its children that have ended, in seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def tree_cpu(root: int) -> float:
    """User and system time of a process and all below it, with those of its children that have ended, in seconds.

    From /proc, so on Linux only.
    """
    tick = os.sysconf("SC_CLK_TCK")
    parents: dict[int, int] = {}
    spent: dict[int, int] = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue
        # The name in brackets may hold spaces and brackets itself.
        fields = stat.rpartition(")")[2].split()
        pid = int(folder.name)
        parents[pid] = int(fields[1])
        spent[pid] = sum(map(int, fields[11:15]))
    return sum(ticks for pid, ticks in spent.items() if _is_below(pid, root, parents)) / tick


def _is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid > 1:
        if pid == root:
            return True
        pid = parents.get(pid, 0)
    return False


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. `files`: the part of `peak` that was the database's own pages, mapped in (SQLite), as far as known now."""

    peak: int
    files: int


def memory() -> Memory:
    """Of this process, since it began."""
    status = PROC / "self" / "status"
    if status.is_file():
        # getrusage would tell of the parent too: its figure survives exec.
        lines = dict(line.partition(":")[::2] for line in status.read_text().splitlines())
        return Memory(_kilobytes(lines["VmHWM"]), _kilobytes(lines.get("RssFile", "0 kB")))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Memory(peak if sys.platform == "darwin" else peak * 1024, 0)


def _kilobytes(text: str) -> int:
    return int(text.split()[0]) * 1024


def quantile(values: list[float], q: float) -> float:
    """The value below which the share `q` of the values lies (nearest rank); 0.0 of none."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, -(-int(q * 1000) * len(ranked) // 1000) - 1))]
