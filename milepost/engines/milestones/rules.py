"""The rules that are in force, ready to be asked: whom, and on which day first."""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Min

from milepost.domain.paths.models import Milestone, MilestoneVersion
from milepost.domain.paths.ruling import reached_in
from milepost.foundation.activity.models import MemberDay
from milepost.foundation.common import clock
from milepost.foundation.common.databases import local_day_sql
from milepost.foundation.conditions import Condition, Invalid, Sql, parse
from milepost.foundation.conditions.intervals import intervals_sql
from milepost.foundation.conditions.language import ANYTHING
from milepost.foundation.conditions.leaves import OBJECTS, Deeds, Scope
from milepost.foundation.conditions.matching import rows_of
from milepost.foundation.conditions.needing import Need, Totals, needs
from milepost.foundation.conditions.sql import ALWAYS, a_date, among, day, earlier_of, ident, joined, sql
from milepost.foundation.identity.models import Community

from .models import RuleInForce

KEPT = 60.0
"""Seconds for which a rule that was read is used again: tags and segments that it names may have changed since."""
REACHED = "milestone.reached"


@dataclass(frozen=True, slots=True)
class Found:
    """That a rule holds for a person: first on that day, and for which time (see `Award.occurrence`)."""

    person: uuid.UUID
    occurrence: str
    day: datetime.date


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of how a milestone is found reached."""

    milestone: Milestone
    version: int
    variants: tuple[tuple[str, Condition], ...]
    """(occurrence, condition): one for each level; one for all where there is none."""
    requires: frozenset[uuid.UUID]

    @property
    def community(self) -> Community:
        return self.milestone.community

    @property
    def conditions(self) -> list[Condition]:
        return [condition for _occurrence, condition in self.variants]

    @property
    def repeats(self) -> bool:
        return self.milestone.repeats != Milestone.Repeats.ONCE

    @property
    def is_timed(self) -> bool:
        return not self.repeats and any(condition.is_timed for condition in self.conditions)

    @property
    def is_dated(self) -> bool:
        """Whether all of it has history; else parts of it hold as of now."""
        return all(condition.is_dated for condition in self.conditions)

    @property
    def is_about_doing(self) -> bool:
        """Whether it asks for nothing but what people did themselves."""
        return not self.requires and all(
            condition.is_dated
            and ANYTHING not in condition.verbs
            and all(isinstance(term.source, Deeds) and not term.source.received for term in condition.terms)
            for condition in self.conditions
        )

    @property
    def builds_on(self) -> set[str]:
        """Slugs of the milestones that have to be reached before, or that the rule names."""
        return {slug for _occurrence, condition in self.variants for slug in named_in(condition)}

    @property
    def verbs_needed(self) -> set[str]:
        """What nobody reaches it without: deeds whose sums show who is far off. None where one way to it asks for none."""
        if self.milestone.repeats == Milestone.Repeats.EACH:
            return set()
        ways = [needs_of(condition) for _occurrence, condition in self.variants]
        return {verb for way in ways for need in way for verb in need.verbs} if all(ways) else set()

    def is_in_reach(self, person: uuid.UUID, totals: Totals) -> bool:
        """Whether the person did enough for one of the ways to it, all days together."""
        return any(totals.allow(person, needs_of(condition)) for _occurrence, condition in self.variants)

    def select(self, people: Sequence[uuid.UUID] | None = None) -> Sql:
        """SELECT person_id, occurrence, day: everyone for whom it holds, and the first day on which it did."""
        if self.milestone.repeats == Milestone.Repeats.EACH:
            return self._each(people)
        yearly = self.milestone.repeats == Milestone.Repeats.YEARLY
        parts = [
            sql(
                "SELECT f.person_id AS person_id, {occurrence} AS occurrence, f.day AS day FROM ({days}) f",
                occurrence=Sql("CAST(%s AS text)", (occurrence,)), days=first_days(condition, self.community, people),
            )
            for occurrence, condition in (self._years() if yearly else self.variants)
        ]  # fmt: skip
        return joined(" UNION ALL ", parts)

    def found(self, people: Sequence[uuid.UUID] | None = None) -> Iterator[Found]:
        """The rows of `select`."""
        for person, occurrence, on in rows_of(self.select(people) if people is None else asked_of(self, people)):
            yield Found(ident(person), as_kept(occurrence), a_date(on))

    def _years(self) -> Iterator[tuple[str, Condition]]:
        """The rule, asked of each year for itself."""
        last = clock.today(self.community.time_zone).year
        verbs = [verb for condition in self.conditions for verb in condition.verbs]
        rows = MemberDay.objects.filter(community_id=self.community.pk, verb__in=verbs)
        first = rows.aggregate(first=Min("day"))["first"]
        for year in range(first.year if first else last, last + 1):
            for _occurrence, condition in self.variants:
                yield str(year), parse(within_year(condition.tree, year), community=self.community)

    def _each(self, people: Sequence[uuid.UUID] | None) -> Sql:
        """Each thing that was dealt with is one time, on its first day."""
        (term,) = self.conditions[0].terms
        rows = replace(term, measure=OBJECTS).rows(
            Scope(self.community.pk, tuple(people) if people is not None else None)
        )
        return sql(
            "SELECT o.person_id AS person_id, CAST(o.unit AS text) AS occurrence, MIN(o.day) AS day FROM ({rows}) o"
            " {present} WHERE o.day <= {today}{belongs} GROUP BY o.person_id, o.unit",
            rows=rows, present=_PRESENT.format(of="o"), today=day(clock.today(self.community.time_zone)), belongs=_BELONGS,
        )  # fmt: skip


_worked_out: dict[str, tuple[Condition, frozenset[str], tuple[Need, ...]]] = {}
_asked: dict[tuple[uuid.UUID, int, datetime.date, str], tuple[Rule, Sql]] = {}
MANY = 2_000
"""Rules of which this process remembers what was worked out."""
SOMEBODY = (uuid.UUID(int=7),)
"""Stands in a remembered statement for the people that it will be asked about."""


def _of(condition: Condition) -> tuple[Condition, frozenset[str], tuple[Need, ...]]:
    known = _worked_out.get(condition.hash)
    if known is None or known[0] is not condition:
        if len(_worked_out) > MANY:
            _worked_out.clear()
        known = _worked_out[condition.hash] = condition, frozenset(reached_in(condition.tree)), needs(condition)
    return known


def named_in(condition: Condition) -> frozenset[str]:
    """Slugs of the milestones that it names; worked out once."""
    return _of(condition)[1]


def needs_of(condition: Condition) -> tuple[Need, ...]:
    """What it cannot do without; worked out once."""
    return _of(condition)[2]


def asked_of(rule: Rule, people: Sequence[uuid.UUID]) -> Sql:
    """`rule.select(people)`; of rules that are asked for one first day the statement is written once a day."""
    if rule.repeats:
        return rule.select(people)
    zone = rule.community.time_zone
    name = (rule.milestone.pk, rule.version, clock.today(zone), zone)
    known = _asked.get(name)
    if known is None or known[0].variants is not rule.variants:
        if len(_asked) > MANY:
            _asked.clear()
        known = _asked[name] = rule, rule.select(SOMEBODY)
    (nobody,), (those,) = among("", SOMEBODY).params, among("", people).params
    return Sql(known[1].text, tuple(those if param == nobody else param for param in known[1].params))


_PRESENT = (
    "JOIN identity_person p ON p.id = {of}.person_id AND p.erased_at IS NULL AND p.kind <> 'bot'"
    " LEFT JOIN identity_membership m ON m.person_id = {of}.person_id"
)
_BELONGS = " AND m.left_at IS NULL"
"""Whoever belongs, or is known from an import and has not claimed that yet; nobody who left, no bot, nobody erased."""


def first_days(condition: Condition, community: Community, people: Sequence[uuid.UUID] | None = None) -> Sql:
    """SELECT person_id, day: the first local day, up to today, on which the condition held for each person who is there.

    Like `conditions.first_days_sql`, but also for people who are known from an import only: what they reached waits for them
    until they claim it. What has no history counts from today. Where nothing says when it began, it is the day of joining, or
    the first day on which they did something.
    """
    today = clock.today(community.time_zone)
    return sql(
        "SELECT i.person_id AS person_id, MIN(i.day) AS day FROM (SELECT t.person_id AS person_id, t.stop AS stop,"
        " CASE WHEN t.start = {always} THEN {begins} ELSE t.start END AS day FROM ({intervals}) t {present}"
        " WHERE t.start <= {today}{belongs}) i WHERE i.day < i.stop AND i.day <= {today} GROUP BY i.person_id",
        always=day(ALWAYS), begins=_beginning(community) if condition.is_dated else day(today),
        intervals=intervals_sql(condition, community, people=people), present=_PRESENT.format(of="t"), today=day(today),
        belongs=_BELONGS,
    )  # fmt: skip


def _beginning(community: Community) -> str:
    joined_on = local_day_sql("m.joined_at", f"'{community.time_zone}'")
    did = "(SELECT MIN(b.day) FROM activity_memberday b WHERE b.person_id = t.person_id)"
    return earlier_of(f"COALESCE({joined_on}, {did})", f"COALESCE({did}, {joined_on})")


def as_kept(occurrence: Any) -> str:
    """An object's id is written alike whatever the database."""
    text = str(occurrence)
    return text.replace("-", "") if len(text) == 36 else text


def within_year(tree: Any, year: int) -> Any:
    """The tree with everything counted in one calendar year; periods before the day fall away, as the year is one."""
    if isinstance(tree, list):
        return [within_year(part, year) for part in tree]
    if not isinstance(tree, dict):
        return tree
    made = {name: within_year(part, year) for name, part in tree.items() if name != "within"}
    if "did" in tree or "reached" in tree:
        made["from"] = max(f"{year}-01-01", tree.get("from", ""))
        made["to"] = min(f"{year}-12-31", tree.get("to", "9999"))
        if made["from"] > made["to"]:
            # Outside of the rule's own days: a line that never holds.
            made["from"], made["to"] = "1900-01-01", "1900-01-01"
    return made


def rule_of(milestone: Milestone, number: int | None = None) -> Rule | None:
    """The rule of one version (the newest by default); None for a milestone without one. Raises Invalid."""
    version = MilestoneVersion.objects.filter(milestone=milestone, number=number or milestone.version).first()
    trees = version.trees if version else []
    if version is None or not trees:
        return None
    variants = tuple((occurrence, parse(tree, community=milestone.community)) for occurrence, tree in trees)
    return Rule(milestone, version.number, variants, frozenset(milestone.requires.values_list("pk", flat=True)))


def in_dependency_order(milestones: Iterable[Milestone]) -> list[Milestone]:
    """Each behind those that its rule, or what has to be reached before, names; those without a rule are left out."""
    found = [rule for milestone in milestones if (rule := rule_of(milestone)) is not None]
    return [rule.milestone for rule in _in_order(found)]


_read: dict[tuple[uuid.UUID, int], tuple[float, Rule | None]] = {}


def in_force(communities: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Rule]]:
    """By community: the rules that count now, each behind those that it builds on. One query where all were read before.

    A rule that names what is not there any more is left out until that is mended; its page says so.
    """
    rows = RuleInForce.objects.filter(
        community__in=list(communities), milestone__retired_at__isnull=True, milestone__adopted_at__isnull=False
    ).select_related("milestone__community")
    found: dict[uuid.UUID, list[Rule]] = {}
    for row in rows:
        rule = _kept(row.milestone, row.version)
        if rule is not None:
            found.setdefault(row.community_id, []).append(rule)
    return {community: _in_order(rules) for community, rules in found.items()}


def _kept(milestone: Milestone, version: int) -> Rule | None:
    at, rule = _read.get((milestone.pk, version), (0.0, None))
    if at and time.monotonic() - at < KEPT:
        # What is on the milestone itself may have changed: its prerequisites are read anew with the rule, in a minute.
        return replace(rule, milestone=milestone) if rule else None
    try:
        rule = rule_of(milestone, version)
    except Invalid:
        rule = None
    _read[milestone.pk, version] = (time.monotonic(), rule)
    return rule


def forget() -> None:
    """Read all rules anew: one was put in force, or what they name has changed."""
    _read.clear()


def _in_order(rules: list[Rule]) -> list[Rule]:
    by_slug = {rule.milestone.slug: rule for rule in rules}
    slugs = {rule.milestone.pk: rule.milestone.slug for rule in rules}
    done: dict[str, Rule] = {}

    def place(rule: Rule, above: frozenset[str]) -> None:
        slug = rule.milestone.slug
        if slug in done or slug in above:
            return
        lower = rule.builds_on | {slugs[pk] for pk in rule.requires if pk in slugs}
        for name in sorted(lower & by_slug.keys()):
            place(by_slug[name], above | {slug})
        done[slug] = rule

    for rule in sorted(rules, key=lambda r: (r.milestone.position, r.milestone.slug)):
        place(rule, frozenset())
    return list(done.values())
