"""Opinion maps of generated votes: how long one takes, and how much memory."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from .grounds import ground

SIZES: tuple[dict[str, Any], ...] = (
    {"people": 2_000, "statements": 900, "filled": 1.0, "target": {"seconds": 1.0}},
    {"people": 2_000, "statements": 900, "filled": 0.2, "target": {"seconds": 1.0}},
    {"people": 100_000, "statements": 1_000, "filled": 0.05, "target": {"seconds": 20.0, "peak_mb": 2_048}},
)
CAMPS = 3
AT_ONCE = 2_000


def compare(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Each size in a process of its own, beside its target."""
    found = []
    for size in SIZES:
        say(f"Opinion map of {size['people']:,} people and {size['statements']:,} statements.")
        with ground("sqlite") as site:
            given = {name: size[name] for name in ("people", "statements", "filled")}
            found.append({**site.run("opinion", **given), "filled": size["filled"], "target": size["target"]})
    return found


def in_words(found: list[dict[str, Any]]) -> str:
    from ..terminal import in_columns

    head = ["Opinion map", "statements", "filled", "seconds", "CPU", "MB", "target"]
    rows = [
        [
            f"{one['people']:,} people",
            f"{one['statements']:,}",
            f"{one['filled']:.0%}",
            f"{one['seconds']:.2f}",
            f"{one['cpu_seconds']:.2f}",
            f"{one['peak_mb']:,}",
            ", ".join(f"{name} {limit:,}" for name, limit in one["target"].items()),
        ]
        for one in found
    ]
    return in_columns([head, *rows])


def measure(people: int, statements: int, filled: float) -> dict[str, Any]:
    """Seconds (clock and CPU) of one map, and the process's largest memory in MB; in a process of its own.

    People are of three camps, which answer a statement each in its own way, with some noise.
    """
    import numpy as np

    from ..site import start

    start()
    from milepost.domain.deliberation.mapping.opinion import opinion_map
    from milepost.domain.deliberation.mapping.votes import Votes

    rng = np.random.default_rng(7)
    leaning = rng.normal(0, 1, (CAMPS, statements))
    camp = rng.integers(0, CAMPS, people)
    cells = [
        first * statements + np.flatnonzero(rng.random((min(AT_ONCE, people - first)) * statements) < filled)
        for first in range(0, people, AT_ONCE)
    ]
    person, statement = np.divmod(np.concatenate(cells), statements)
    value = np.clip(np.round(leaning[camp[person], statement] + rng.normal(0, 1, len(person))), -1, 1).astype(np.int64)
    there, person = np.unique(person, return_inverse=True)
    known, statement = np.unique(statement, return_inverse=True)
    votes = Votes.sorted(tuple(there.tolist()), tuple(known.tolist()), person, statement, value)
    wall, cpu = time.perf_counter(), time.process_time()
    found = opinion_map(votes)
    took = {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "people": len(there),
        "statements": len(known),
        "votes": len(votes.value),
        **{name: round(value, 3) for name, value in took.items()},
        # Kilobytes on Linux, bytes on macOS.
        "peak_mb": round(largest / (2**20 if sys.platform == "darwin" else 1024)),
        "groups": [int(size) for size in found.groups.sizes],
    }
