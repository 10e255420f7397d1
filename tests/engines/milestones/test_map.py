"""The persona map against a plain reading of the same rows, its privacy for members, and its cost."""

from __future__ import annotations

import datetime
import itertools
import statistics
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.domain.paths.models import Milestone, NoneOfThese, Persona, PersonaChoice
from milepost.engines.milestones import map as mapping
from milepost.engines.milestones.map import merged, shown_to_members, take
from milepost.engines.milestones.models import Award
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Membership, Person
from tests.factories import (
    make_award,
    make_choice,
    make_community,
    make_member,
    make_milestone,
    make_persona,
)

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 24)


def plain(community: Community) -> dict[str, Any]:
    """The same, said slowly: {(persona, milestone): (reached, here, median days, walked, stalled)} and the starts."""
    found: dict[Any, Any] = {}
    members = {
        m.person_id
        for m in Membership.objects.filter(community=community, left_at__isnull=True, person__account__isnull=False)
    }
    days: dict[tuple[uuid.UUID, uuid.UUID], datetime.date] = {}
    for award in Award.objects.filter(community=community, revoked_at__isnull=True):
        key = (award.person_id, award.milestone_id)
        days[key] = min(days.get(key, award.reached_on), award.reached_on)
    for persona in Persona.objects.adopted().filter(community=community):
        path = [s.milestone_id for s in persona.stones.filter(milestone__retired_at__isnull=True)]
        chosen = {c.person_id for c in PersonaChoice.objects.standing().filter(persona=persona)} & members
        furthest = {p: max((n for n, stone in enumerate(path) if (p, stone) in days), default=-1) for p in chosen}
        medians: list[int | None] = []
        for n, stone in enumerate(path):
            gone = [
                (days[p, stone] - days[p, path[n - 1]]).days
                for p in chosen
                if n and (p, stone) in days and (p, path[n - 1]) in days and days[p, stone] >= days[p, path[n - 1]]
            ]
            medians.append(round(statistics.median(gone)) if len(gone) >= 5 else None)
            found[persona.pk, stone] = [
                sum((p, stone) in days for p in chosen),
                sum(at == n for at in furthest.values()),
                medians[n],
                len(gone),
                0,
            ]
        for n, stone in enumerate(path[:-1]):
            patience = max(90, 2 * (medians[n + 1] or 0))
            found[persona.pk, stone][4] = sum(
                furthest[p] == n and (TODAY - days[p, stone]).days > patience for p in chosen
            )
        found[persona.pk] = (len(chosen), sum(at == -1 for at in furthest.values()))
    return found


def told(community: Community) -> dict[str, Any]:
    found: dict[Any, Any] = {}
    with clock.moved(datetime.datetime.combine(TODAY, datetime.time(12), datetime.UTC)):
        counted = take(community)
    for column in counted.columns:
        found[column.id] = (column.members, column.at_start)
        for ident, cell in column.cells.items():
            found[column.id, ident] = [cell.reached, cell.here, cell.days, cell.walked, cell.stalled]
    return found


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_the_map_is_what_a_plain_reading_says(data: st.DataObject) -> None:
    community = make_community()
    stones = [make_milestone(community) for _ in range(4)]
    paths = data.draw(st.lists(st.permutations(range(4)), min_size=1, max_size=2))
    lengths = [data.draw(st.integers(1, 4)) for _ in paths]
    personas = [
        make_persona(community, path=[stones[n] for n in path[:length]])
        for path, length in zip(paths, lengths, strict=True)
    ]
    for _ in range(data.draw(st.integers(0, 14))):
        person = make_member(community)
        for persona in personas:
            standing = data.draw(st.sampled_from(["no", "chosen", "chosen", "left"]))
            if standing != "no":
                make_choice(person, persona, left_at=clock.now() if standing == "left" else None)
        for stone in stones:
            if data.draw(st.booleans()):
                day = TODAY - datetime.timedelta(days=data.draw(st.integers(0, 400)))
                make_award(person, stone, reached_on=day)
    assert told(community) == plain(community)


def test_who_has_left_is_unclaimed_or_was_revoked_does_not_count() -> None:
    community = make_community()
    stone = make_milestone(community)
    persona = make_persona(community, path=[stone])
    here, gone, off = (make_member(community) for _ in range(3))
    for person in (here, gone, off):
        make_choice(person, persona)
        make_award(person, stone)
    Membership.objects.filter(person=gone).update(left_at=clock.now())
    Award.objects.filter(person=off).update(revoked_at=clock.now())
    ghost = Person.objects.create(community=community, name="Ghost")
    Membership.objects.create(community=community, person=ghost)
    make_choice(ghost, persona)
    (column,) = take(community).columns
    cell = column.cells[stone.pk]
    assert (column.members, column.at_start, cell.reached) == (2, 1, 1)


def test_none_of_these_and_who_has_not_chosen_are_counted() -> None:
    community = make_community()
    persona = make_persona(community, path=[make_milestone(community)])
    chosen, silent, other = (make_member(community) for _ in range(3))
    make_choice(chosen, persona)
    NoneOfThese.objects.create(community=community, person=other, words="I listen.")
    counted = take(community)
    assert (counted.members, counted.without, counted.none_of_these) == (3, 2, 1)
    assert silent


def test_a_milestone_that_repeats_is_reached_once() -> None:
    community = make_community()
    stone = make_milestone(community, repeats=Milestone.Repeats.YEARLY)
    persona = make_persona(community, path=[stone])
    person = make_member(community)
    make_choice(person, persona)
    for year in ("2024", "2025"):
        make_award(person, stone, occurrence=year, reached_on=datetime.date(int(year), 3, 1))
    (column,) = take(community).columns
    assert column.cells[stone.pk].reached == 1


def test_retired_personas_and_milestones_are_no_longer_on_it() -> None:
    community = make_community()
    one, two = make_milestone(community), make_milestone(community, retired_at=clock.now())
    make_persona(community, path=[two, one])
    make_persona(community, path=[one], retired_at=clock.now())
    make_persona(community, path=[one], adopted_at=None)
    counted = take(community)
    assert [row.id for row in counted.rows] == [one.pk]
    assert len(counted.columns) == 1
    assert counted.rows[0].shared == 1


def test_where_most_people_stall() -> None:
    community = make_community()
    stones = [make_milestone(community) for _ in range(3)]
    persona = make_persona(community, path=stones)
    today = clock.today(community.time_zone)
    for n, ago in ((0, 200), (0, 10), (1, 120), (1, 95), (2, 900)):
        person = make_member(community)
        make_choice(person, persona)
        make_award(person, stones[n], reached_on=today - datetime.timedelta(days=ago))
    (column,) = take(community).columns
    assert [column.cells[s.pk].stalled for s in stones] == [1, 2, 0], "at the end nobody waits for anything"
    assert column.stall == stones[1].pk


def test_shared_rows_stand_in_an_order_that_fits_each_path() -> None:
    a, b, c, d = (uuid.uuid4() for _ in range(4))
    assert merged([[a, c], [a, b, c, d]]) == [a, b, c, d]
    assert merged([[a, b], [c, d]]) == [c, d, a, b] or merged([[a, b], [c, d]]) == [a, b, c, d]
    assert set(merged([[a, b], [b, a]])) == {a, b}
    assert merged([]) == []


class TestFloor:
    """Whoever looks without being a steward can tell of no group under five, not by subtraction either."""

    def shown(self, whole: int, *counts: int, members: int = 100) -> list[int]:
        ids = {uuid.uuid4(): count for count in counts}
        return sorted(ids[i] for i in shown_to_members(whole, ids, members))

    def test_small_counts_and_small_differences_are_hidden(self) -> None:
        assert self.shown(40, 30, 3) == [30]
        assert self.shown(40, 38, 20) == [20]
        assert self.shown(40, 30, 27, 12) == [12, 30]
        assert self.shown(40, 40, 30) == [30, 40], "all are no group apart"
        assert self.shown(40, 0, 30) == [0, 30]

    def test_small_personas_and_small_communities_show_nothing(self) -> None:
        assert self.shown(4, 4, 0) == [0]
        assert self.shown(12, 12, 6, members=15) == []
        assert self.shown(98, 50, members=100) == [], "who is not in it would be a small group"

    @given(whole=st.integers(0, 60), counts=st.lists(st.integers(0, 60), max_size=6), extra=st.integers(0, 60))
    def test_no_two_numbers_differ_by_a_small_group(self, whole: int, counts: list[int], extra: int) -> None:
        counts = [min(c, whole) for c in counts]
        ids = {uuid.uuid4(): count for count in counts}
        said = sorted({whole, 0, *(ids[i] for i in shown_to_members(whole, ids, whole + extra))})
        if any(said[1:-1]):
            assert all(b - a >= 5 for a, b in itertools.pairwise(said))


def test_queries_are_flat_in_members_personas_and_milestones() -> None:
    def cost(people: int, width: int, length: int) -> int:
        community = make_community()
        stones = [make_milestone(community) for _ in range(length)]
        personas = [make_persona(community, path=stones) for _ in range(width)]
        for n in range(people):
            person = make_member(community)
            make_choice(person, personas[n % width])
            make_award(person, stones[n % length], reached_on=TODAY - datetime.timedelta(days=200))
        with CaptureQueriesContext(connection) as asked:
            take(community)
        return len(asked)

    assert cost(2, 1, 2) == cost(30, 5, 6) <= 3


def test_it_is_kept_for_a_minute_and_forgotten_when_told() -> None:
    community = make_community()
    persona = make_persona(community, path=[make_milestone(community)])
    assert mapping.persona_map(community).columns[0].members == 0
    make_choice(make_member(community), persona)
    assert mapping.persona_map(community).columns[0].members == 0
    mapping.forget(community)
    assert mapping.persona_map(community).columns[0].members == 1
