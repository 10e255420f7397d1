"""One measurement in a process of its own: `python -m milepost.interfaces.cli.bench.child JOB {"its": "arguments"}`.

The last line of standard output is its answer, as JSON.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

JOBS = {
    "generate": "importing:generate",
    "import": "importing:bring_in",
    "floor": "floor:load",
    "build": "furnishing:build",
    "pages": "pages:measure",
    "wire": "wire:measure",
    "ready": "posting:prepare",
    "kept": "posting:kept",
    "opinion": "opinion:measure",
    "crowd": "crowd:make",
    "segment": "segments:fill",
    "first-days": "milestones:first_days",
    "following": "milestones:following",
}


def main(job: str, given: dict[str, Any]) -> Any:
    module, _, name = JOBS[job].partition(":")
    return getattr(import_module(f"{__package__}.{module}"), name)(**given)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.loads(sys.argv[2])), default=str))
