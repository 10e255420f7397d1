"""In: an exported community becomes one of this site, equal row by row, with the same public ids."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from itertools import batched
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import models, transaction

from milepost.foundation.activity.epochs import current_epoch
from milepost.foundation.activity.models import Activity, Retraction
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.bulk import insert_rows
from milepost.foundation.identity.models import Account, Community, ErasedIdentity
from milepost.outward.connectors.importing import fingerprint
from milepost.outward.connectors.locks import only_import
from milepost.outward.connectors.models import ImportRun
from milepost.outward.connectors.records import ConnectorError

from .report import MoveReport
from .tables import FORMAT, Table, from_json, tables

Progress = Callable[[int, int, str], None]
BATCH = 500
"""Rows a transaction."""
LONGEST_LINE = 64 << 20


def bring_back(path: Path, *, slug: str = "", progress: Progress | None = None) -> MoveReport:
    """Bring the exported community in the zip `path` to this site, under the name `slug` (its own by default).

    Nothing is sent: what was recorded on the other site has had its effects there. Cut off, the same call goes on; twice
    changes nothing. The community is hidden until all of it is here. Raises ConnectorError for a file that is no export, is
    damaged or too new, or whose community or name is here already.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _Bringer(path, archive, slug, progress or (lambda done, total, note: None)).bring()
    except zipfile.BadZipFile as error:
        raise ConnectorError(
            f"“{path.name}” is no whole zip file.", "Copy the export again; it may have been cut off."
        ) from error
    except (KeyError, ValueError, ValidationError) as error:
        raise ConnectorError(
            f"“{path.name}” is damaged: {error}.",
            "Take the community out again on its old site. Nothing became visible here.",
        ) from error


class _Bringer:
    def __init__(self, path: Path, archive: zipfile.ZipFile, slug: str, progress: Progress) -> None:
        self.path, self.archive, self.progress = path, archive, progress
        if "manifest.json" not in archive.namelist():
            raise ConnectorError(
                f"“{path.name}” is no export of Milepost: it has no manifest.json.",
                "`milepost export` writes one. For other systems name their format: milepost import slack …",
            )
        self.manifest = json.loads(archive.read("manifest.json"))
        if self.manifest["format"] > FORMAT:
            raise ConnectorError("The export was written by a newer Milepost.", "Upgrade this site first.")
        self.slug = slug or self.manifest["slug"]
        self.report = MoveReport(self.slug)
        self.accounts: dict[str, UUID] = {}
        self.total, self.done = sum(self.manifest["tables"].values()), 0

    def bring(self) -> MoveReport:
        community, run = self._begin()
        with only_import(community):
            run.refresh_from_db()
            if run.finished_at is None:
                self._check_sums()
                self._accounts()
                at = json.loads(run.position) if run.position else {"table": 0, "line": 0}
                order = tables()
                for number, table in enumerate(order):
                    if number >= at["table"]:
                        self._table(table, number, at["line"] if number == at["table"] else 0, community, run)
                self._uploads()
                self._finish(community, run)
        self.report.tables = dict(self.manifest["tables"])
        self.report.files = self.manifest["files"]
        return self.report

    def _begin(self) -> tuple[Community, ImportRun]:
        """The community, hidden until it is whole, and the run that remembers how far it is."""
        mark, pk = fingerprint(self.path), UUID(self.manifest["community"])
        there = Community.objects.filter(pk=pk).first()
        if there is not None:
            run = ImportRun.objects.filter(community=there, kind="milepost", fingerprint=mark).first()
            if run is None:
                raise ConnectorError(
                    f"The community is here already, as “{there.slug}”.",
                    "An export is brought to a site that does not have it.",
                )
            return there, run
        if Community.objects.filter(slug=self.slug).exists():
            raise ConnectorError(
                f"There is another community “{self.slug}” here.", "Choose another name with --community."
            )
        row = json.loads(self.archive.read("community.json"))
        fields = {f.attname: f for f in Community._meta.concrete_fields}
        values = {name: from_json(fields[name], value) for name, value in row.items() if name in fields}
        now = clock.now()
        with transaction.atomic():
            community = Community.objects.create(**{**values, "slug": self.slug, "archived_at": now, "arrived_at": now})
            ErasedIdentity.bring_key(community, self.manifest["erasure_key"])
            run = ImportRun.objects.create(
                community=community, kind="milepost", source="milepost", path=str(self.path), file_name=self.path.name,
                fingerprint=mark, started_at=now, total=self.total,
                options={"archived_at": row.get("archived_at")},
            )  # fmt: skip
        return community, run

    def _check_sums(self) -> None:
        for name, wanted in self.manifest["sha256"].items():
            mark = hashlib.sha256()
            with self.archive.open(name) as file:
                while piece := file.read(1 << 20):
                    mark.update(piece)
            if mark.hexdigest() != wanted:
                raise ValueError(f"{name} is not what its checksum says")

    def _accounts(self) -> None:
        """Sign-ins are matched by mail address; those that are new have no password until their owner sets one by mail."""
        for row in self._lines("accounts.jsonl"):
            account = Account.objects.filter(email=row["email"].lower()).first()
            if account is None:
                account = Account(
                    **{k: row[k] for k in ("id", "email", "name", "language", "time_zone", "date_joined")}
                )
                account.set_unusable_password()
                account.save(force_insert=True)
            self.accounts[row["id"]] = account.pk

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        with self.archive.open(name) as file:
            while line := file.readline(LONGEST_LINE):
                yield json.loads(line)

    def _table(self, table: Table, number: int, start: int, community: Community, run: ImportRun) -> None:
        name = f"tables/{table.name}.jsonl"
        if name not in self.archive.namelist():
            return
        if table.name == "activity.retraction":
            self._retractions(name, number, community, run)
            return
        write = _Writer(table, community, self.accounts)
        for n, rows in enumerate(batched(self._lines(name), BATCH)):
            line = (n + 1) * BATCH
            self.done += len(rows)
            if line <= start:
                continue
            with transaction.atomic():
                write.insert(rows)
                self._save(run, number, line)
            self.progress(self.done, self.total, table.name)
        if table.to_itself:
            for rows in batched(self._lines(name), BATCH):
                with transaction.atomic():
                    write.point(rows)
        with transaction.atomic():
            self._save(run, number + 1, 0)

    def _retractions(self, name: str, number: int, community: Community, run: ImportRun) -> None:
        pairs = [(row["activity_line"], row["by_line"]) for row in self._lines(name)]
        wanted = {line for pair in pairs for line in pair}
        place: dict[int, int] = {}
        if wanted:
            ids = Activity.objects.filter(community=community).order_by("id").values_list("id", flat=True)
            place = {line: pk for line, pk in enumerate(ids.iterator(2_000), 1) if line in wanted}
        with transaction.atomic():
            Retraction.objects.bulk_create(
                (Retraction(activity_id=place[taken], by_id=place[by]) for taken, by in pairs), ignore_conflicts=True
            )
            self._save(run, number + 1, 0)

    def _save(self, run: ImportRun, table: int, line: int) -> None:
        ImportRun.objects.filter(pk=run.pk).update(
            position=json.dumps({"table": table, "line": line}), done=self.done, moved_at=clock.now()
        )

    def _uploads(self) -> None:
        for info in self.archive.infolist():
            name = info.filename.removeprefix("files/")
            if info.is_dir() or name == info.filename or not name:
                continue
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise ValueError(f"the file {info.filename} leads out of the uploads")
            if not default_storage.exists(name):
                with self.archive.open(info) as source:
                    default_storage.save(name, source)

    def _finish(self, community: Community, run: ImportRun) -> None:
        now, before = clock.now(), run.options.get("archived_at")
        with transaction.atomic():
            field = Community._meta.get_field("archived_at")
            Community.objects.filter(pk=community.pk).update(archived_at=field.to_python(before))
            ImportRun.objects.filter(pk=run.pk).update(finished_at=now, moved_at=now, done=self.total)
            trace("community.arrived", community=community, by=None, reason=self.path.name)


class _Writer:
    """Writes the rows of one table."""

    def __init__(self, table: Table, community: Community, accounts: dict[str, UUID]) -> None:
        self.table, self.community, self.accounts = table, community, accounts
        self.fields, self.epoch = table.fields, current_epoch()
        self.alone = {f.attname for f in table.to_itself}
        self.to_accounts = {
            f.attname for f in self.fields if isinstance(f, models.ForeignKey) and f.related_model is Account
        }
        self.columns = table.columns + (["epoch"] if table.name == "activity.activity" else [])

    def insert(self, rows: tuple[dict[str, Any], ...]) -> None:
        extra = [self.epoch] if self.table.name == "activity.activity" else []
        insert_rows(self.table.model, self.columns, [[*self._values(row), *extra] for row in rows])

    def _values(self, row: dict[str, Any]) -> list[Any]:
        if row.get("community_id", str(self.community.pk)) != str(self.community.pk):
            raise ValueError(f"a row of {self.table.name} is of another community")
        return [self._value(f, row.get(f.attname)) for f in self.fields]

    def _value(self, field: models.Field[Any, Any], value: Any) -> Any:
        if value is None or field.attname in self.alone:
            return None
        if field.attname in self.to_accounts:
            return self.accounts[value]
        return from_json(field, value)

    def point(self, rows: tuple[dict[str, Any], ...]) -> None:
        """Set the keys to rows of the same table."""
        manager = self.table.model._base_manager
        for row in rows:
            keys = {name: row[name] for name in self.alone if row.get(name)}
            if keys:
                manager.filter(pk=row["id"]).update(**keys)
