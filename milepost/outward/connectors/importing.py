"""An import from start to report: what the command line, the page and the background job call.

run = start("slack", "export.zip", community=community)      # looks, writes nothing of the history
report = carry_out(run, progress=print)                     # streams it in; again after a crash: goes on
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from milepost.domain.people.tasks import suggest_merges
from milepost.foundation.activity import registry
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.bulk import learn_statistics, spare_memory
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.outages import Outage, outage_of
from milepost.foundation.identity.models import Community, Person

from .loading.activities import Activities
from .loading.messages import Messages, Rows
from .loading.people import NewPeople, People
from .loading.spaces import Spaces
from .locks import only_import
from .models import ImportRun, QuarantinedRow
from .records import Batch, ChannelRecord, ConnectorError, Options, Preview, Problem
from .sources import open_source

Progress = Callable[[int, int, str], None]
"""Called between transactions with (done, total, note); total 0: unknown."""

BATCH = 1_000
"""Messages a transaction: some 40 ms on SQLite, so that people who write at the same time hardly wait."""
LISTED = 500
"""People or channels a transaction."""
GROWN = 8
"""By which factor a history grows before PostgreSQL looks at the tables again."""
LOOKED_AT = (
    "activity_activity", "spaces_post", "spaces_thread", "spaces_reaction", "connectors_importedthread",
    "identity_identity", "identity_person",
)  # fmt: skip
"""All columns: of one that it knows nothing about, the planner supposes that hardly any row is empty in it."""


@dataclass(slots=True)
class Report:
    """What an import brought. The counts are of what is new; `skipped` of what was left out or was there already."""

    source: str
    people: int = 0
    channels: int = 0
    threads: int = 0
    messages: int = 0
    reactions: int = 0
    activities: int = 0
    skipped: int = 0
    quarantined: int = 0
    noted: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    skipped_by_reason: dict[str, int] = field(default_factory=dict)
    unnamed_reactions: int = 0
    run: str = ""

    def as_json(self) -> dict[str, Any]:
        """For `--json` and the API: moments as ISO 8601 in UTC."""
        found = asdict(self)
        for name in ("first_at", "last_at"):
            found[name] = found[name].isoformat() if found[name] else None
        return found


def start(
    kind: str,
    path: str,
    *,
    community: Community,
    options: Options | None = None,
    source: str = "",
    by: Person | None = None,
    file_name: str = "",
) -> ImportRun:
    """The run for this file: an unfinished earlier one of the same file and choices goes on, else a new one.

    `source` tells two workspaces of one kind apart ("slack:berlin"); the kind by default. Raises ConnectorError for a file
    that is not there.
    """
    chosen = options or Options()
    stored = stored_options(chosen)
    if not Path(path).exists():
        raise ConnectorError(_("There is no file or folder “%(path)s”.") % {"path": path}, _("Check the path."))
    mark = fingerprint(Path(path))
    label = source or kind
    earlier = (
        ImportRun.objects.unfinished()
        .filter(
            community=community, kind=kind, source=label, fingerprint=mark, options=stored, started_at__isnull=False
        )
        .newest_first()
        .first()
    )
    if earlier:
        if not Path(earlier.path).exists():
            # The same file, which lies in another place now.
            earlier.path = str(path)
            earlier.save(update_fields=["path"])
        return earlier
    return ImportRun.objects.create(
        community=community,
        started_by=by,
        kind=kind,
        source=label[:40],
        path=str(path),
        file_name=(file_name or Path(path).name)[:255],
        fingerprint=mark,
        options=stored,
    )


def fingerprint(path: Path) -> str:
    """Of a file: its size and its first and last 64 kB; of a folder: names and sizes. A changed export is another one."""
    mark = hashlib.sha256()
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            mark.update(f"{file.relative_to(path)}\x1f{file.stat().st_size}\x1e".encode("utf-8", "surrogateescape"))
        return mark.hexdigest()
    size = path.stat().st_size
    mark.update(str(size).encode())
    with path.open("rb") as content:
        mark.update(content.read(65_536))
        content.seek(max(0, size - 65_536))
        mark.update(content.read())
    return mark.hexdigest()


def options_of(run: ImportRun) -> Options:
    """The choices stored with a run."""
    given = dict(run.options)
    for name in ("direct", "only_channels", "skip_channels", "private_channels", "verbs"):
        given[name] = frozenset(given.get(name, ()))
    known = {f.name for f in fields(Options)}
    return Options(**{k: v for k, v in given.items() if k in known} | {"batch_size": BATCH})


def stored_options(options: Options) -> dict[str, Any]:
    """The choices as they are stored with a run."""
    found = asdict(options)
    found.pop("batch_size")
    return {k: sorted(v) if isinstance(v, frozenset) else v for k, v in found.items()}


def preview(run: ImportRun) -> Preview:
    """What the file holds, without storing any of it."""
    return open_source(run.kind, run.path, options_of(run)).preview()


def carry_out(run: ImportRun, *, progress: Progress | None = None) -> Report:
    """Stream the file in, batch by batch; each commits with the position behind it, so a killed import goes on there.

    Raises Conflict where another import into the community runs, ConnectorError where the file cannot be read; what was
    stored until then stays, and the next run goes on.
    """
    with only_import(run.community):
        run.refresh_from_db()
        if run.finished_at:
            return report_of(run)
        ImportRun.objects.filter(pk=run.pk).update(started_at=run.started_at or clock.now(), failed_at=None, error="")
        spare_memory()
        try:
            _Loader(run).load(progress or (lambda done, total, note: None))
        except Exception as error:
            _note_failure(run, error)
            raise
    run.refresh_from_db()
    return report_of(run)


def _in_words(error: Exception) -> str:
    """What went wrong, for whoever started the import."""
    if isinstance(error, DomainError):
        return str(error)
    words = {
        Outage.FULL: _("There is no room left on the disk. Make room, then let it go on."),
        Outage.LOCKED: _("Another process was writing for a long time. Let it go on in a moment."),
        Outage.AWAY: _("The database could not be reached. Let it go on when it is there again."),
    }
    outage = outage_of(error)
    return words.get(outage, "") if outage in words else f"{type(error).__name__}: {error}"


def _note_failure(run: ImportRun, error: Exception) -> None:
    try:
        ImportRun.objects.filter(pk=run.pk).update(failed_at=clock.now(), error=_in_words(error)[:2000])
    except OperationalError:
        # A full disk refuses this note too; the error itself reaches whoever called.
        return


def report_of(run: ImportRun) -> Report:
    """The report of a run, finished or under way."""
    counts = dict(run.counts)
    reasons = counts.pop("skipped_by_reason", {})
    moments: dict[str, Any] = {
        k: datetime.fromisoformat(v) for k in ("first_at", "last_at") if (v := counts.pop(k, None))
    }
    return Report(
        source=run.source,
        run=str(run.pk),
        skipped=sum(reasons.values()),
        skipped_by_reason=reasons,
        **moments,
        **counts,
    )


class _Loader:
    def __init__(self, run: ImportRun) -> None:
        self.run, self.community = run, run.community
        options = options_of(run)
        if run.kind == "table" and not options.verbs:
            options.verbs = frozenset(registry.external_verbs())
        self.source = open_source(run.kind, run.path, options)
        # Whoever has an account in a forum signed up there.
        self.people = People(self.community, run.source, members=run.kind == "discourse")
        self.spaces = Spaces(self.community, run.source)
        self.messages = Messages(self.community, run.source, self.people, self.spaces)
        self.activities = Activities(self.community, run.source, self.people, self.spaces, self.messages.keys)
        self.resumed = bool(run.position)
        self.counts: Counter[str] = Counter({k: v for k, v in run.counts.items() if isinstance(v, int)})
        self.skipped: Counter[str] = Counter(run.counts.get("skipped_by_reason", {}))
        self.first, self.last = (
            datetime.fromisoformat(v) if (v := run.counts.get(k)) else None for k in ("first_at", "last_at")
        )

    def load(self, progress: Progress) -> None:
        seen, known = 0, 0
        for batch in self.source.batches(self.run.position):
            self._lists(batch)
            self._store(batch)
            seen += len(batch)
            if seen >= GROWN * known:
                learn_statistics(*LOOKED_AT)
                known = seen
            progress(batch.done, batch.total, "")
        if seen >= 2 * known:
            learn_statistics(*LOOKED_AT)
        with transaction.atomic():
            now = clock.now()
            ImportRun.objects.filter(pk=self.run.pk).update(finished_at=now, moved_at=now, done=self.run.total)
            trace(
                "history.imported",
                community=self.community,
                by=self.run.started_by,
                changes={"counts": [None, self._counts()]},
                reason=self.run.file_name,
            )
            suggest_merges.using(community_id=self.community.pk).enqueue(str(self.community.pk))

    def _lists(self, batch: Batch) -> None:
        """Long lists of people and channels first, in short transactions of their own; each is safe to repeat."""
        while len(batch.people) > LISTED:
            some, batch.people = batch.people[:LISTED], batch.people[LISTED:]
            self._store(Batch(people=some, done=batch.done, total=batch.total), keep_position=True)
        while len(batch.channels) > LISTED:
            some_channels, batch.channels = batch.channels[:LISTED], batch.channels[LISTED:]
            self._store(Batch(channels=some_channels, done=batch.done, total=batch.total), keep_position=True)

    def _store(self, batch: Batch, *, keep_position: bool = False) -> None:
        new = self.people.meet(batch.people, self._acted(batch), self._mentioned(batch))
        # Spaces have ids before their messages are prepared; they are few and safe to repeat.
        new_spaces = self.spaces.created
        prepared = not any(record.key not in self.spaces.ids for record in batch.channels)
        if not prepared:
            with transaction.atomic():
                new.write()
                self._meet(batch.channels)
                self._count(new, self.spaces.created - new_spaces)
                self._save(batch, position=None)
            new = NewPeople(joined=new.joined)
        elif batch.channels:
            self._meet(batch.channels)
        rows = self.messages.prepare(batch)
        problems = self._untold([*batch.problems, *self.activities.prepare(batch, new, rows)])
        with transaction.atomic():
            new.write()
            rows.write()
            self._quarantine(problems)
            self._count(new, 0)
            self._add(rows, batch, problems)
            self._save(batch, position=None if keep_position else batch.position)

    def _meet(self, channels: list[ChannelRecord]) -> None:
        self.spaces.meet(channels, self.people)

    @staticmethod
    def _mentioned(batch: Batch) -> set[str]:
        return {key for message in batch.messages for key in message.mentions}

    @staticmethod
    def _acted(batch: Batch) -> set[str]:
        """Everyone who did something in the batch, by key."""
        keys = {m.author for m in batch.messages} | {a.author for a in batch.activities}
        keys |= {r.author for r in batch.reactions} | {j.person for j in batch.joins}
        for channel in batch.channels:
            keys.update(channel.members or () if channel.kind != "open" else ())
        keys.discard("")
        return keys

    def _count(self, new: NewPeople, spaces: int) -> None:
        self.counts["people"] += len(new.people)
        self.counts["channels"] += spaces

    def _add(self, rows: Rows, batch: Batch, problems: list[Problem]) -> None:
        self.counts.update(rows.counts)
        self.skipped.update(rows.skipped)
        if self.resumed:
            # Of the file as a whole, and told before it was cut off.
            batch.skipped.pop("ignored_file", None)
        self.skipped.update(batch.skipped)
        self.counts["quarantined"] += sum(not p.noted for p in problems)
        self.counts["noted"] += sum(p.noted for p in problems)
        self.first = min((m for m in (self.first, rows.first_at) if m), default=None)
        self.last = max((m for m in (self.last, rows.last_at) if m), default=None)

    def _counts(self) -> dict[str, Any]:
        return {
            **self.counts,
            "skipped_by_reason": dict(self.skipped),
            "first_at": self.first.isoformat() if self.first else None,
            "last_at": self.last.isoformat() if self.last else None,
        }

    def _save(self, batch: Batch, position: str | None) -> None:
        self.run.total = batch.total
        change: dict[str, Any] = {
            "counts": self._counts(),
            "done": batch.done,
            "total": batch.total,
            "moved_at": clock.now(),
        }
        if position is not None:
            change["position"] = position
        ImportRun.objects.filter(pk=self.run.pk).update(**change)

    def _untold(self, problems: list[Problem]) -> list[Problem]:
        """Without what an earlier part of this run has told: lists of people and channels are read again each time."""
        if not self.resumed or not problems:
            return problems
        told = set(self.run.quarantine.values_list("place", "line", "reason"))
        return [p for p in problems if (p.where[:500], max(0, p.line), p.reason[:20]) not in told]

    def _quarantine(self, problems: list[Problem]) -> None:
        QuarantinedRow.objects.bulk_create(
            QuarantinedRow(
                run=self.run, community=self.community, place=p.where[:500], line=max(0, p.line), reason=p.reason[:20],
                detail=p.detail, excerpt=p.excerpt, noted=p.noted,
            )
            for p in problems
        )  # fmt: skip


__all__ = [
    "Options",
    "Progress",
    "Report",
    "carry_out",
    "fingerprint",
    "options_of",
    "preview",
    "report_of",
    "start",
    "stored_options",
]
