"""Tables of members, messages or activities: CSV, JSON Lines, JSON or Parquet, with any column names.

Which column means what is guessed from its heading and can be given (`Options.mapping`: field -> column; “a+b” joins two
columns into one key). A thread column names the conversation within its channel; the first row with a name starts it.
Rows without an identifier get one from their content, so that the same row is the same the next time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from milepost.outward.connectors.archive import Damaged, natural, open_archive
from milepost.outward.connectors.records import (
    ActivityRecord,
    ChannelRecord,
    ConnectorError,
    MessageRecord,
    Options,
    PersonRecord,
    Preview,
    RecordKind,
)
from milepost.outward.connectors.sources.base import BaseSource, Position, clean, digest, key_of, string
from milepost.outward.connectors.sources.columns import check_mapping, guess, guess_kind
from milepost.outward.connectors.sources.keystore import KeyStore, RecentKeys
from milepost.outward.connectors.sources.rows import Bad, Micros, Table, open_table
from milepost.outward.connectors.sources.times import finds_day_first, parse_time, zone

VERB = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\Z")
_TRUE = {"true", "1", "yes", "y", "ja", "j", "oui", "si", "sí", "sim", "x"}
_LIST = re.compile(r"[\s,;|]+")
Row = Sequence[Any]


class TableSource(BaseSource):
    name: ClassVar[str] = "table"

    def __init__(self, path: str, options: Options | None = None) -> None:
        super().__init__(path, options)
        self.kind: RecordKind = "messages"
        self.mapping: dict[str, str] = {}
        self.columns: list[str] = []
        self._zone = ZoneInfo("UTC")
        self._day_first = True
        self._ambiguous = False
        self._recent = RecentKeys()
        self._roots = KeyStore()
        self._pick: dict[str, Callable[[Row], Any]] = {}

    @classmethod
    def detect(cls, path: str) -> bool:
        with open_archive(path) as archive:
            for name in archive.names[:20]:
                table = open_table(archive, name)
                if table and guess_kind(table.columns):
                    return True
        return False

    def _close(self) -> None:
        self._roots.close()
        super()._close()

    def _steps(self, resume: Position) -> Iterator[tuple[Position, int]]:
        archive = self._open()
        self._zone = zone(self.options.timezone)
        self._recent, self._roots = RecentKeys(), KeyStore()
        tables: list[Table] = []
        for name in sorted(archive.names, key=natural):
            table = open_table(archive, name)
            if table:
                tables.append(table)
            else:
                self.batch.skipped["ignored_file"] += 1
        if not tables:
            raise ConnectorError(
                _("“%(name)s” is not a table.") % {"name": archive.path.name},
                _("Give a CSV file with headings in its first row, JSON Lines, or Parquet."),
            )
        self.total = sum(table.rows or archive.size(table.name) for table in tables)
        names = [table.name for table in tables]
        start = names.index(resume["file"]) if resume.get("file") in names else 0
        done = 0
        for at, table in enumerate(tables):
            if at < start:
                done += table.rows or archive.size(table.name)
                continue
            self._prepare(table)
            for line, share in self._read(table, resume.get("item", 0) if at == start else 0):
                yield {"file": table.name, "item": line}, done + share
            done += table.rows or archive.size(table.name)

    def _prepare(self, table: Table) -> None:
        """Decides what the table holds and which column is what."""
        columns = table.columns
        kind = self.options.kind or guess_kind(columns)
        if kind is None:
            raise ConnectorError(
                _("It is not clear what the table “%(name)s” holds; its columns are: %(columns)s.")
                % {"name": table.name, "columns": ", ".join(columns[:30])},
                _("Say whether it holds members, messages or activities, and which column is what (author=…,time=…)."),
            )
        given = {field: column for field, column in self.options.mapping.items() if column}
        check_mapping(given, columns, kind)
        used = {part for column in given.values() for part in ([column] if column in columns else column.split("+"))}
        guessed = guess([column for column in columns if column not in used], kind)
        # A field mapped to nothing (“text=”) is wanted empty.
        mapping = {f: c for f, c in guessed.items() if f not in self.options.mapping} | given
        self.kind, self.columns, self.mapping = kind, columns, mapping
        needed = {"members": (), "messages": ("author", "time"), "activities": ("author", "time")}[kind]
        missing = [field for field in needed if field not in mapping]
        if kind == "activities" and "verb" not in mapping and not self.options.verb:
            missing.append("verb")
        if kind == "members" and not {"id", "mail", "handle", "name"} & mapping.keys():
            missing.append("name")
        if missing:
            raise ConnectorError(
                _("No column was found for: %(fields)s.") % {"fields": ", ".join(missing)},
                _("Name them in the mapping (%(example)s=…). The table's columns are: %(columns)s.")
                % {"example": missing[0], "columns": ", ".join(columns[:60])},
            )
        if self.options.verb and not VERB.match(self.options.verb):
            raise ConnectorError(
                _("“%(verb)s” is not a verb of the log.") % {"verb": self.options.verb},
                _("Write it as a thing and what happened to it, such as event.attended."),
            )
        self._pick = {field: _picker(column, columns) for field, column in mapping.items()}
        if not table.good_encoding:
            self.problem(table.name, 0, "wrong_encoding", table.encoding, noted=True)

    def _read(self, table: Table, skip: int) -> Iterator[tuple[int, int]]:
        add = {"members": self._member, "messages": self._message, "activities": self._activity}[self.kind]
        line = 0
        first = True
        rebuild = self.kind == "messages" and "reply_to" in self._pick
        try:
            for rows, share in table.batches():
                if first:
                    self._find_day_order(rows)
                    first = False
                for row in rows:
                    line += 1
                    if line <= skip:
                        if rebuild and not isinstance(row, Bad):
                            self._thread(row, key_of(self._value(row, "id")), "")
                    elif isinstance(row, Bad):
                        self.problem(table.name, line, row.reason, "", row.excerpt)
                    else:
                        add(row, table.name, line)
                if line > skip:
                    yield line, share
        except Damaged:
            self.problem(table.name, line + 1, "broken_file")

    def _find_day_order(self, rows: Sequence[Row | Bad]) -> None:
        if self.options.day_first is not None:
            self._day_first, self._ambiguous = self.options.day_first, False
            return
        samples = [
            value for row in rows if not isinstance(row, Bad) and isinstance(value := self._value(row, "time"), str)
        ]
        found = finds_day_first(samples)
        self._ambiguous = found is None and any(re.match(r"\d{1,2}/\d{1,2}/", sample) for sample in samples[:50])
        self._day_first = found is not False

    # -- values -------------------------------------------------------------------------------------------------------

    def _value(self, row: Row, field: str) -> Any:
        pick = self._pick.get(field)
        return pick(row) if pick else None

    def _words(self, row: Row, field: str, longest: int = 200) -> str:
        value = self._value(row, field)
        return clean(_as_text(value).strip())[:longest]

    def _time(self, row: Row, field: str, where: str, line: int) -> datetime | None:
        value = self._value(row, field)
        if type(value) is Micros:
            return self.at(value / 1e6, where, line, _raw(row))
        moment = parse_time(value, self._zone, self._day_first)
        if moment is None:
            empty = value is None or value == ""
            self.problem(where, line, "no_time" if empty else "bad_time", _as_text(value), _raw(row))
            return None
        return moment if self.plausible(moment, where, line, _raw(row)) else None

    def _author(self, row: Row, where: str, line: int) -> str:
        """The author's key; a person who is new is made from what the row says."""
        raw = self._value(row, "author")
        key = key_of(_as_text(raw).strip())
        if key in self.known:
            return key
        if not key:
            key = key_of(self._words(row, "author_mail").lower() or self._words(row, "author_name"))
            if not key:
                self.problem(where, line, "no_author", "", _raw(row))
                return ""
        if key not in self.known:
            mail = self._words(row, "author_mail", 254) or (key if "@" in key else "")
            self.person(PersonRecord(key, self._words(row, "author_name") or key.partition("@")[0], "", mail))
        return key

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _member(self, row: Row, where: str, line: int) -> None:
        name, handle, mail = self._words(row, "name"), self._words(row, "handle"), self._words(row, "mail", 254)
        key = key_of(_as_text(self._value(row, "id")).strip()) or mail.lower() or handle or name
        if not key:
            self.problem(where, line, "no_key", "", _raw(row))
            return
        if key in self.known:
            self.batch.skipped["duplicate"] += 1
            return
        joined = None
        if "time" in self._pick and self._value(row, "time") not in (None, ""):
            joined = self._time(row, "time", where, line)
            if joined is None:  # the person comes in all the same
                self.batch.problems[-1].noted = True
        used = {part for column in self.mapping.values() for part in (column, *column.split("+"))}
        attributes = {
            clean(column)[:100]: clean(_as_text(value))[:300]
            for column, value in zip(self.columns, row, strict=False)
            if column not in used and value not in (None, "")
        }
        bot = self._words(row, "is_bot").lower() in _TRUE
        audience = self._words(row, "audience", 50).lower()
        self.person(
            PersonRecord(
                key_of(key), name or handle or key, handle, mail, bot, False, joined, attributes, audience, True
            )
        )

    def _message(self, row: Row, where: str, line: int) -> None:
        at = self._time(row, "time", where, line)
        if at is None:
            return
        author = self._author(row, where, line)
        if not author:
            return
        raw = self._value(row, "channel")
        channel = key_of(raw if type(raw) is str else _as_text(raw)) or "table"
        if channel not in self.chosen:
            self.channel(ChannelRecord(channel, channel if raw not in (None, "") else _("Imported messages")))
        if not self.chosen[channel]:
            self.batch.skipped["channel_not_chosen"] += 1
            return
        text = self.text(_as_text(self._value(row, "text")), where, line)
        key = key_of(_as_text(self._value(row, "id")))
        if not key:
            key = digest(author, at.isoformat(), channel, _as_text(self._value(row, "thread")), text)
        if self._recent.seen(key):
            self.batch.skipped["duplicate"] += 1
            return
        thread, answered, title = self._thread(row, key, channel)
        mentions: tuple[str, ...] = ()
        if mentioned := self._value(row, "mentions"):
            people = mentioned if isinstance(mentioned, list) else _LIST.split(_as_text(mentioned).strip(" []"))
            mentions = tuple(
                dict.fromkeys(key_of(_as_text(person).strip(" '\"@")) for person in people if person not in (None, ""))
            )
        edited = self._value(row, "edited")
        edited_at = parse_time(edited, self._zone, self._day_first) if edited not in (None, "") else None
        self.batch.messages.append(
            MessageRecord(key, channel, author, at, text, thread, answered, title, (), mentions, edited_at)
        )

    def _thread(self, row: Row, key: str, channel: str) -> tuple[str, str, str]:
        """(thread, message answered, title)."""
        title = self._words(row, "title", 300) if "title" in self._pick else ""
        answered = key_of(_as_text(self._value(row, "reply_to"))) if "reply_to" in self._pick else ""
        if answered in (key, "0"):
            answered = ""
        if "thread" in self._pick:
            raw = self._value(row, "thread")
            name = raw if type(raw) is str else _as_text(raw)
            if name:
                # A conversation's name is its title, unless it is a number.
                shown = title or ("" if name.isdigit() else clean(name)[:300])
                return key_of(f"{channel}\x1f{name}"), answered, shown
        if answered:
            root = self._roots.get(answered) or answered
            self._roots.put(key, root)
            return root, answered, title
        return key, "", title

    def _activity(self, row: Row, where: str, line: int) -> None:
        at = self._time(row, "time", where, line)
        if at is None:
            return
        author = self._author(row, where, line)
        if not author:
            return
        verb = self._words(row, "verb", 100) or self.options.verb
        allowed = self.options.verbs
        if not verb:
            self.problem(where, line, "no_verb", "", _raw(row))
            return
        if (allowed and verb not in allowed) or (not allowed and not VERB.match(verb)):
            self.problem(where, line, "unknown_verb", verb, _raw(row))
            return
        quantity = None
        if (raw := self._value(row, "quantity")) not in (None, ""):
            quantity = _number(raw)
            if quantity is None:
                self.problem(where, line, "bad_number", _as_text(raw), _raw(row))
                return
        kind, what = self._words(row, "object_kind", 100), key_of(self._words(row, "object"))
        text = self.text(_as_text(self._value(row, "text")), where, line)
        key = key_of(_as_text(self._value(row, "id")))
        key = key or digest(verb, author, at.isoformat(), kind, what, str(quantity), text)
        if self._recent.seen(key):
            self.batch.skipped["duplicate"] += 1
            return
        channel = key_of(_as_text(self._value(row, "channel")))
        if channel and not self.channel(ChannelRecord(channel, channel)):
            self.batch.skipped["channel_not_chosen"] += 1
            return
        self.batch.activities.append(ActivityRecord(key, verb, author, at, kind, what, quantity, channel, text))

    def _add_to_preview(self, preview: Preview) -> None:
        preview.kind, preview.mapping = self.kind, dict(self.mapping)
        used = {part for column in self.mapping.values() for part in (column, *column.split("+"))}
        preview.unmapped = [column for column in self.columns if column not in used]
        if self._ambiguous:
            preview.notes.append(
                _("Dates such as 03/04/2021 are read as 3 April. If they mean 4 March, say that the month comes first.")
            )


def _picker(column: str, columns: list[str]) -> Callable[[Row], Any]:
    if column in columns:
        at = columns.index(column)
        return lambda row: row[at]
    places = [columns.index(part) for part in column.split("+")]
    return lambda row: "|".join(_as_text(row[place]) for place in places)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        # Numbers with gaps become floats on their way through spreadsheets; NaN is a gap.
        return "" if value != value else str(int(value)) if value.is_integer() and abs(value) < 1e16 else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Micros):
        return datetime.fromtimestamp(value / 1e6, UTC).isoformat()
    return str(value)


def _number(value: Any) -> float | None:
    """A quantity: 1.5, “1,5”, “1.234,50”, “1,234.50”."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if value == value and abs(value) < 1e15 else None
    text = re.sub(r"[\s'’€$£]", "", string(value) or str(value))
    if "," in text and "." in text:
        text = text.replace(".", "").replace(",", ".") if text.rfind(",") > text.rfind(".") else text.replace(",", "")
    elif text.count(",") == 1:
        text = text.replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number == number and abs(number) < 1e15 else None


def _raw(row: Row) -> str:
    return ", ".join(_as_text(value)[:120] for value in row)[:500]


def glance(path: str, count: int = 5, width: int = 60) -> tuple[list[str], list[list[str]]]:
    """The headings of the first table in a file and its first rows, cut to `width` characters; empty where there is none."""
    with open_archive(path) as archive:
        for name in sorted(archive.names, key=natural):
            table = open_table(archive, name)
            if table:
                return table.columns, _first_rows(table, count, width)
    return [], []


def _first_rows(table: Table, count: int, width: int) -> list[list[str]]:
    try:
        some, _share = next(table.batches(), ([], 0))
    except Damaged:
        return []
    rows = [row for row in some if not isinstance(row, Bad)][:count]
    return [[clean(_as_text(value))[:width] for value in row] for row in rows]
