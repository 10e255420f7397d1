"""A table of awards (CSV with headings, or an object a line) as lines of words. Knows no database; memory stays flat.

One line is one award: member, milestone, reached_on, and perhaps level, note, link.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from milepost.outward.connectors.records import ConnectorError
from milepost.outward.connectors.sources.columns import plain

LARGEST = 50 * 2**20
"""Bytes of a file."""
MOST = 200_000
"""Lines of a file."""
LONGEST_FIELD = 10_000
_HEAD = 65_536
COLUMNS = {
    "member": "member person email emailaddress mail handle username identity name",
    "milestone": "milestone milestoneslug slug achievement badge",
    "reached_on": "reachedon reached date day on issuedon awardedon",
    "level": "level",
    "note": "note notes evidence words comment description",
    "link": "link url evidenceurl",
}
"""Field -> headings that say it, the most telling first, without case and marks."""
NEEDED = ("member", "milestone", "reached_on")


@dataclass(slots=True)
class Line:
    """What one line says, as it was written; `why`: why it cannot be used."""

    number: int
    member: str = ""
    milestone: str = ""
    reached_on: str = ""
    level: str = ""
    note: str = ""
    link: str = ""
    why: str = ""
    excerpt: str = ""


def read(file: BinaryIO) -> Iterator[Line]:
    """Each line of the file, from its beginning. Raises ConnectorError for what is no such table, is too large or too long."""
    size = file.seek(0, io.SEEK_END)
    if size > LARGEST:
        raise ConnectorError(
            _("This file is too large: %(most)d MB are the most.") % {"most": LARGEST >> 20},
            _("Split it into several."),
        )
    file.seek(0)
    head = file.read(_HEAD)
    if not head.strip():
        raise ConnectorError(_("This file is empty."), _wanted())
    encoding = _encoding(file, head)
    file.seek(0)
    # The caller keeps the file: it reads it twice.
    text = io.TextIOWrapper(io.BufferedReader(_Kept(file)), encoding, "replace", newline="")
    start = head.decode(encoding, "replace").lstrip("\ufeff \t\r\n")[:1]
    lines = _objects(text) if start in {"{", "["} else _rows(text)
    for count, line in enumerate(lines, start=1):
        if count > MOST:
            raise ConnectorError(
                _("At most %(most)d lines at once.") % {"most": MOST}, _("Split the file into several.")
            )
        yield line


class _Kept(io.RawIOBase):
    """A file that is not closed with what reads it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        got = self._file.read(len(buffer))
        buffer[: len(got)] = got
        return len(got)


def _wanted() -> str:
    return _("The first line names the columns: member, milestone, reached_on, and if you like level, note and link.")


def _encoding(file: BinaryIO, head: bytes) -> str:
    """UTF-8 where all of the file is; else what spreadsheets on Windows write."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.count(0) > len(head) // 20:
        raise ConnectorError(_("This is not a text file."), _("In a spreadsheet, choose “Save as” and “CSV UTF-8”."))
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(1 << 20):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _columns(headings: list[str]) -> dict[str, list[int]]:
    """Field -> places, the most telling first. ConnectorError, with what is missing and what is there."""
    heads = [plain(heading) for heading in headings]
    found: dict[str, list[int]] = {}
    for name, words in COLUMNS.items():
        if places := [heads.index(word) for word in words.split() if word in heads]:
            found[name] = places
    if missing := [name for name in NEEDED if name not in found]:
        there = ", ".join(" ".join(heading.split())[:40] for heading in headings[:20] if heading.strip())
        raise ConnectorError(
            _("There is no column %(missing)s. The first line has: %(there)s.")
            % {"missing": ", ".join(missing), "there": there.replace("\0", "") or "–"},
            _wanted(),
        )
    return found


# --- CSV ------------------------------------------------------------------------------------------------


def _rows(text: io.TextIOBase) -> Iterator[Line]:
    first = text.readline(LONGEST_FIELD * 10)
    skipped = 0
    if first.lower().startswith("sep="):
        # Spreadsheets in some countries say the separator in a first line.
        first, skipped = text.readline(LONGEST_FIELD * 10), 1
    delimiter = max(",;\t|", key=first.count)
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(itertools.chain([first], text), delimiter=delimiter)
    try:
        columns = _columns(next(reader, []))
    except csv.Error as error:
        raise ConnectorError(_("This file is no table: %(why)s.") % {"why": error}, _wanted()) from None
    while True:
        number = reader.line_num + skipped + 1
        try:
            row = next(reader, None)
        except csv.Error:
            yield Line(number, why=_("This line cannot be read: a field is longer than any should be."))
            continue
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield _line(number, {name: _first(row, places) for name, places in columns.items()}, ", ".join(row))


def _first(row: list[str], places: list[int]) -> str:
    return next((row[at] for at in places if at < len(row) and row[at].strip()), "")


# --- objects, one a line --------------------------------------------------------------------------------


def _objects(text: io.TextIOBase) -> Iterator[Line]:
    columns: list[str] | None = None
    number = 0
    while raw := text.readline(LONGEST_FIELD * 10):
        number += 1
        if not raw.endswith("\n") and len(raw) >= LONGEST_FIELD * 10:
            yield Line(number, why=_("This line cannot be read: it is longer than any should be."), excerpt=raw[:300])
            while raw and not raw.endswith("\n"):
                raw = text.readline(LONGEST_FIELD * 10)
            continue
        words = raw.strip().strip("\ufeff")
        if not words:
            continue
        try:
            given = json.loads(words)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            if columns is None:
                raise ConnectorError(
                    _("Line %(line)d is no object of JSON.") % {"line": number},
                    _("Write one object a line, or a CSV file."),
                )
            yield Line(number, why=_("This line is no object of JSON."), excerpt=words[:300].replace("\0", ""))
            continue
        names = list(given)
        if columns is None:
            _columns(names)
            columns = names
        heads = {plain(str(name)): value for name, value in given.items()}
        said = {
            name: next((said for word in alias.split() if (said := _said(heads.get(word))).strip()), "")
            for name, alias in COLUMNS.items()
        }
        yield _line(number, said, words)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _line(number: int, said: dict[str, str], whole: str) -> Line:
    excerpt = " ".join(whole.replace("\0", "�").split())[:300]
    if any("\0" in value for value in said.values()):
        return Line(number, why=_("This line has a broken character in it (NUL)."), excerpt=excerpt)
    words = {name: _clean(value) for name, value in said.items()}
    for name in NEEDED:
        if not words[name]:
            return Line(number, why=_("Nothing stands in the column %(name)s.") % {"name": name}, excerpt=excerpt)
    return Line(number, **words, excerpt=excerpt)


def _clean(text: str) -> str:
    """Without halves of surrogate pairs, which databases refuse."""
    return text.encode("utf-8", "replace").decode().strip()
