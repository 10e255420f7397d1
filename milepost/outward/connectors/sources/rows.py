"""Rows of a table, whatever it is written in: CSV, JSON Lines, a JSON list, Parquet; also gzipped, or in a folder or zip."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.translation import gettext as _

from milepost.outward.connectors.archive import Archive, ChunkStream, Damaged, is_gzip, unzipped
from milepost.outward.connectors.records import ConnectorError
from milepost.outward.connectors.sources.jsonstream import TooLarge, items

Format = Literal["csv", "jsonl", "json", "parquet"]
#: Rows in one go.
ROWS = 4096
#: Bytes at the beginning by which encoding and separator are found.
HEAD = 65_536
#: Characters of one CSV field.
MAX_FIELD = 8 << 20
_EXTENSIONS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip


@dataclass(slots=True)
class Bad:
    """A row that cannot be used."""

    reason: str
    excerpt: str


@dataclass(slots=True)
class Table:
    """One file: its columns, and its rows as sequences in their order (or Bad), by the thousand."""

    archive: Archive
    name: str
    format: Format
    columns: list[str] = field(default_factory=list)
    encoding: str = "utf-8"
    good_encoding: bool = True
    dialect: dict[str, Any] = field(default_factory=dict)
    rows: int = 0  # where the file says so (Parquet), else 0

    def batches(self) -> Iterator[tuple[list[Sequence[Any] | Bad], int]]:
        """(rows, bytes or rows read so far). Raises Damaged after the last good row."""
        if self.format == "parquet":
            yield from _parquet_rows(self)
        elif self.format == "csv":
            yield from _csv_rows(self)
        else:
            yield from _json_rows(self)


def open_table(archive: Archive, name: str) -> Table | None:
    """What is known of a file from its beginning; None if it is no table."""
    head = archive.head(name, HEAD)
    bare = name.lower().removesuffix(".gz")
    if is_gzip(head):
        try:
            head = b"".join(unzipped(iter((head,))))
        except Damaged:
            head = _first_of_gzip(archive, name)
    suffix = f".{bare.rpartition('.')[2]}" if "." in bare.rpartition("/")[2] else ""
    kind = _EXTENSIONS.get(suffix)
    if head.startswith(b"PAR1"):
        kind = "parquet"
    if kind is None and not head:
        return None
    table = Table(archive, name, kind or "csv")
    if table.format == "parquet":
        return _open_parquet(table)
    if head.count(0) > len(head) // 100 and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    table.encoding, table.good_encoding = _encoding(head)
    text = head.decode(table.encoding, "replace").lstrip("\ufeff")
    start = text.lstrip()[:1]
    if start == "{" and (table.format != "csv" or '":' in text[:2000]):
        table.format = "json" if _is_one_document(text) else "jsonl"
    elif start == "[" and table.format != "csv":
        table.format = "json"
    if table.format == "csv":
        return _open_csv(table, text)
    table.columns = _json_columns(table)
    return table if table.columns else None


# -- CSV --------------------------------------------------------------------------------------------------------------


def _encoding(head: bytes) -> tuple[str, bool]:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", True
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig", True
    try:
        head[: len(head) - 4 if len(head) >= HEAD else len(head)].decode("utf-8")
        return "utf-8", True
    except UnicodeDecodeError as error:
        # The head may end within a letter.
        if error.start >= len(head) - 4 and len(head) >= HEAD:
            return "utf-8", True
        return "cp1252", False


def _open_csv(table: Table, text: str) -> Table | None:
    delimiter = _delimiter(text)
    table.dialect = {"delimiter": delimiter, "doublequote": True}
    lines = text.splitlines(keepends=True)
    # Spreadsheets in some countries say the separator in a first line.
    if lines and lines[0].lower().startswith("sep="):
        table.dialect["skip"] = True
        lines = lines[1:]
    try:
        columns = next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error:
        return None
    table.columns = _unique([column.strip() for column in columns])
    return (
        table if len(table.columns) > 1 or (table.columns and table.name.lower().endswith((".csv", ".tsv"))) else None
    )


def _delimiter(text: str) -> str:
    if text.lower().startswith("sep=") and len(text) > 4:
        return text[4]
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    best, score = ",", 0.0
    for delimiter in (",", ";", "\t", "|"):
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            continue
        if counts and counts[0] > 1:
            same = sum(count == counts[0] for count in counts) / len(counts)
            if same * counts[0] ** 0.5 > score:
                best, score = delimiter, same * counts[0] ** 0.5
    return best


def _unique(columns: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for at, column in enumerate(columns, 1):
        name = column or f"column {at}"
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return out


def _csv_rows(table: Table) -> Iterator[tuple[list[Sequence[Any] | Bad], int]]:
    csv.field_size_limit(MAX_FIELD)
    read = [0]
    stream = io.TextIOWrapper(
        io.BufferedReader(ChunkStream(_counted(table, read)), HEAD), table.encoding, "replace", newline=""
    )
    if table.dialect.get("skip"):
        stream.readline()
    reader = csv.reader((line.replace("\x00", "") for line in stream), delimiter=table.dialect["delimiter"])
    width = len(table.columns)
    out: list[Sequence[Any] | Bad] = []
    heading = True
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            out.append(Bad("too_large", str(error)))
            continue
        except Damaged:
            yield out, read[0]
            raise
        if row is None:
            break
        if heading:
            heading = False
        elif len(row) == width:
            out.append(row)
        elif row and any(row):
            if len(row) < width:
                out.append(row + [""] * (width - len(row)))
            elif any(row[width:]):
                out.append(Bad("wrong_columns", table.dialect["delimiter"].join(row)[:500]))
            else:
                out.append(row[:width])
        if len(out) >= ROWS:
            yield out, read[0]
            out = []
    yield out, read[0]


def _counted(table: Table, read: list[int]) -> Iterator[bytes]:
    chunks = table.archive.chunks(table.name)

    def count() -> Iterator[bytes]:
        for chunk in chunks:
            read[0] += len(chunk)
            yield chunk

    return unzipped(count()) if is_gzip(table.archive.head(table.name, 2)) else count()


def _first_of_gzip(archive: Archive, name: str) -> bytes:
    out = b""
    try:
        for chunk in unzipped(archive.chunks(name)):
            out += chunk
            if len(out) >= HEAD:
                break
    except Damaged:
        pass
    return out[:HEAD]


# -- JSON -------------------------------------------------------------------------------------------------------------


def _is_one_document(text: str) -> bool:
    """Whether a text that begins with “{” is one document with a list in it, and not an object a line."""
    first, _, rest = text.strip().partition("\n")
    try:
        value = json.loads(first)
    except (json.JSONDecodeError, RecursionError):
        # Spread over lines, or one line that is longer than what was looked at.
        return not first.rstrip().endswith("}")
    return not rest.strip() and any(isinstance(e, list) and e and isinstance(e[0], dict) for e in value.values())


def _json_values(table: Table, read: list[int]) -> Iterator[Any]:
    """Objects of a file of lines, or of a list (also one inside of an object)."""
    if table.format == "json":
        for _key, value in items(_counted(table, read)):
            if isinstance(value, list):
                yield from value
            elif _key == "":
                yield value
        return
    stream = io.BufferedReader(ChunkStream(_counted(table, read)), HEAD)
    while line := stream.readline(MAX_FIELD):
        if len(line) >= MAX_FIELD and not line.endswith(b"\n"):
            yield TooLarge(line[:500].decode(table.encoding, "replace"))
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_FIELD)
            continue
        text = line.decode(table.encoding, "replace").strip("\ufeff \t\r\n\x00")
        if text:
            try:
                yield json.loads(text, strict=False)
            except (json.JSONDecodeError, RecursionError):
                yield Bad("not_an_object", text[:500])


def _json_columns(table: Table) -> list[str]:
    columns: dict[str, None] = {}
    try:
        for at, value in enumerate(_json_values(table, [0])):
            if isinstance(value, dict):
                columns |= dict.fromkeys(_flat(value))
            if at >= 200:
                break
    except Damaged:
        pass
    return list(columns)


def _flat(value: dict[str, Any]) -> dict[str, Any]:
    """{"user": {"id": 1}} as {"user.id": 1}."""
    if not any(type(entry) is dict for entry in value.values()):
        return value
    out: dict[str, Any] = {}
    for name, entry in value.items():
        if isinstance(entry, dict):
            out |= {f"{name}.{inner}": deep for inner, deep in entry.items()}
        else:
            out[name] = entry
    return out


def _json_rows(table: Table) -> Iterator[tuple[list[Sequence[Any] | Bad], int]]:
    read = [0]
    out: list[Sequence[Any] | Bad] = []
    columns = table.columns
    try:
        for value in _json_values(table, read):
            if isinstance(value, dict):
                get = _flat(value).get
                out.append([get(column) for column in columns])
            elif isinstance(value, Bad):
                out.append(value)
            elif isinstance(value, TooLarge):
                out.append(Bad("too_large", value.excerpt))
            else:
                out.append(Bad("not_an_object", str(value)[:500]))
            if len(out) >= ROWS:
                yield out, read[0]
                out = []
    except Damaged:
        yield out, read[0]
        raise
    yield out, read[0]


# -- Parquet ----------------------------------------------------------------------------------------------------------


def _parquet(table: Table) -> Any:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise ConnectorError(
            _("Reading Parquet needs the package pyarrow, which is not installed here."),
            _("Install Milepost with its insight part (pip install 'milepost[insight]'), or save the table as CSV."),
        ) from error
    place: Any = table.archive.path
    if not place.is_file() or table.archive.names != [place.name]:
        # Parquet is read from its end: a member of a zip has to lie on the disk.
        place = tempfile.TemporaryFile(prefix="milepost-import-")  # noqa: SIM115 - closed with the reader
        for chunk in table.archive.chunks(table.name):
            place.write(chunk)
        place.seek(0)
    try:
        return parquet.ParquetFile(place, pre_buffer=False)
    except (OSError, ValueError) as error:
        raise ConnectorError(
            _("“%(name)s” is not a complete Parquet file.") % {"name": table.name},
            _("It may have broken off while it was copied. Copy it again."),
        ) from error


def _open_parquet(table: Table) -> Table:
    with _parquet(table) as file:
        table.columns = list(file.schema_arrow.names)
        table.rows = file.metadata.num_rows
    return table


def _parquet_rows(table: Table) -> Iterator[tuple[list[Sequence[Any] | Bad], int]]:
    done = 0
    with _parquet(table) as file:
        try:
            for batch in file.iter_batches(batch_size=ROWS):
                lists = [_column(column) for column in batch.columns]
                done += batch.num_rows
                yield list(zip(*lists, strict=True)), done
        except (OSError, ValueError) as error:
            raise Damaged(str(error)) from error


def _column(column: Any) -> list[Any]:
    """A column's values; times as microseconds since 1970 where they have a zone, which is ten times as quick."""
    import pyarrow as arrow

    if arrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if arrow.types.is_timestamp(column.type) and column.type.tz:
        micros = column.cast(arrow.timestamp("us", "UTC"), safe=False).cast(arrow.int64())
        return [None if value is None else Micros(value) for value in micros.to_pylist()]
    values: list[Any] = column.to_pylist()
    return values


class Micros(int):
    """Microseconds since 1970 in UTC: a time, not a number to guess about."""
