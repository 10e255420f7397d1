"""A new or changed rule and everyone's history: who would gain, who no longer fits, and going through with it."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from milepost.domain.paths.models import Milestone
from milepost.domain.people.authority import check
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.conditions.sql import a_date, ident, key
from milepost.foundation.identity.models import Person

from . import rules
from .looking import expect
from .models import Award, NextLook, RuleInForce
from .rules import Found, Rule, rule_of
from .settling import CHUNK, FOUND_BY_RULE, Settled, settle

AT_ONCE = 2_000
SHOWN = 200
"""People that a preview names."""


@dataclass(frozen=True, slots=True)
class Gain:
    person: uuid.UUID
    name: str
    day: datetime.date
    occurrence: str


@dataclass(frozen=True, slots=True)
class Loss:
    award: uuid.UUID
    person: uuid.UUID
    name: str
    day: datetime.date


@dataclass(frozen=True, slots=True)
class Preview:
    """What the newest version of a rule would change. `gains` and `losses` name at most SHOWN; the numbers count all."""

    version: int
    in_force: int
    """0: none is."""
    explanation: list[tuple[str, str]]
    """(level or nothing, the rule in words)."""
    gaining: int
    gains: list[Gain]
    moving: int
    """Awards whose day would move back."""
    unfit: int
    losses: list[Loss]
    holds_as_of_now: bool
    """Part of the rule has no history, so it is taken as it is today."""


def _needed(milestone: Milestone) -> Rule:
    rule = rule_of(milestone)
    if rule is None:
        raise DomainError(
            _("No rule finds “%(name)s”.") % {"name": milestone.name}, _("Choose a rule as the way to reach it first.")
        )
    return rule


@contextmanager
def _everyone(rule: Rule) -> Iterator[str]:
    """A temporary table (n, person_id, occurrence, day) of everyone for whom the rule holds; by one statement."""
    name = "milestone_found"
    asked = rule.select()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {_temp(name)}")
        cursor.execute(
            f"CREATE TEMP TABLE {name} AS SELECT ROW_NUMBER() OVER () AS n, e.person_id, e.occurrence, e.day"
            f" FROM ({asked.text}) e",
            asked.params,
        )
        try:
            yield name
        finally:
            if not connection.needs_rollback:
                cursor.execute(f"DROP TABLE IF EXISTS {_temp(name)}")


def _temp(name: str) -> str:
    return f"pg_temp.{name}" if connection.vendor == "postgresql" else f"temp.{name}"


def _rows(text: str, params: Sequence[Any] = ()) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        return list(cursor.fetchall())


def _join(name: str, milestone: Milestone) -> tuple[str, list[Any]]:
    """The found beside the awards that are there; an object's id is compared without its hyphens."""
    return (
        f"FROM {name} f LEFT JOIN milestones_award w ON w.milestone_id = %s AND w.person_id = f.person_id"
        f" AND w.occurrence = replace(f.occurrence, '-', '{_HYPHEN.get(milestone.repeats, '-')}')",
        [key(milestone.pk)],
    )


_HYPHEN = {Milestone.Repeats.EACH.value: ""}


def preview(milestone: Milestone, *, by: Person | None) -> Preview:
    """Who would gain the milestone by the newest version of its rule, and who has it and no longer fits. Changes nothing.

    Raises NotAllowed, DomainError where no rule finds it, Invalid where the rule names what is not there any more.
    """
    check(by, "paths.write", milestone.community)
    rule = _needed(milestone)
    standing = "w.id IS NULL OR w.revoked_how = 'evidence'"
    automatic = ", ".join(f"'{how.value}'" for how in sorted(FOUND_BY_RULE))
    with _everyone(rule) as name:
        joined, given = _join(name, milestone)
        gains = _rows(
            f"SELECT f.person_id, p.name, f.day, f.occurrence FROM (SELECT f.* {joined} WHERE {standing}) f"
            f" JOIN identity_person p ON p.id = f.person_id ORDER BY f.day DESC, p.name LIMIT {SHOWN}",
            given,
        )
        ((gaining,),) = _rows(f"SELECT COUNT(*) {joined} WHERE {standing}", given)
        ((moving,),) = _rows(
            f"SELECT COUNT(*) {joined} WHERE w.revoked_at IS NULL AND w.how IN ({automatic}) AND f.day < w.reached_on",
            given,
        )
        unfit = (
            f"FROM milestones_award w JOIN identity_person p ON p.id = w.person_id WHERE w.milestone_id = %s"
            f" AND w.revoked_at IS NULL AND w.how IN ({automatic}) AND NOT EXISTS (SELECT 1 FROM {name} f"
            f" WHERE f.person_id = w.person_id AND replace(f.occurrence, '-', '{_HYPHEN.get(milestone.repeats, '-')}') = w.occurrence)"
        )
        losses = _rows(f"SELECT w.id, w.person_id, p.name, w.reached_on {unfit} ORDER BY p.name LIMIT {SHOWN}", given)
        ((not_fitting,),) = _rows(f"SELECT COUNT(*) {unfit}", given)
    force = RuleInForce.objects.filter(milestone=milestone).first()
    return Preview(
        version=rule.version,
        in_force=force.version if force else 0,
        explanation=explained(rule),
        gaining=gaining,
        gains=[Gain(ident(person), name, a_date(on), occurrence) for person, name, on, occurrence in gains],
        moving=moving,
        unfit=not_fitting,
        losses=[Loss(ident(award), ident(person), name, a_date(on)) for award, person, name, on in losses],
        holds_as_of_now=not rule.is_dated,
    )


def explained(rule: Rule) -> list[tuple[str, str]]:
    """(level, the rule in words), in the language of the moment."""
    names = [str(level["name"]) for level in rule.milestone.levels]
    return [
        (names[n] if n < len(names) else "", condition.explain())
        for n, (_occurrence, condition) in enumerate(rule.variants)
    ]


def put_in_force(milestone: Milestone, *, by: Person | None) -> RuleInForce:
    """From now on the engine goes by the newest version; audited. Everyone's history is gone through by `backfill`.

    Nobody loses anything by it; who no longer fits is let go by `let_go`, if a steward chooses so.
    """
    check(by, "paths.write", milestone.community)
    rule = _needed(milestone)
    with transaction.atomic():
        Milestone.objects.select_for_update().get(pk=milestone.pk)
        if not milestone.is_pursued:
            raise DomainError(_("“%(name)s” is not on the way.") % {"name": milestone.name})
        before = RuleInForce.objects.filter(milestone=milestone).first()
        if before is not None and before.version == rule.version:
            return before
        fields = {"version": rule.version, "since": clock.now(), "by": by, "backfilled_at": None}
        made, _new = RuleInForce.objects.update_or_create(
            milestone=milestone, defaults={"community": milestone.community, **fields}
        )
        NextLook.objects.filter(milestone=milestone).delete()
        changes = {"version": [before.version if before else 0, rule.version]}
        trace("milestone.rule_in_force", community=milestone.community, by=by, obj=milestone, changes=changes)
    rules.forget()
    return made


def backfill(milestone: Milestone, *, progress: Callable[[int, int], None] | None = None) -> Settled:
    """Go through everyone's history by the version in force: awards with the first day on which the rule held, as history.

    One set-based question, then short transactions; killed in between, it is begun again and finds the rest. Nothing of it is
    announced. Conflict where no version is in force.
    """
    force = RuleInForce.objects.filter(milestone=milestone).first()
    if force is None:
        raise Conflict(_("No rule of “%(name)s” is in force.") % {"name": milestone.name})
    rule = rule_of(milestone, force.version)
    assert rule is not None
    done = Settled()
    with _everyone(rule) as name, connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX {_index(name)} ON {name} (n)")
        ((total,),) = _rows(f"SELECT COUNT(*) FROM {name}")
        for start in range(0, total, CHUNK):
            page = _rows(
                f"SELECT person_id, occurrence, day FROM {name} WHERE n > %s AND n <= %s", [start, start + CHUNK]
            )
            found = [Found(ident(person), rules.as_kept(occurrence), a_date(on)) for person, occurrence, on in page]
            with transaction.atomic():
                settled = settle(rule, found, fresh={})
            settled.people.clear()
            done.add(settled)
            if progress:
                progress(min(start + CHUNK, total), total)
    _expect_everyone(rule)
    RuleInForce.objects.filter(milestone=milestone, version=rule.version).update(backfilled_at=clock.now())
    return done


def _index(name: str) -> str:
    return f"{name}_n" if connection.vendor == "postgresql" else f"temp.{name}_n"


def _expect_everyone(rule: Rule) -> None:
    """When to look at each member again, by some thousand at a time."""
    if not rule.is_timed:
        return
    there = Person.objects.filter(community=rule.community, erased_at__isnull=True, merged_into__isnull=True).order_by(
        "pk"
    )
    last = NO_ID
    while people := list(there.filter(pk__gt=last).values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            expect(rule, people)
        last = people[-1]


def ids(words: Sequence[str]) -> list[uuid.UUID]:
    """The ids among what a form sent; what is none is left out."""
    found = []
    for word in words:
        with suppress(ValueError):
            found.append(uuid.UUID(word))
    return found


def let_go(milestone: Milestone, *, awards: Sequence[uuid.UUID] | None, by: Person | None, reason: str) -> int:
    """Revoke awards of those who no longer fit the newest rule: the chosen ones, or all (None). Returns how many.

    Whoever fits again meanwhile keeps it. Audited one by one.
    """
    check(by, "milestones.award", milestone.community)
    rule = _needed(milestone)
    standing = Award.objects.standing().filter(milestone=milestone, how__in=FOUND_BY_RULE)
    if awards is not None:
        standing = standing.filter(pk__in=awards)
    gone = 0
    chosen = list(standing.values_list("pk", flat=True))
    for start in range(0, len(chosen), CHUNK):
        some = list(
            Award.objects.filter(pk__in=chosen[start : start + CHUNK]).select_related(
                "person__community", "milestone", "community"
            )
        )
        fits = {(one.person, one.occurrence) for one in rule.found([award.person_id for award in some])}
        with transaction.atomic():
            for award in some:
                if (award.person_id, award.occurrence) not in fits:
                    award.revoke(by=by, reason=reason)
                    gone += 1
    return gone
