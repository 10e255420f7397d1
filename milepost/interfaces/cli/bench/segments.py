"""A segment of five clauses over a million members, with its membership written, against SQL written by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .crowd import bring
from .grounds import ground
from .metering import Meter, memory

TARGETS = {"ratio": 1.5, "preview_seconds": 1.0}
TURNS = 2
RULE: dict[str, Any] = {
    "all": [
        {"did": "reply.posted", "at_least": 5, "within": "P365D"},
        {"did": ["event.attended", "thread.started"]},
        {"not": {"did": "resource.finished", "within": "P90D"}},
        {"role": "member"},
        {"attribute": "joined", "before": "2024-01-01"},
    ]
}


def measure(
    members: int, activities: int, databases: list[str], say: Callable[[str], None], keep: Path | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = {"members": members, "activities": activities, "targets": TARGETS}
    for database in databases:
        say(f"A segment of {members:,} members with {activities:,} activities on {database}.")
        with ground(database) as site:
            bring(site, members, activities, keep)
            found[database] = site.run("segment", members=members, activities=activities, server=site.server)
    return found


# --- in a process of its own --------------------------------------------------------------------------


def fill(members: int, activities: int, server: int) -> dict[str, Any]:
    """Written by us and by hand in turns, the better of each counts; CPU seconds, the server's included.

    `next_days`: what it costs besides to know when time alone will change each answer, which the statement by hand leaves out.
    """
    from ..site import open_database
    from ..terminal import Terminal

    open_database(Terminal())
    from milepost.engines.segments import keeping, looking
    from milepost.engines.segments.models import Segment

    from .crowd import build

    community = build(members, activities)
    segment = Segment.define(community=community, name="Bench", rule=RULE, by=None)
    condition = segment.condition()
    ours, floor, ahead = [], [], []
    for _turn in range(TURNS):
        _empty(segment)
        meter = Meter(server)
        keeping.write_members(segment, condition)
        ours.append(meter.read().cpu)
        kept = _members(segment)
        meter = Meter(server)
        keeping.expect_everyone(segment, condition)
        ahead.append(meter.read().cpu)
        _empty(segment)
        meter = Meter(server)
        _by_hand(segment)
        floor.append(meter.read().cpu)
        by_hand = _members(segment)
    meter = Meter(server)
    shown = looking.preview(condition, community)
    return {
        "ours": round(min(ours), 3),
        "floor": round(min(floor), 3),
        "ratio": round(min(ours) / min(floor), 2),
        "next_days": round(min(ahead), 3),
        "people": len(kept),
        "same": kept == by_hand,
        "preview_seconds": round(meter.read().wall, 2),
        "preview": shown.count,
        "peak_memory": memory().peak,
    }


def _empty(segment: Any) -> None:
    from milepost.engines.segments.models import SegmentDue, SegmentMember

    SegmentMember.objects.filter(segment_id=segment.pk)._raw_delete(SegmentMember.objects.db)
    SegmentDue.objects.filter(segment_id=segment.pk)._raw_delete(SegmentDue.objects.db)


def _members(segment: Any) -> set[Any]:
    from milepost.engines.segments.models import SegmentMember

    return set(SegmentMember.objects.filter(segment_id=segment.pk).values_list("person_id", flat=True))


def _by_hand(segment: Any) -> None:
    """What somebody who knows the tables, and this database, would write for this one rule."""
    from django.db import connection, transaction

    sqlite = connection.vendor == "sqlite"
    own, ident = (segment.community_id.hex, segment.pk.hex) if sqlite else (segment.community_id, segment.pk)
    now = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')" if sqlite else "now()"
    year, quarter = (
        ("date('now', '-365 days')", "date('now', '-90 days')")
        if sqlite
        else ("current_date - 365", "current_date - 90")
    )
    days = "SELECT person_id FROM activity_memberday WHERE community_id = %(own)s AND verb"
    replied = f"{days} = 'reply.posted' AND day > {year} GROUP BY person_id HAVING SUM(count) >= 5"
    came = f"{days} IN ('event.attended', 'thread.started')"
    finished = f"{days} = 'resource.finished' AND day > {quarter}"
    if sqlite:
        joins = ""
        wheres = f"m.person_id IN ({replied}) AND m.person_id IN ({came}) AND m.person_id NOT IN ({finished})"
    else:
        joins = (
            f" JOIN ({replied}) a ON a.person_id = m.person_id JOIN (SELECT DISTINCT person_id FROM ({came}) x) b"
            f" ON b.person_id = m.person_id LEFT JOIN (SELECT DISTINCT person_id FROM ({finished}) y) c ON c.person_id = m.person_id"
        )
        wheres = "c.person_id IS NULL"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO segments_segmentmember (segment_id, person_id, community_id, since)"
            f" SELECT %(segment)s, m.person_id, m.community_id, {now} FROM identity_membership m{joins} WHERE {wheres}"
            " AND m.community_id = %(own)s AND m.left_at IS NULL AND m.role = 'member' AND m.joined_at < '2024-01-01 00:00:00'",
            {"own": own, "segment": ident},
        )
