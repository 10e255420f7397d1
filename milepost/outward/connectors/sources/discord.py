"""Discord, as DiscordChatExporter writes it in JSON: one file for each channel or thread (large ones in parts).

Each file has `guild`, `channel` and `messages`. A thread is a channel of its own: its id is the id of the message that it
hangs on, and `categoryId` is then the channel around it. Replies refer to a message; a chain of replies is one thread here.
The format says nothing of who may see a channel: a steward can name those that become private.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from milepost.outward.connectors.archive import SMALL, Archive, Damaged, natural, open_archive
from milepost.outward.connectors.records import (
    ChannelKind,
    ChannelRecord,
    ConnectorError,
    FileReference,
    JoinRecord,
    MessageRecord,
    Options,
    PersonRecord,
    Preview,
    ReactionRecord,
)
from milepost.outward.connectors.sources.base import BaseSource, Position, clean, integer, key_of, string
from milepost.outward.connectors.sources.jsonstream import TooLarge, decode, items, loads
from milepost.outward.connectors.sources.keystore import KeyStore, RecentKeys

#: What members say. Types are names, or numbers where the exporter knows none.
SAID = frozenset("Default Reply ApplicationCommand ChatInputCommand ContextMenuCommand 0 19 20 23".split())
REPLIES = frozenset({"Reply", "19"})
JOINS = frozenset({"GuildMemberJoin", "UserJoin", "7"})
THREADS = frozenset("GuildNewsThread GuildPublicThread GuildPrivateThread 10 11 12".split())
PRIVATE_THREADS = frozenset({"GuildPrivateThread", "12"})
DIRECT = frozenset("DirectTextChat DirectGroupTextChat 1 3".split())
#: A deleted account is shown under this name; all of them share it, each keeps its own id.
DELETED_NAME = re.compile(r"(?i)deleted user\b")
_CUSTOM_EMOJI = re.compile(r"<a?(:\w+:)\d+>")
_RAW = re.compile(r"<(@[!&]?|#)(\d{15,21})>")
_SPECIAL = re.compile(r"<[@#a:]")


class DiscordSource(BaseSource):
    name: ClassVar[str] = "discord"

    def __init__(self, path: str, options: Options | None = None) -> None:
        super().__init__(path, options)
        self._names: dict[str, str] = {}
        self._roots = KeyStore()  # reply -> first message of its thread
        self._recent = RecentKeys()

    @classmethod
    def detect(cls, path: str) -> bool:
        with open_archive(path) as archive:
            return any(_is_export(archive.head(name, 4096)) for name in _json_names(archive)[:20])

    def _steps(self, resume: Position) -> Iterator[tuple[Position, int]]:
        archive = self._open()
        self._roots, self._recent = KeyStore(), RecentKeys()
        files = self._files(archive)
        if not files:
            raise ConnectorError(
                _("There is no Discord export in “%(name)s”.") % {"name": archive.path.name},
                _(
                    "Export with DiscordChatExporter in the format JSON, and give a file, or the folder or zip of all files."
                ),
            )
        self.total = sum(archive.size(name) for name, _c in files)
        channels = {channel["id"]: self._channel(channel) for _name, channel in files}
        yield resume, 0
        names = [name for name, _c in files]
        start = names.index(resume["file"]) if resume.get("file") in names else 0
        done = sum(archive.size(name) for name in names[:start])
        # Replies may refer to earlier parts of the same channel, whose threads have to be known again.
        first = start
        while first and files[first - 1][1]["id"] == files[start][1]["id"]:
            first -= 1
        for at in range(first, len(files)):
            name, about = files[at]
            skip = -1 if at < start else resume.get("item", 0) if at == start else 0
            for line in self._read(archive, name, about, channels[about["id"]], skip):
                yield {"file": name, "item": line}, done
            if at >= start:
                done += archive.size(name)
                following = names[at + 1] if at + 1 < len(names) else name
                yield ({"file": following, "item": 0} if following != name else {"file": name, "item": 1 << 60}), done

    def _close(self) -> None:
        self._roots.close()
        super()._close()

    def _files(self, archive: Archive) -> list[tuple[str, dict[str, str]]]:
        """Files with what they say of their channel: channels before threads, parts in order."""
        found = []
        others = len(archive.names)
        for name in _json_names(archive):
            head = archive.head(name)
            if not _is_export(head):
                continue
            about = _about(head, archive.chunks(name))
            if about:
                others -= 1
                found.append((name, about))
        if others:
            self.batch.skipped["ignored_file"] += others
        found.sort(key=lambda item: (item[1]["type"] in THREADS, item[1]["id"], natural(item[0])))
        return found

    def _channel(self, about: dict[str, str]) -> ChannelRecord:
        """The channel that a file's messages go into: a public thread's are its parent's."""
        kind: ChannelKind = "direct" if about["type"] in DIRECT else "open"
        if about["type"] in PRIVATE_THREADS:
            kind = "private"
        elif about["type"] in THREADS and about["categoryId"]:
            record = ChannelRecord(about["categoryId"], about["category"] or about["categoryId"])
            self.channel(record)
            return record
        record = ChannelRecord(about["id"], about["name"] or about["id"], about["topic"], kind)
        self.channel(record)
        return record

    # -- messages -----------------------------------------------------------------------------------------------------

    def _read(
        self, archive: Archive, name: str, about: dict[str, str], channel: ChannelRecord, skip: int
    ) -> Iterator[int]:
        """Lines done. The first `skip` messages (-1: all) are only looked at for their threads."""
        is_thread = about["type"] in THREADS
        thread, title = (about["id"], about["name"]) if is_thread else ("", "")
        wanted = self.chosen[channel.key]
        line = 0
        try:
            for entry in _messages(archive, name):
                line += 1
                if isinstance(entry, TooLarge):
                    self.problem(name, line, "too_large", "", entry.excerpt)
                elif not isinstance(entry, dict):
                    self.problem(name, line, "not_an_object", "", entry)
                elif skip < 0 or line <= skip:
                    if not is_thread:
                        self._root(entry, key_of(entry.get("id")))
                elif not wanted:
                    self.batch.skipped[self.skip_reason(channel.kind)] += 1
                else:
                    self._add(entry, name, line, channel.key, thread, title)
                if not line % 500 and line > skip >= 0:
                    yield line
        except Damaged:
            self.problem(name, line + 1, "broken_file")

    def _root(self, entry: dict[str, Any], key: str) -> tuple[str, str]:
        """(thread, message answered) of a message in a channel."""
        kind = entry.get("type")
        reference = entry.get("reference")
        if kind in REPLIES and isinstance(reference, dict) and (answered := key_of(reference.get("messageId"))):
            root = self._roots.get(answered) or answered
            self._roots.put(key, root)
            return root, answered
        return key, ""

    def _add(self, entry: dict[str, Any], name: str, line: int, channel: str, thread: str, title: str) -> None:
        get = entry.get
        key = key_of(get("id"))
        if not key:
            self.problem(name, line, "no_key", "", entry)
            return
        kind = get("type")
        if kind not in SAID and kind not in JOINS and kind is not None:
            self.batch.skipped["system_message"] += 1
            return
        at = self._time(get("timestamp"), name, line, entry)
        if at is None:
            return
        author = get("author")
        if not isinstance(author, dict) or not (who := self._person(author)):
            self.problem(name, line, "no_author", "", entry)
            return
        if self._recent.seen(key):
            self.batch.skipped["duplicate"] += 1
            return
        if kind in JOINS:
            self.batch.joins.append(JoinRecord(who, "", at))
            return
        mentions: tuple[str, ...] = ()
        if mentioned := get("mentions"):
            people = [self._person(person) for person in mentioned if isinstance(person, dict)]
            mentions = tuple(dict.fromkeys(filter(None, people)))
        text = self.text(get("content"), name, line)
        if "<" in text and _SPECIAL.search(text):
            text = self._readable(text)
        forwarded = get("forwardedMessage")
        if get("embeds") or forwarded or get("poll"):
            text = self.text(_with_embeds(entry, text), name, line)
        root, answered = self._root(entry, key)
        edited = get("timestampEdited")
        self.batch.messages.append(
            MessageRecord(
                key, channel, who, at, text, thread or root, answered, title, _files(entry, forwarded), mentions,
                _iso(edited) if edited else None,
            )
        )  # fmt: skip
        if reactions := get("reactions"):
            self._react(reactions, key, channel)

    def _time(self, value: Any, name: str, line: int, entry: Any) -> datetime | None:
        at = _iso(value)
        if at is None:
            self.problem(name, line, "bad_time" if value else "no_time", str(value), entry)
            return None
        return at if self.plausible(at, name, line, entry) else None

    def _person(self, user: dict[str, Any]) -> str:
        """The key of a user, who is made at the first sight."""
        key = user.get("id")
        if type(key) is str and key in self.known:
            return key
        key = key_of(key)
        if not key or key in self.known:
            return key
        handle, nickname = string(user.get("name")), string(user.get("nickname"))
        tag = string(user.get("discriminator"))
        attributes: dict[str, Any] = {}
        roles = user.get("roles")
        if isinstance(roles, list):
            names = [clean(string(role.get("name")))[:100] for role in roles if isinstance(role, dict)]
            if names := [role for role in names if role and role != "@everyone"]:
                attributes["roles"] = names
        deleted = user.get("isDeleted") is True or bool(DELETED_NAME.match(handle))
        # Four digits told people of one name apart until 2023; “0000” marks a web hook or an account without.
        if tag and tag not in ("0", "0000"):
            handle = f"{handle}#{tag}"
        self._names[key] = clean(nickname or handle or key)
        self.person(
            PersonRecord(key, nickname or handle, handle, "", user.get("isBot") is True, deleted, None, attributes)
        )
        return key

    def _readable(self, text: str) -> str:
        text = _CUSTOM_EMOJI.sub(r"\1", text)

        def name(match: re.Match[str]) -> str:
            key = match[2]
            if match[1] == "#":
                shown = self.previews.get(key)
                return f"#{shown.name if shown else key}"
            return f"@{self._names.get(key, key)}"

        return _RAW.sub(name, text)

    def _react(self, reactions: Any, message: str, channel: str) -> None:
        for reaction in reactions if isinstance(reactions, list) else ():
            emoji = reaction.get("emoji") if isinstance(reaction, dict) else None
            if not isinstance(emoji, dict):
                continue
            # A custom emoji has an id and a name, one of the standard its character; `code` is its word.
            shown = clean(string(emoji.get("code")) or string(emoji.get("name")))[:100]
            users = reaction.get("users")
            people = [self._person(u) for u in users if isinstance(u, dict)] if isinstance(users, list) else []
            people = list(dict.fromkeys(filter(None, people)))
            self.batch.reactions += [ReactionRecord(message, person, shown, channel) for person in people]
            if (count := integer(reaction.get("count"))) and len(people) < count < 1_000_000:
                self.batch.reactions.append(ReactionRecord(message, "", shown, channel, None, count - len(people)))

    def _add_to_preview(self, preview: Preview) -> None:
        if any(channel.kind == "open" for channel in preview.channels):
            preview.notes.append(
                _(
                    "The export does not say which channels are private. Choose those that only their members should see."
                )
            )


def _json_names(archive: Archive) -> list[str]:
    return [name for name in archive.names if name.lower().endswith(".json")]


def _is_export(head: bytes) -> bool:
    text = head.decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    return text.startswith("{") and '"guild"' in text[:400] and '"channel"' in text


def _about(head: bytes, chunks: Iterator[bytes]) -> dict[str, str] | None:
    """What a file says of its channel, read from its beginning."""
    try:
        for name, value in items(chunks, "messages"):
            if name == "channel" and isinstance(value, dict) and value.get("id"):
                about = {field: clean(string(value.get(field))) for field in ("name", "topic", "category")}
                about |= {field: key_of(value.get(field)) for field in ("id", "type", "categoryId")}
                return about
            if name == "messages":
                break
    except Damaged:
        pass
    return None


def _messages(archive: Archive, name: str) -> Iterator[Any]:
    if archive.size(name) <= SMALL:
        try:
            document = loads(decode(archive.read(name))[0])
        except Damaged:
            document = None
        if isinstance(document, dict) and isinstance(document.get("messages"), list):
            yield from document["messages"]
            return
    for key, value in items(archive.chunks(name), "messages"):
        if key == "messages":
            yield value


def _iso(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _with_embeds(entry: dict[str, Any], text: str) -> str:
    """With the text of embeds by bots (a link's preview repeats the link) and of what was forwarded."""
    parts = [text] if text else []
    forwarded = entry.get("forwardedMessage")
    if isinstance(forwarded, dict) and (content := string(forwarded.get("content"))):
        parts.append("\n".join(f"> {line}" for line in content.split("\n")))
    embeds = entry.get("embeds")
    for embed in embeds if isinstance(embeds, list) else ():
        if not isinstance(embed, dict) or (string(embed.get("url")) and string(embed.get("url")) in text):
            continue
        said = [string(embed.get("title")), string(embed.get("description"))]
        fields = embed.get("fields")
        for field in fields if isinstance(fields, list) else ():
            if isinstance(field, dict):
                said.append(f"**{string(field.get('name'))}** {string(field.get('value'))}")
        if any(said):
            parts.append("\n\n".join(part for part in said if part))
    poll = entry.get("poll")
    if isinstance(poll, dict) and isinstance(poll.get("question"), dict | str):
        question = poll["question"]
        parts.append(string(question.get("text")) if isinstance(question, dict) else question)
    return "\n\n".join(part for part in parts if part)


def _files(entry: dict[str, Any], forwarded: Any) -> tuple[FileReference, ...]:
    attachments, stickers = entry.get("attachments"), entry.get("stickers")
    if not attachments and not stickers and not forwarded:
        return ()
    found = list(attachments) if isinstance(attachments, list) else []
    if isinstance(forwarded, dict) and isinstance(forwarded.get("attachments"), list):
        found += forwarded["attachments"]
    files = [
        FileReference(
            clean(string(f.get("fileName")))[:255],
            clean(string(f.get("url")))[:2000],
            "",
            integer(f.get("fileSizeBytes")),
        )
        for f in found
        if isinstance(f, dict)
    ]
    for sticker in stickers if isinstance(stickers, list) else ():
        if isinstance(sticker, dict):
            files.append(
                FileReference(clean(string(sticker.get("name")))[:255], clean(string(sticker.get("sourceUrl")))[:2000])
            )
    return tuple(files)
