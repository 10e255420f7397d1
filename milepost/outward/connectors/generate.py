"""A Slack export of any size for benches and load tests, written as a stream; the same seed gives the same export.

A few people write most (Zipf's law), two thirds of messages answer a recent one, some carry reactions. Entries have the
fields that Slack writes, blocks included, so that reading them costs what reading real ones costs.
"""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

_WORDS = """garden seed compost soil water harvest neighbour meeting plan budget bed greenhouse volunteer school workshop
tool shed path fence tree apple pear bean tomato squash herb basil mint bee hive honey market stall recipe kitchen supper
street council permit map photo poster leaflet flyer story letter call visit budget grant report season spring summer
autumn winter rain frost sun shade morning evening weekend thanks welcome question answer idea problem answer help share
bring build carry dig plant prune sow weed mulch mow paint repair clean count learn teach show ask offer borrow lend""".split()
_EMOJI = ("+1", "heart", "tada", "seedling", "eyes", "pray", "rocket", "raised_hands")
_MARKUP = ("<https://example.org/plan|the plan>", "*tomorrow*", "_maybe_", "`bed 7`", "fish &amp; chips", "~no~ yes")


@dataclass(slots=True)
class Generated:
    """What a correct import of the export counts."""

    people: int
    channels: int
    messages: int
    threads: int
    reactions: int
    first_at: datetime
    last_at: datetime
    last_word: str  # stands in the last message only; a search must find it


def write_slack_export(
    path: str | Path,
    messages: int,
    *,
    people: int = 2000,
    channels: int = 20,
    days: int = 540,
    until: datetime = datetime(2026, 6, 30, tzinfo=UTC),
    seed: int = 7,
) -> Generated:
    """Writes `messages` messages to the zip at `path`, day file by day file; holds one day of one channel in memory."""
    rng = random.Random(seed)  # noqa: S311 - test data
    users = [f"U{i:08X}" for i in range(1, people + 1)]
    rooms = [f"C{i:08X}" for i in range(1, channels + 1)]
    start = until - timedelta(days=days)
    writer = _Writer(rng, users, f"last{seed}word{messages}")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("users.json", json.dumps([_user(rng, user) for user in users]))
        archive.writestr("channels.json", json.dumps([_channel(room, i, users, start) for i, room in enumerate(rooms)]))
        for room_at, left in enumerate(_shares(messages, channels)):
            writer.roots.clear()
            for day, count in enumerate(_shares(left, days)):
                if not count:
                    continue
                last = room_at == channels - 1 and writer.messages + count == messages
                midnight = start + timedelta(days=day)
                entries = list(writer.day(midnight, count, room_at, last))
                name = f"{_room_name(room_at)}/{midnight:%Y-%m-%d}.json"
                archive.writestr(name, json.dumps(entries))
    return Generated(
        people,
        channels,
        writer.messages,
        writer.threads,
        writer.reactions,
        writer.first_at,
        writer.last_at,
        writer.last_word,
    )


class _Writer:
    def __init__(self, rng: random.Random, users: list[str], last_word: str) -> None:
        self.rng = rng
        self.users = users
        self.weights = list(accumulate(1 / rank for rank in range(1, len(users) + 1)))
        self.sentences = [" ".join(rng.choices(_WORDS, k=rng.randint(4, 14))).capitalize() + "." for _ in range(5000)]
        self.roots: list[str] = []
        self.last_word = last_word
        self.messages = self.threads = self.reactions = 0
        self.first_at, self.last_at = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)

    def day(self, midnight: datetime, count: int, room: int, last: bool) -> Iterator[dict[str, Any]]:
        rng, base = self.rng, int(midnight.timestamp())
        # Slack's stamps are unique within a channel: the part behind the point counts up.
        seconds = sorted(rng.randrange(86_400) for _ in range(count))
        authors = rng.choices(self.users, cum_weights=self.weights, k=count)
        for at, (second, user) in enumerate(zip(seconds, authors, strict=True)):
            stamp = f"{base + second}.{room:02d}{at % 10_000:04d}"
            moment = datetime.fromtimestamp(base + second, UTC)
            self.first_at, self.last_at = min(self.first_at, moment), max(self.last_at, moment)
            yield self.entry(stamp, user, last and at == count - 1)

    def entry(self, stamp: str, user: str, last: bool) -> dict[str, Any]:
        rng = self.rng
        text = " ".join(rng.choices(self.sentences, k=1 + int(rng.random() * 3)))
        chance = rng.random()
        if chance < 0.15:
            text += " " + rng.choice(_MARKUP)
        elif chance < 0.25:
            text = f"<@{rng.choice(self.users)}> {text}"
        if last:
            text += f" {self.last_word}"
        entry: dict[str, Any] = {
            "client_msg_id": f"{rng.getrandbits(128):032x}",
            "type": "message",
            "text": text,
            "user": user,
            "ts": stamp,
            "team": "T00000001",
            "user_team": "T00000001",
            "source_team": "T00000001",
            "blocks": [
                {
                    "type": "rich_text",
                    "block_id": f"{rng.getrandbits(20):05x}",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
                }
            ],
        }
        if self.roots and rng.random() < 0.66:
            entry["thread_ts"] = rng.choice(self.roots)
        else:
            self.threads += 1
            self.roots.append(stamp)
            if len(self.roots) > 20:
                self.roots.pop(0)
        if rng.random() < 0.15:
            entry["reactions"] = self.reaction_list()
        self.messages += 1
        return entry

    def reaction_list(self) -> list[dict[str, Any]]:
        out = []
        for emoji in self.rng.sample(_EMOJI, self.rng.randint(1, 2)):
            users = list(
                dict.fromkeys(self.rng.choices(self.users, cum_weights=self.weights, k=self.rng.randint(1, 4)))
            )
            self.reactions += len(users)
            out.append({"name": emoji, "users": users, "count": len(users)})
        return out


def _shares(whole: int, parts: int) -> list[int]:
    """`whole` in `parts` that differ by one at most."""
    return [(whole * (i + 1)) // parts - (whole * i) // parts for i in range(parts)]


def _room_name(at: int) -> str:
    return "general" if at == 0 else f"{_WORDS[at % len(_WORDS)]}-{at}"


def _user(rng: random.Random, key: str) -> dict[str, Any]:
    name = f"{rng.choice(_WORDS)}.{key[-5:].lower()}"
    real = f"{rng.choice(_WORDS).capitalize()} {key[-5:]}"
    profile = {"real_name": real, "display_name": name, "email": f"{name}@example.org", "title": ""}
    return {
        "id": key, "team_id": "T00000001", "name": name, "deleted": False, "real_name": real, "tz": "Europe/Lisbon",
        "profile": profile, "is_bot": False, "is_admin": False,
    }  # fmt: skip


def _channel(key: str, at: int, users: list[str], start: datetime) -> dict[str, Any]:
    return {
        "id": key, "name": _room_name(at), "created": int(start.timestamp()), "creator": users[0], "is_archived": False,
        "is_general": at == 0, "members": users[: max(10, len(users) // (at + 1))],
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": f"Talk about {_room_name(at)}", "creator": users[0], "last_set": int(start.timestamp())},
    }  # fmt: skip
