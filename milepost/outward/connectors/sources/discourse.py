"""Discourse: topics as its API gives them (/t/ID.json and the pages after, /posts.json), lists of topics, categories and
users, and the administrator's export of users as CSV (`user_list`). A folder or zip of such files, or one of them.

A post is known by its id, a thread by its topic. Likes come as numbers without people, so they become reactions without
an author. Whispers, deleted and hidden posts and notices of the system are left out, and private messages unless one is
asked for by its title or id.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from milepost.outward.connectors.archive import (
    SMALL,
    Archive,
    ChunkStream,
    Damaged,
    is_gzip,
    natural,
    open_archive,
    unzipped,
)
from milepost.outward.connectors.records import (
    ChannelRecord,
    ConnectorError,
    MessageRecord,
    Options,
    PersonRecord,
    ReactionRecord,
)
from milepost.outward.connectors.sources.base import BaseSource, Position, clean, integer, key_of, string
from milepost.outward.connectors.sources.html import to_markdown
from milepost.outward.connectors.sources.jsonstream import TooLarge, decode, items, loads
from milepost.outward.connectors.sources.keystore import KeyStore, RecentKeys
from milepost.outward.connectors.sources.times import parse_time

REGULAR, MODERATOR_ACTION, SMALL_ACTION, WHISPER = 1, 2, 3, 4
LIKE = 2  # of actions_summary
#: Columns of `user_list` that are worth keeping with a person; addresses of machines are not.
KEPT = ("title", "trust_level", "location", "website", "group_names", "post_count", "topic_count", "likes_given")
AddPost = Callable[[dict[str, Any], dict[str, Any], str, int], None]
_UTC = ZoneInfo("UTC")
_MARKS = (b'"post_stream"', b'"cooked"', b'"latest_posts"')
_LIST_MARKS = (b'"topic_list"', b'"category_list"', b'"categories"', b'"trust_level"', b'"avatar_template"', b'"users"')


class DiscourseSource(BaseSource):
    name: ClassVar[str] = "discourse"

    def __init__(self, path: str, options: Options | None = None) -> None:
        super().__init__(path, options)
        self._users: dict[str, str] = {}  # user name, lower case -> key
        self._categories: dict[str, ChannelRecord] = {}
        self._topics: dict[str, tuple[str, str, bool]] = {}  # id -> title, category, private; of lists only
        self._posts = KeyStore()  # “topic/number” -> post id
        self._recent = RecentKeys()

    @classmethod
    def detect(cls, path: str) -> bool:
        with open_archive(path) as archive:
            for name in archive.names[:200]:
                head = archive.head(name)
                if _is_user_csv(head, name):
                    return True
                marks = (b'"post_stream"', b'"topic_list"', b'"category_list"', b'"latest_posts"')
                if any(mark in head for mark in marks) or (b'"cooked"' in head and b'"post_number"' in head):
                    return True
        return False

    def _close(self) -> None:
        self._posts.close()
        super()._close()

    def _steps(self, resume: Position) -> Iterator[tuple[Position, int]]:
        archive = self._open()
        self._posts, self._recent = KeyStore(), RecentKeys()
        self._topics, self._categories, self._users = {}, {}, {}
        with_posts, tables, others = self._sort_files(archive)
        if not with_posts and not tables and others == len(archive.names):
            raise ConnectorError(
                _("There is nothing of Discourse in “%(name)s”.") % {"name": archive.path.name},
                _(
                    "Give the users' CSV from the administrator's pages, topics from the API (/t/ID.json), or a folder of both."
                ),
            )
        if others:
            self.batch.skipped["ignored_file"] += others
        self.total = sum(archive.size(name) for name in (*tables, *with_posts))
        done = 0
        for name in tables:
            for _line in self._read_users(archive, name):
                yield resume, done
            done += archive.size(name)
        for record in self._categories.values():
            self.channel(record)
        yield resume, done
        start = with_posts.index(resume["file"]) if resume.get("file") in with_posts else -1
        for at, name in enumerate(with_posts):
            done += archive.size(name)
            if at > start:
                self._read_posts(archive, name, self._add_post)
                yield {"file": name}, done
            else:  # answers further on may refer to these
                self._read_posts(archive, name, self._index_post)

    def _sort_files(self, archive: Archive) -> tuple[list[str], list[str], int]:
        """(files with posts, tables of users, number of other files); reads the lists on the way."""
        with_posts, tables, others = [], [], 0
        for name in sorted(archive.names, key=natural):
            head = archive.head(name, 4096)
            if _is_user_csv(head, name):
                tables.append(name)
                continue
            start = head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
            if start not in (b"{", b"["):
                others += 1
                continue
            try:
                data = archive.read(name) if archive.size(name) <= SMALL else archive.head(name, SMALL)
            except Damaged:
                data = archive.head(name, SMALL)
            if any(mark in data for mark in _MARKS):
                with_posts.append(name)
            elif any(mark in data for mark in _LIST_MARKS):
                self._read_list(archive, name)
            else:
                others += 1
        return with_posts, tables, others

    # -- people, categories, topics -----------------------------------------------------------------------------------

    def _read_list(self, archive: Archive, name: str) -> None:
        """/latest.json, /categories.json, /site.json, /directory_items.json, /admin/users/list/*.json, /u/NAME.json"""
        try:
            document = loads(decode(archive.read(name))[0])
        except Damaged:
            self.problem(name, 1, "broken_file")
            return
        if isinstance(document, list):
            self._add_users(document)
            return
        if not isinstance(document, dict):
            return
        listed = document.get("category_list")
        categories = listed.get("categories") if isinstance(listed, dict) else document.get("categories")
        self._add_categories(categories, "")
        self._add_users(document.get("users"))
        self._add_users([document.get("user")])
        directory = document.get("directory_items")
        self._add_users(
            [item.get("user") for item in directory if isinstance(item, dict)] if isinstance(directory, list) else []
        )
        topics = document.get("topic_list")
        for topic in topics.get("topics") or () if isinstance(topics, dict) else ():
            if isinstance(topic, dict) and topic.get("id") is not None:
                self._topics[str(topic["id"])] = (
                    clean(string(topic.get("title")))[:300],
                    key_of(topic.get("category_id")),
                    topic.get("archetype") == "private_message",
                )

    def _add_categories(self, categories: Any, parent: str) -> None:
        for category in categories if isinstance(categories, list) else ():
            if not isinstance(category, dict) or category.get("id") is None:
                continue
            key = key_of(category["id"])
            name = string(category.get("name")) or key
            above = self._categories.get(key_of(category.get("parent_category_id")))
            around = parent or (above.name if above else "")
            self._categories[key] = ChannelRecord(
                key,
                f"{around} / {name}" if around else name,
                string(category.get("description_text")) or to_markdown(string(category.get("description")))[0],
                "private" if category.get("read_restricted") is True else "open",
            )
            self._add_categories(category.get("subcategory_list"), self._categories[key].name)

    def _add_users(self, users: Any) -> None:
        for user in users if isinstance(users, list) else ():
            if isinstance(user, dict):
                self._user(user.get("id"), user)

    def _user(self, identifier: Any, user: dict[str, Any]) -> str:
        """The key: the user's id, or the name where there is none."""
        handle = string(user.get("username"))
        key = key_of(identifier) if identifier is not None else self._users.get(handle.lower(), "") or key_of(handle)
        if not key or key in self.known:
            return key
        if handle:
            self._users[handle.lower()] = key
        joined = parse_time(user.get("created_at"), _UTC) if "cooked" not in user else None
        attributes: dict[str, Any] = {}
        for flag in ("admin", "moderator", "staged"):
            if user.get(flag) is True:
                attributes[flag] = True
        # Ids below zero are the system and its robots; a deleted user's posts keep no name.
        number = integer(identifier)
        bot = number is not None and number < 0
        name = string(user.get("name")) or handle or key
        self.person(PersonRecord(key, name, handle, string(user.get("email")), bot, False, joined, attributes))
        return key

    def _read_users(self, archive: Archive, name: str) -> Iterator[int]:
        chunks = archive.chunks(name)
        if is_gzip(archive.head(name, 2)):
            chunks = unzipped(chunks)
        stream = io.TextIOWrapper(io.BufferedReader(ChunkStream(chunks)), "utf-8-sig", "replace", newline="")
        line = 0
        try:
            for row in csv.DictReader(stream):
                line += 1
                key = key_of(row.get("id") or row.get("username"))
                if not key:
                    self.problem(name, line, "no_key", "", dict(row))
                    continue
                handle = string(row.get("username"))
                self._users[handle.lower()] = key
                attributes: dict[str, Any] = {
                    column: clean(value)[:300] for column in KEPT if (value := string(row.get(column)))
                }
                for column, value in row.items():
                    if (
                        isinstance(column, str)
                        and column.endswith("(custom user field)")
                        and isinstance(value, str)
                        and value
                    ):
                        attributes[clean(column.partition(" (custom")[0])[:100]] = clean(value)[:300]
                attributes |= {
                    flag: True for flag in ("admin", "moderator", "staged") if string(row.get(flag)) == "true"
                }
                if row.get("suspended_at"):
                    attributes["suspended"] = True
                joined = parse_time(row.get("created_at"), _UTC)
                if joined and not self.plausible(joined, name, line, dict(row)):
                    joined = None
                self.person(
                    PersonRecord(
                        key, string(row.get("name")) or handle, handle, string(row.get("email")),
                        key.startswith("-"), False, joined, attributes,
                    )
                )  # fmt: skip
                if not line % 1000:
                    yield line
        except (csv.Error, Damaged):
            self.problem(name, line + 1, "broken_file")

    # -- posts --------------------------------------------------------------------------------------------------------

    def _read_posts(self, archive: Archive, name: str, add: AddPost) -> None:
        try:
            document = loads(decode(archive.read(name))[0])
        except Damaged:
            document = self._rescue(archive, name)
        for topic, posts in self._post_lists(document):
            if not isinstance(posts, list):
                self.problem(name, 1, "not_an_object", "", document)
                continue
            for line, post in sorted(enumerate(posts, 1), key=_number):
                if isinstance(post, dict):
                    add(post, topic, name, line)
                else:
                    self.problem(name, line, "not_an_object", "", post)

    def _post_lists(self, document: Any) -> Iterator[tuple[dict[str, Any], Any]]:
        """(topic or {}, posts) of any of the answers that hold posts."""
        if isinstance(document, list):
            for entry in document:
                yield from self._post_lists(entry)
        elif isinstance(document, dict):
            stream = document.get("post_stream")
            if isinstance(stream, dict):
                details = document.get("details")
                self._add_users([details.get("created_by")] if isinstance(details, dict) else [])
                yield document if document.get("title") else {}, stream.get("posts")
            elif "latest_posts" in document:
                yield {}, document["latest_posts"]
            elif "posts" in document:
                yield {}, document["posts"]
            else:
                yield {}, [document]

    def _rescue(self, archive: Archive, name: str) -> dict[str, Any]:
        """What can be read of a topic that breaks off: its posts up to there."""
        posts: list[Any] = []
        try:
            # The posts lie one level down; the text from there on is a list.
            data = decode(archive.head(name, SMALL))[0]
            at = data.find('"posts"')
            at = data.find("[", at) if at >= 0 else -1
            if at >= 0:
                for _key, post in items(iter((data[at:].encode("utf-8", "replace"),))):
                    if not isinstance(post, TooLarge):
                        posts.append(post)
        except Damaged:
            pass
        self.problem(name, len(posts) + 1, "broken_file")
        return {"post_stream": {"posts": posts}}

    def _index_post(self, post: dict[str, Any], topic: dict[str, Any], name: str, line: int) -> None:
        key, topic_id = key_of(post.get("id")), key_of(post.get("topic_id", topic.get("id")))
        if key and topic_id:
            self._posts.put(f"{topic_id}/{post.get('post_number')}", key)

    def _place(self, post: dict[str, Any], topic: dict[str, Any], topic_id: str) -> tuple[ChannelRecord, str]:
        """The channel and title of a post's topic."""
        title, category, private = self._topics.get(topic_id, ("", "", False))
        source = topic or post
        title = clean(string(source.get("title")) or string(post.get("topic_title")) or title)[:300]
        title = title or clean(string(post.get("topic_slug"))).replace("-", " ")[:300]
        category = key_of(source.get("category_id")) or category
        if private or topic.get("archetype") == "private_message" or post.get("topic_archetype") == "private_message":
            key = f"pm:{topic_id}"
            return ChannelRecord(key, title or topic_id, kind="direct"), title
        record = self._categories.get(category)
        if record is None:
            label = string(post.get("category_name")) or (
                _("Category %(id)s") % {"id": category} if category else _("Forum")
            )
            record = self._categories[category] = ChannelRecord(category or "forum", label)
        return record, title

    def _add_post(self, post: dict[str, Any], topic: dict[str, Any], name: str, line: int) -> None:
        key, topic_id = key_of(post.get("id")), key_of(post.get("topic_id", topic.get("id")))
        if not key or not topic_id:
            self.problem(name, line, "no_key", "", post)
            return
        channel, title = self._place(post, topic, topic_id)
        if not self.channel(channel):
            self.batch.skipped[self.skip_reason(channel.kind)] += 1
            return
        kind = post.get("post_type", REGULAR)
        if kind == WHISPER:
            self.batch.skipped["whisper"] += 1
            return
        if kind == SMALL_ACTION or post.get("action_code"):
            self.batch.skipped["system_message"] += 1
            return
        if post.get("deleted_at") or post.get("user_deleted") is True or post.get("hidden") is True:
            self.batch.skipped["deleted"] += 1
            return
        at = parse_time(post.get("created_at"), _UTC)
        if at is None:
            self.problem(
                name, line, "bad_time" if post.get("created_at") else "no_time", str(post.get("created_at")), post
            )
            return
        if not self.plausible(at, name, line, post):
            return
        author = self._user(post.get("user_id"), post)
        if not author:
            self.problem(name, line, "no_author", "", post)
            return
        if self._recent.seen(key):
            self.batch.skipped["duplicate"] += 1
            return
        self._keep(
            post, name, line, MessageRecord(key, channel.key, author, at, "", f"t{topic_id}", "", title), topic_id
        )

    def _keep(self, post: dict[str, Any], name: str, line: int, message: MessageRecord, topic_id: str) -> None:
        raw, cooked = post.get("raw"), string(post.get("cooked"))
        mentioned: list[str] = []
        # Who is mentioned stands only in the finished HTML.
        if cooked and ('class="mention"' in cooked or not isinstance(raw, str)):
            message.text, mentioned = to_markdown(self.text(cooked, name, line))
        if isinstance(raw, str):
            message.text = self.text(raw, name, line)
        people = [self._users.get(who.lower(), "") for who in mentioned]
        message.mentions = tuple(dict.fromkeys(person for person in people if person))
        number, answered = integer(post.get("post_number")), integer(post.get("reply_to_post_number"))
        if number is not None:
            self._posts.put(f"{topic_id}/{number}", message.key)
        if answered is not None:
            message.reply_to = self._posts.get(f"{topic_id}/{answered}") or ""
        if (integer(post.get("version")) or 1) > 1:
            message.edited_at = parse_time(post.get("updated_at"), _UTC)
        self.batch.messages.append(message)
        self._add_likes(post, message)

    def _add_likes(self, post: dict[str, Any], message: MessageRecord) -> None:
        out = self.batch.reactions
        kinds = post.get("reactions")
        if isinstance(kinds, list) and kinds:  # of the plugin for reactions; likes are among them
            for reaction in kinds:
                count = integer(reaction.get("count")) if isinstance(reaction, dict) else None
                if count and 0 < count < 1_000_000:
                    emoji = clean(string(reaction.get("id")))[:100]
                    out.append(ReactionRecord(message.key, "", emoji, message.channel, None, count))
            return
        actions = post.get("actions_summary")
        for action in actions if isinstance(actions, list) else ():
            if isinstance(action, dict) and action.get("id") == LIKE:
                count = integer(action.get("count")) or 0
                if 0 < count < 1_000_000:
                    out.append(ReactionRecord(message.key, "", "heart", message.channel, None, count))


def _number(item: tuple[int, Any]) -> int:
    return (integer(item[1].get("post_number")) or 0) if isinstance(item[1], dict) else 0


def _is_user_csv(head: bytes, name: str) -> bool:
    if is_gzip(head):
        if not name.lower().endswith(".csv.gz"):
            return False
        try:
            head = next(unzipped(iter((head,))), b"")
        except Damaged:
            return False
    first = head.lstrip(b"\xef\xbb\xbf").partition(b"\n")[0]
    if first.startswith((b"{", b"[")):
        return False
    columns = {column.strip().strip('"') for column in first.decode("utf-8", "replace").split(",")}
    return "username" in columns and ({"trust_level", "email"} & columns != set() or "id" in columns)
