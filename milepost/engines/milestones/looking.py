"""When to look at whom again: on the day on which time alone can change whether a rule holds; and what runs out."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction

from milepost.foundation.common import clock
from milepost.foundation.common.bulk import insert_rows
from milepost.foundation.common.ids import new_id
from milepost.foundation.conditions import matching, next_days
from milepost.foundation.identity.models import Community

from .models import Award, NextLook
from .rules import Rule, in_force
from .settling import CHUNK, FOUND_BY_RULE, Settled, settle

AT_ONCE = 10_000
"""People that one statement names."""
AHEAD = datetime.timedelta(hours=14)
"""Nowhere is it a later day than in the zone that is furthest ahead of UTC."""


def expect(rule: Rule, people: Sequence[uuid.UUID]) -> None:
    """Note when to look at these people again; nobody who has reached it, and nobody for whom nothing is to come."""
    if not rule.is_timed:
        return
    for start in range(0, len(people), AT_ONCE):
        _expect(rule, people[start : start + AT_ONCE])


def _expect(rule: Rule, people: Sequence[uuid.UUID]) -> None:
    NextLook.objects.filter(milestone=rule.milestone, person__in=list(people)).delete()
    first: dict[uuid.UUID, datetime.date] = {}
    for occurrence, condition in rule.variants:
        done = Award.objects.filter(milestone=rule.milestone, occurrence=occurrence, person__in=list(people))
        reached = set(done.values_list("person_id", flat=True))
        open_ones = [person for person in people if person not in reached]
        for person, day in next_days(condition, rule.community, open_ones).items() if open_ones else ():
            first[person] = min(day, first.get(person, day))
    rows = [(new_id(), rule.milestone.community_id, rule.milestone.pk, person, day) for person, day in first.items()]
    insert_rows(NextLook, ("id", "community_id", "milestone_id", "person_id", "on"), rows)


def look_again() -> Settled:
    """Ask the rules again about everyone whose day has come in their community, and renew what goes on holding.

    Safe to repeat; short transactions.
    """
    done = Settled()
    latest = (clock.now() + AHEAD).date()
    due = NextLook.objects.filter(on__lte=latest)
    communities = set(due.values_list("community_id", flat=True).distinct())
    running_out = Award.objects.standing().filter(expires_on__lte=latest, how__in=FOUND_BY_RULE)
    communities |= set(running_out.values_list("community_id", flat=True).distinct())
    for community, rules in in_force(communities).items():
        today = clock.today(Community.objects.get(pk=community).time_zone)
        for rule in rules:
            done.add(_look(rule, today))
            _renew(rule, today)
    return done


def _look(rule: Rule, today: datetime.date) -> Settled:
    done = Settled()
    while True:
        with transaction.atomic():
            due = NextLook.objects.select_for_update(skip_locked=True).filter(milestone=rule.milestone, on__lte=today)
            days = dict(due.order_by("on", "pk").values_list("person_id", "on")[:CHUNK])
            if not days:
                return done
            # Time went on; that is news, since the day on which it was expected.
            done.add(settle(rule, list(rule.found(list(days))), fresh=days))
            expect(rule, list(days))
            _never_twice(rule, days, today)


def _never_twice(rule: Rule, people: Iterable[uuid.UUID], today: datetime.date) -> None:
    """A look that is due and was taken is over, whatever the rule says of the next one."""
    NextLook.objects.filter(milestone=rule.milestone, person__in=list(people), on__lte=today).delete()


def _renew(rule: Rule, today: datetime.date) -> None:
    """What would run out goes on where the rule still holds."""
    if not rule.milestone.valid_for_days:
        return
    running_out = Award.objects.standing().filter(
        milestone=rule.milestone, expires_on__lte=today, how__in=FOUND_BY_RULE
    )
    awards: dict[str, dict[uuid.UUID, Award]] = defaultdict(dict)
    for award in running_out.select_related("milestone", "community"):
        awards[award.occurrence][award.person_id] = award
    for occurrence, condition in rule.variants:
        theirs = awards.get(occurrence, {})
        for person in list(matching(condition, rule.community, people=list(theirs))) if theirs else ():
            theirs[person].renew(on=today)
