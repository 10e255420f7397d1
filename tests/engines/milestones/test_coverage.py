"""What to make next, what helps, and what came of it."""

from __future__ import annotations

import datetime
import random
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from milepost.domain.paths.models import Persona, PersonaChoice
from milepost.engines.milestones import coverage, helping
from milepost.engines.milestones.intervals import newcombe, wilson
from milepost.engines.milestones.lift import Group, Lift, lift, lifts
from milepost.engines.milestones.models import Award
from milepost.engines.milestones.waiting import waiting
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Person
from tests.factories import (
    actor,
    make_award,
    make_community,
    make_member,
    make_milestone,
    make_opportunity,
    make_organisation,
    make_resource,
)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


# --- intervals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((0, 10, 0, 10), (-0.2775, 0.2775)),
        ((10, 10, 0, 20), (0.6791, 1.0)),
        ((10, 10, 0, 10), (0.6075, 1.0)),
    ],
)
def test_differences_are_those_of_the_paper(table: tuple[int, int, int, int], expected: tuple[float, float]) -> None:
    """Method 10 of Newcombe's Table II (1998)."""
    assert newcombe(*table) == pytest.approx(expected, abs=6e-5)


def test_shares_are_those_of_the_textbook() -> None:
    """Wilson's interval for 81 of 263, from Newcombe's first paper of 1998 (method 3)."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=6e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=6e-5)
    for wrong in ((1, 0), (3, 2), (-1, 5)):
        with pytest.raises(ValueError, match="is no share"):
            wilson(*wrong)


@given(st.integers(1, 300), st.integers(1, 300), st.data())
def test_an_interval_holds_what_was_seen(size: int, other: int, data: st.DataObject) -> None:
    hits, others = data.draw(st.integers(0, size)), data.draw(st.integers(0, other))
    low, high = newcombe(hits, size, others, other)
    assert -1 - 1e-9 <= low <= hits / size - others / other + 1e-9
    assert hits / size - others / other - 1e-9 <= high <= 1 + 1e-9
    turned = newcombe(others, other, hits, size)
    assert turned == pytest.approx((-high, -low))


# --- who waits where ----------------------------------------------------------------------------------


def joined(community: Community, days: int, n: int = 1) -> list[Person]:
    return [make_member(community, joined_at=clock.now() - datetime.timedelta(days=days)) for _n in range(n)]


def day(days: int) -> datetime.date:
    return clock.today("UTC") - datetime.timedelta(days=days)


@pytest.mark.django_db
def test_people_wait_before_the_first_stone_that_they_have_not_reached() -> None:
    community = make_community()
    gig, paid, tour = (make_milestone(community, name=name) for name in ("Gig", "Paid", "Tour"))
    off = make_milestone(community, name="Off the way", position=0)
    off.retire(by=None)
    new, long = joined(community, 10, 3), joined(community, 200, 2)
    done = joined(community, 400, 1)[0]
    for stone in (gig, paid, tour):
        make_award(done, stone, reached_on=day(300))
    skipped = joined(community, 400, 1)[0]
    make_award(skipped, paid, reached_on=day(120))
    lately = joined(community, 400, 1)[0]
    make_award(lately, gig, reached_on=day(20))
    make_organisation(community)
    gone = joined(community, 200, 1)[0]
    gone.membership.left_at = clock.now()
    gone.membership.save()
    make_award(joined(make_community(), 5)[0])
    found = waiting(community)
    assert {stone: (w.people, w.stalled) for stone, w in found.items()} == {
        gig.pk: (len(new) + len(long) + 1, len(long) + 1),
        paid.pk: (1, 0),
    }


@pytest.mark.django_db
def test_coverage_puts_first_where_most_people_wait_with_least(django_assert_num_queries: Any) -> None:
    community = make_community()
    gig, paid, tour, album = (make_milestone(community, name=name) for name in ("Gig", "Paid", "Tour", "Album"))
    joined(community, 10, 3)
    for person in joined(community, 10, 4):
        make_award(person, gig)
    make_resource(community, milestones=[gig, tour])
    make_resource(community, milestones=[gig], published=False)
    make_resource(community, milestones=[gig]).withdraw(by=None)
    make_opportunity(community, milestone=gig)
    make_opportunity(community, milestone=gig, needed=1).take(by=joined(community, 1)[0])
    make_opportunity(community, milestone=paid).close(by=None)
    with django_assert_num_queries(2 + len(helping.KINDS)):
        rows = coverage.coverage(community)
    shown = [(row.name, row.waiting, row.helps["resource"], row.helps["opportunity"]) for row in rows]
    assert shown == [("Paid", 4, 0, 0), ("Gig", 4, 1, 1), ("Album", 0, 0, 0), ("Tour", 0, 1, 0)]
    assert [row.name for row in coverage.bare(community)] == ["Paid", "Album"]
    assert album.pk in {row.id for row in rows}
    make_resource(community, milestones=[paid])
    assert len(coverage.bare(community)) == 2
    coverage.forget(community)
    assert [row.name for row in coverage.bare(community)] == ["Album"]


@pytest.mark.django_db
def test_what_helps_is_shown_to_who_may_use_it(django_assert_num_queries: Any) -> None:
    community = make_community()
    gig, other = make_milestone(community), make_milestone(community)
    member = joined(community, 10)[0]
    inside = make_resource(community, milestones=[gig], title="Inside", minutes=12)
    outside = make_resource(community, milestones=[gig, other], title="Outside", access="open")
    task = make_opportunity(community, milestone=gig, title="Carry")
    outside.finish(by=member)
    reader = actor(member)
    with django_assert_num_queries(len(helping.KINDS)):
        found = helping.helping(reader, [gig.pk, other.pk])
    assert [(one.kind.key, one.title) for one in found[gig.pk]] == [
        ("resource", "Outside"),
        ("resource", "Inside"),
        ("opportunity", "Carry"),
    ]
    assert found[gig.pk][1].minutes == 12
    assert (found[gig.pk][0].key, found[gig.pk][2].key) == (outside.slug, task.slug)
    assert [one.id for one in found[other.pk]] == [outside.pk]
    assert len(helping.helping(actor(member), [gig.pk], at_most=1)[gig.pk]) == 2
    strangers = helping.helping(actor(None, community), [gig.pk])
    assert [one.id for one in strangers[gig.pk]] == [outside.pk]
    assert inside.pk not in {one.id for one in strangers[gig.pk]}
    assert helping.helping(actor(member), []) == {}


# --- lift ---------------------------------------------------------------------------------------------


def used(person: Person, resource: Any, days: int) -> None:
    with clock.moved(datetime.timedelta(days=-days)):
        resource.finish(by=person)


def plainly(community: Community, resource: Any, stone: Any, days: int) -> Lift:
    """The definition once more, person by person."""
    from milepost.domain.resources.models import Completion

    today = clock.today("UTC")
    first = {c.person_id: c.finished_at.date() for c in Completion.objects.filter(resource=resource)}
    reached = {a.person_id: a.reached_on for a in Award.objects.filter(milestone=stone)}
    members = {
        p.pk: p.membership
        for p in Person.objects.filter(community=community, kind="human").select_related("membership")
    }

    def there(person: Any, when: datetime.date) -> bool:
        membership = members[person]
        gone = membership.left_at.date() if membership.left_at else datetime.date.max
        return bool(membership.joined_at.date() <= when < min(gone, reached.get(person, datetime.date.max)))

    def soon(person: Any, when: datetime.date) -> bool:
        return person in reached and reached[person] <= when + datetime.timedelta(days=days)

    turns = sorted(
        (when, str(person).replace("-", ""), person)
        for person, when in first.items()
        if when <= today - datetime.timedelta(days=days) and there(person, when)
    )
    others = sorted((p for p in members if p not in first), key=lambda p: (str(p)[24:], p))
    compared = [
        (p, turns[n % len(turns)][0]) for n, p in enumerate(others) if turns and there(p, turns[n % len(turns)][0])
    ]
    return Lift(
        days,
        Group(len(turns), sum(soon(p, when) for when, _key, p in turns)),
        Group(len(compared), sum(soon(p, when) for p, when in compared)),
    )


@pytest.mark.django_db
def test_lift_compares_those_who_used_it_with_those_who_did_not() -> None:
    community = make_community()
    stone, chance = make_milestone(community), random.Random(5)
    with clock.moved(datetime.timedelta(days=-400)):
        resource = make_resource(community, milestones=[stone])
    people = [person for days in (390, 300, 200, 60) for person in joined(community, days, 15)]
    for person in people:
        ago = (clock.today("UTC") - person.membership.joined_at.date()).days
        if chance.random() < 0.4:
            used(person, resource, chance.randrange(1, ago))
        if chance.random() < 0.6:
            make_award(person, stone, reached_on=day(chance.randrange(0, ago)))
        if chance.random() < 0.1:
            person.membership.left_at = clock.now() - datetime.timedelta(days=chance.randrange(0, ago))
            person.membership.save()
    catch_up()
    for days in (30, 90):
        found = lift(community, "resource.finished", [resource.pk], stone.pk, days=days)
        assert found == plainly(community, resource, stone, days)
        assert found.used.size >= 5
        assert found.is_enough
        low, high = found.interval
        assert low <= found.difference <= high
    (known,) = helping.ever(community, stone.pk)
    assert (known.title, known.objects) == (resource.title, (resource.pk,))
    assert [one.days for one in lifts(community, known, stone.pk)] == [30, 90]


@pytest.mark.django_db
def test_lift_of_what_nobody_used_is_nothing() -> None:
    community = make_community()
    stone = make_milestone(community)
    resource = make_resource(community, milestones=[stone])
    joined(community, 200, 8)
    found = lift(community, "resource.finished", [resource.pk], stone.pk, days=30)
    assert (found.used, found.others, found.is_enough) == (Group(0, 0), Group(0, 0), False)
    with pytest.raises((ValueError, ZeroDivisionError)):
        _ = found.interval


@pytest.mark.django_db
def test_too_few_are_no_group() -> None:
    assert not Lift(30, Group(4, 2), Group(50, 5)).is_enough
    assert not Lift(30, Group(50, 5), Group(4, 2)).is_enough
    clear = Lift(30, Group(50, 40), Group(50, 5))
    assert clear.is_enough
    assert clear.is_clear
    assert not Lift(30, Group(50, 6), Group(50, 5)).is_clear


@pytest.mark.django_db
def test_the_dates_of_a_series_are_one_thing_and_its_next_one_helps() -> None:
    from milepost.domain.events.models import EventMilestone
    from tests.factories import make_event, make_past_event

    community = make_community()
    stone = make_milestone(community)
    member = joined(community, 100)[0]
    coming, past = make_event(community), make_past_event(community)
    for event in (coming, past):
        EventMilestone.objects.create(community=community, event=event, milestone=stone)
    found = helping.helping(actor(member), [stone.pk])[stone.pk]
    assert [(one.kind.key, one.key, one.starts_at) for one in found] == [("event", str(coming.pk), coming.starts_at)]
    assert {used.objects for used in helping.ever(community, stone.pk)} == {(coming.pk,), (past.pk,)}
    assert coverage.work_out(community)[0].helps["event"] == 1


@pytest.mark.django_db
def test_who_chose_a_persona_waits_on_its_path() -> None:
    community = make_community()
    gig, paid, tour = (make_milestone(community, name=name) for name in ("Gig", "Paid", "Tour"))
    persona = Persona.write(community=community, by=None, name="Professionals")
    other = Persona.write(community=community, by=None, name="Teachers")
    persona.lay(milestones=[tour, paid], by=None)
    other.lay(milestones=[paid, gig], by=None)
    walks, both, none = joined(community, 10, 3)
    for person, chosen in ((walks, [persona]), (both, [persona, other])):
        for one in chosen:
            PersonaChoice.objects.create(community=community, person=person, persona=one, chosen_at=clock.now())
    make_award(walks, tour)
    make_award(both, tour)
    found = {stone: w.people for stone, w in waiting(community).items()}
    assert found == {paid.pk: 2, gig.pk: 1}
    assert none.membership.is_active
