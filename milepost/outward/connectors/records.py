"""Neutral records: what every source yields and the loader stores.

Keys are the source's own and unique within one source of a community (a Slack workspace, a forum, ...); importing
the same file again gives the same keys. All times are aware and in UTC. Text is Markdown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.errors import DomainError

ChannelKind = Literal["open", "private", "direct"]
RecordKind = Literal["members", "messages", "activities"]


class ConnectorError(DomainError):
    """A file cannot be imported at all. `hint` says what to do about it."""


@dataclass(slots=True)
class FileReference:
    """A file that the message points to; its content is not part of an import."""

    name: str
    url: str = ""
    mimetype: str = ""
    size: int | None = None  # bytes


@dataclass(slots=True)
class PersonRecord:
    """Somebody who acted in the source, or whom it lists.

    `belongs`: it lists them as a member of the community. `audience` is empty where the source does not say.
    """

    key: str
    name: str = ""
    handle: str = ""
    mail: str = ""
    is_bot: bool = False
    is_deleted: bool = False
    joined_at: datetime | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    audience: str = ""
    belongs: bool = False


@dataclass(slots=True)
class ChannelRecord:
    """`members` are person keys; None where the source does not list them."""

    key: str
    name: str
    purpose: str = ""
    kind: ChannelKind = "open"
    created_at: datetime | None = None
    members: tuple[str, ...] | None = None


@dataclass(slots=True)
class MessageRecord:
    """One message.

    `thread` is the key of its conversation and never empty: a message's own key where it starts one, else the key of
    the message that did, or the name of a topic. The first message that comes with a thread key starts that thread
    (its real start may be deleted or outside the export). `title` is the conversation's title, on any of its messages.
    """

    key: str
    channel: str
    author: str
    at: datetime
    text: str
    thread: str
    reply_to: str = ""
    title: str = ""
    files: tuple[FileReference, ...] = ()
    mentions: tuple[str, ...] = ()
    edited_at: datetime | None = None


@dataclass(slots=True)
class ReactionRecord:
    """`author` is empty where the source gives a number only; then `count` says how many unnamed people reacted."""

    message: str
    author: str
    emoji: str
    channel: str
    at: datetime | None = None
    count: int = 1


@dataclass(slots=True)
class JoinRecord:
    """A person came into a channel, or into the whole community where `channel` is empty."""

    person: str
    channel: str
    at: datetime


@dataclass(slots=True)
class ActivityRecord:
    """Something done outside of a conversation, such as an attendance or a commit."""

    key: str
    verb: str
    author: str
    at: datetime
    object_kind: str = ""
    object_key: str = ""
    quantity: float | None = None
    channel: str = ""
    text: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Problem:
    """A row for the quarantine, or (`noted`) a row that came in but not as it was.

    `where` is the file, `line` the 1-based row, message or line in it (0: the file as a whole).
    """

    where: str
    line: int
    reason: str  # a key of REASONS
    detail: str = ""
    excerpt: str = ""
    noted: bool = False


Record = PersonRecord | ChannelRecord | MessageRecord | ReactionRecord | JoinRecord | ActivityRecord | Problem

#: Why a row was quarantined or noted.
REASONS = {
    "bad_time": _("The time cannot be read."),
    "no_time": _("There is no time."),
    "before_1970": _("The time is before 1970."),
    "in_future": _("The time is in the future."),
    "no_author": _("It does not say who wrote it."),
    "no_key": _("It has no identifier."),
    "no_verb": _("It does not say what was done."),
    "unknown_verb": _("What was done is not one of the verbs given."),
    "bad_number": _("The quantity is not a number."),
    "not_an_object": _("The entry is not of the expected shape."),
    "text_cut": _("The text was too long and has been cut."),
    "too_large": _("The entry is too large to read."),
    "broken_file": _("The file breaks off or is damaged from here on; what came before was kept."),
    "wrong_encoding": _("The file is not in UTF-8; it was read as best as possible."),
    "wrong_columns": _("The row has more fields than the table has columns."),
    "guessed_time": _("The date was missing or absurd; the time of delivery was taken."),
}

#: What was left out on purpose, or because it is there already.
SKIPPED = {
    "direct_messages": _("Direct messages, which nobody asked for by name"),
    "channel_not_chosen": _("Messages of channels that were not chosen"),
    "duplicate": _("Repeated entries with the same identifier"),
    "system_message": _("Notices of the system (topic changes, pins, calls, ...)"),
    "edit_record": _("Records of edits; the message is imported as it is now"),
    "deleted": _("Deleted or hidden messages"),
    "whisper": _("Posts that only staff may see"),
    "ignored_file": _("Files that hold no messages, people or channels"),
}


@dataclass(slots=True)
class Batch:
    """Some records in loading order, and where to go on when they are stored.

    `position` is opaque; pass it to `batches(resume_from=...)`. `done` and `total` are bytes or rows.
    """

    people: list[PersonRecord] = field(default_factory=list)
    channels: list[ChannelRecord] = field(default_factory=list)
    messages: list[MessageRecord] = field(default_factory=list)
    reactions: list[ReactionRecord] = field(default_factory=list)
    joins: list[JoinRecord] = field(default_factory=list)
    activities: list[ActivityRecord] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    position: str = ""
    done: int = 0
    total: int = 0

    def __len__(self) -> int:
        return (
            len(self.people)
            + len(self.channels)
            + len(self.messages)
            + len(self.reactions)
            + len(self.joins)
            + len(self.activities)
            + len(self.problems)
        )

    def records(self) -> Iterator[Record]:
        yield from self.people
        yield from self.channels
        yield from self.messages
        yield from self.reactions
        yield from self.joins
        yield from self.activities
        yield from self.problems


@dataclass(slots=True)
class ChannelPreview:
    key: str
    name: str
    kind: ChannelKind
    messages: int = 0
    chosen: bool = True


@dataclass(slots=True)
class Preview:
    """What an import would bring. Where `exact` is false, counts are projected from the first part of the file."""

    source: str
    people: int = 0
    channels: list[ChannelPreview] = field(default_factory=list)
    messages: int = 0
    threads: int = 0
    reactions: int = 0
    activities: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    exact: bool = True
    skipped: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    quarantined: int = 0
    kind: str = ""
    mapping: dict[str, str] = field(default_factory=dict)
    unmapped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sample: list[dict[str, str]] = field(default_factory=list)  # the first few: who, where, when, what


@dataclass(slots=True)
class Options:
    """What a steward chose. Channels are named by key or by name."""

    direct: frozenset[str] = frozenset()  # direct conversations asked for by name
    only_channels: frozenset[str] = frozenset()  # empty: all
    skip_channels: frozenset[str] = frozenset()
    private_channels: frozenset[str] = frozenset()  # for sources that do not say which ones are
    timezone: str = "UTC"  # of times that carry none
    day_first: bool | None = None  # 03/04/2021; None: found from the rows
    kind: RecordKind | None = None  # of a table; None: guessed from its columns
    mapping: dict[str, str] = field(default_factory=dict)  # of a table: field -> column
    verb: str = ""  # of a table of activities that has no column for it
    verbs: frozenset[str] = frozenset()  # allowed; empty: any well-formed one
    batch_size: int = 2000


class Source(Protocol):
    """One format. Streams; holds no more than a bounded part in memory."""

    name: ClassVar[str]

    @classmethod
    def detect(cls, path: str) -> bool: ...

    def preview(self, budget: int = ...) -> Preview: ...

    def batches(self, resume_from: str = "") -> Iterator[Batch]: ...
