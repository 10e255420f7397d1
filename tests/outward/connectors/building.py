"""Small exports made by hand, and what a source reads from them."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from milepost.outward.connectors.records import Batch, Options
from milepost.outward.connectors.sources import open_source

USERS: list[dict[str, Any]] = [
    {
        "id": "U1",
        "name": "amara",
        "profile": {"real_name": "Amara Okafor", "display_name": "amara", "email": "Amara@Example.org"},
    },
    {"id": "U2", "name": "joao", "real_name": "João Silva", "deleted": True, "profile": {}},
    {"id": "U3", "name": "helper", "is_bot": True, "profile": {"real_name": "Helper"}},
]
CHANNELS: list[dict[str, Any]] = [
    {"id": "C1", "name": "general", "created": 1577836800, "members": ["U1", "U2"], "purpose": {"value": "All"}}
]


def said(ts: str, text: str = "Hello", user: str = "U1", **more: Any) -> dict[str, Any]:
    return {"type": "message", "user": user, "text": text, "ts": ts, **more}


def slack_files(days: dict[str, Any], **lists: Any) -> dict[str, Any]:
    """Name -> content of an export; `days` are day files (channel/day), `lists` replace or add users, channels, ..."""
    files: dict[str, Any] = {"users.json": USERS, "channels.json": CHANNELS}
    files |= {f"{name}.json": value for name, value in lists.items()}
    files |= {f"{name}.json": value for name, value in days.items()}
    return {name: value for name, value in files.items() if value is not None}


def write_zip(path: Path, files: dict[str, Any], under: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(under + name, content if isinstance(content, str | bytes) else json.dumps(content))
    return path


def write_folder(path: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        raw = content if isinstance(content, str | bytes) else json.dumps(content)
        place.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return path


class Read:
    """All that a source gave."""

    def __init__(self, batches: list[Batch]) -> None:
        self.batches = batches
        self.people = {person.key: person for batch in batches for person in batch.people}
        self.channels = {channel.key: channel for batch in batches for channel in batch.channels}
        self.messages = [message for batch in batches for message in batch.messages]
        self.reactions = [reaction for batch in batches for reaction in batch.reactions]
        self.joins = [join for batch in batches for join in batch.joins]
        self.activities = [activity for batch in batches for activity in batch.activities]
        self.problems = [problem for batch in batches for problem in batch.problems]
        self.skipped: Counter[str] = Counter()
        for batch in batches:
            self.skipped.update(batch.skipped)

    @property
    def by_key(self) -> dict[str, Any]:
        return {message.key: message for message in self.messages}

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]

    @property
    def reasons(self) -> list[str]:
        return [problem.reason for problem in self.problems]


def read(source: str, path: Path, resume_from: str = "", **options: Any) -> Read:
    return Read(list(open_source(source, str(path), Options(**options)).batches(resume_from)))
