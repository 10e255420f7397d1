"""Archives of mailing lists: mbox files, plain or gzipped, pipermail and HyperKitty downloads, folders or zips of them,
and folders with one file for each mail.

A mail's key is its Message-ID; a thread is the first message that References lead to. Which list a mail belongs to,
List-Id says, else the archive's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

from django.utils.translation import gettext as _

from milepost.outward.connectors.archive import Archive, Damaged, is_gzip, open_archive, unzipped
from milepost.outward.connectors.records import (
    ChannelRecord,
    ConnectorError,
    MessageRecord,
    Options,
    PersonRecord,
)
from milepost.outward.connectors.sources.base import BaseSource, Position, clean, digest, key_of
from milepost.outward.connectors.sources.keystore import KeyStore, RecentKeys
from milepost.outward.connectors.sources.mail import OLDEST, Mail, decoded, thread_title

#: Bytes of one mail that are read; text comes before attachments, so that little of it is lost.
MAX_MAIL = 4 << 20
#: A separator with the first header behind it. It counts after a blank line, or anywhere if it bears a whole date.
_SEPARATOR = re.compile(rb"From [^\n]{0,1000}\n(?=>?From |[!-9;-~]{1,100}[ \t]*:)")
_WHOLE = re.compile(rb"[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d{1,2}:\d\d(:\d\d)?.*\d{4}")
_CLOCK = re.compile(rb"\d{1,2}:\d\d")
_KNOWN_HEADER = re.compile(rb">?From |(?i:return-path|received|from|message-id|delivered-to|x-[\w-]+)[ \t]*:")
_HEADERS = re.compile(rb"(?:[!-9;-~]{1,100}[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*){2}")
_MONTH_FILE = re.compile(r"(?i)[-_. ]?(?:19|20)\d\d[-_. ]?(?:\d\d|q\d|[a-z]{3,9})?$")
_SUFFIX = re.compile(r"(?i)(\.(?:mbox|mbx|mail|eml|txt|gz|zip))+$")


class MboxSource(BaseSource):
    name: ClassVar[str] = "mbox"

    def __init__(self, path: str, options: Options | None = None) -> None:
        super().__init__(path, options)
        self._threads = KeyStore()  # message id -> channel and first message of its thread
        self._recent = RecentKeys()
        self._lists: dict[str, tuple[str, str]] = {}

    @classmethod
    def detect(cls, path: str) -> bool:
        with open_archive(path) as archive:
            return any(_is_mail(_head(archive, name)) for name in archive.names[:50])

    def _close(self) -> None:
        self._threads.close()
        super()._close()

    def _steps(self, resume: Position) -> Iterator[tuple[Position, int]]:
        archive = self._open()
        self._threads, self._recent = KeyStore(), RecentKeys()
        names = self._files(archive)
        if not names:
            raise ConnectorError(
                _("There is no mail in “%(name)s”.") % {"name": archive.path.name},
                _("Give an mbox file (also gzipped), or a folder or zip of them."),
            )
        self.total = sum(archive.size(name) for name in names)
        start = names.index(resume["file"]) if resume.get("file") in names else 0
        done = 0
        for at, name in enumerate(names):
            # What comes before a resumed position is read for its threads only.
            skip = -1 if at < start else resume.get("item", 0) if at == start else 0
            size = archive.size(name)
            for line, share in self._read(archive, name, skip):
                yield {"file": name, "item": line}, done + min(share, size)
            done += size
            if at >= start:
                yield {"file": name, "item": 1 << 60}, done

    def _files(self, archive: Archive) -> list[str]:
        """Files with mail, those with the oldest first mail first, so that replies come after what they answer."""
        found = []
        for name in archive.names:
            head = _head(archive, name)
            if not _is_mail(head):
                self.batch.skipped["ignored_file"] += 1
                continue
            mail = Mail(head)
            moment = mail.date() or mail.delivered() or datetime(9999, 1, 1, tzinfo=UTC)
            found.append((moment, name))
        return [name for _moment, name in sorted(found)]

    def _read(self, archive: Archive, name: str, skip: int) -> Iterator[tuple[int, int]]:
        read = 0

        def counted() -> Iterator[bytes]:
            nonlocal read
            for chunk in archive.chunks(name):
                read += len(chunk)
                yield chunk

        chunks: Iterator[bytes] = counted()
        if is_gzip(archive.head(name, 2)):
            chunks = unzipped(chunks)
        fallback = _archive_name(archive, name)
        line = 0
        try:
            for raw, size in split(chunks):
                line += 1
                mail = Mail(raw)
                if skip < 0 or line <= skip:
                    key, channel = self._key(mail), self._list(mail, fallback)
                    self._thread(mail, key, channel.key)
                    continue
                if size > len(raw):
                    self.problem(name, line, "text_cut", str(size), raw[:500].decode("utf-8", "replace"), noted=True)
                self._add(mail, name, line, fallback)
                if not line % 200:
                    yield line, read
        except Damaged:
            self.problem(name, line + 1, "broken_file")

    def _add(self, mail: Mail, name: str, line: int, fallback: str) -> None:
        channel = self._list(mail, fallback)
        if not self.channel(channel):
            self.batch.skipped["channel_not_chosen"] += 1
            return
        at = self._date(mail, name, line)
        if at is None:
            return
        author, who, address = mail.sender()
        author = key_of(author)
        if not author:
            self.problem(name, line, "no_author", "", mail.raw[:500].decode("utf-8", "replace"))
            return
        key = self._key(mail)
        if self._recent.seen(key):
            self.batch.skipped["duplicate"] += 1
            return
        if author not in self.known:
            self.person(PersonRecord(author, who, "", address))
        thread, answered = self._thread(mail, key, channel.key)
        text, files = mail.content()
        subject = clean(mail.subject())
        title = thread_title(subject, channel.name)[:300]
        self.batch.messages.append(
            MessageRecord(key, channel.key, author, at, self.text(text, name, line), thread, answered, title, files)
        )

    def _date(self, mail: Mail, name: str, line: int) -> datetime | None:
        at = mail.date()
        if at is not None and at > OLDEST and at.timestamp() < self.latest:
            return at
        instead = mail.delivered()
        raw = mail.get("date")
        if instead is not None and instead > OLDEST and instead.timestamp() < self.latest:
            self.problem(name, line, "guessed_time", raw, mail.get("subject"), noted=True)
            return instead
        excerpt = mail.raw[:500].decode("utf-8", "replace")
        if at is None:
            self.problem(name, line, "bad_time" if raw else "no_time", raw, excerpt)
        else:
            self.problem(name, line, "before_1970" if at <= OLDEST else "in_future", raw, excerpt)
        return None

    def _key(self, mail: Mail) -> str:
        if key := mail.message_id():
            return key_of(key)
        body = mail.body[:4000].decode("utf-8", "replace")
        return digest(mail.get("from"), mail.get("date") or mail.envelope, mail.get("subject"), body)

    def _thread(self, mail: Mail, key: str, channel: str) -> tuple[str, str]:
        """(thread, message answered); remembers the thread for replies to come."""
        references, answered = mail.references()
        answered = key_of(answered)
        if answered == key:
            answered = ""
        thread = key
        if answered or references:
            thread = key_of(references[0]) if references else answered
            for earlier in dict.fromkeys((answered, *reversed(references))):
                if known := self._threads.get(key_of(earlier)) if earlier else None:
                    place, _, root = known.partition("\x1f")
                    # A discussion carried over to another list is a thread of its own there.
                    thread = root if place == channel else key_of(f"{channel}:{root}")
                    break
        self._threads.put(key, f"{channel}\x1f{thread}")
        return thread, answered

    def _list(self, mail: Mail, fallback: str) -> ChannelRecord:
        raw = mail.get("list-id") or mail.get("x-beenthere") or mail.get("x-mailing-list")
        found = self._lists.get(raw)
        if found is None:
            found = self._lists[raw] = _list_name(raw) if raw else ("", "")
        key, label = found
        return ChannelRecord(key or fallback, label or key or fallback)


def split(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, int]]:
    """The mails of an mbox: (the first MAX_MAIL bytes, whole size). What has no separator at its start is one mail."""
    window, dropped, searched = b"", 0, 0
    for chunk in chunks:
        window += chunk
        start = 0
        # A plain search is ten times as quick as the pattern, which then only looks at the places found.
        at = window.find(b"\nFrom ", searched)
        while at >= 0:
            match = _SEPARATOR.match(window, at + 1)
            if match and _separates(window, match):
                # A separator after dropped bytes ends the mail that was dropped.
                yield window[start : at + 1][:MAX_MAIL], at + 1 - start + dropped
                start, dropped = at + 1, 0
            at = window.find(b"\nFrom ", at + 1)
        if start:
            window = window[start:]
        if len(window) > MAX_MAIL + 65_536:
            # Only the end is needed to find the next separator; the beginning is the mail's text.
            dropped += len(window) - MAX_MAIL - 4096
            window = window[:MAX_MAIL] + window[-4096:]
        searched = max(0, len(window) - 2048)
    if window.strip():
        yield window[:MAX_MAIL], len(window) + dropped


def _separates(window: bytes, match: re.Match[bytes]) -> bool:
    line = match.group()
    before = window[max(0, match.start() - 3) : match.start()]
    if before.endswith((b"\n\n", b"\n\r\n")):
        return bool(_CLOCK.search(line)) or bool(_KNOWN_HEADER.match(window, match.end()))
    return bool(_WHOLE.search(line))


def _head(archive: Archive, name: str) -> bytes:
    head = archive.head(name, 16_384)
    if is_gzip(head):
        out = b""
        try:
            for chunk in unzipped(iter((head,))):
                out += chunk[:16_384]
        except Damaged:
            pass
        return out
    return head


def _is_mail(head: bytes) -> bool:
    text = head.replace(b"\r\n", b"\n").lstrip(b"\n\xef\xbb\xbf")
    if text.startswith(b"From ") and _SEPARATOR.match(text):
        return True
    if not _HEADERS.match(text):
        return False
    mail = Mail(text)
    return bool(mail.get("from")) and bool(mail.get("date") or mail.get("message-id") or mail.get("received"))


def _list_name(raw: str) -> tuple[str, str]:
    """(key, name) of a list: “Some words <name.example.org>”."""
    text = decoded(raw)
    address = re.search(r"<([^<>]+)>", text)
    key = (address[1] if address else text.split(" ", 1)[0]).strip().lower()
    key = key.replace("@", ".")
    return key_of(key), key.partition(".")[0]


def _archive_name(archive: Archive, name: str) -> str:
    """Monthly files of one archive belong together: their folder's or the archive's name."""
    folder, _, file = name.rpartition("/")
    folder = folder.removesuffix("/cur").removesuffix("/new")
    place = folder.rpartition("/")[2] if folder not in ("", "cur", "new") else ""
    if not place and archive.names != [archive.path.name]:
        place = _SUFFIX.sub("", archive.path.name)
    place = place or _SUFFIX.sub("", file)
    return key_of(_MONTH_FILE.sub("", place) or place)
