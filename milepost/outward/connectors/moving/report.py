from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class MoveReport:
    """What was taken out or brought back: rows by table, and files."""

    community: str
    tables: dict[str, int] = field(default_factory=dict)
    files: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "rows": self.rows}

    def in_words(self) -> str:
        width = max((len(name) for name in self.tables), default=0)
        lines = [f"{name.ljust(width)}  {count:,}" for name, count in self.tables.items() if count]
        return "\n".join([f"{self.community}: {self.rows:,} rows, {self.files:,} files", *lines, *self.notes])
