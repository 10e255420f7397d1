"""A map of keys that keeps its newest part in memory and the rest in a temporary file."""

from __future__ import annotations

import sqlite3
import tempfile
from types import TracebackType

#: Entries in memory, about 20 MB of them.
YOUNG = 100_000


class KeyStore:
    """key -> value, both text. Exact at any size: what does not fit in memory moves to a temporary SQLite file."""

    def __init__(self, young: int = YOUNG) -> None:
        self._young: dict[str, str] = {}
        self._limit = young
        self._database: sqlite3.Connection | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def put(self, key: str, value: str) -> None:
        self._young[key] = value
        if len(self._young) >= self._limit:
            self._spill()

    def get(self, key: str) -> str | None:
        value = self._young.get(key)
        if value is None and self._database is not None:
            row = self._database.execute("SELECT value FROM entry WHERE key = ?", (key,)).fetchone()
            return row[0] if row else None
        return value

    def _spill(self) -> None:
        if self._database is None:
            self._folder = tempfile.TemporaryDirectory(prefix="milepost-import-")
            self._database = sqlite3.connect(f"{self._folder.name}/keys", isolation_level=None)
            # It lives as long as this run: nothing of it needs to survive a crash.
            self._database.execute("PRAGMA journal_mode = OFF")
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute("PRAGMA cache_size = -8000")
            self._database.execute("CREATE TABLE entry (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?)", sorted(self._young.items()))
        self._database.execute("COMMIT")
        self._young.clear()

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        self._young.clear()

    def __enter__(self) -> KeyStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RecentKeys:
    """Whether a key came lately: exact for the last `size` keys. What comes again later the database's own uniqueness finds."""

    def __init__(self, size: int = 50_000) -> None:
        self._size = size
        self._new: set[str] = set()
        self._old: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._new or key in self._old

    def seen(self, key: str) -> bool:
        """True if it came before; remembers it."""
        if key in self._new or key in self._old:
            return True
        self._new.add(key)
        if len(self._new) >= self._size:
            self._old, self._new = self._new, set()
        return False
