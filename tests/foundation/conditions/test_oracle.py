"""The query answers as a slow, plain reading of the raw log does: on every day, in every zone, on both databases."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.common import clock
from milepost.foundation.conditions import Condition, Invalid, first_days, matching, next_days, parse
from milepost.foundation.identity.models import Membership
from tests.factories import make_community, make_identity, make_member, make_space

from .oracle import Deed, World, first_day, holds

pytestmark = pytest.mark.django_db

ZONES = ("Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC")
# Clocks go back in Lisbon on 26 October and in New York on 2 November; on Lord Howe they went forward on 5 October.
START = datetime.datetime(2025, 9, 28, tzinfo=datetime.UTC)
NOW = datetime.datetime(2026, 1, 15, 11, 30, tzinfo=datetime.UTC)
VERBS = ("thread.started", "reply.posted", "praise.given")

moments = st.one_of(
    st.integers(0, 108 * 24 * 4 - 1).map(lambda quarter: START + datetime.timedelta(minutes=15 * quarter)),
    # Around midnight on the days on which clocks change.
    st.builds(
        lambda day, hour, minute: datetime.datetime(2025, day[0], day[1], hour, minute, 59, tzinfo=datetime.UTC),
        st.sampled_from([(10, 4), (10, 5), (10, 25), (10, 26), (11, 1), (11, 2), (11, 3)]),
        st.integers(0, 23),
        st.sampled_from([0, 29, 30, 59]),
    ),
)
days = st.integers(0, 108).map(lambda n: (START.date() + datetime.timedelta(days=n)).isoformat())
lengths = st.sampled_from(["P1D", "P2D", "P7D", "P2W", "P30D", "P1M", "P60D"])


@st.composite
def deeds(draw: st.DrawFn, people: int) -> Deed:
    verb = draw(st.sampled_from(VERBS))
    return Deed(
        who=draw(st.integers(0, people - 1)),
        verb=verb,
        at=draw(moments),
        object=draw(st.one_of(st.none(), st.integers(0, 2))),
        space=draw(st.sampled_from([None, "music", "garden"])),
        other=draw(st.one_of(st.none(), st.integers(0, people - 1))),
        quantity=draw(st.sampled_from([0, 0.1, 0.7, 2, -1])),
    )


@st.composite
def did(draw: st.DrawFn) -> dict[str, Any]:
    tree: dict[str, Any] = {"did": draw(st.one_of(st.sampled_from(VERBS), st.just(["reply.posted", "thread.started"])))}
    if draw(st.integers(0, 3)) == 0:
        tree["role"] = "recipient"
    if draw(st.integers(0, 3)) == 0:
        tree["in"] = {"space": draw(st.sampled_from(["music", "garden"]))}
    if draw(st.integers(0, 4)) == 0:
        tree["newcomers"] = draw(lengths)
    when = draw(st.integers(0, 5))
    if when <= 2:
        tree["within"] = draw(lengths)
    elif when == 3:
        tree |= {"from": draw(days)} if draw(st.booleans()) else {"to": draw(days)}
    elif when == 4 and draw(st.booleans()):
        key = draw(st.sampled_from(["first_before", "first_after", "last_before", "last_after"]))
        return tree | {key: draw(days)}
    if draw(st.integers(0, 5)) == 0:
        tree["after_pause"] = draw(lengths)
    how = draw(st.integers(0, 8))
    if how <= 2:
        tree["at_least"] = draw(st.integers(1, 4))
    elif how == 3:
        tree["at_most"] = draw(st.integers(0, 3))
    elif how == 4:
        tree["exactly"] = draw(st.integers(0, 3))
    elif how == 5:
        tree |= {"at_least": draw(st.integers(1, 2)), "at_most": draw(st.integers(2, 4))}
    elif "after_pause" not in tree:
        key = draw(
            st.sampled_from(
                ["days_at_least", "distinct_objects_at_least", "distinct_people_at_least", "streak_weeks_at_least",
                 "quantity_at_least"]
            )
        )  # fmt: skip
        tree[key] = draw(st.sampled_from([0.8, 1.4, 2])) if key == "quantity_at_least" else draw(st.integers(1, 3))
    return tree


lines = st.one_of(
    did(),
    did(),
    did(),
    st.builds(lambda role: {"role": role}, st.sampled_from(["member", "steward"])),
    st.builds(lambda length: {"attribute": "joined", "at_least_ago": length}, lengths),
    st.builds(lambda length: {"attribute": "joined", "less_than_ago": length}, lengths),
    st.builds(lambda day: {"attribute": "joined", "before": day}, days),
)
trees = st.recursive(
    lines,
    lambda below: st.one_of(
        st.builds(
            lambda kind, parts: {kind: parts}, st.sampled_from(["all", "any"]), st.lists(below, min_size=1, max_size=3)
        ),
        st.builds(lambda part: {"not": part}, below),
    ),
    max_leaves=4,
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, list[Deed]]:
    """A small community and what was taken back in it."""
    people = draw(st.integers(1, 3))
    made = draw(st.lists(deeds(people), max_size=14))
    return (
        World(
            zone=draw(st.sampled_from(ZONES)),
            joined={n: draw(moments) for n in range(people)},
            roles={n: draw(st.sampled_from(["member", "steward"])) for n in range(people)},
            deeds=made,
        ),
        draw(st.lists(st.sampled_from(made), max_size=2, unique=True)) if made else [],
    )


class Stored:
    """The world in the database, its log read by the roll-up."""

    def __init__(self, world: World, taken_back: list[Deed]) -> None:
        self.community = make_community(time_zone=world.zone)
        spaces = {slug: make_space(self.community, slug=slug, name=slug) for slug in ("music", "garden")}
        self.people = {}
        for n, joined in world.joined.items():
            self.people[n] = make_member(self.community, role=world.roles[n], joined_at=joined)
        identities = {n: make_identity(person) for n, person in self.people.items()}
        objects = [uuid.uuid4() for _ in range(3)]
        for n, deed in enumerate(world.deeds):
            row = record(
                deed.verb,
                community=self.community,
                by=identities[deed.who],
                object_kind="thing" if deed.object is not None else "",
                object_id=objects[deed.object] if deed.object is not None else uuid.UUID(int=0),
                space_id=spaces[deed.space].pk if deed.space else None,
                other=identities[deed.other] if deed.other is not None else None,
                quantity=Decimal(str(deed.quantity)) if deed.quantity else None,
                happened_at=deed.at,
                source_key=f"{n}",
            )
            if deed in taken_back:
                retract(row, by=None)
        catch_up(["rollup"])

    def numbers(self, found: Any) -> set[int]:
        return {n for n, person in self.people.items() if person.pk in found}


@given(trees, worlds(), st.lists(st.integers(0, 108), min_size=1, max_size=3))
@settings(max_examples=150)
def test_asks_as_a_plain_reading_of_the_log_does(tree: Any, made: tuple[World, list[Deed]], ago: list[int]):
    world, taken_back = made
    with clock.moved(NOW), transaction.atomic():
        stored = Stored(world, taken_back)
        world = World(world.zone, world.joined, world.roles, [d for d in world.deeds if d not in taken_back])
        condition = _parsed(tree, stored)
        if condition is None:
            transaction.set_rollback(True)
            return
        today = clock.today(world.zone)
        for on in {today, *(today - datetime.timedelta(days=n) for n in ago)}:
            _same_members(stored, world, condition, tree, on, today)
        _same_first_days(stored, world, condition, tree, today)
        _nothing_changes_before_the_next_day(stored, world, condition, tree, today)
        transaction.set_rollback(True)


def _parsed(tree: Any, stored: Stored) -> Condition | None:
    """None for a rule that nobody can ever meet, which is refused."""
    wrong = []
    try:
        return parse(tree, community=stored.community)
    except Invalid as invalid:
        wrong = invalid.problems
    assert all("contradicts" in problem.message for problem in wrong), wrong
    return None


def _same_members(
    stored: Stored, world: World, condition: Any, tree: Any, on: datetime.date, today: datetime.date
) -> None:
    expected = {n for n in world.joined if (on == today or world.begins(n) <= on) and holds(tree, world, n, on)}
    assert stored.numbers(set(matching(condition, stored.community, as_of=on))) == expected
    some = [person.pk for n, person in stored.people.items() if n > 0]
    found = set(matching(condition, stored.community, people=some, as_of=on))
    assert stored.numbers(found) == expected - {0}


def _same_first_days(stored: Stored, world: World, condition: Any, tree: Any, today: datetime.date) -> None:
    expected = {n: day for n in world.joined if (day := first_day(tree, world, n, today))}
    found = first_days(condition, stored.community)
    assert {n: found.get(p.pk) for n, p in stored.people.items() if p.pk in found} == expected
    some = [person.pk for n, person in stored.people.items() if n > 0]
    assert first_days(condition, stored.community, people=some) == {k: v for k, v in found.items() if k in some}


def _nothing_changes_before_the_next_day(
    stored: Stored, world: World, condition: Any, tree: Any, today: datetime.date
) -> None:
    found = next_days(condition, stored.community)
    some = [person.pk for n, person in stored.people.items() if n > 0]
    assert next_days(condition, stored.community, some) == {k: v for k, v in found.items() if k in some}
    for n, person in stored.people.items():
        now, following = holds(tree, world, n, today), found.get(person.pk)
        assert following is None or following > today
        for ahead in range(1, 130):
            day = today + datetime.timedelta(days=ahead)
            if following is not None and day >= following:
                break
            assert holds(tree, world, n, day) == now, (n, day)


def test_one_line_is_asked_again_on_the_very_day():
    """A window that runs out, and an anniversary: the next day is the day on which the answer turns, not before."""
    with clock.moved(NOW):
        community = make_community(time_zone="Europe/Lisbon")
        person = make_member(community, joined_at=datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC))
        for day in (3, 3, 5, 9):
            record("reply.posted", community=community, by=person, happened_at=NOW.replace(day=day))
        catch_up(["rollup"])
        twice = parse({"did": "reply.posted", "at_least": 2, "within": "P30D"}, community=community)
        assert next_days(twice, community) == {person.pk: datetime.date(2026, 2, 4)}
        years = parse({"attribute": "joined", "at_least_ago": "P3Y"}, community=community)
        assert next_days(years, community) == {person.pk: datetime.date(2027, 3, 1)}
        assert Membership.objects.filter(person=person).exists()
