"""Sums leave out nobody whom a rule would find."""

from __future__ import annotations

import datetime

import pytest

from milepost.foundation.activity.models import MemberDay
from milepost.foundation.conditions import matching, parse
from milepost.foundation.conditions.needing import Need, Totals, needs
from tests.factories import make_community, make_member

pytestmark = pytest.mark.django_db
POSTED = "reply.posted"


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"did": POSTED, "at_least": 3, "within": "P90D"}, [Need((POSTED,), count=3)]),
        ({"did": POSTED, "days_at_least": 4}, [Need((POSTED,), days=4)]),
        ({"did": POSTED, "streak_weeks_at_least": 5}, [Need((POSTED,), days=5)]),
        ({"did": POSTED, "after_pause": "P30D"}, [Need((POSTED,), days=2)]),
        ({"did": POSTED, "at_most": 3}, []),
        ({"not": {"did": POSTED, "at_least": 3}}, []),
        ({"any": [{"did": POSTED, "at_least": 3}, {"did": "thread.started"}]}, []),
        ({"did": POSTED, "role": "recipient", "at_least": 3}, []),
        (
            {"all": [{"did": POSTED, "at_least": 3}, {"did": "thread.started"}, {"role": "member"}]},
            [Need((POSTED,), count=3), Need(("thread.started",))],
        ),
    ],
)
def test_what_a_rule_cannot_do_without(tree, expected):
    found = needs(parse(tree, community=make_community()))
    assert sorted(found, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize(
    "tree",
    [
        {"did": POSTED, "at_least": 3},
        {"did": POSTED, "days_at_least": 2},
        {"did": POSTED, "streak_weeks_at_least": 2},
        {"did": [POSTED, "thread.started"], "at_least": 4},
        {"did": POSTED, "after_pause": "P10D"},
    ],
)
def test_whoever_matches_is_allowed_and_some_are_not(tree):
    community = make_community()
    today = datetime.datetime.now(tz=datetime.UTC).date()
    people = []
    # From nobody's deed to many, a week apart: (how often a day, on how many days).
    for count, days in ((0, 0), (1, 1), (5, 1), (1, 2), (2, 2), (1, 5), (3, 5)):
        person = make_member(community=community)
        people.append(person.pk)
        for n in range(days):
            MemberDay.objects.create(
                person_id=person.pk, verb=POSTED, community_id=community.pk, count=count,
                day=today - datetime.timedelta(days=1 + (14 if "after_pause" in tree else 7) * n),
            )  # fmt: skip
    condition = parse(tree, community=community)
    totals = Totals()
    totals.read({verb: people for need in needs(condition) for verb in need.verbs})
    allowed = {person for person in people if totals.allow(person, needs(condition))}
    found = set(matching(condition, community, people=people))
    assert found
    assert found <= allowed
    assert people[0] not in allowed
