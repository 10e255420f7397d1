"""Importing: the whole way of `milepost import slack`, until a search finds the last message, against the floor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .grounds import Ground, ground
from .metering import Meter, memory

TABLES = {
    "people": "identity_person",
    "identities": "identity_identity",
    "spaces": "spaces_space",
    "threads": "spaces_thread",
    "posts": "spaces_post",
    "activities": "activity_activity",
    "reactions": "spaces_reaction",
    "mentions": "spaces_mention",
    "member_days": "activity_memberday",
    "member_object_days": "activity_memberobjectday",
    "documents": "search_document",
}
SMALL = 0.1
"""The part of the messages for which memory is measured too: it must not grow with the file."""
TARGETS = {"ratio": 2.5, "messages_per_cpu_second": 6_000, "peak_memory": 300 * 2**20}


def measure(messages: int, databases: list[str], say: Callable[[str], None]) -> dict[str, Any]:
    found: dict[str, Any] = {"messages": messages, "targets": TARGETS}
    with ground("sqlite") as store:
        exports = {}
        for size in (max(1, int(messages * SMALL)), messages):
            say(f"Writing a Slack export of {size:,} messages.")
            path = store.home / f"slack-{size}.zip"
            exports[size] = (path, store.run("generate", path=str(path), messages=size))
        for database in databases:
            found[database] = _on(database, exports, say)
    return found


def _on(database: str, exports: dict[int, tuple[Path, Any]], say: Callable[[str], None]) -> dict[str, Any]:
    small, size = min(exports), max(exports)
    given = {"path": str(exports[size][0]), "last_word": exports[size][1]["last_word"]}
    say(f"Importing {small:,} messages on {database}.")
    with ground(database) as site:
        part = _import(site, str(exports[small][0]), exports[small][1]["last_word"])
    say(f"Importing {size:,} messages on {database}.")
    with ground(database) as site:
        whole = _import(site, **given)
    say(f"The floor: plain json and {'COPY' if database == 'postgresql' else 'executemany'}.")
    with ground(database) as site:
        floor = site.run("floor", server=site.server, **given)
    return {
        "ratio": round(whole["cpu"] / floor["cpu"], 2),
        "messages_per_cpu_second": round(size / whole["cpu"]),
        "peak_memory": whole["peak_memory"],
        "peak_memory_at_a_tenth": part["peak_memory"],
        "same_rows": whole["rows"] == floor["rows"],
        "import": whole,
        "floor": floor,
    }


def _import(site: Ground, path: str, last_word: str) -> Any:
    return site.run("import", path=path, last_word=last_word, server=site.server)


# --- in processes of their own ----------------------------------------------------------------------


def generate(path: str, messages: int) -> dict[str, Any]:
    from milepost.outward.connectors.generate import write_slack_export

    return asdict(write_slack_export(path, messages))


def bring_in(path: str, last_word: str, server: int) -> dict[str, Any]:
    """Everything that the command does, from the open database to the last message found."""
    from ..site import open_database
    from ..terminal import Terminal

    open_database(Terminal())
    from milepost.foundation.activity import following
    from milepost.foundation.identity.models import Community
    from milepost.outward.connectors import importing

    community = Community.objects.create(slug="bench", name="Bench")
    # What is loaded at the first search is no part of the work.
    finds(community, last_word)
    meter = Meter(server)
    report = importing.carry_out(importing.start("slack", path, community=community))
    loaded = meter.read()
    following.catch_up()
    found = finds(community, last_word)
    cost = meter.read()
    if not found:
        raise AssertionError("a search does not find the last message")
    used = memory()
    return {
        "cpu": round(cost.cpu, 3),
        "cpu_loading": round(loaded.cpu, 3),
        "cpu_readers": round(cost.cpu - loaded.cpu, 3),
        "cpu_server": round(cost.server, 3),
        "seconds": round(cost.wall, 3),
        "peak_memory": used.peak,
        "mapped_files": used.files,
        "report": report.as_json(),
        "rows": rows(),
    }


def finds(community: Any, word: str) -> bool:
    """Whether a member who searches for the word finds the message that has it."""
    from milepost.foundation.identity.access import Actor
    from milepost.foundation.identity.models import Membership, Person
    from milepost.foundation.search.finding import Wanted, find

    # Never saved: asking needs a role, and the tables must hold what the import brought.
    reader = Membership(community=community, person=Person(community=community, name="Reader"), role="owner")
    return bool(find(Actor(community=community, account=None, membership=reader), Wanted(word)).results)


def rows() -> dict[str, int]:
    """How many rows there are, by table."""
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for name, table in TABLES.items():
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 (names from the list above)
            found[name] = cursor.fetchone()[0]
    return found
