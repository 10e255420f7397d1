"""Opinion maps of generated votes: how long one takes, and how much memory."""

from __future__ import annotations

import resource
import sys
import time
from typing import Any

SIZES = (
    {"people": 2_000, "statements": 900, "filled": 1.0},
    {"people": 2_000, "statements": 900, "filled": 0.2},
    {"people": 100_000, "statements": 1_000, "filled": 0.05},
)
CAMPS = 3
AT_ONCE = 2_000


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
