"""Which thread and which post a source's keys stand for. The log is the map: a message's activity names its thread."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from milepost.domain.spaces.models import Post
from milepost.foundation.common.bulk import moment
from milepost.foundation.common.databases import variables_at_once
from milepost.foundation.identity.models import Community

KEPT = 100_000
"""Messages and conversations held in memory, some 40 MB at the most."""


@dataclass(slots=True)
class Stored:
    """A message that is in the database, or a conversation (no `post`): its thread, and who wrote it (hexadecimal ids)."""

    thread: str
    post: str
    author: str | None


def among(column: str, keys: Iterable[str]) -> Iterator[tuple[str, list[Any]]]:
    """SQL for "the column is one of these", and its parameters, in as many pieces as the database needs."""
    everything = list(keys)
    if connection.vendor == "postgresql":
        # One parameter is planned in no time, a thousand are not; and psycopg makes JSON of it far quicker than an array.
        if everything:
            yield f"{column} = ANY(ARRAY(SELECT jsonb_array_elements_text(%s::jsonb)))", [json.dumps(everything)]
        return
    step = variables_at_once()
    for start in range(0, len(everything), step):
        some = everything[start : start + step]
        yield f"{column} IN ({', '.join(['%s'] * len(some))})", some


class Keys:
    """The messages and conversations of one source, recent ones in memory, older ones asked of the log."""

    def __init__(self, community: Community, source: str) -> None:
        self.community, self.source = community, source
        self.messages: dict[str, Stored] = {}
        self.threads: dict[str, Stored] = {}

    def there(self, keys: Iterable[str]) -> set[str]:
        """Of these message keys, those that are stored already."""
        found = {key for key in keys if key in self.messages}
        rest = [key for key in keys if key not in found]
        with connection.cursor() as cursor:
            for condition, some in among("source_key", rest):
                cursor.execute(
                    f"SELECT source_key FROM activity_activity WHERE community_id = %s AND source = %s AND {condition}",
                    [self.community.pk.hex, self.source, *some],
                )
                found.update(row[0] for row in cursor.fetchall())
        return found

    def learn(self, keys: Iterable[str]) -> None:
        """Bring older messages into memory, with their posts: the row of the thread at that moment by that author."""
        wanted = [key for key in keys if key not in self.messages]
        self._trim()
        with connection.cursor() as cursor:
            for condition, some in among("a.source_key", wanted):
                cursor.execute(
                    "SELECT a.source_key, p.thread_id, p.id, p.author_id FROM activity_activity a JOIN spaces_post p"
                    " ON p.thread_id = a.object_id AND p.posted_at = a.happened_at AND p.author_id = a.identity_id"
                    " WHERE a.community_id = %s AND a.source = %s AND a.verb IN ('thread.started', 'reply.posted')"
                    f" AND {condition}",
                    [self.community.pk.hex, self.source, *some],
                )
                for key, thread, post, author in cursor.fetchall():
                    self.messages[key] = Stored(_hex(thread), _hex(post), _hex(author) if author else None)

    def learn_threads(self, keys: Iterable[str]) -> None:
        """Bring conversations into memory whose key is no message's own."""
        wanted = [key for key in keys if key not in self.threads]
        with connection.cursor() as cursor:
            for condition, some in among("k.source_key", wanted):
                cursor.execute(
                    "SELECT k.source_key, t.id, t.author_id FROM connectors_importedthread k JOIN spaces_thread t"
                    f" ON t.id = k.thread_id WHERE k.community_id = %s AND k.source = %s AND {condition}",
                    [self.community.pk.hex, self.source, *some],
                )
                for key, thread, author in cursor.fetchall():
                    self.threads[key] = Stored(_hex(thread), "", _hex(author) if author else None)

    def thread_of(self, key: str) -> Stored | None:
        """The conversation that a thread key names, with who began it."""
        return self.messages.get(key) or self.threads.get(key)

    def time_of(self, post: str) -> str:
        """When a stored post was written, as the database's text."""
        return moment(Post.objects.values_list("posted_at", flat=True).get(pk=post))

    def _trim(self) -> None:
        if len(self.messages) > KEPT:
            # The oldest half goes; dictionaries keep the order in which keys came.
            for key in list(self.messages)[: KEPT // 2]:
                del self.messages[key]
        if len(self.threads) > KEPT:
            self.threads.clear()


def _hex(value: object) -> str:
    return value if isinstance(value, str) else value.hex  # type: ignore[attr-defined]
