"""Milestones: the first day of a rule for a million members against SQL written by hand, and readers that keep up."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .crowd import bring
from .grounds import ground
from .metering import Meter, memory

TARGETS = {"ratio": 2.0, "activities_per_second": 5_000, "peak_memory": 500 * 2**20}
ACTIVE = 50
"""Milestones that are in force while new activities arrive."""
NEW = 60_000
"""New activities that the readers follow."""
RULES: dict[str, dict[str, Any]] = {
    "two counts": {
        "all": [{"did": "reply.posted", "at_least": 10}, {"did": "event.attended", "at_least": 3}],
    },
    "a sliding window and a count": {
        "all": [{"did": "reply.posted", "at_least": 5, "within": "P30D"}, {"did": "event.attended", "at_least": 2}],
    },
}


def measure(
    members: int, activities: int, databases: list[str], say: Callable[[str], None], keep: Path | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = {"members": members, "activities": activities, "targets": TARGETS, "rules": {}}
    for database in databases:
        say(f"First days of {members:,} members with {activities:,} activities on {database}.")
        with ground(database) as site:
            bring(site, members, activities, keep)
            found[database] = site.run("first-days", members=members, activities=activities, server=site.server)
    found["curve"] = []
    size = 10_000
    while size <= members:
        say(f"{ACTIVE} milestones in force, {NEW:,} new activities of {size:,} members on SQLite.")
        with ground("sqlite") as site:
            bring(site, size, size * activities // members, keep)
            found["curve"].append(site.run("following", members=size, activities=size * activities // members))
        size *= 10
    return found


# --- in processes of their own ----------------------------------------------------------------------


def _open() -> None:
    from ..site import open_database
    from ..terminal import Terminal

    open_database(Terminal())


def first_days(members: int, activities: int, server: int) -> dict[str, Any]:
    """Each rule asked of everyone, beside the same by hand; both into a temporary table, twice, the better one counts."""
    _open()
    from milepost.engines.milestones.rules import Rule
    from milepost.foundation.conditions import parse

    from .crowd import build

    community = build(members, activities)
    found: dict[str, Any] = {}
    for name, tree in RULES.items():
        rule = Rule(_milestone(community, name, tree), 1, (("", parse(tree, community=community)),), frozenset())
        asked = rule.select()
        text, params = by_hand(name, community)
        # In turns, so that neither finds the pages warm that the other had to fetch.
        ours, floor = [], []
        for _turn in range(3):
            ours.append(_timed(asked.text, list(asked.params), "ours", server))
            floor.append(_timed(text, params, "floor", server))
        found[name] = {
            "ours": round(min(ours), 3),
            "floor": round(min(floor), 3),
            "ratio": round(min(ours) / min(floor), 2),
            "people": _count("ours"),
            "same": _same(),
        }
    found["backfill"] = _backfill(community, server)
    found["peak_memory"] = memory().peak
    return found


def _milestone(community: Any, name: str, tree: dict[str, Any]) -> Any:
    from milepost.domain.paths.describing import Details
    from milepost.domain.paths.models import Milestone

    return Milestone.define(
        community=community, name=name, by=None, details=Details(way="rule", rule=tree, kind="step")
    )


def _timed(text: str, params: list[Any], table: str, server: int) -> float:
    """CPU seconds, the server's included."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS bench_{table}")
        meter = Meter(server)
        cursor.execute(f"CREATE TEMP TABLE bench_{table} AS {text}", params)
        return meter.read().cpu


def _count(table: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM bench_{table}")
        return int(cursor.fetchone()[0])


def _same() -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM bench_ours o JOIN bench_floor f ON f.person_id = o.person_id AND f.day = o.day"
        )
        return int(cursor.fetchone()[0]) == _count("ours") == _count("floor")


_TOTAL = (
    "SELECT person_id, MIN(day) AS day FROM (SELECT person_id, day, SUM(count) OVER (PARTITION BY person_id ORDER BY day) AS total"
    " FROM activity_memberday WHERE community_id = %s AND verb = %s) t WHERE total >= {least} GROUP BY person_id"
)
_MEMBERS = "JOIN identity_membership m ON m.person_id = {of}.person_id AND m.left_at IS NULL"


def by_hand(name: str, community: Any) -> tuple[str, list[Any]]:
    """What somebody who knows the tables would write for this one rule."""
    from django.db import connection

    sqlite = connection.vendor == "sqlite"
    own: Any = community.pk.hex if sqlite else community.pk
    attended = _TOTAL.format(least=3 if name == "two counts" else 2)
    if name == "two counts":
        later = "MAX(a.day, b.day)" if sqlite else "GREATEST(a.day, b.day)"
        replied = _TOTAL.format(least=10)
        members = _MEMBERS.format(of="a")
        text = f"SELECT a.person_id, {later} AS day FROM ({replied}) a JOIN ({attended}) b ON b.person_id = a.person_id {members}"
        return text, [own, "reply.posted", own, "event.attended"]
    gone = "date(day, '+30 days')" if sqlite else "day + 30"
    today = "date('now')" if sqlite else "current_date"
    days = "FROM activity_memberday WHERE community_id = %s AND verb = %s"
    # Each reply comes, and goes 30 days later; both sums hold from one change to the next, and one pass keeps them both.
    text = (
        f"WITH d AS (SELECT person_id, day, count {days}) SELECT t.person_id, MIN(t.day) AS day FROM"
        " (SELECT person_id, day, SUM(SUM(replies)) OVER w AS replies, SUM(SUM(visits)) OVER w AS visits FROM"
        " (SELECT person_id, day, count AS replies, 0 AS visits FROM d"
        f" UNION ALL SELECT person_id, {gone}, -count, 0 FROM d"
        f" UNION ALL SELECT person_id, day, 0, count {days}) c"
        f" GROUP BY person_id, day WINDOW w AS (PARTITION BY person_id ORDER BY day)) t {_MEMBERS.format(of='t')}"
        f" WHERE t.replies >= 5 AND t.visits >= 2 AND t.day <= {today} GROUP BY t.person_id"
    )
    return text, [own, "reply.posted", own, "event.attended"]


def _backfill(community: Any, server: int) -> dict[str, Any]:
    """The whole way of one rule: asking, awards, evidence, lines of the log."""
    from milepost.domain.paths.models import Milestone
    from milepost.engines.milestones.backfilling import backfill, put_in_force

    milestone = Milestone.objects.select_related("community").get(community=community, name="two counts")
    put_in_force(milestone, by=None)
    meter = Meter(server)
    done = backfill(milestone)
    cost = meter.read()
    return {
        "awards": done.new,
        "seconds": round(cost.wall, 1),
        "awards_per_second": round(done.new / cost.wall) if done.new else 0,
    }


def following(members: int, activities: int) -> dict[str, Any]:
    """New activities arrive at a community whose history has been gone through; roll-up and milestones follow, in this process."""
    _open()
    from milepost.engines.milestones.models import RuleInForce
    from milepost.foundation.activity import following as log
    from milepost.foundation.common import clock

    from .crowd import build, more

    community = build(members, activities)
    for n in range(ACTIVE):
        milestone = _milestone(community, f"Milestone {n}", _one_of_many(n))
        RuleInForce.objects.create(milestone=milestone, community=community, version=1, backfilled_at=clock.now())
    _settle_history(community)
    names = ["rollup", "milestones"]
    # Plans, caches and batch sizes find their measure first.
    more(community, members, NEW // 4, seed=1)
    log.catch_up(names)
    more(community, members, NEW, seed=2)
    meter, began = Meter(), time.perf_counter()
    log.catch_up(names)
    cost = meter.read()
    return {
        "members": members,
        "activities_per_second": round(NEW / cost.wall),
        "microseconds_an_activity": round(cost.cpu / NEW * 1e6, 1),
        "seconds": round(time.perf_counter() - began, 2),
        "peak_memory": memory().peak,
        "mapped_files": memory().files,
    }


def _settle_history(community: Any) -> None:
    """Who has reached what by now, set-based and without evidence: the same state as after all backfills, in a minute."""
    from django.db import connection

    from milepost.engines.milestones.rules import in_force
    from milepost.foundation.common.bulk import learn_statistics

    sqlite = connection.vendor == "sqlite"
    new = "lower(hex(randomblob(16)))" if sqlite else "gen_random_uuid()"
    yes = "1" if sqlite else "true"
    with connection.cursor() as cursor:
        for rule in in_force([community.pk])[community.pk]:
            asked = rule.select()
            own = community.pk.hex if sqlite else community.pk
            stone = rule.milestone.pk.hex if sqlite else rule.milestone.pk
            cursor.execute(
                "INSERT INTO milestones_award (id, community_id, person_id, milestone_id, occurrence, reached_on, how, rule_version,"
                " evidence, link, file, file_name, activities, claimed_at, backfilled, revoked_how, revoked_because)"
                f" SELECT {new}, %s, e.person_id, %s, '', e.day, 'rule', 1, '', '', '', '', '[]', CURRENT_TIMESTAMP, {yes}, '', ''"
                f" FROM ({asked.text}) e",
                [own, stone, *asked.params],
            )
    learn_statistics("milestones_award")


def _one_of_many(n: int) -> dict[str, Any]:
    """Fifty rules as communities have them: eight for each of six deeds, and two of coming back."""
    verbs = (
        "reply.posted",
        "thread.started",
        "reaction.given",
        "event.attended",
        "resource.finished",
        "contribution.made",
    )
    verb, other = verbs[n % 6], verbs[(n + 1) % 6]
    kinds: tuple[dict[str, Any], ...] = (
        {"did": verb, "at_least": 10},
        {"did": verb, "at_least": 25},
        {"did": verb, "at_least": 50},
        {"did": verb, "at_least": 100},
        {"did": verb, "at_least": 10, "within": "P90D"},
        {"did": verb, "days_at_least": 20},
        {"did": verb, "streak_weeks_at_least": 4},
        {"all": [{"did": verb, "at_least": 25}, {"did": other, "at_least": 5}]},
    )
    return kinds[n // 6] if n < 48 else {"did": verb, "after_pause": "P180D"}
