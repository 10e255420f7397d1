"""The folder that Polis exports: votes.csv (or participants-votes.csv alone) and comments.csv.

votes.csv is a log: timestamp, comment-id, voter-id, vote (1 agree, -1 disagree, 0 pass). Whoever changed their mind is in
it more than once, and the last counts: by timestamp, and by the order in the file where two are as late.
participants-votes.csv is a table with a column a statement; an empty cell is no vote. comments.csv says what the statements
are and which of them moderation took out (moderated -1; 0 and 1 take part).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from milepost.foundation.common.errors import DomainError

from .votes import Votes

LONGEST_FIELD = 1_000_000
TABLES = ("participants-votes.csv", "participant-votes.csv")
_VOTES = {"1": 1, "-1": -1, "0": 0, "1.0": 1, "-1.0": -1, "0.0": 0}


class Unreadable(DomainError):
    """A file that is not what it should be: which line, and what was expected there."""

    def __init__(self, path: Path, line: int, found: str, expected: str) -> None:
        super().__init__(f"{path.name}, line {line}: {found}", f"Expected {expected}.")
        self.line = line


@dataclass(slots=True)
class Export:
    votes: Votes
    texts: dict[int, str] = field(default_factory=dict)
    moderated_out: set[int] = field(default_factory=set)
    changed: int = 0
    """Votes that a later one of the same person on the same statement replaced."""
    source: str = ""
    group_of: dict[int, str] = field(default_factory=dict)
    """The groups that Polis gave, where participants-votes.csv says so."""


def read(folder: Path) -> Export:
    """The export in `folder`. DomainError where there is none, `Unreadable` with the line where a file is broken."""
    if not folder.is_dir():
        raise DomainError(f"{folder} is no folder.", "Give the folder that Polis exported.")
    table = next((folder / name for name in TABLES if (folder / name).is_file()), None)
    log = folder / "votes.csv"
    if log.is_file():
        export = _read_log(log)
        if table is not None:
            export.group_of = {person: group for person, group, _ in _table_rows(table) if group}
    elif table is not None:
        export = _read_table(table)
    else:
        raise DomainError(f"{folder} has neither votes.csv nor {TABLES[0]}.", "Give the folder that Polis exported.")
    if (folder / "comments.csv").is_file():
        _read_comments(folder / "comments.csv", export)
    return export


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each row, the head first; a row with a line break in it counts from its first line."""
    before = csv.field_size_limit(LONGEST_FIELD)
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="strict") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                if row:
                    yield line, row
                line = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(
            path, line, f"not readable as CSV ({error})", "fields with commas, in quotes where needed"
        ) from None
    except UnicodeDecodeError:
        raise Unreadable(path, line, "not UTF-8 text from here on", "a file in UTF-8") from None
    finally:
        csv.field_size_limit(before)


def _head(path: Path, rows: Iterator[tuple[int, list[str]]], *needed: str) -> tuple[list[str], dict[str, int]]:
    first = next(rows, None)
    if first is None:
        raise Unreadable(path, 1, "the file is empty", f"a head with {', '.join(needed)}")
    names = [name.strip() for name in first[1]]
    missing = [name for name in needed if name not in names]
    if missing:
        raise Unreadable(path, 1, f"no column {', '.join(missing)}", f"a head with {', '.join(needed)}")
    return names, {name: n for n, name in enumerate(names)}


def _whole(path: Path, line: int, text: str, what: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Unreadable(path, line, f"“{text[:40]}” is no {what}", f"a whole number as {what}") from None


def _vote(path: Path, line: int, text: str) -> int:
    vote = _VOTES.get(text.strip())
    if vote is None:
        raise Unreadable(path, line, f"“{text[:40]}” is no vote", "1 (agree), -1 (disagree) or 0 (pass)")
    return vote


def _complete(path: Path, line: int, row: list[str], names: list[str]) -> None:
    if len(row) != len(names):
        raise Unreadable(path, line, f"{len(row)} fields", f"{len(names)}, as in the head")


def _read_log(path: Path) -> Export:
    rows = _rows(path)
    names, at = _head(path, rows, "timestamp", "comment-id", "voter-id", "vote")
    when, comment, voter, vote = at["timestamp"], at["comment-id"], at["voter-id"], at["vote"]
    latest: dict[tuple[int, int], tuple[int, int]] = {}
    changed = 0
    for line, row in rows:
        _complete(path, line, row, names)
        moment = _whole(path, line, row[when], "timestamp")
        key = (_whole(path, line, row[voter], "voter-id"), _whole(path, line, row[comment], "comment-id"))
        value = _vote(path, line, row[vote])
        before = latest.get(key)
        changed += before is not None
        if before is None or moment >= before[0]:
            latest[key] = (moment, value)
    votes = Votes.of({key: value for key, (_, value) in latest.items()})
    return Export(votes, changed=changed, source=path.name)


def _table_rows(path: Path) -> list[tuple[int, str, list[tuple[int, int]]]]:
    rows = _rows(path)
    names, at = _head(path, rows, "participant")
    first = next((n for n, name in enumerate(names) if _is_whole(name)), len(names))
    statements = [_whole(path, 1, name, "statement's id") for name in names[first:]]
    if len(set(statements)) < len(statements):
        raise Unreadable(path, 1, "a statement has two columns", "one column a statement")
    found, known = [], set()
    for line, row in rows:
        _complete(path, line, row, names)
        person = _whole(path, line, row[at["participant"]], "participant")
        if person in known:
            raise Unreadable(path, line, f"participant {person} is there twice", "one row a participant")
        known.add(person)
        group = row[at["group-id"]].strip() if "group-id" in at else ""
        cast = [(statements[n], _vote(path, line, cell)) for n, cell in enumerate(row[first:]) if cell.strip()]
        found.append((person, group, cast))
    return found


def _is_whole(name: str) -> bool:
    return name.lstrip("-").isdigit()


def _read_table(path: Path) -> Export:
    rows = _table_rows(path)
    cast = {(person, statement): value for person, _, votes in rows for statement, value in votes}
    groups = {person: group for person, group, _ in rows if group}
    return Export(Votes.of(cast), source=path.name, group_of=groups)


def _read_comments(path: Path, export: Export) -> None:
    rows = _rows(path)
    names, at = _head(path, rows, "comment-id")
    for line, row in rows:
        _complete(path, line, row, names)
        statement = _whole(path, line, row[at["comment-id"]], "comment-id")
        if statement in export.texts:
            raise Unreadable(path, line, f"statement {statement} is there twice", "one row a statement")
        export.texts[statement] = row[at["comment-body"]] if "comment-body" in at else ""
        if "moderated" in at and row[at["moderated"]].strip():
            moderated = _whole(path, line, row[at["moderated"]], "moderation")
            if moderated not in (-1, 0, 1):
                raise Unreadable(path, line, f"“{moderated}” is no moderation", "-1 (taken out), 0 or 1")
            if moderated == -1:
                export.moderated_out.add(statement)


def adjusted_rand(one: Any, other: Any) -> float:
    """How alike two groupings of the same people are: 1 the same, about 0 as alike as by chance (Hubert and Arabie 1985)."""
    first, second = np.unique(one, return_inverse=True)[1], np.unique(other, return_inverse=True)[1]
    table = np.zeros((int(first.max()) + 1, int(second.max()) + 1))
    np.add.at(table, (first, second), 1)

    def pairs(counts: Any) -> float:
        return float((counts * (counts - 1) / 2).sum())

    rows, columns, everyone = pairs(table.sum(axis=1)), pairs(table.sum(axis=0)), pairs(np.array([len(first)]))
    expected = rows * columns / everyone if everyone else 0.0
    most = (rows + columns) / 2
    return 1.0 if most == expected else (pairs(table) - expected) / (most - expected)
