"""Out: every row of a community as JSON Lines, one file a table, and the files that the rows name."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage

from milepost import __version__
from milepost.foundation.common import clock
from milepost.foundation.common.databases import snapshot
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Community, ErasedIdentity

from .report import MoveReport
from .tables import ACCOUNT_FIELDS, COMMUNITY_FIELDS, FORMAT, Table, accounts_of, as_json, tables

CHUNK = 2_000
README = """# A community, taken out of Milepost

`manifest.json` says which community, when, and how many rows each table has, with each file's SHA-256.
`community.json` is the community itself. `accounts.jsonl` are its people's sign-ins, without passwords.
`tables/<app>.<table>.jsonl` has one row a line: a JSON object, by column. Ids and moments are text (UUID, ISO 8601 in
UTC), exact numbers too. `activity.activity` is the log, in its order; `activity.retraction` names lines of it (from 1).
`files/` holds what people uploaded, under the names that rows give.

`milepost import milepost THIS.zip --community NAME` brings it back.
"""


def take_out(community: Community, out: Path, *, progress: Callable[[int, int, str], None] | None = None) -> MoveReport:
    """Write everything of `community` to the zip `out`, from one moment, while the site goes on.

    Raises DomainError where the file cannot be written. Flat in memory. The zip appears under its name when it is whole.
    """
    report = MoveReport(community.slug)
    part = out.with_name(out.name + ".part")
    try:
        with snapshot(), zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            _Taker(community, archive, report, progress or (lambda done, total, note: None)).take()
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DomainError(f"{out} cannot be written: {error.strerror}.", "Choose a folder with enough room.") from error
    return report


class _Taker:
    def __init__(
        self,
        community: Community,
        archive: zipfile.ZipFile,
        report: MoveReport,
        progress: Callable[[int, int, str], None],
    ) -> None:
        self.community, self.archive, self.report, self.progress = community, archive, report, progress
        self.sums: dict[str, str] = {}
        self.files: dict[str, None] = {}
        self.done = 0

    def take(self) -> None:
        self.archive.writestr("README.md", README)
        row = {name: _plain(getattr(self.community, name)) for name in COMMUNITY_FIELDS}
        self._lines("community.json", [row])
        people = accounts_of(self.community).values(*ACCOUNT_FIELDS)
        self.report.tables["accounts"] = self._lines(
            "accounts.jsonl", ({k: _plain(v) for k, v in account.items()} for account in people.iterator(CHUNK))
        )
        for table in tables():
            self.report.tables[table.name] = self._table(table)
        self._uploads()
        self.archive.writestr("manifest.json", json.dumps(self._manifest(), indent=2))

    def _table(self, table: Table) -> int:
        if table.name == "activity.retraction":
            return self._lines(f"tables/{table.name}.jsonl", self._retractions())
        fields, uploads = table.fields, table.files
        rows = table.rows(self.community).values_list(*table.columns).iterator(CHUNK)

        def lines() -> Iterable[dict[str, Any]]:
            for values in rows:
                row = {f.attname: as_json(f, v) for f, v in zip(fields, values, strict=True)}
                self.files.update((str(row[name]), None) for name in uploads if row[name])
                yield row

        return self._lines(f"tables/{table.name}.jsonl", lines())

    def _retractions(self) -> Iterable[dict[str, Any]]:
        """Retractions by line number in the log's file: positions are given anew where it arrives."""
        from milepost.foundation.activity.models import Activity, Retraction

        pairs = dict(Retraction.objects.filter(activity__community=self.community).values_list("activity_id", "by_id"))
        wanted = set(pairs) | set(pairs.values())
        place: dict[int, int] = {}
        if wanted:
            ids = (
                Activity.objects.filter(community=self.community)
                .order_by("epoch", "xid", "id")
                .values_list("id", flat=True)
            )
            place = {position: line for line, position in enumerate(ids.iterator(CHUNK), 1) if position in wanted}
        for taken, by in sorted(pairs.items()):
            yield {"activity_line": place[taken], "by_line": place[by]}

    def _lines(self, name: str, rows: Iterable[dict[str, Any]]) -> int:
        count, mark = 0, hashlib.sha256()
        with self.archive.open(name, "w", force_zip64=True) as file:
            for row in rows:
                line = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
                mark.update(line)
                file.write(line)
                count += 1
                self.done += 1
                if count % CHUNK == 0:
                    self.progress(self.done, 0, name)
        self.sums[name] = mark.hexdigest()
        return count

    def _uploads(self) -> None:
        for name in self.files:
            if not default_storage.exists(name):
                self.report.notes.append(f"The file {name} is missing from the uploads.")
                continue
            with (
                default_storage.open(name) as source,
                self.archive.open(f"files/{name}", "w", force_zip64=True) as target,
            ):
                while piece := source.read(1 << 20):
                    target.write(piece)
            self.report.files += 1

    def _manifest(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "milepost": __version__,
            "community": str(self.community.pk),
            "slug": self.community.slug,
            "taken_at": clock.now().isoformat(),
            "tables": self.report.tables,
            "files": self.report.files,
            "sha256": self.sums,
            # So that erased people stay erased where the community goes.
            "erasure_key": ErasedIdentity.key_of(self.community),
        }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, bool, list, dict)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
