"""What all sources share: collecting records into batches, checking times and texts, and the preview."""

from __future__ import annotations

import hashlib
import json
import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from milepost.foundation.common import clock
from milepost.outward.connectors.archive import Archive, open_archive
from milepost.outward.connectors.records import (
    Batch,
    ChannelKind,
    ChannelPreview,
    ChannelRecord,
    ConnectorError,
    Options,
    PersonRecord,
    Preview,
    Problem,
)

#: Characters of a message's text; what is longer is cut and noted.
LONGEST_TEXT = 200_000
#: Characters of a key; a longer one is replaced by its digest.
LONGEST_KEY = 200
LONGEST_NAME = 200
#: Bytes that a preview reads before it projects the rest.
PREVIEW_BUDGET = 16 << 20
#: Problems that a preview shows.
PREVIEW_PROBLEMS = 50
EXCERPT = 500
#: Messages, activities or people that a preview shows.
SAMPLE = 5

Position = dict[str, Any]


class BaseSource(ABC):
    """A source over an archive. Subclasses fill `self.batch` in `_steps`."""

    name: ClassVar[str]

    def __init__(self, path: str, options: Options | None = None) -> None:
        self.path = path
        self.options = options or Options()
        self.batch = Batch()
        self.known: set[str] = set()  # people that came already
        self.latest = 0.0  # epoch seconds above which a time lies in the future
        self.total = 0
        self.chosen: dict[str, bool] = {}
        self.previews: dict[str, ChannelPreview] = {}
        self.archive: Archive | None = None

    @classmethod
    @abstractmethod
    def detect(cls, path: str) -> bool:
        """Whether the file looks like this source's format."""

    @abstractmethod
    def _steps(self, resume: Position) -> Iterator[tuple[Position, int]]:
        """Fills the batch; yields (position, bytes or rows done) wherever it may be cut."""

    def batches(self, resume_from: str = "") -> Iterator[Batch]:
        """Records in loading order. With `resume_from`, what lies before that position is not repeated, except people
        and channels."""
        self.batch = Batch()
        self.known.clear()
        self.latest = (clock.now() + clock.TOLERANCE).timestamp()
        position: Position = json.loads(resume_from) if resume_from else {}
        done, size, anything = 0, self.options.batch_size, bool(resume_from)
        try:
            for reached, done in self._steps(dict(position)):
                position = reached
                if len(self.batch) >= size:
                    anything = True
                    yield self._cut(position, done)
            if len(self.batch) or self.batch.skipped:
                anything = anything or len(self.batch) > len(self.batch.problems) or bool(self.batch.skipped)
                yield self._cut(position, self.total or done)
        finally:
            self._close()
        if not anything:
            raise ConnectorError(
                _("There is nothing to import in “%(name)s”: no people, no messages.") % {"name": self.path},
                _("Check that it is the right file and that the export was not limited to an empty period."),
            )

    def _cut(self, position: Position, done: int) -> Batch:
        batch, self.batch = self.batch, Batch()
        batch.position = json.dumps(position)
        batch.done, batch.total = done, self.total
        return batch

    def _close(self) -> None:
        if self.archive is not None:
            self.archive.close()
            self.archive = None

    def _open(self) -> Archive:
        self.archive = open_archive(self.path)
        return self.archive

    # -- checks -------------------------------------------------------------------------------------------------------

    def at(self, seconds: float, where: str, line: int, raw: Any) -> datetime | None:
        """The moment, or None after a quarantine record."""
        if 0 < seconds < self.latest:
            return datetime.fromtimestamp(seconds, UTC)
        reason = "bad_time" if not math.isfinite(seconds) else "before_1970" if seconds <= 0 else "in_future"
        self.problem(where, line, reason, str(seconds), raw)
        return None

    def plausible(self, moment: datetime, where: str, line: int, raw: Any) -> bool:
        if moment > clock.EARLIEST and moment.timestamp() < self.latest:
            return True
        reason = "before_1970" if moment <= clock.EARLIEST else "in_future"
        self.problem(where, line, reason, moment.isoformat(), raw)
        return False

    def problem(
        self, where: str, line: int, reason: str, detail: str = "", raw: Any = "", *, noted: bool = False
    ) -> None:
        self.batch.problems.append(Problem(where, line, reason, clean(detail)[:EXCERPT], excerpt(raw), noted))

    def text(self, value: Any, where: str, line: int) -> str:
        """A text that every database can hold, cut where it is too long."""
        if not isinstance(value, str):
            return ""
        if len(value) > LONGEST_TEXT:
            self.problem(where, line, "text_cut", str(len(value)), value, noted=True)
            value = value[:LONGEST_TEXT]
        return value if value.isascii() and "\x00" not in value else clean(value)

    # -- people and channels ------------------------------------------------------------------------------------------

    def person(self, record: PersonRecord) -> str:
        """Yields a person once; returns the key."""
        if record.key not in self.known:
            self.known.add(record.key)
            record.name = clean(record.name).strip()[:LONGEST_NAME]
            record.handle = clean(record.handle).strip()[:LONGEST_NAME]
            record.mail = mail_address(record.mail)
            self.batch.people.append(record)
        return record.key

    def channel(self, record: ChannelRecord) -> bool:
        """Yields a channel once, if it was chosen; returns whether its messages are wanted."""
        wanted = self.chosen.get(record.key)
        if wanted is None:
            record.name = clean(record.name).strip()[:LONGEST_NAME] or record.key
            record.purpose = clean(record.purpose)[:2000]
            if {record.key, record.name} & self.options.private_channels and record.kind == "open":
                record.kind = "private"
            wanted = self._wants(record)
            self.chosen[record.key] = wanted
            self.previews[record.key] = ChannelPreview(record.key, record.name, record.kind, chosen=wanted)
            if wanted:
                self.batch.channels.append(record)
        return wanted

    def _wants(self, record: ChannelRecord) -> bool:
        names = {record.key, record.name}
        if record.kind == "direct":
            return bool(names & self.options.direct)
        if names & self.options.skip_channels:
            return False
        return not self.options.only_channels or bool(names & self.options.only_channels)

    def skip_reason(self, kind: ChannelKind) -> str:
        return "direct_messages" if kind == "direct" else "channel_not_chosen"

    # -- preview ------------------------------------------------------------------------------------------------------

    def preview(self, budget: int = PREVIEW_BUDGET) -> Preview:
        """Reads up to `budget` bytes (or rows) as an import would, and projects the rest."""
        preview = Preview(source=self.name)
        self.chosen.clear()
        self.previews.clear()
        threads: set[str] = set()
        per_channel: Counter[str] = Counter()
        share = 1.0
        names: dict[str, str] = {}
        for batch in self.batches():
            if len(preview.sample) < SAMPLE:
                names |= {person.key: person.name or person.handle for person in batch.people}
                preview.sample += self._sample(batch, names)[: SAMPLE - len(preview.sample)]
            preview.people += len(batch.people)
            preview.messages += len(batch.messages)
            preview.reactions += sum(reaction.count for reaction in batch.reactions)
            preview.activities += len(batch.activities)
            preview.skipped.update(batch.skipped)
            per_channel.update(message.channel for message in batch.messages)
            threads.update(message.thread for message in batch.messages)
            times = [message.at for message in batch.messages] + [activity.at for activity in batch.activities]
            if times:
                preview.first_at = min(times) if preview.first_at is None else min(preview.first_at, *times)
                preview.last_at = max(times) if preview.last_at is None else max(preview.last_at, *times)
            preview.quarantined += sum(not problem.noted for problem in batch.problems)
            preview.problems += batch.problems[: PREVIEW_PROBLEMS - len(preview.problems)]
            if batch.done >= budget and batch.done < batch.total:
                share = batch.done / batch.total
                preview.exact = False
                break
        preview.threads = round(len(threads) / share)
        for name in ("messages", "reactions", "activities"):
            setattr(preview, name, round(getattr(preview, name) / share))
        for key, count in per_channel.items():
            if key in self.previews:
                self.previews[key].messages = round(count / share)
        preview.channels = list(self.previews.values())
        self._add_to_preview(preview)
        self.chosen.clear()
        return preview

    def _sample(self, batch: Batch, names: dict[str, str]) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = [
            {
                "who": names.get(message.author) or message.author,
                "where": self.previews[message.channel].name if message.channel in self.previews else message.channel,
                "when": message.at.isoformat(),
                "what": message.text[:EXCERPT],
            }
            for message in batch.messages[:SAMPLE]
        ]
        rows += [
            {
                "who": names.get(done.author) or done.author,
                "where": done.verb,
                "when": done.at.isoformat(),
                "what": done.text[:EXCERPT],
            }
            for done in batch.activities[:SAMPLE]
        ]
        return rows

    def _add_to_preview(self, preview: Preview) -> None:
        return


def clean(text: str) -> str:
    """Without what databases refuse: NUL, and halves of surrogate pairs (broken emoji in JSON)."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def key_of(value: Any) -> str:
    """A source's identifier as a key."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    if len(text) > LONGEST_KEY:
        return "sha:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return text if text.isascii() and "\x00" not in text else clean(text)


def digest(*parts: str) -> str:
    """A key for something that has none: the same content gives the same key."""
    return "h:" + hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def excerpt(raw: Any) -> str:
    text = (
        raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=str)[: EXCERPT * 2] if raw else ""
    )
    return clean(text[:EXCERPT])


def mail_address(value: Any) -> str:
    """The address in lower case, or "" for what is none."""
    if not isinstance(value, str) or "@" not in value or len(value) > 254:
        return ""
    text = clean(value).strip().lower()
    return text if " " not in text and text[0] != "@" and text[-1] != "@" else ""


def string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
