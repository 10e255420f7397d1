"""Follows the log: whoever did something that a rule asks about is looked at again."""

from __future__ import annotations

import datetime
import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from milepost.foundation.activity.following import Batch, Projection, reader
from milepost.foundation.common.databases import local_day_sql
from milepost.foundation.conditions.language import ANYTHING
from milepost.foundation.conditions.needing import Totals
from milepost.foundation.conditions.sql import a_date, ident, is_postgresql
from milepost.foundation.conditions.touching import Touched, touched

from .looking import expect
from .models import NextLook
from .rules import REACHED, Rule, in_force
from .settling import FOUND_BY_RULE, News, keep, re_examine, settle

AT_ONCE = 10_000
"""People that one statement names (SQLite allows 32,766 parameters)."""


@dataclass(slots=True)
class Days:
    """When what a batch holds happened, by person: the first day of anything, and of what is no imported history."""

    first: dict[uuid.UUID, datetime.date] = field(default_factory=dict)
    fresh: dict[uuid.UUID, datetime.date] = field(default_factory=dict)
    acted: set[uuid.UUID] = field(default_factory=set)
    """Who did something; toward the others something was done."""


@reader
class Milestones(Projection):
    """Keeps awards by rule: asks each rule in force about those whom the batch touches, in the order in which rules build on
    each other.

    Awards are not emptied when it is rewound: their ids are public, and stewards' choices lie on them. Reading the log again
    asks about everyone again, and comes to the same days.
    """

    name = "milestones"
    after = ("rollup",)
    # Each rule costs a question however few people it is about; half of the time is theirs from here on.
    smallest = 1_000

    def apply(self, batch: Batch) -> None:
        people = touched(batch)
        rules = in_force(people)
        if not rules:
            return
        days = _days(batch)
        held = _held(days)
        for community, there in people.items():
            _Pass(there, days, held).ask(rules.get(community, []))

    def reset(self) -> None:
        NextLook.objects.all().delete()


class _Pass:
    """All rules of one community about one batch. What is new is written together, before a rule that builds on it."""

    def __init__(self, there: Touched, days: Days, held: Held) -> None:
        self.there, self.days, self.held = there, days, held
        self.past = there.by_verb.get(ANYTHING, set())
        self.news: list[News] = []
        self.totals = Totals()

    def ask(self, rules: Sequence[Rule]) -> None:
        self._sum_up(rules)
        for rule in rules:
            if rule.requires or rule.builds_on:
                self._write()
            self._ask(rule)
        self._write()

    def _write(self) -> None:
        keep(self.news, self.days.fresh)
        self.there.by_verb[REACHED] |= {one.person for _rule, one in self.news}
        self.news.clear()

    def _sum_up(self, rules: Sequence[Rule]) -> None:
        """Read how often those who are asked about did what the rules count, ever: it shows of most that they are far off."""
        wanted: dict[str, set[uuid.UUID]] = defaultdict(set)
        for rule in rules:
            if verbs := rule.verbs_needed:
                people = self._near(rule) - self.past
                if rule.requires or rule.builds_on:
                    # Who reaches what it builds on in this very batch is not known yet.
                    people |= self.days.first.keys()
                open_ones = self._still_open(rule, people)
                for verb in verbs:
                    wanted[verb].update(open_ones)
        self.totals.read(wanted)

    def _near(self, rule: Rule) -> set[uuid.UUID]:
        """Those about whom the batch says something that the rule asks for."""
        asked = set().union(*(self.there.by(condition) for condition in rule.conditions))
        if rule.requires:
            asked |= self.there.by_verb.get(REACHED, set())
        # What was done toward someone says nothing to a rule that asks what they did.
        return asked & (self.days.acted | self.past) if rule.is_about_doing else asked

    def _ask(self, rule: Rule) -> None:
        near = self._near(rule)
        open_ones = self._still_open(rule, near - self.past)
        if rule.verbs_needed:
            # Time alone adds nothing to what somebody did: there is no day to look at them again, either.
            open_ones = [person for person in open_ones if rule.is_in_reach(person, self.totals)]
        if open_ones:
            self._first_days(rule, open_ones)
            expect(rule, open_ones)
        if again := list(self.past & near):
            self._examine(rule, again)

    def _first_days(self, rule: Rule, people: list[uuid.UUID]) -> None:
        found = list(rule.found(people))
        if not found:
            return
        known = self.held.get(rule.milestone.pk, {})
        if not rule.requires and not rule.repeats and len(rule.variants) == 1:
            self.news += [(rule, one) for one in found if one.person not in known]
            found = [one for one in found if one.person in known]
        if found:
            done = settle(rule, found, fresh=self.days.fresh, later=self.news)
            self.there.by_verb[REACHED] |= done.people

    def _examine(self, rule: Rule, again: list[uuid.UUID]) -> None:
        """Those whose past the batch changes."""
        found = list(rule.found(again))
        settled = settle(rule, found, fresh=self.days.fresh, exact=rule.is_dated, later=self.news)
        settled.add(re_examine(rule, again, found))
        expect(rule, again)
        self.there.by_verb[REACHED] |= settled.people

    def _still_open(self, rule: Rule, people: set[uuid.UUID]) -> list[uuid.UUID]:
        """Those for whom the batch can change something: not reached, or something older than the day on which it was."""
        if rule.repeats or len(rule.variants) > 1:
            return list(people)
        known = self.held.get(rule.milestone.pk, {})
        return [person for person in people if not known.get(person, False)]


type Held = dict[uuid.UUID, dict[uuid.UUID, bool]]
"""By milestone and person, who has an award: True where nothing in the batch can change it."""


def _held(days: Days) -> Held:
    """One query for all rules, for ten thousand people at a time."""
    everyone = [(person.hex, day.isoformat()) for person, day in days.first.items()]
    by_rule = ", ".join(f"'{how.value}'" for how in FOUND_BY_RULE)
    found: Held = defaultdict(dict)
    # The same few ids in many rows.
    milestones: dict[Any, uuid.UUID] = {}
    people: dict[Any, uuid.UUID] = {}
    for start in range(0, len(everyone), AT_ONCE):
        some = everyone[start : start + AT_ONCE]
        if is_postgresql():
            wanted = "unnest(%s::uuid[], %s::date[]) AS w(person, first)"
            params: list[Any] = [[person for person, _day in some], [day for _person, day in some]]
        else:
            wanted = "(SELECT json_extract(value, '$[0]') AS person, json_extract(value, '$[1]') AS first FROM json_each(%s)) w"
            params = [json.dumps(some)]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT a.milestone_id, a.person_id, (a.revoked_how = 'steward' OR a.how NOT IN ({by_rule})"
                f" OR (a.revoked_at IS NULL AND w.first >= a.reached_on)) FROM {wanted}"
                " JOIN milestones_award a ON a.person_id = w.person",
                params,
            )
            for milestone, person, is_over in cursor.fetchall():
                key = milestones.get(milestone) or milestones.setdefault(milestone, ident(milestone))
                found[key][people.get(person) or people.setdefault(person, ident(person))] = bool(is_over)
    return found


def _days(batch: Batch) -> Days:
    """One query."""
    where, params = batch.where()
    day = local_day_sql("a.happened_at", "c.time_zone")
    sides = " UNION ALL ".join(
        f"SELECT i.person_id AS person, {day} AS day, a.backfilled AS backfilled, {acted} AS acted FROM activity_activity a"
        f" JOIN identity_identity i ON i.id = a.{side} JOIN identity_community c ON c.id = a.community_id WHERE {where}"
        for side, acted in (("identity_id", 1), ("other_id", 0))
    )
    found = Days()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT person, MIN(day), MIN(CASE WHEN backfilled THEN NULL ELSE day END), MAX(acted) FROM ({sides}) s GROUP BY person",
            [*params, *params],
        )
        for key, first, fresh, acted in cursor.fetchall():
            person = ident(key)
            found.first[person] = a_date(first)
            if fresh is not None:
                found.fresh[person] = a_date(fresh)
            if acted:
                found.acted.add(person)
    return found
