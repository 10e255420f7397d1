"""Markdown to HTML at the first reading, kept with the post.

An import writes a million texts and most are never read, so they are rendered when somebody opens their page. A reading page
takes no write lock for long: it renders first, then tries to keep the results of the whole page in one statement, and where
another writer is at work lets it be; the next reader tries again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from django.db import OperationalError, connection, transaction

from milepost.foundation.common.markdown import render
from milepost.foundation.identity.models import Person

from .mentioning import linked
from .models import Mention, Post

WAIT = 30
"""Milliseconds that a reading page waits for its turn to write."""
type Address = Callable[[uuid.UUID, str], str]
"""Of a person's page, by id and handle."""


def fill(rows: Sequence[dict[str, Any]], address: Address) -> None:
    """Give each row (`id`, `text`, `html`, `edited_at`) its `html`, and keep what was missing."""
    missing = [row for row in rows if row["html"] is None]
    if not missing:
        return
    people = mentioned([row["id"] for row in missing if "@" in row["text"]])
    for row in missing:
        urls = {handle: address(pk, handle) for handle, pk in people.get(row["id"], {}).items()}
        row["html"] = render(row["text"], partial(linked, url_of=urls) if urls else None)
    _keep({row["id"]: (row["html"], row["edited_at"]) for row in missing})


def mentioned(posts: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, uuid.UUID]]:
    """For each post, the people whom it names and who have a page: {handle: person}."""
    found: dict[uuid.UUID, dict[str, uuid.UUID]] = {}
    if posts:
        rows = Mention.objects.filter(
            post__in=posts,
            identity__person__in=Person.objects.present().claimed().exclude(handle=""),
        ).values_list("post_id", "identity__person__handle", "identity__person_id")
        for post, handle, person in rows:
            found.setdefault(post, {})[handle.lower()] = person
    return found


def _keep(made: dict[uuid.UUID, tuple[str, datetime | None]]) -> None:
    """Keep what was rendered, except for posts that changed since they were read."""
    try:
        with _briefly(), transaction.atomic():
            now = Post.objects.filter(pk__in=made, html__isnull=True)
            if connection.vendor == "postgresql":
                now = now.select_for_update(skip_locked=True)
            same = [
                Post(pk=pk, html=made[pk][0])
                for pk, edited in now.values_list("pk", "edited_at")
                if edited == made[pk][1]
            ]
            Post.objects.bulk_update(same, ["html"])
    except OperationalError:
        # Somebody else writes. Nothing is lost: this reader has the page, and the next one renders once more.
        return


@contextmanager
def _briefly() -> Iterator[None]:
    """Wait for a write lock no longer than a reader of a page should."""
    if connection.in_atomic_block or connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        before = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {WAIT}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {int(before)}")
