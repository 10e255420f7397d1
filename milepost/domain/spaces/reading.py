"""Pages of posts and threads as plain rows, in a fixed number of queries.

A page of posts is the most read page there is, and half of its time went into putting its queries together. The two that make
it are therefore written as SQL: the posts, and everything that stands beside them.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet

from milepost.foundation.identity.access import Actor

from .models import Post, Space, Thread

PAGE = 20
"""Posts on a page."""


@dataclass(frozen=True, slots=True)
class PostPage:
    number: int
    count: int
    """Of pages; at least 1."""
    posts: list[dict[str, Any]]


def pages(posts: int) -> int:
    return max(1, -(-posts // PAGE))


_KEYS = (
    "id",
    "text",
    "html",
    "reactions",
    "posted_at",
    "edited_at",
    "reply_to_id",
    "name",
    "person",
    "person_name",
    "handle",
    "account",
    "erased",
    "photo",
)
# The text is needed only where it was never rendered.
_POSTS = (
    "SELECT p.id, CASE WHEN p.html IS NULL THEN p.text ELSE '' END, p.html, p.reactions, p.posted_at, p.edited_at,"
    " p.reply_to_id, i.name, i.person_id, pe.name, pe.handle, pe.account_id, pe.erased_at, pr.photo"
    " FROM ({chosen}) k JOIN spaces_post p ON p.id = k.id"
    " LEFT JOIN identity_identity i ON i.id = p.author_id"
    " LEFT JOIN identity_person pe ON pe.id = i.person_id"
    " LEFT JOIN people_profile pr ON pr.person_id = pe.id"
    " ORDER BY p.posted_at, p.id"
)
# A range of the index of (thread, time, id, deletion); what is skipped needs no row.
_OF_PAGE = (
    "SELECT id FROM spaces_post WHERE thread_id = %s AND deleted_at IS NULL ORDER BY posted_at, id LIMIT %s OFFSET %s"
)


def page_of(thread: Thread, number: int) -> PostPage:
    """The page of posts with that number, from 1; the last one for a number beyond."""
    count = pages(thread.post_count)
    number = min(max(1, number), count)
    return PostPage(number, count, _posts(_OF_PAGE, [key(thread.pk), PAGE, (number - 1) * PAGE]))


def single(post: uuid.UUID) -> dict[str, Any]:
    """One post as a row of a page."""
    return _posts("SELECT id FROM spaces_post WHERE id = %s", [key(post)])[0]


def _posts(chosen: str, params: list[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_POSTS.format(chosen=chosen), params)
        rows = [dict(zip(_KEYS, row, strict=True)) for row in cursor.fetchall()]
    if connection.vendor != "postgresql":
        for row in rows:
            for name in ("id", "person", "reply_to_id", "account"):
                row[name] = row[name] and as_uuid(row[name])
            for name in ("posted_at", "edited_at"):
                row[name] = row[name] and row[name].replace(tzinfo=datetime.UTC)
            row["reactions"] = json.loads(row["reactions"])
    elif rows and isinstance(rows[0]["reactions"], str):
        for row in rows:
            row["reactions"] = json.loads(row["reactions"])
    return rows


def key(pk: uuid.UUID) -> Any:
    """An id as the database's driver takes it in SQL by hand."""
    return pk if connection.vendor == "postgresql" else pk.hex


def as_uuid(value: Any) -> uuid.UUID:
    return uuid.UUID(value) if isinstance(value, str) else value


# --- what stands beside the posts -------------------------------------------------------------------


@dataclass(slots=True)
class Beside:
    own: dict[uuid.UUID, set[str]] = field(default_factory=dict)
    """Which emoji the reader gave, by post."""
    files: dict[uuid.UUID, list[dict[str, Any]]] = field(default_factory=dict)
    answered: dict[uuid.UUID, tuple[str, bool]] = field(default_factory=dict)
    """Of posts that are answered: who wrote them, and whether they are gone."""
    tags: list[dict[str, str]] = field(default_factory=list)


_OWN = (
    "SELECT 'own', CAST(r.post_id AS text), r.emoji, '', '', '', '', 0 FROM spaces_reaction r"
    " JOIN identity_identity i ON i.id = r.identity_id WHERE i.person_id = %s AND r.post_id IN ({marks})"
)
_FILES = (
    "SELECT 'file', CAST(a.post_id AS text), CAST(a.id AS text), a.name, a.media_type, a.file, a.url, a.size"
    " FROM spaces_attachment a WHERE a.post_id IN ({marks})"
)
_ANSWERED = (
    "SELECT 'answered', CAST(p.id AS text), COALESCE(pe.name, ''),"
    " CASE WHEN p.deleted_at IS NULL THEN '' ELSE 'gone' END, '', '', '', 0 FROM spaces_post p"
    " LEFT JOIN identity_identity i ON i.id = p.author_id LEFT JOIN identity_person pe ON pe.id = i.person_id"
    " WHERE p.id IN ({marks})"
)
_TAGS = (
    "SELECT 'tag', '', t.slug, t.name, '', '', '', 0 FROM spaces_tag t"
    " JOIN spaces_thread_tags tt ON tt.tag_id = t.id WHERE tt.thread_id = %s"
)


def beside(rows: Sequence[dict[str, Any]], actor: Actor, thread: Thread | None = None) -> Beside:
    """Files, the reader's reactions, who is answered, and (of `thread`) the tags: one query."""
    posts = [row["id"] for row in rows]
    parts: list[str] = []
    params: list[Any] = []

    def ask(sql: str, ids: Iterable[uuid.UUID], *first: uuid.UUID) -> None:
        keys = [key(pk) for pk in ids]
        if keys:
            parts.append(sql.format(marks=", ".join(["%s"] * len(keys))))
            params.extend([*map(key, first), *keys])

    ask(_FILES, posts)
    ask(_ANSWERED, {row["reply_to_id"] for row in rows} - {None})
    if actor.person is not None:
        ask(_OWN, [row["id"] for row in rows if row["reactions"]], actor.person.pk)
    if thread is not None:
        ask(_TAGS, [thread.pk])
    found = Beside()
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), params)
            for row in cursor.fetchall():
                _place(found, *row)
    found.tags.sort(key=lambda tag: tag["name"])
    return found


def _place(found: Beside, what: str, post: str, one: str, two: str, three: str, four: str, url: str, size: int) -> None:
    match what:
        case "own":
            found.own.setdefault(uuid.UUID(post), set()).add(one)
        case "file":
            file = {"id": uuid.UUID(one), "name": two, "media_type": three, "file": four, "url": url, "size": size}
            found.files.setdefault(uuid.UUID(post), []).append(file)
        case "answered":
            found.answered[uuid.UUID(post)] = (one, bool(two))
        case _:
            found.tags.append({"slug": one, "name": two})


def page_number(post: Post) -> int:
    """On which page of its thread a post stands."""
    before = post.thread.posts.filter(deleted_at__isnull=True).filter(
        Q(posted_at__lt=post.posted_at) | Q(posted_at=post.posted_at, pk__lt=post.pk)
    )
    # Said twice, so that the range of the index is seen.
    return before.filter(posted_at__lte=post.posted_at).count() // PAGE + 1


def first_is_gone(thread: Thread) -> bool:
    """Whether the post that began the thread was removed and replies stay."""
    first = thread.posts.order_by("posted_at", "pk").values_list("deleted_at", flat=True).first()
    return first is not None


def thread_rows(threads: QuerySet[Thread]) -> Any:
    """Threads as dictionaries, with who began each."""
    return threads.values(
        "id",
        "title",
        "post_count",
        "started_at",
        "last_post_at",
        "fresh_at",
        "pinned_at",
        "closed_at",
        "goal_id",
        "value_id",
        goal_title=F("goal__title"),
        value_name=F("value__name"),
        person_name=F("author__person__name"),
        name=F("author__name"),
    )


def tags_of(space: Space, most: int = 20) -> list[dict[str, Any]]:
    """The tags that the space's conversations carry, the most used first: `slug`, `name`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.slug, t.name FROM spaces_tag t JOIN spaces_thread_tags tt ON tt.tag_id = t.id"
            " JOIN spaces_thread h ON h.id = tt.thread_id WHERE t.community_id = %s AND h.space_id = %s"
            " AND h.deleted_at IS NULL GROUP BY t.slug, t.name ORDER BY count(*) DESC, t.name LIMIT %s",
            [key(space.community_id), key(space.pk), most],
        )
        return [{"slug": slug, "name": name} for slug, name in cursor.fetchall()]
