"""The least that the same rows can cost here: plain `json`, then `executemany` (COPY on PostgreSQL), and nothing else.

What it fills are Milepost's own tables, with their indexes, constraints, triggers and full-text index. What it leaves out is
what an importer is for: it believes every byte, knows one format, keeps everything of a channel in memory, converts no text,
cannot be run twice, and cannot go on after a crash.
"""

from __future__ import annotations

import json
import random
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from .metering import Meter, memory

NONE = "0" * 32
MENTION = re.compile(r"<@(U\w+)>")
COLUMNS = {
    "identity_person": "id community_id kind name handle created_at",
    "identity_identity": "id community_id person_id source source_key name handle mail is_bot attributes created_at",
    "spaces_space": "id community_id slug name purpose kind source source_key read_only_at created_at thread_count"
    " post_count last_post_at",
    "spaces_thread": "id community_id space_id title author_id started_at last_post_at post_count",
    "spaces_post": "id community_id space_id thread_id author_id reply_to_id text reactions posted_at",
    "activity_activity": "epoch community_id identity_id verb object_kind object_id space_id other_id happened_at"
    " recorded_at source source_key data backfilled",
    "spaces_reaction": "id community_id post_id identity_id emoji given_at",
    "spaces_mention": "id community_id post_id identity_id",
    "activity_memberday": "person_id verb day community_id count quantity",
    "activity_memberobjectday": "person_id verb object_id other_id day object_kind space_id community_id count quantity",
    "search_document": "id community_id kind object_id parent_id space_id identity_id title body at",
    "search_index": "rowid title body scope",
}
"""In the order in which keys allow them to be written."""


class _Tables:
    """Rows waiting for their table, and the bare driver that writes them."""

    def __init__(self) -> None:
        from django.db import connection

        connection.ensure_connection()
        self.vendor, self.driver = connection.vendor, connection.connection
        self.rows: dict[str, list[Sequence[Any]]] = {table: [] for table in COLUMNS}
        self.ids = random.Random(7)  # noqa: S311 (keys of test data)

    def moment(self, stamp: str) -> str:
        text = str(datetime.fromtimestamp(float(stamp), UTC))
        return text if self.vendor == "postgresql" else text[:-6]

    def flush(self) -> None:
        """One transaction for everything that waits."""
        write = self._copy if self.vendor == "postgresql" else self._execute_many
        cursor = self.driver.cursor()
        cursor.execute("BEGIN")
        for table, rows in self.rows.items():
            if rows:
                write(cursor, table, COLUMNS[table].split(), rows)
                rows.clear()
        cursor.execute("COMMIT")

    @staticmethod
    def _execute_many(cursor: Any, table: str, columns: list[str], rows: list[Sequence[Any]]) -> None:
        marks = ", ".join("?" * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608

    @staticmethod
    def _copy(cursor: Any, table: str, columns: list[str], rows: list[Sequence[Any]]) -> None:
        with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


class _Floor:
    def __init__(self, community: str, counted: set[str]) -> None:
        self.community, self.counted = community, counted
        self.tables = _Tables()
        self.now = self.tables.moment(str(datetime.now(UTC).timestamp()))
        self.people: dict[str, str] = {}
        """Identities by their key in the source."""
        self.persons: dict[str, str] = {}
        """People by their identity."""
        self.days: Counter[tuple[str, str, str]] = Counter()
        self.serial = 0

    def id(self) -> str:
        """Rising, as Milepost's are: keys in random order would make every index dearer."""
        self.serial += 1
        return f"{self.serial:012x}7000" + f"{self.tables.ids.getrandbits(64):016x}"

    def load(self, path: str) -> None:
        with zipfile.ZipFile(path) as archive:
            for user in json.loads(archive.read("users.json")):
                self.user(user)
            self.tables.flush()
            files = defaultdict(list)
            for name in archive.namelist():
                files[name.partition("/")[0]].append(name)
            for channel in json.loads(archive.read("channels.json")):
                _Channel(self, channel).load(archive, sorted(files[channel["name"]]))
                self.tables.flush()
        for (person, verb, day), count in self.days.items():
            self.tables.rows["activity_memberday"].append((person, verb, day, self.community, count, 0))
        self.tables.flush()

    def user(self, user: dict[str, Any]) -> None:
        person, identity = self.id(), self.id()
        self.people[user["id"]], self.persons[identity] = identity, person
        name, mail = user["real_name"], user["profile"]["email"]
        rows = self.tables.rows
        rows["identity_person"].append((person, self.community, "human", name, "", self.now))
        rows["identity_identity"].append(
            (identity, self.community, person, "slack", user["id"], name, user["name"], mail, False, "{}", self.now)
        )

    def document(self, kind: str, at: str, second: int, *values: str) -> None:
        key = second << 31 | self.tables.ids.getrandbits(31)
        self.tables.rows["search_document"].append((key, self.community, kind, *values, at))
        if self.tables.vendor == "sqlite":
            _object, _parent, space, who, title, body = values
            scope = f"{kind}{self.community[20:]} s{space[20:]} i{who[20:]}"
            self.tables.rows["search_index"].append((key, title, body, scope))


class _Channel:
    """One channel's rows: complete in memory, so that each is written once."""

    def __init__(self, floor: _Floor, channel: dict[str, Any]) -> None:
        self.floor, self.channel, self.key, self.id = floor, channel, channel["id"], floor.id()
        self.threads: dict[str, list[Any]] = {}
        """By the first message's stamp: the thread's row, and the first post's id."""
        self.object_days: Counter[tuple[str, str, str, str, str]] = Counter()
        self.posts = 0
        self.last = ""

    def load(self, archive: zipfile.ZipFile, names: list[str]) -> None:
        for name in names:
            for entry in json.loads(archive.read(name)):
                self.message(entry)
        floor, rows, name = self.floor, self.floor.tables.rows, self.channel["name"]
        purpose, created = self.channel["purpose"]["value"], str(self.channel["created"])
        made = floor.tables.moment(created)
        rows["spaces_space"].append(
            (self.id, floor.community, name, name, purpose, "members", "slack", self.key, floor.now, made,
             len(self.threads), self.posts, self.last)
        )  # fmt: skip
        rows["spaces_thread"] += [thread for thread, _post in self.threads.values()]
        floor.document("space", made, int(created), self.id, NONE, self.id, NONE, name, purpose)
        rows["activity_memberobjectday"] += [
            (person, verb, thread, other, day, "thread", self.id, floor.community, count, 0)
            for (person, verb, thread, other, day), count in self.object_days.items()
        ]

    def message(self, entry: dict[str, Any]) -> None:
        floor, rows, stamp, text = self.floor, self.floor.tables.rows, entry["ts"], entry["text"]
        at, post = floor.tables.moment(stamp), floor.id()
        who = floor.people[entry["user"]]
        root = entry.get("thread_ts", stamp)
        if root == stamp:
            row = [floor.id(), floor.community, self.id, text[:90], who, at, at, 0]
            self.threads[stamp] = [row, post]
            verb, first, answered = "thread.started", None, None
        else:
            row, first = self.threads[root]
            verb, answered = "reply.posted", row[4]
        thread = row[0]
        row[6], row[7] = max(row[6], at), row[7] + 1
        reactions = entry.get("reactions", ())
        counts = json.dumps({r["name"]: len(r["users"]) for r in reactions}) if reactions else "{}"
        rows["spaces_post"].append((post, floor.community, self.id, thread, who, first, text, counts, at))
        self.activity(verb, who, thread, answered, at, f"{self.key}:{stamp}", "{}")
        self.posts, self.last = self.posts + 1, max(self.last, at)
        if "<@" in text:
            for user in dict.fromkeys(MENTION.findall(text)):
                rows["spaces_mention"].append((floor.id(), floor.community, post, floor.people[user]))
        for reaction in reactions:
            emoji = reaction["name"]
            for user in reaction["users"]:
                giver = floor.people[user]
                rows["spaces_reaction"].append((floor.id(), floor.community, post, giver, emoji, at))
                key, data = f"reaction:{self.key}:{stamp}:{emoji}:{user}", json.dumps({"emoji": emoji})
                self.activity("reaction.given", giver, thread, who, at, key, data)
        floor.document("post", at, int(float(stamp)), post, thread, self.id, who, row[3], text)

    def activity(self, verb: str, who: str, thread: str, other: str | None, at: str, key: str, data: str) -> None:
        floor, day = self.floor, at[:10]
        floor.tables.rows["activity_activity"].append(
            (0, floor.community, who, verb, "thread", thread, self.id, other, at, floor.now, "slack", key, data, True)
        )
        person = floor.persons[who]
        floor.days[person, verb, day] += 1
        if verb in floor.counted:
            self.object_days[person, verb, thread, floor.persons[other] if other else NONE, day] += 1


def load(path: str, last_word: str, server: int) -> dict[str, Any]:
    """Everything from the open database to the last message found, as the import is measured."""
    from ..site import open_database
    from ..terminal import Terminal

    open_database(Terminal())
    from milepost.foundation.activity import registry
    from milepost.foundation.identity.models import Community

    from .importing import finds, rows

    community = Community.objects.create(slug="bench", name="Bench")
    counted = {verb.name for verb in registry.verbs().values() if verb.objects}
    # What is loaded at the first search is no part of the work.
    finds(community, last_word)
    meter = Meter(server)
    _Floor(community.pk.hex, counted).load(path)
    found = finds(community, last_word)
    cost = meter.read()
    if not found:
        raise AssertionError("a search does not find the last message")
    return {
        "cpu": round(cost.cpu, 3),
        "cpu_server": round(cost.server, 3),
        "seconds": round(cost.wall, 3),
        "peak_memory": memory().peak,
        "rows": rows(),
    }
