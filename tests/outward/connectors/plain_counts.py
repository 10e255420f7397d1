"""Counts of the real communities' raw files, taken by plain code that shares nothing with the product's readers.

python tests/outward/connectors/plain_counts.py FOLDER     prints them as JSON
"""

from __future__ import annotations

import email
import json
import re
import sys
import zipfile
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

Counts = dict[str, Any]


def summary(people: set, threads: set, months: Counter, reactions: int = 0) -> Counts:
    messages = sum(months.values())
    return {
        "people": len(people),
        "threads": len(threads),
        "messages": messages,
        "replies": messages - len(threads),
        "months": dict(sorted(months.items())),
        "reactions": reactions,
    }


def slack_zip(path: Path) -> Counts:
    with zipfile.ZipFile(path) as archive:
        people = {user["id"] for user in json.loads(archive.read("users.json"))}
        names = [name for name in archive.namelist() if re.search(r"/\d{4}-\d\d-\d\d\.json$", name)]
        days = [json.loads(archive.read(name)) for name in names]
    return _slack(people, [message for day in days for message in day])


def _slack(people: set, messages: list[dict[str, Any]]) -> Counts:
    threads: set[str] = set()
    months: Counter[str] = Counter()
    reactions = 0
    for message in messages:
        people |= {message[field] for field in ("user",) if message.get(field)}
        if message.get("subtype") == "channel_join":
            continue
        threads.add(message.get("thread_ts") or message["ts"])
        months[datetime.fromtimestamp(int(message["ts"].split(".")[0]), UTC).strftime("%Y-%m")] += 1
        reactions += sum(len(reaction["users"]) for reaction in message.get("reactions", []))
    return summary(people, threads, months, reactions)


def slack_answers(folder: Path) -> Counts:
    """Single answers of the API: users, and pages of one channel's history, the newest first and overlapping."""
    people = {json.loads(path.read_text())["user"]["id"] for path in sorted(folder.glob("slack_user_U000[123].json"))}
    by_ts: dict[str, dict[str, Any]] = {}
    for name in ("slack_history.json", "slack_history_next.json", "slack_history_20150323.json"):
        for message in json.loads((folder / name).read_text())["messages"]:
            by_ts.setdefault(message["ts"], message)
    for message in by_ts.values():
        author = message.get("user") or message.get("bot_id") or (message.get("comment") or {}).get("user")
        people.add(author or "bot:" + message["username"])
    return _slack(people, list(by_ts.values()))


def zulip_parquet(path: Path) -> Counts:
    import pyarrow.parquet as parquet

    columns = ["message_id", "ts", "sender_id", "stream", "topic"]
    table = parquet.read_table(path, columns=columns).to_pydict()
    seen: set[int] = set()
    people: set[int] = set()
    threads: set[tuple[str, str]] = set()
    months: Counter[str] = Counter()
    for key, at, sender, stream, topic in zip(*(table[name] for name in columns), strict=True):
        # Messages that were moved stand under both topics; the first counts.
        people.add(sender)
        if key not in seen:
            seen.add(key)
            threads.add((stream, topic))
            months[at.strftime("%Y-%m")] += 1
    return summary(people, threads, months)


def git_commits(path: Path) -> Counts:
    import pyarrow.parquet as parquet

    rows = parquet.read_table(path).to_pylist()
    months = Counter(datetime.fromisoformat(row["author_time_local"]).astimezone(UTC).strftime("%Y-%m") for row in rows)
    return {
        "people": len({(row["raw_name"], row["raw_email_hashed"]) for row in rows}),
        "activities": len(rows),
        "months": dict(sorted(months.items())),
    }


def mail_archive(paths: list[Path]) -> Counts:
    """Distinct Message-IDs; who answers whom as a graph, whose parts are the threads."""
    mails: dict[str, tuple[str, str, list[str]]] = {}
    for path in paths:
        parts = re.split(rb"(?m)^From (?=.*\d\d:\d\d:\d\d .*\d{4}$)", path.read_bytes())
        for at, part in enumerate(parts[1:]):
            line, _, rest = part.partition(b"\n")
            message = email.message_from_bytes(rest)
            key = _ids(message["Message-ID"])[:1] or [f"{path.name}-{at}"]
            sender = re.search(r"[\w.+-]+(?:@| at )[\w.-]+", str(message["From"]))
            try:
                moment = parsedate_to_datetime(str(message["Date"]))
            except (ValueError, TypeError):
                moment = parsedate_to_datetime(line.decode("latin-1").split("  ", 1)[1] + " +0000")
            linked = _ids(message["References"]) + _ids(message["In-Reply-To"])
            month = moment.astimezone(UTC).strftime("%Y-%m")
            mails.setdefault(key[0], (sender[0].replace(" at ", "@").lower(), month, linked))
    group = {key: key for key in mails}

    def top(key: str) -> str:
        while group.setdefault(key, key) != key:
            key = group[key]
        return key

    for mail, (_sender, _month, linked) in mails.items():
        for other in linked:
            group[top(mail)] = top(other)
    by_month = Counter(month for _sender, month, _linked in mails.values())
    return summary({sender for sender, _month, _linked in mails.values()}, {top(mail) for mail in mails}, by_month)


def _ids(value: Any) -> list[str]:
    return re.findall(r"<([^<>\s]+)>", str(value or ""))


def discourse_answers(folder: Path) -> Counts:
    posts: dict[int, dict[str, Any]] = {}
    people: set[int] = set()
    for path in sorted(folder.glob("*.json")):
        document = json.loads(path.read_text())
        if "topic_list" in document:
            people |= {user["id"] for user in document.get("users", [])}
        found = (
            document["post_stream"]["posts"]
            if "post_stream" in document
            else [document]
            if "cooked" in document
            else []
        )
        for post in found:
            posts.setdefault(post["id"], post)
    said = [
        post for post in posts.values() if post["post_type"] in (1, 2) and not post["deleted_at"] and not post["hidden"]
    ]
    likes = sum(action.get("count", 0) for post in said for action in post["actions_summary"] if action["id"] == 2)
    return summary(
        people | {post["user_id"] for post in said},
        {post["topic_id"] for post in said},
        Counter(post["created_at"][:7] for post in said),
        likes,
    )


def all_counts(measure: Path) -> dict[str, Counts]:
    fixtures = measure / "perceval-fixtures"
    return {
        "slack": slack_zip(measure / "racket-slack-export.zip"),
        "zulip": zulip_parquet(measure / "lean-zulip" / "all-messages-meta.parquet"),
        "zulip text": zulip_parquet(measure / "lean-zulip" / "new-members-text.parquet"),
        "git": git_commits(measure / "sympy-git" / "commits.parquet"),
        "slack answers": slack_answers(fixtures / "slack"),
        "discourse": discourse_answers(fixtures / "discourse"),
        "pipermail": mail_archive(sorted((fixtures / "pipermail").glob("*.mbox"))),
        "hyperkitty": mail_archive(sorted((fixtures / "hyperkitty").glob("*.mbox"))),
        "mbox": mail_archive(sorted((fixtures / "mbox").glob("*.mbox"))),
    }


if __name__ == "__main__":
    json.dump(all_counts(Path(sys.argv[1])), sys.stdout, indent=1)
