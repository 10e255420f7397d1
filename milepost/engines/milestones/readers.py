"""Follows the log: whoever did something that a rule asks about is looked at again."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, field

from django.db import connection

from milepost.foundation.activity.following import Batch, Projection, reader
from milepost.foundation.common import clock
from milepost.foundation.common.databases import local_day_sql
from milepost.foundation.conditions.language import ANYTHING
from milepost.foundation.conditions.matching import matching
from milepost.foundation.conditions.sql import a_date, ident
from milepost.foundation.conditions.touching import Touched, touched
from milepost.foundation.identity.models import Membership

from .looking import expect
from .models import Award, NextLook
from .rules import REACHED, Found, Rule, in_force
from .settling import FOUND_BY_RULE, re_examine, settle

AT_ONCE = 10_000
"""People that one statement names (SQLite allows 32,766 parameters)."""


@dataclass(slots=True)
class Days:
    """When what a batch holds happened, by person: the first day of anything, and of what is no imported history."""

    first: dict[uuid.UUID, datetime.date] = field(default_factory=dict)
    fresh: dict[uuid.UUID, datetime.date] = field(default_factory=dict)
    members: frozenset[uuid.UUID] = frozenset()
    """Who of them belongs; the others are known from imports only."""


@reader
class Milestones(Projection):
    """Keeps awards by rule: asks each rule in force about those whom the batch touches, in the order in which rules build on
    each other.

    Awards are not emptied when it is rewound: their ids are public, and stewards' choices lie on them. Reading the log again
    asks about everyone again, and comes to the same days.
    """

    name = "milestones"
    after = ("rollup",)

    def apply(self, batch: Batch) -> None:
        people = touched(batch)
        rules = in_force(people)
        if not rules:
            return
        days = _days(batch)
        for community, there in people.items():
            for rule in rules.get(community, ()):
                _ask(rule, there, days)

    def reset(self) -> None:
        NextLook.objects.all().delete()


def _ask(rule: Rule, there: Touched, days: Days) -> None:
    past = there.by_verb.get(ANYTHING, set())
    asked = set().union(*(there.by(condition) for condition in rule.conditions))
    if rule.requires:
        asked |= there.by_verb.get(REACHED, set())
    if not asked:
        return
    open_ones = _still_open(rule, asked - past, days)
    done = settle(rule, list(rule.found(_likely(rule, open_ones, days))), fresh=days.fresh) if open_ones else None
    expect(rule, open_ones)
    if past & asked:
        again = list(past & asked)
        found: list[Found] = list(rule.found(again))
        settled = settle(rule, found, fresh=days.fresh, exact=rule.is_dated)
        settled.add(re_examine(rule, again, found))
        expect(rule, again)
        there.by_verb[REACHED] |= settled.people
    if done is not None:
        there.by_verb[REACHED] |= done.people


def _still_open(rule: Rule, people: set[uuid.UUID], days: Days) -> list[uuid.UUID]:
    """Those for whom the batch can change something: not reached, or something older than the day on which it was came in."""
    if rule.repeats or len(rule.variants) > 1:
        return list(people)
    chosen = list(people)
    for start in range(0, len(chosen), AT_ONCE):
        held = Award.objects.filter(milestone=rule.milestone, person__in=chosen[start : start + AT_ONCE])
        for person, on, how, revoked in held.values_list("person_id", "reached_on", "how", "revoked_how"):
            never = how not in FOUND_BY_RULE or revoked == Award.Revoked.STEWARD
            if never or (not revoked and days.first.get(person, datetime.date.min) >= on):
                people.discard(person)
    return list(people)


def _likely(rule: Rule, people: list[uuid.UUID], days: Days) -> list[uuid.UUID]:
    """Of those with news of today only, who meet the rule today: a far quicker question than when they first did.

    A rule that held on an earlier day held then without the news, and was found then.
    """
    today = clock.today(rule.community.time_zone)
    if rule.repeats or len(people) < 2:
        return people
    quick = [person for person in people if days.first.get(person) == today and person in days.members]
    if not quick:
        return people
    slow = set(people) - set(quick)
    likely: set[uuid.UUID] = set()
    for condition in rule.conditions:
        likely.update(matching(condition, rule.community, people=quick))
    return [*slow, *likely]


def _days(batch: Batch) -> Days:
    """Two queries."""
    where, params = batch.where()
    day = local_day_sql("a.happened_at", "c.time_zone")
    sides = " UNION ALL ".join(
        f"SELECT i.person_id AS person, {day} AS day, a.backfilled AS backfilled FROM activity_activity a"
        f" JOIN identity_identity i ON i.id = a.{side} JOIN identity_community c ON c.id = a.community_id WHERE {where}"
        for side in ("identity_id", "other_id")
    )
    found = Days()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT person, MIN(day), MIN(CASE WHEN backfilled THEN NULL ELSE day END) FROM ({sides}) s GROUP BY person",
            [*params, *params],
        )
        for person, first, fresh in cursor.fetchall():
            found.first[ident(person)] = a_date(first)
            if fresh is not None:
                found.fresh[ident(person)] = a_date(fresh)
    everyone = list(found.first)
    belonging: set[uuid.UUID] = set()
    for start in range(0, len(everyone), AT_ONCE):
        some = Membership.objects.active().filter(person__in=everyone[start : start + AT_ONCE])
        belonging.update(some.values_list("person_id", flat=True))
    found.members = frozenset(belonging)
    return found
