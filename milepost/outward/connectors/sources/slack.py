"""Slack's export: a zip or folder with users.json, channels.json and one JSON file a day in a folder for each channel.

Format: Slack's help, “How to read Slack data exports”, and the message subtypes of its Events API. Exports of all
conversations add groups.json (private channels), dms.json and mpims.json (direct messages). A message is known by its
channel and its time stamp `ts`; a thread by the `ts` of its first message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from milepost.outward.connectors.archive import SMALL, Archive, Damaged, open_archive
from milepost.outward.connectors.records import (
    ChannelKind,
    ChannelRecord,
    ConnectorError,
    JoinRecord,
    MessageRecord,
    Options,
    PersonRecord,
    Preview,
    ReactionRecord,
)
from milepost.outward.connectors.sources.base import BaseSource, Position, clean, integer, key_of, string
from milepost.outward.connectors.sources.jsonstream import TooLarge, decode, items, loads
from milepost.outward.connectors.sources.keystore import RecentKeys
from milepost.outward.connectors.sources.mrkdwn import to_markdown
from milepost.outward.connectors.sources.slack_content import (
    channel_of,
    edit_time,
    file_references,
    from_blocks,
    in_order,
)

USER_FILES = ("users.json", "org_users.json")
CHANNEL_FILES: dict[str, ChannelKind] = {
    "channels.json": "open",
    "groups.json": "private",
    "dms.json": "direct",
    "mpims.json": "direct",
}
JOINS = frozenset({"channel_join", "group_join"})
EDITS = frozenset({"message_changed"})
DELETED = frozenset({"message_deleted", "tombstone"})
#: Notices about the channel, not something that a member says.
SYSTEM = frozenset(
    f"{place}_{what}"
    for place in ("channel", "group")
    for what in ("leave", "topic", "purpose", "name", "archive", "unarchive", "posting_permissions")
) | frozenset(
    """channel_convert_to_private channel_convert_to_public pinned_item unpinned_item bot_add bot_remove bot_enable
    bot_disable reminder_add reminder_delete sh_room_created sh_room_shared huddle_thread joiner_notification
    joiner_notification_for_inviter app_conversation_join app_conversation_leave ekm_access_denied file_mention
    channel_canvas_updated tabbed_canvas_updated list_record_comment document_mention reply_broadcast
    message_replied mpim_join mpim_leave bot_profile_updated share_shortcut unfurl""".split()
)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[-_.]\d+)?\.json\Z")
_SKIN = re.compile(r"::skin-tone-\d\Z")


class SlackSource(BaseSource):
    name: ClassVar[str] = "slack"

    def __init__(self, path: str, options: Options | None = None) -> None:
        super().__init__(path, options)
        self._names: dict[str, str] = {}  # person key -> name shown in mentions
        self._home_team = ""
        self._recent = RecentKeys()
        self._name_of: Callable[[str], str] = lambda key: self._names.get(key, key)

    @classmethod
    def detect(cls, path: str) -> bool:
        with open_archive(path) as archive:
            root = _root(archive)
            return root is not None and any(_DAY.search(name) for name in archive.under(root))

    def _steps(self, resume: Position) -> Iterator[tuple[Position, int]]:
        archive = self._open()
        root = _root(archive)
        if root is None:
            raise ConnectorError(
                _("This is not a Slack export: it has neither users.json nor channels.json."),
                _("Give the zip that Slack made (Settings, Import/Export Data, Export), or its unpacked folder."),
            )
        self._recent = RecentKeys()
        for _line in self._read_users(archive, root):
            yield resume, 0
        folders: dict[str, ChannelRecord] = {}
        for _line in self._read_channels(archive, root, folders):
            yield resume, 0
        days, ignored = _day_files(archive, root)
        if ignored:
            self.batch.skipped["ignored_file"] += ignored
        self.total = sum(archive.size(name) for name in days)
        start, offset, done = resume.get("file", ""), resume.get("item", 0), 0
        prefix = len(root) + 1 if root else 0
        for name in days:
            size = archive.size(name)
            done += size
            if start and name < start:
                continue
            folder = name[prefix:].split("/", 1)[0]
            channel = folders.get(folder) or self._unlisted(folder, folders)
            skip = offset if name == start else 0
            if size <= SMALL:
                self._read_small(archive, name, channel, skip)
                yield {"file": name + "\x00"}, done
            else:
                for line in self._read_large(archive, name, channel, skip):
                    yield {"file": name, "item": line}, done - size
                yield {"file": name + "\x00"}, done

    # -- people and channels ------------------------------------------------------------------------------------------

    def _read_users(self, archive: Archive, root: str) -> Iterator[int]:
        for file in USER_FILES:
            for line, user in _listed(self, archive, _join(root, file)):
                if not isinstance(user.get("id"), str) or not user["id"]:
                    self.problem(file, line, "no_key", "", user)
                    continue
                if not self._home_team:
                    self._home_team = string(user.get("team_id"))
                self._add_user(user["id"], user)
                yield line

    def _add_user(self, key: str, user: dict[str, Any]) -> None:
        profile = user.get("profile") if isinstance(user.get("profile"), dict) else {}
        assert isinstance(profile, dict)
        handle = string(user.get("name"))
        name = string(profile.get("real_name")) or string(user.get("real_name")) or string(profile.get("display_name"))
        key = key_of(key)
        self._names[key] = clean(string(profile.get("display_name")) or name or handle or key)
        attributes: dict[str, Any] = {}
        for field in ("title", "pronouns"):
            if value := string(profile.get(field)):
                attributes[field] = clean(value)[:200]
        if zone := string(user.get("tz")):
            attributes["timezone"] = clean(zone)[:64]
        team = string(user.get("team_id")) or string(profile.get("team"))
        if team and self._home_team and team != self._home_team:
            attributes["team"] = clean(team)[:64]
        for flag in ("is_admin", "is_owner", "is_restricted", "is_ultra_restricted", "is_stranger"):
            if user.get(flag) is True:
                attributes[flag] = True
        self.person(
            PersonRecord(
                key,
                name or handle,
                handle,
                string(profile.get("email")),
                user.get("is_bot") is True or key == "USLACKBOT" or user.get("is_workflow_bot") is True,
                user.get("deleted") is True,
                None,
                attributes,
            )
        )

    def _read_channels(self, archive: Archive, root: str, folders: dict[str, ChannelRecord]) -> Iterator[int]:
        """Fills `folders`: channel by the name of its folder."""
        for file, kind in CHANNEL_FILES.items():
            for line, entry in _listed(self, archive, _join(root, file)):
                key = key_of(entry.get("id"))
                if not key:
                    self.problem(file, line, "no_key", "", entry)
                    continue
                record = channel_of(key, entry, kind)
                if record.kind == "direct" and record.members:
                    # Named by who talks in it: that is how people ask for one.
                    record.name = ", ".join(self._names.get(member, member) for member in record.members)
                self.channel(record)
                for folder in (key, string(entry.get("name"))):
                    if folder:
                        folders.setdefault(folder, record)
                # Renamed while the export was made: a folder may still bear the old name.
                for old in entry.get("previous_names") or ():
                    if isinstance(old, str):
                        folders.setdefault(old, record)
                yield line

    def _unlisted(self, folder: str, folders: dict[str, ChannelRecord]) -> ChannelRecord:
        """A channel whose folder no list names. Its kind shows in the name only."""
        kind: ChannelKind = "direct" if folder.startswith("mpdm-") or re.match(r"D[A-Z0-9]{7,}\Z", folder) else "open"
        record = folders[folder] = ChannelRecord(key_of(folder), folder, kind=kind)
        self.channel(record)
        return record

    # -- messages -----------------------------------------------------------------------------------------------------

    def _read_small(self, archive: Archive, name: str, channel: ChannelRecord, skip: int) -> None:
        try:
            text, good = decode(archive.read(name))
            entries = loads(text)
        except Damaged:
            # Read again piece by piece: what stands before the break is good.
            for _line in self._read_large(archive, name, channel, skip):
                pass
            return
        if not good:
            self.problem(name, 0, "wrong_encoding", noted=True)
        if isinstance(entries, dict):
            entries = entries.get("messages")
        if not isinstance(entries, list):
            self.problem(name, 0, "not_an_object", "", text[:500])
            return
        lines = list(enumerate(entries, 1))
        in_order(lines)
        if skip:
            lines = lines[skip:]
        self._add_messages(lines, name, channel)

    def _read_large(self, archive: Archive, name: str, channel: ChannelRecord, skip: int) -> Iterator[int]:
        line = 0
        try:
            for _key, entry in items(archive.chunks(name), "messages"):
                line += 1
                if line <= skip:
                    continue
                if isinstance(entry, TooLarge):
                    self.problem(name, line, "too_large", "", entry.excerpt)
                elif _key in ("", "messages"):
                    self._add_messages([(line, entry)], name, channel)
                yield line
        except Damaged:
            self.problem(name, line + 1, "broken_file")

    def _add_messages(self, lines: list[tuple[int, Any]], name: str, channel: ChannelRecord) -> None:
        if not self.chosen[channel.key]:
            self.batch.skipped[self.skip_reason(channel.kind)] += len(lines)
            return
        add = self._add_message
        for line, entry in lines:
            if isinstance(entry, dict):
                add(entry, name, line, channel.key)
            else:
                self.problem(name, line, "not_an_object", "", entry)

    def _add_message(self, entry: dict[str, Any], name: str, line: int, channel: str) -> None:
        get = entry.get
        subtype = get("subtype")
        if subtype is not None and self._is_no_message(entry, subtype, name, line, channel):
            return
        ts = get("ts")
        try:
            seconds = float(ts)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            self.problem(name, line, "bad_time" if ts else "no_time", str(ts), entry)
            return
        if not isinstance(ts, str):
            ts = f"{seconds:.6f}"
        at = self.at(seconds, name, line, entry)
        if at is None:
            return
        author = get("user")
        if type(author) is not str or author not in self.known:
            author = self._author(entry)
            if not author:
                self.problem(name, line, "no_author", "", entry)
                return
        key = f"{channel}:{ts}" if len(ts) < 40 else key_of(f"{channel}:{ts}")
        if self._recent.seen(key):
            self.batch.skipped["duplicate"] += 1
            return
        if subtype in JOINS:
            self.batch.joins.append(JoinRecord(author, channel, at))
            return
        mentions: list[str] = []
        text = to_markdown(self.text(get("text"), name, line), self._name_of, mentions)
        more = get("files") or get("file")
        files = file_references(more) if more else ()
        if not text or get("attachments"):
            text = from_blocks(entry, text, lambda raw: self.text(raw, name, line), self._name_of, mentions)
        if subtype == "me_message":
            text = f"_{text}_"
        thread_ts = get("thread_ts")
        edited = get("edited")
        if thread_ts and thread_ts != ts:
            thread = reply_to = f"{channel}:{thread_ts}"
        else:
            thread, reply_to = key, ""
        self.batch.messages.append(
            MessageRecord(
                key, channel, author, at, text, thread, reply_to, "", files,
                tuple(dict.fromkeys(mentions)) if mentions else (), edit_time(edited) if edited else None,
            )
        )  # fmt: skip
        if reactions := get("reactions"):
            self._add_reactions(reactions, key, channel)

    def _is_no_message(self, entry: dict[str, Any], subtype: Any, name: str, line: int, channel: str) -> bool:
        if subtype in EDITS:
            # In exports with edit history. The message itself stands elsewhere in its final form, unless it was left out.
            inner = entry.get("message")
            if isinstance(inner, dict) and self._is_new(inner, channel):
                self._add_message(inner, name, line, channel)
                return True
            self.batch.skipped["edit_record"] += 1
        elif subtype in DELETED:
            self.batch.skipped["deleted"] += 1
        elif subtype in SYSTEM or entry.get("hidden") is True:
            self.batch.skipped["system_message"] += 1
        else:
            return False
        return True

    def _is_new(self, inner: dict[str, Any], channel: str) -> bool:
        return inner.get("subtype") not in EDITS and f"{channel}:{inner.get('ts')}" not in self._recent

    def _author(self, entry: dict[str, Any]) -> str:
        """The key of who wrote it; makes the person where no list has them."""
        user = entry.get("user")
        if not user and isinstance(comment := entry.get("comment"), dict):
            user = comment.get("user")
        if isinstance(user, str) and user:
            key = key_of(user)
            if key not in self.known:
                profile = entry.get("user_profile")
                known = dict(profile) if isinstance(profile, dict) else {}
                bot = entry.get("bot_profile")
                if isinstance(bot, dict) and not known:
                    known = {"real_name": bot.get("name"), "is_bot": True}
                name = string(known.get("name")) or string(entry.get("username"))
                team = string(known.get("team")) or string(entry.get("user_team")) or string(entry.get("team"))
                self._add_user(key, {**known, "profile": known, "name": name, "team_id": team})
            return key
        bot_id, username = string(entry.get("bot_id")), string(entry.get("username"))
        if not bot_id and not username:
            return ""
        key = key_of(bot_id or f"bot:{username}")
        if key not in self.known:
            profile = entry.get("bot_profile")
            name = username or (string(profile.get("name")) if isinstance(profile, dict) else "") or bot_id
            self._names[key] = clean(name)
            self.person(PersonRecord(key, name, username, is_bot=True))
        return key

    def _reactor(self, user: str) -> str:
        key = key_of(user)
        if key not in self.known:
            self._add_user(key, {})
        return key

    def _add_reactions(self, reactions: Any, message: str, channel: str) -> None:
        if not isinstance(reactions, list):
            return
        out = self.batch.reactions
        for reaction in reactions:
            if not isinstance(reaction, dict) or not isinstance(reaction.get("name"), str):
                continue
            emoji = reaction["name"]
            if "::" in emoji:
                emoji = _SKIN.sub("", emoji)
            emoji = clean(emoji)[:100]
            users = reaction.get("users")
            people = dict.fromkeys(u for u in users if isinstance(u, str) and u) if isinstance(users, list) else {}
            for user in people:
                out.append(ReactionRecord(message, user if user in self.known else self._reactor(user), emoji, channel))
            # Slack lists only some of the users where there are very many.
            if (count := integer(reaction.get("count"))) and len(people) < count < 1_000_000:
                out.append(ReactionRecord(message, "", emoji, channel, None, count - len(people)))

    def _add_to_preview(self, preview: Preview) -> None:
        if preview.exact:
            return
        # The names of the day files tell the whole period, though only a part was read.
        with open_archive(self.path) as archive:
            days = [m[1] for name in _day_files(archive, _root(archive) or "")[0] if (m := _DAY.search(name))]
        try:
            first, last = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (min(days), max(days)))
        except ValueError:
            return
        preview.first_at = min(first, preview.first_at or first)
        preview.last_at = max(last, preview.last_at or last)


def _join(root: str, name: str) -> str:
    return f"{root}/{name}" if root else name


def _root(archive: Archive) -> str | None:
    """The folder in the archive that holds the lists: the top one, or one that the zip was wrapped into."""
    wanted = {"users.json", "channels.json", "groups.json", "dms.json", "org_users.json", "mpims.json"}
    places = [name.rpartition("/")[0] for name in archive.names if name.rpartition("/")[2] in wanted]
    # A channel might be called “users.json”; the shallowest place is the export's.
    return min(places, key=lambda place: (place.count("/") + bool(place), place)) if places else None


def _day_files(archive: Archive, root: str) -> tuple[list[str], int]:
    """Day files channel by channel, day by day; and how many other files there are."""
    prefix = len(root) + 1 if root else 0
    lists = {*USER_FILES, *CHANNEL_FILES}
    days, ignored = [], 0
    for name in archive.names:
        inside = name[prefix:] if name.startswith(f"{root}/") or not root else ""
        folder, _, file = inside.partition("/")
        if not file:
            ignored += inside not in lists
        # “FC:…” are comments on canvases and lists.
        elif _DAY.fullmatch(file) and not folder.startswith("FC:"):
            days.append(name)
        else:
            ignored += 1
    return days, ignored


def _listed(source: SlackSource, archive: Archive, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    if name not in archive:
        return
    line = 0
    try:
        for _key, entry in items(archive.chunks(name), "members"):
            line += 1
            if isinstance(entry, dict):
                yield line, entry
            elif _key in ("", "members"):
                source.problem(name, line, "not_an_object", "", getattr(entry, "excerpt", entry))
    except Damaged:
        source.problem(name, line + 1, "broken_file")
