"""Messages become threads, posts and activities; reactions and joins become activities."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from milepost.domain.spaces.models import Post
from milepost.foundation.activity.epochs import current_epoch
from milepost.foundation.common.bulk import insert_prepared, moment, update_prepared
from milepost.foundation.common.clock import now
from milepost.foundation.common.ids import NO_ID, new_hexes
from milepost.foundation.common.markdown import excerpt
from milepost.foundation.identity.models import Community
from milepost.outward.connectors.records import Batch, MessageRecord, ReactionRecord

from .keys import Keys, Stored
from .people import People
from .spaces import Spaces

NONE = NO_ID.hex
EMOJI, TITLE, NAME, URL, KEY = 60, 200, 200, 1000, 200

THREAD = (
    "id", "community_id", "space_id", "title", "author_id", "started_at", "last_post_at", "post_count",
)  # fmt: skip
POST = (
    "id", "community_id", "space_id", "thread_id", "author_id", "reply_to_id", "text", "reactions", "posted_at", "edited_at",
)  # fmt: skip
ACTIVITY = (
    "epoch", "community_id", "identity_id", "verb", "object_kind", "object_id", "space_id", "other_id", "quantity",
    "happened_at", "recorded_at", "source", "source_key", "data", "backfilled",
)  # fmt: skip
REACTION = ("id", "community_id", "post_id", "identity_id", "emoji", "given_at")
MENTION = ("id", "community_id", "post_id", "identity_id")
ATTACHMENT = ("id", "community_id", "post_id", "name", "media_type", "size", "file", "url")


@dataclass(slots=True)
class Growth:
    """How a thread or a space grows by a batch."""

    posts: int = 0
    threads: int = 0
    first: str = ""
    last: str = ""


@dataclass(slots=True)
class Rows:
    """What a batch writes, prepared outside of the transaction so that it stays short."""

    threads: list[list[Any]] = field(default_factory=list)
    posts: list[tuple[object, ...]] = field(default_factory=list)
    activities: list[tuple[object, ...]] = field(default_factory=list)
    reactions: list[tuple[object, ...]] = field(default_factory=list)
    mentions: list[tuple[object, ...]] = field(default_factory=list)
    attachments: list[tuple[object, ...]] = field(default_factory=list)
    topics: list[tuple[object, ...]] = field(default_factory=list)
    grown: dict[str, Growth] = field(default_factory=dict)
    """By thread that was there before."""
    spaces: dict[str, Growth] = field(default_factory=dict)
    recounted: dict[str, Counter[str]] = field(default_factory=dict)
    """New reactions on posts that were there before."""
    counts: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    first_at: datetime | None = None
    last_at: datetime | None = None

    def write(self) -> None:
        insert_prepared("spaces_thread", THREAD, self.threads)
        insert_prepared("spaces_post", POST, self.posts)
        insert_prepared("connectors_importedthread", ("community_id", "source", "source_key", "thread_id"), self.topics)
        insert_prepared("activity_activity", ACTIVITY, self.activities)
        insert_prepared("spaces_reaction", REACTION, self.reactions)
        insert_prepared("spaces_mention", MENTION, self.mentions, ignore=True)
        insert_prepared("spaces_attachment", ATTACHMENT, self.attachments)
        update_prepared(
            "UPDATE spaces_thread SET post_count = post_count + %s,"
            " started_at = CASE WHEN started_at > %s THEN %s ELSE started_at END,"
            " last_post_at = CASE WHEN last_post_at < %s THEN %s ELSE last_post_at END WHERE id = %s",
            [(g.posts, g.first, g.first, g.last, g.last, key) for key, g in self.grown.items()],
        )
        update_prepared(
            "UPDATE spaces_space SET post_count = post_count + %s, thread_count = thread_count + %s,"
            " last_post_at = CASE WHEN last_post_at IS NULL OR last_post_at < %s THEN %s ELSE last_post_at END WHERE id = %s",
            [(g.posts, g.threads, g.last, g.last, key) for key, g in self.spaces.items()],
        )
        if self.recounted:
            self._recount()

    def _recount(self) -> None:
        """Add new reactions to the counts kept on older posts."""
        posts = list(Post.objects.filter(pk__in=list(self.recounted)).only("pk", "reactions"))
        for post in posts:
            counts = Counter(post.reactions)
            counts.update(self.recounted[post.pk.hex])
            post.reactions = dict(counts)
        Post.objects.bulk_update(posts, ["reactions"], batch_size=500)


class Messages:
    """Turns batches of one source into rows. Holds recent keys; asks the log for older ones."""

    def __init__(self, community: Community, source: str, people: People, spaces: Spaces) -> None:
        self.community, self.source, self.people, self.spaces = community, source, people, spaces
        self.id = community.pk.hex
        self.keys = Keys(community, source)
        self.epoch = current_epoch()

    def prepare(self, batch: Batch) -> Rows:
        """The rows for what is new in a batch. A few queries a batch, whatever its size."""
        rows = Rows()
        there = self._look_up(batch)
        recorded = moment(now())
        fresh = self._fresh(batch.messages, there, rows)
        reactions = self._reactions_by_message(batch.reactions)
        ids = iter(new_hexes(2 * len(fresh)))
        new_threads: dict[str, list[Any]] = {}
        for message in fresh:
            self._message(message, rows, new_threads, next(ids), next(ids), reactions.get(message.key), recorded)
        rows.threads = list(new_threads.values())
        self._reaction_rows(batch.reactions, there, rows, recorded)
        self._joins(batch, there, rows, recorded)
        rows.counts["threads"] += len(rows.threads)
        rows.counts["messages"] += len(rows.posts)
        rows.counts["activities"] += len(rows.activities)
        return rows

    # -- what is there ---------------------------------------------------------------------------------

    def _look_up(self, batch: Batch) -> set[str]:
        """The keys of this batch's messages, reactions and joins that the log has; and its older parents into memory."""
        own = [m.key for m in batch.messages]
        own += [_reaction_key(r) for r in batch.reactions if r.author]
        own += [_join_key(j.person, j.channel) for j in batch.joins]
        there = self.keys.there(own)
        mine = set(own)
        parents = {key for m in batch.messages for key in (m.thread, m.reply_to) if key and key not in mine}
        parents |= {r.message for r in batch.reactions if r.message not in mine}
        # A message of this batch that was stored by an earlier run may be a parent too.
        self.keys.learn(parents | (there & {m.key for m in batch.messages}))
        self.keys.learn_threads(
            {m.thread for m in batch.messages if m.thread != m.key and m.thread not in self.keys.messages}
        )
        # Where whoever began a conversation was erased, nothing names its key any more but the answers that are there.
        for m in batch.messages:
            if m.key in there and m.thread != m.key and self.keys.thread_of(m.thread) is None:
                stored = self.keys.messages.get(m.key)
                if stored:
                    self.keys.threads[m.thread] = Stored(stored.thread, "", None)
        return there

    def _fresh(self, messages: list[MessageRecord], there: set[str], rows: Rows) -> list[MessageRecord]:
        fresh, seen = [], set(there)
        for message in messages:
            if message.key in seen:
                rows.skipped["already_there" if message.key in there else "duplicate"] += 1
            elif self.people.is_erased(message.author):
                rows.skipped["erased"] += 1
            else:
                seen.add(message.key)
                fresh.append(message)
        return fresh

    @staticmethod
    def _reactions_by_message(reactions: list[ReactionRecord]) -> dict[str, list[ReactionRecord]]:
        found: dict[str, list[ReactionRecord]] = {}
        for reaction in reactions:
            found.setdefault(reaction.message, []).append(reaction)
        return found

    # -- messages --------------------------------------------------------------------------------------

    def _message(
        self,
        message: MessageRecord,
        rows: Rows,
        new_threads: dict[str, list[Any]],
        post: str,
        thread: str,
        reactions: list[ReactionRecord] | None,
        recorded: str,
    ) -> None:
        author = self.people.get(message.author)
        who = author.identity if author else None
        space = self.spaces.ids[message.channel]
        at = moment(message.at)
        existing = self.keys.thread_of(message.thread) if message.thread != message.key else None
        if existing is None:
            verb, other = "thread.started", None
            new_threads[thread] = [thread, self.id, space, _title(message), who, at, at, 1]
            if message.thread != message.key:
                self.keys.threads[message.thread] = Stored(thread, "", who)
                rows.topics.append((self.id, self.source, message.thread[:420], thread))
        else:
            verb, thread, other = "reply.posted", existing.thread, existing.author
            self._grow(thread, at, rows, new_threads)
        parent = self.keys.messages.get(message.reply_to) if message.reply_to else None
        if parent and parent.thread == thread and existing:
            other = parent.author
        stored = Stored(thread, post, who)
        self.keys.messages[message.key] = stored
        counts = _counts(reactions, self.people) if reactions else "{}"
        edited = moment(message.edited_at) if message.edited_at else None
        rows.posts.append(
            (post, self.id, space, thread, who, parent.post if parent else None, message.text, counts, at, edited)
        )
        rows.activities.append(
            (self.epoch, self.id, who, verb, "thread", thread, space, other, None, at,
             recorded, self.source, message.key, "{}", True)
        )  # fmt: skip
        self._grow_space(space, at, verb == "thread.started", rows)
        if message.mentions or message.files:
            self._extras(message, post, rows)
        rows.first_at = message.at if rows.first_at is None or message.at < rows.first_at else rows.first_at
        rows.last_at = message.at if rows.last_at is None or message.at > rows.last_at else rows.last_at

    def _grow(self, thread: str, at: str, rows: Rows, new_threads: dict[str, list[Any]]) -> None:
        """Count one more post in a thread."""
        row = new_threads.get(thread)
        if row is not None:
            row[5], row[6], row[7] = min(row[5], at), max(row[6], at), row[7] + 1
            return
        growth = rows.grown.get(thread)
        if growth is None:
            growth = rows.grown[thread] = Growth(first=at, last=at)
        growth.posts += 1
        growth.first, growth.last = min(growth.first, at), max(growth.last, at)

    @staticmethod
    def _grow_space(space: str, at: str, new_thread: bool, rows: Rows) -> None:
        growth = rows.spaces.get(space)
        if growth is None:
            growth = rows.spaces[space] = Growth()
        growth.posts += 1
        growth.threads += new_thread
        growth.last = max(growth.last, at)

    def _extras(self, message: MessageRecord, post: str, rows: Rows) -> None:
        ids = iter(new_hexes(len(message.mentions) + len(message.files)))
        for key in dict.fromkeys(message.mentions):
            known = self.people.get(key)
            if known:
                rows.mentions.append((next(ids), self.id, post, known.identity))
        for file in message.files:
            size = file.size or 0
            rows.attachments.append(
                (next(ids), self.id, post, file.name[:NAME] or "file", file.mimetype[:100], size, "", file.url[:URL])
            )

    # -- reactions and joins -----------------------------------------------------------------------------

    def _reaction_rows(self, reactions: list[ReactionRecord], there: set[str], rows: Rows, recorded: str) -> None:
        ids = iter(new_hexes(len(reactions)))
        seen: set[str] = set()
        times = {str(row[0]): str(row[8]) for row in rows.posts}
        for reaction in reactions:
            stored, known = self.keys.messages.get(reaction.message), self.people.get(reaction.author)
            if stored is None or known is None:
                if not reaction.author:
                    rows.counts["unnamed_reactions"] += reaction.count
                continue
            key = _reaction_key(reaction)
            if key in there or key in seen:
                rows.skipped["already_there"] += 1
                continue
            seen.add(key)
            # Without a time of its own it has the message's, which is the earliest it can be.
            at = moment(reaction.at) if reaction.at else times.get(stored.post) or self.keys.time_of(stored.post)
            emoji = reaction.emoji[:EMOJI]
            rows.reactions.append((next(ids), self.id, stored.post, known.identity, emoji, at))
            rows.activities.append(
                (self.epoch, self.id, known.identity, "reaction.given", "thread", stored.thread,
                 self.spaces.ids.get(reaction.channel, NONE), stored.author, None, at, recorded, self.source, key,
                 json.dumps({"emoji": emoji}), True)
            )  # fmt: skip
            if stored.post not in times:
                rows.recounted.setdefault(stored.post, Counter())[emoji] += 1
        rows.counts["reactions"] += len(rows.reactions)

    def _joins(self, batch: Batch, there: set[str], rows: Rows, recorded: str) -> None:
        seen: set[str] = set()
        for join in batch.joins:
            known, key = self.people.get(join.person), _join_key(join.person, join.channel)
            space = self.spaces.ids.get(join.channel, NONE)
            if known is None or key in there or key in seen:
                continue
            seen.add(key)
            verb, kind = ("space.joined", "space") if join.channel else ("member.joined", "")
            rows.activities.append(
                (self.epoch, self.id, known.identity, verb, kind, space, space, None, None, moment(join.at), recorded,
                 self.source, key, "{}", True)
            )  # fmt: skip


def _reaction_key(reaction: ReactionRecord) -> str:
    return fitting(f"reaction:{reaction.message}:{reaction.emoji}:{reaction.author}")


def _join_key(person: str, channel: str) -> str:
    return fitting(f"join:{channel}:{person}")


def fitting(key: str) -> str:
    """The key, or where the log's column is too narrow for it, its digest."""
    return key if len(key) <= KEY else "sha:" + hashlib.sha256(key.encode()).hexdigest()


def _counts(reactions: list[ReactionRecord], people: People) -> str:
    """{emoji: count} as JSON: each person once, and those whom the source counts without a name."""
    counts: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for reaction in reactions:
        if not reaction.author:
            counts[reaction.emoji[:EMOJI]] += reaction.count
        elif (reaction.author, reaction.emoji) not in seen and people.get(reaction.author):
            seen.add((reaction.author, reaction.emoji))
            counts[reaction.emoji[:EMOJI]] += 1
    return json.dumps(counts)


def _title(message: MessageRecord) -> str:
    title = " ".join(message.title.split())[:TITLE] if message.title else excerpt(message.text, 90)
    if title:
        return title
    return message.files[0].name[:TITLE] or "…" if message.files else "…"
