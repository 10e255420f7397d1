"""A slow, plain reading of rules from the raw log: no roll-up, no SQL, one member and one day at a time."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

Day = datetime.date
ONE = datetime.timedelta(days=1)
EARLY = Day(2025, 9, 1)
"""Before anything that these worlds know of."""


@dataclass(frozen=True)
class Deed:
    """A row of the log that stands: who, what, about what and where, toward whom, and when (UTC)."""

    who: int
    verb: str
    at: datetime.datetime
    object: int | None = None
    space: str | None = None
    other: int | None = None
    quantity: float = 0


@dataclass
class World:
    """Members by number: when they joined, and their role now."""

    zone: str
    joined: dict[int, datetime.datetime]
    roles: dict[int, str]
    deeds: list[Deed] = field(default_factory=list)

    def day(self, moment: datetime.datetime) -> Day:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def begins(self, member: int) -> Day:
        """Joined, or did something first."""
        return min([self.day(self.joined[member]), *(self.day(d.at) for d in self.deeds if d.who == member)])


def holds(tree: dict[str, Any], world: World, member: int, on: Day) -> bool:
    if "all" in tree:
        return all(holds(part, world, member, on) for part in tree["all"])
    if "any" in tree:
        return any(holds(part, world, member, on) for part in tree["any"])
    if "not" in tree:
        return not holds(tree["not"], world, member, on)
    if "did" in tree:
        return _did(tree, world, member, on)
    if "role" in tree:
        return bool(world.roles[member] == tree["role"])
    assert tree["attribute"] == "joined", tree
    joined = world.day(world.joined[member])
    if "at_least_ago" in tree:
        return _after(joined, tree["at_least_ago"]) <= on
    if "less_than_ago" in tree:
        return joined <= on < _after(joined, tree["less_than_ago"])
    return joined < Day.fromisoformat(tree["before"])


def _after(day: Day, length: str) -> Day:
    """P1M, P2W or P30D after the day; what a month does not have runs on into the next."""
    n, unit = int(length[1:-1]), length[-1]
    if unit != "M":
        return day + datetime.timedelta(days=n * (7 if unit == "W" else 1))
    month = day.month - 1 + n
    return Day(day.year + month // 12, month % 12 + 1, 1) + datetime.timedelta(days=day.day - 1)


def _did(tree: dict[str, Any], world: World, member: int, on: Day) -> bool:
    verbs = [tree["did"]] if isinstance(tree["did"], str) else tree["did"]
    received = tree.get("role") == "recipient"
    found: list[tuple[Day, Deed]] = []
    for deed in world.deeds:
        day = world.day(deed.at)
        if (
            deed.verb in verbs
            and day <= on
            and _theirs(deed, member, received=received)
            and _fits(deed, day, tree, world)
        ):
            found.append((day, deed))
    if "after_pause" in tree:
        return _number(tree, len([day for day in _returns(found, tree) if _inside(day, tree, on)]))
    if not all(_ended(tree, key, [day for day, _ in found]) for key in tree if key.startswith(("first_", "last_"))):
        return False
    seen = [(day, deed) for day, deed in found if _inside(day, tree, on)]
    if not _number(tree, len(seen)):
        return False
    if "days_at_least" in tree and len({day for day, _ in seen}) < tree["days_at_least"]:
        return False
    if "quantity_at_least" in tree and round(sum(d.quantity for _, d in seen), 4) < tree["quantity_at_least"]:
        return False
    objects = {d.object for _, d in seen} - {None}
    if "distinct_objects_at_least" in tree and len(objects) < tree["distinct_objects_at_least"]:
        return False
    people = {d.who if received else d.other for _, d in seen if d.who != d.other} - {None}
    if "distinct_people_at_least" in tree and len(people) < tree["distinct_people_at_least"]:
        return False
    if "streak_weeks_at_least" in tree:
        return _streak({day for day, _ in found}, tree, on)
    return True


def _theirs(deed: Deed, member: int, *, received: bool) -> bool:
    return deed.other == member != deed.who if received else deed.who == member


def _fits(deed: Deed, day: Day, tree: dict[str, Any], world: World) -> bool:
    if "in" in tree and deed.space != tree["in"]["space"]:
        return False
    received = tree.get("role") == "recipient"
    if "newcomers" in tree and not _toward_newcomer(deed, day, world, tree["newcomers"], received=received):
        return False
    if "from" in tree and day < Day.fromisoformat(tree["from"]):
        return False
    return "to" not in tree or day <= Day.fromisoformat(tree["to"])


def _returns(found: list[tuple[Day, Deed]], tree: dict[str, Any]) -> list[Day]:
    """The days that came after so many days, at least, without anything."""
    days = sorted({day for day, _ in found})
    return [b for a, b in pairwise(days) if (b - a).days > _days(tree["after_pause"])]


def _toward_newcomer(deed: Deed, day: Day, world: World, length: str, *, received: bool) -> bool:
    other = deed.who if received else deed.other
    if other is None or deed.who == deed.other:
        return False
    since = world.begins(other)
    return since <= day <= since + datetime.timedelta(days=_days(length))


def _number(tree: dict[str, Any], n: int) -> bool:
    if "exactly" in tree:
        return bool(n == tree["exactly"])
    said = tree.keys() & {"at_least", "at_most"}
    other = any(key.endswith("_at_least") or key.startswith(("first_", "last_")) for key in tree)
    if not said:
        return n >= 1 or other
    return bool(tree.get("at_least", 0) <= n <= tree.get("at_most", 10**9))


def _days(length: str) -> int:
    return int(length[1:-1]) * {"D": 1, "W": 7, "M": 30}[length[-1]]


def _inside(day: Day, tree: dict[str, Any], on: Day) -> bool:
    return "within" not in tree or on - datetime.timedelta(days=_days(tree["within"])) < day <= on


def _ended(tree: dict[str, Any], key: str, days: list[Day]) -> bool:
    if not days:
        return False
    end = min(days) if key.startswith("first_") else max(days)
    edge = Day.fromisoformat(tree[key])
    return end < edge if key.endswith("_before") else end > edge


def _streak(days: set[Day], tree: dict[str, Any], on: Day) -> bool:
    """Whether a week began its part of a long enough streak, in the days that count."""
    mondays = {day - datetime.timedelta(days=day.weekday()) for day in days}
    for monday in mondays:
        if all(monday - datetime.timedelta(weeks=k) in mondays for k in range(tree["streak_weeks_at_least"])):
            first = min(day for day in days if monday <= day < monday + datetime.timedelta(days=7))
            if _inside(first, tree, on):
                return True
    return False


def first_day(tree: dict[str, Any], world: World, member: int, today: Day) -> Day | None:
    """The first day on which it held.

    What held before anything happened did so from the member's beginning on; or, where it rests on what has no history, as of
    today, if it still does.
    """
    day = EARLY
    if holds(tree, world, member, day):
        begins = today if _has_static(tree) else world.begins(member)
        while day <= today and holds(tree, world, member, day):
            day += ONE
        if begins < day:
            return begins
    while day <= today:
        if holds(tree, world, member, day):
            return day
        day += ONE
    return None


def _has_static(tree: dict[str, Any]) -> bool:
    if "not" in tree:
        return _has_static(tree["not"])
    if "all" in tree or "any" in tree:
        return any(_has_static(part) for part in tree.get("all", tree.get("any")))
    return ("role" in tree and "did" not in tree) or "before" in tree
