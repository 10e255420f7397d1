"""Attendance files into rows: one for each person, rejoins put together. Knows no database.

Zoom writes a line each time that someone joins; two devices at once are one presence, so time is the union of the stretches.
Eventbrite writes a line a ticket.
"""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from milepost.outward.connectors.records import ConnectorError
from milepost.outward.connectors.sources.columns import plain

LARGEST = 20 * 2**20
"""Bytes of a file."""
MOST = 20_000
"""Lines of a file."""
LONGEST_LINE = 10_000
KINDS = ("zoom", "eventbrite")
_TIMES = (
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%b %d, %Y %H:%M:%S",
    "%b %d, %Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S",
)  # fmt: skip

ZOOM = {
    "name": "nameoriginalname usernameoriginalname username name participant displayname",
    "mail": "useremail email emailaddress",
    "join": "jointime joined",
    "leave": "leavetime left",
    "minutes": "durationminutes totaldurationminutes timeinsessionminutes duration",
    "waiting": "inwaitingroom",
    "attended": "attended",
}
EVENTBRITE = {
    "order": "order orderno ordernumber orderid",
    "first": "firstname attendeefirstname",
    "last": "lastname surname attendeelastname attendeesurname",
    "name": "attendeename name",
    "mail": "email attendeeemail emailaddress",
    "status": "attendeestatus status",
    "checked": "checkindate checkedin checkindatetime checkedindate",
}
_GONE = {
    "notattending", "cancelled", "canceled", "refunded", "deleted", "transferred", "unpaid", "rejected",
}  # fmt: skip


@dataclass(slots=True)
class Attendee:
    """One person of the file: when they were there, or only that they were expected."""

    line: int
    name: str
    mail: str
    came: bool = True
    minutes: int | None = None
    times: int = 1
    """How often they joined."""
    stretches: list[tuple[datetime, datetime]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.mail or folded(self.name)


@dataclass(slots=True)
class Bad:
    """A line that says nothing usable, and why."""

    line: int
    excerpt: str
    why: str


@dataclass(slots=True)
class Read:
    kind: str
    attendees: list[Attendee]
    bad: list[Bad]
    skipped: int = 0
    """Lines of people who never came in: the waiting room, tickets given back."""


def folded(name: str) -> str:
    """A name without case, accents and doubled spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return " ".join(bare.split())


def read(content: bytes) -> Read:
    """Raises ConnectorError for a file that is neither tool's."""
    if len(content) > LARGEST:
        raise ConnectorError(_("This file is too large for a list of attendees."))
    lines = list(_lines(content))
    for at, (_number, row) in enumerate(lines[:60]):
        heads = [plain(cell) for cell in row]
        if columns := _columns(heads, EVENTBRITE, ("order", "mail")):
            return _eventbrite(columns, lines[at + 1 :])
        zoom = _columns(heads, ZOOM, ("name",))
        if zoom and ({"join", "minutes"} & zoom.keys()) and not _is_summary(heads):
            return _zoom(zoom, lines[at + 1 :])
    raise ConnectorError(
        _("This is neither Zoom's list of participants nor Eventbrite's list of attendees."),
        _("In Zoom: Reports, Usage, Participants, Export. In Eventbrite: Reports, Attendees, as CSV."),
    )


def _is_summary(heads: list[str]) -> bool:
    """The meeting's own line above Zoom's list has a duration too."""
    return "meetingid" in heads or "topic" in heads


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _text(content)
    head = text[:4_000]
    dialect = ";" if head.count(";") > head.count(",") else "\t" if head.count("\t") > head.count(",") else ","
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=dialect)
    try:
        for row in reader:
            if reader.line_num > MOST:
                raise ConnectorError(_("At most %(most)d lines at once.") % {"most": MOST})
            yield reader.line_num, [cell.replace("\0", "").strip() for cell in row]
    except csv.Error as error:
        raise ConnectorError(_("This file is no table: %(why)s.") % {"why": error}) from error


def _text(content: bytes) -> str:
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _columns(heads: list[str], names: dict[str, str], needed: tuple[str, ...]) -> dict[str, int]:
    found = {
        key: heads.index(alias) for key, words in names.items() for alias in reversed(words.split()) if alias in heads
    }
    return found if all(key in found for key in needed) else {}


def _cell(row: list[str], columns: dict[str, int], key: str) -> str:
    at = columns.get(key)
    return row[at] if at is not None and at < len(row) else ""


# --- Zoom -------------------------------------------------------------------------------------------


def _zoom(columns: dict[str, int], lines: Iterable[tuple[int, list[str]]]) -> Read:
    found = Read("zoom", [], [])
    people: dict[str, Attendee] = {}
    for number, row in lines:
        if not any(row):
            continue
        if _is_summary([plain(cell) for cell in row]):
            break
        if plain(_cell(row, columns, "waiting")) == "yes" or plain(_cell(row, columns, "attended")) == "no":
            found.skipped += 1
            continue
        one = _participant(columns, number, row)
        if isinstance(one, Bad):
            found.bad.append(one)
            continue
        there = people.get(one.key)
        if there is None:
            people[one.key] = one
            continue
        there.times += 1
        there.stretches += one.stretches
        if not one.stretches:
            there.minutes = (there.minutes or 0) + (one.minutes or 0)
    for person in people.values():
        if person.stretches:
            person.minutes = _union(person.stretches)
    found.attendees = list(people.values())
    return found


def _participant(columns: dict[str, int], number: int, row: list[str]) -> Attendee | Bad:
    name, mail = _name(_cell(row, columns, "name")), _cell(row, columns, "mail").lower()
    if not name and not mail:
        return Bad(number, _excerpt(row), _("Neither a name nor an address."))
    made = Attendee(number, name or mail.partition("@")[0], mail if "@" in mail else "")
    joined, left = _cell(row, columns, "join"), _cell(row, columns, "leave")
    if joined and left:
        start, end = _time(joined), _time(left)
        if start is None or end is None:
            return Bad(number, _excerpt(row), _("When they joined or left cannot be read."))
        if end < start:
            return Bad(number, _excerpt(row), _("They left before they joined."))
        made.stretches.append((start, end))
        return made
    minutes = _cell(row, columns, "minutes")
    if minutes:
        try:
            made.minutes = max(0, math.ceil(float(minutes.replace(",", "."))))
        except (ValueError, OverflowError):
            return Bad(number, _excerpt(row), _("How long they stayed cannot be read."))
        if made.minutes > 14 * 24 * 60:
            return Bad(number, _excerpt(row), _("How long they stayed cannot be read."))
    return made


def _name(text: str) -> str:
    """Zoom writes “Ana (Ana Silva)” for who changed their name: the original one is in brackets."""
    if text.endswith(")") and "(" in text:
        before, _bracket, original = text[:-1].rpartition("(")
        text = original if before.strip() and len(original.split()) > 1 else before
    return " ".join(text.split())[:120]


def _time(text: str) -> datetime | None:
    for form in _TIMES:
        try:
            # Only how far apart two of them are is asked, so no zone is needed.
            return datetime.strptime(" ".join(text.split()), form)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _union(stretches: list[tuple[datetime, datetime]]) -> int:
    """Minutes that at least one of them covers, begun ones counted."""
    total = timedelta()
    until: datetime | None = None
    for start, end in sorted(stretches):
        total += max(timedelta(), end - (start if until is None else max(start, until)))
        until = end if until is None else max(end, until)
    return math.ceil(total / timedelta(minutes=1))


def _excerpt(row: list[str]) -> str:
    return ", ".join(row)[:300]


# --- Eventbrite -------------------------------------------------------------------------------------


def _eventbrite(columns: dict[str, int], lines: Iterable[tuple[int, list[str]]]) -> Read:
    found = Read("eventbrite", [], [])
    people: dict[str, Attendee] = {}
    for number, row in lines:
        if not any(row):
            continue
        status = plain(_cell(row, columns, "status"))
        if status in _GONE:
            found.skipped += 1
            continue
        whole = " ".join(part for part in (_cell(row, columns, "first"), _cell(row, columns, "last")) if part)
        name = " ".join((whole or _cell(row, columns, "name")).split())[:120]
        mail = _cell(row, columns, "mail").lower()
        if "@" not in mail:
            if not name:
                found.bad.append(Bad(number, _excerpt(row), _("Neither a name nor an address.")))
                continue
            mail = ""
        checked = plain(_cell(row, columns, "checked"))
        came = status == "checkedin" or (bool(checked) and checked not in {"no", "false", "0", "infopending"})
        one = Attendee(number, name or mail.partition("@")[0], mail, came=came)
        if (there := people.get(one.key)) is not None:
            there.came, there.times = there.came or came, there.times + 1
        else:
            people[one.key] = one
    found.attendees = list(people.values())
    return found
