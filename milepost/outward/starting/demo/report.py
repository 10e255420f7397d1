from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was written; all zero where the community was there already."""

    community: str
    people: int = 0
    spaces: int = 0
    threads: int = 0
    posts: int = 0
    reactions: int = 0
    milestones: int = 0
    thanks: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
