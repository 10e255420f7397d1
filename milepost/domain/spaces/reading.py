"""Pages of threads and posts as plain rows: what a page or the API shows, in a fixed number of queries."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from milepost.foundation.identity.access import Actor

from .models import Attachment, Post, Reaction, Thread

PAGE = 20
"""Posts on a page."""

_AUTHOR = {
    "name": F("author__name"),
    "person": F("author__person_id"),
    "person_name": F("author__person__name"),
    "handle": F("author__person__handle"),
    "account": F("author__person__account_id"),
    "erased": F("author__person__erased_at"),
    "photo": F("author__person__profile__photo"),
}


@dataclass(frozen=True, slots=True)
class PostPage:
    number: int
    count: int
    """Of pages; at least 1."""
    posts: list[dict[str, Any]]


def pages(posts: int) -> int:
    return max(1, -(-posts // PAGE))


def page_of(thread: Thread, number: int) -> PostPage:
    """The page of posts with that number, from 1; the last one for a number beyond.

    Reads one range of the index of (thread, time, id), whose skipped part needs no row.
    """
    count = pages(thread.post_count)
    number = min(max(1, number), count)
    posts = rows(thread.posts.filter(deleted_at__isnull=True).order_by("posted_at", "pk"))
    start = (number - 1) * PAGE
    return PostPage(number, count, list(posts[start : start + PAGE]))


def rows(posts: QuerySet[Post]) -> QuerySet[Post, Any]:
    """Posts as dictionaries: the post, its author as `name`, `person`, `handle`, ..., and whom it answers."""
    return posts.values(
        "id",
        "text",
        "html",
        "reactions",
        "posted_at",
        "edited_at",
        "reply_to_id",
        answered_name=F("reply_to__author__person__name"),
        answered_gone=F("reply_to__deleted_at"),
        **_AUTHOR,
    )


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


def own_reactions(posts: list[uuid.UUID], actor: Actor) -> dict[uuid.UUID, set[str]]:
    """Which emoji the actor gave to which of these posts."""
    found: dict[uuid.UUID, set[str]] = {}
    if actor.person is not None and posts:
        given = Reaction.objects.filter(post__in=posts, identity__person=actor.person)
        for post, emoji in given.values_list("post_id", "emoji"):
            found.setdefault(post, set()).add(emoji)
    return found


def attachments(posts: list[uuid.UUID]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    found: dict[uuid.UUID, list[dict[str, Any]]] = {}
    if posts:
        row: Any
        for row in (
            Attachment.objects.filter(post__in=posts)
            .order_by("pk")
            .values("id", "post_id", "name", "media_type", "size", "file", "url")
        ):
            found.setdefault(row["post_id"], []).append(row)
    return found


def thread_rows(threads: QuerySet[Thread]) -> QuerySet[Thread, Any]:
    """Threads as dictionaries, with who began each; with `read_to` where `unread.with_marks` gave it."""
    marks = ["read_to"] if "read_to" in threads.query.annotations else []
    return threads.values(
        *marks,
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
