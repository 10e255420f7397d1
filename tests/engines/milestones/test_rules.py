"""Milestones by rule: found as the log grows, in backfilled history, by time alone; and examined again when the past changes."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Milestone, MilestoneVersion
from milepost.domain.people import linking
from milepost.engines.milestones import evidence
from milepost.engines.milestones.backfilling import backfill, let_go, preview, put_in_force
from milepost.engines.milestones.looking import look_again
from milepost.engines.milestones.models import Award, NextLook
from milepost.foundation.activity.following import catch_up, rewind
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.identity.models import Membership, Person
from tests.factories import Cast, make_cast, make_identity, make_member

pytestmark = pytest.mark.django_db

START = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)
TWICE = {"did": "thread.started", "at_least": 2}


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    Membership.objects.filter(community=cast.community).update(joined_at=START - datetime.timedelta(days=400))
    return cast


def on(day: int) -> Any:
    return clock.moved(START + datetime.timedelta(days=day))


def the_day(n: int) -> datetime.date:
    return START.date() + datetime.timedelta(days=n)


def did(who: Any, day: int, verb: str = "thread.started", *, backfilled: bool = False, **more: Any) -> Activity:
    return record(
        verb,
        community=who.community,
        by=who,
        happened_at=START + datetime.timedelta(days=day),
        backfilled=backfilled,
        **more,
    )


def make_rule(cast: Cast, rule: dict[str, Any], name: str = "Twice begun", **details: Any) -> Milestone:
    made = Milestone.define(
        community=cast.community, name=name, by=cast.lan, details=Details(way="rule", rule=rule, **details)
    )
    put_in_force(made, by=cast.lan)
    return made


def days(milestone: Milestone) -> dict[str, int]:
    found = Award.objects.standing().filter(milestone=milestone).values_list("person__name", "reached_on")
    return {name.split()[0]: (day - START.date()).days for name, day in found}


def test_it_is_reached_on_the_day_of_the_last_thing_it_takes(cast: Cast) -> None:
    stone = make_rule(cast, TWICE)
    with on(5):
        did(cast.ife, 1), did(cast.ife, 4), did(cast.soraya, 2)
        catch_up()
    assert days(stone) == {"Ife": 4}
    award = Award.objects.get()
    assert (award.how, award.rule_version, award.awarded_by, award.backfilled) == ("rule", 1, None, False)
    assert [a.happened_on for a in evidence.activities(award)] == [the_day(4), the_day(1)]
    told = Activity.objects.get(verb="milestone.reached")
    assert (told.identity.person, told.happened_on, told.backfilled) == (cast.ife, the_day(4), False)
    with on(9):
        did(cast.ife, 8)
        catch_up()
    assert Activity.objects.filter(verb="milestone.reached").count() == 1


def test_history_is_found_by_a_backfill_and_is_no_news(cast: Cast) -> None:
    with on(20):
        for day in (1, 2, 9):
            did(cast.ife, day, backfilled=True)
        catch_up()
        stone = make_rule(cast, {"did": "thread.started", "at_least": 3, "within": "P8D"})
        assert preview(stone, by=cast.lan).gaining == 0
        wider = make_rule(cast, {"did": "thread.started", "at_least": 3, "within": "P9D"}, name="Wider")
        seen = preview(wider, by=cast.lan)
        assert [(gain.name, gain.day) for gain in seen.gains] == [(cast.ife.name, the_day(9))]
        backfill(stone), backfill(wider)
    assert (days(stone), days(wider)) == ({}, {"Ife": 9})
    assert Award.objects.get().backfilled
    assert Activity.objects.get(verb="milestone.reached").backfilled


def test_an_import_is_history_and_what_follows_is_news(cast: Cast) -> None:
    stone = make_rule(cast, TWICE)
    with on(30):
        did(cast.ife, 1, backfilled=True), did(cast.ife, 2, backfilled=True), did(cast.soraya, 3, backfilled=True)
        catch_up()
        did(cast.soraya, 30)
        catch_up()
    awards = {a.person: (a.reached_on, a.backfilled) for a in Award.objects.filter(milestone=stone)}
    assert awards == {cast.ife: (the_day(2), True), cast.soraya: (the_day(30), False)}


def test_older_evidence_that_comes_later_moves_the_day_back_and_says_nothing(cast: Cast) -> None:
    stone = make_rule(cast, TWICE)
    with on(10):
        did(cast.ife, 8), did(cast.ife, 10)
        catch_up()
        did(cast.ife, 3, backfilled=True)
        catch_up()
    assert days(stone) == {"Ife": 8}
    assert Activity.objects.filter(verb="milestone.reached").count() == 1
    assert AuditEntry.objects.get(action="milestone.day_moved").changes == {
        "reached_on": [the_day(10).isoformat(), the_day(8).isoformat()]
    }


def test_what_was_taken_back_is_examined_again_and_the_like_again_stands(cast: Cast) -> None:
    stone = make_rule(cast, TWICE)
    with on(10):
        first = did(cast.ife, 1)
        did(cast.ife, 4)
        catch_up()
        award = Award.objects.get()
        retract(first, by=cast.ife)
        catch_up()
        award.refresh_from_db()
        assert (days(stone), award.revoked_how) == ({}, "evidence")
        assert not Activity.objects.filter(verb="milestone.reached").standing().exists()
        did(cast.ife, 7)
        catch_up()
    award.refresh_from_db()
    assert days(stone) == {"Ife": 7}
    assert award.revoked_at is None
    assert Activity.objects.filter(verb="milestone.reached").standing().count() == 1


def test_a_retraction_that_leaves_enough_moves_the_day(cast: Cast) -> None:
    stone = make_rule(cast, TWICE)
    with on(10):
        first = did(cast.ife, 1)
        did(cast.ife, 4), did(cast.ife, 9)
        catch_up()
        retract(first, by=cast.ife)
        catch_up()
    assert days(stone) == {"Ife": 9}


def test_what_a_steward_revoked_is_not_found_again(cast: Cast) -> None:
    stone = make_rule(cast, TWICE)
    with on(10):
        did(cast.ife, 1), did(cast.ife, 4)
        catch_up()
        Award.objects.get().revoke(by=cast.lan, reason="They were tests")
        did(cast.ife, 9)
        catch_up()
        backfill(stone)
    assert days(stone) == {}


def test_a_changed_rule_takes_nothing_away_until_a_steward_chooses(cast: Cast) -> None:
    stone = make_rule(cast, TWICE)
    with on(10):
        for day in (1, 4):
            did(cast.ife, day)
        for day in (1, 2, 3):
            did(cast.soraya, day)
        catch_up()
        stone.change(name=stone.name, why="", by=cast.lan, details=Details(way="rule", rule={**TWICE, "at_least": 3}))
        assert [v.number for v in MilestoneVersion.objects.filter(milestone=stone)] == [1, 2]
        seen = preview(stone, by=cast.lan)
        assert (seen.version, seen.in_force, seen.gaining) == (2, 1, 0)
        assert [loss.name for loss in seen.losses] == [cast.ife.name]
        put_in_force(stone, by=cast.lan), backfill(stone)
        did(cast.ife, 5)
        catch_up()
        assert set(days(stone)) == {"Ife", "Soraya"}
        with pytest.raises(NotAllowed):
            let_go(stone, awards=None, by=cast.mateus, reason="No")
        assert let_go(stone, awards=None, by=cast.lan, reason="Three it is now") == 0
    assert Award.objects.get(person=cast.ife).rule_version in {1, 2}


def test_a_steward_lets_go_who_no_longer_fits(cast: Cast) -> None:
    stone = make_rule(cast, TWICE)
    with on(10):
        did(cast.ife, 1), did(cast.ife, 4)
        catch_up()
        stone.change(name=stone.name, why="", by=cast.lan, details=Details(way="rule", rule={**TWICE, "at_least": 5}))
        put_in_force(stone, by=cast.lan)
        backfill(stone)
        assert days(stone) == {"Ife": 4}
        (loss,) = preview(stone, by=cast.lan).losses
        assert let_go(stone, awards=[loss.award], by=cast.lan, reason="Five it is now") == 1
    assert days(stone) == {}
    assert AuditEntry.objects.get(action="milestone.revoked").reason == "Five it is now"


def test_time_alone_brings_a_year_with_us(cast: Cast) -> None:
    stone = make_rule(cast, {"attribute": "joined", "at_least_ago": "P1Y"}, name="A year with us")
    newcomer = make_member(cast.community, joined_at=START)
    with on(1):
        backfill(stone)
        assert NextLook.objects.get(person=newcomer).on == datetime.date(2027, 3, 2)
        assert not Award.objects.filter(person=newcomer).exists()
        look_again()
    for day in range(360, 372):
        with on(day):
            look_again()
    award = Award.objects.get(person=newcomer)
    assert (award.reached_on, award.backfilled) == (datetime.date(2027, 3, 2), False)
    assert not NextLook.objects.exists()
    assert {a.person_id for a in Award.objects.filter(backfilled=True)} == {
        p.pk for p in (cast.amara, cast.lan, cast.mateus, cast.ife, cast.soraya)
    }


def test_milestones_build_on_each_other_in_whatever_order_they_are_found(cast: Cast) -> None:
    later = make_rule(cast, {"did": "reply.posted", "at_least": 1}, name="Answered")
    first = make_rule(cast, TWICE)
    third = make_rule(cast, {"all": [{"reached": later.slug}, {"reached": first.slug}]}, name="Both")
    later.change(
        name=later.name, why="", by=cast.lan, details=Details(way="rule", rule=later.rule, requires=(first.slug,))
    )
    with on(20):
        did(cast.ife, 1, "reply.posted")
        catch_up()
        assert Award.objects.count() == 0
        did(cast.ife, 2), did(cast.ife, 6)
        catch_up()
    assert [days(stone) for stone in (first, later, third)] == [{"Ife": 6}] * 3


def test_circles_are_refused_with_their_names(cast: Cast) -> None:
    first = make_rule(cast, TWICE, name="One")
    second = make_rule(cast, {"reached": first.slug}, name="Two")
    with pytest.raises(DomainError, match="circle"):
        first.change(name="One", why="", by=cast.lan, details=Details(way="rule", rule={"reached": second.slug}))
    with pytest.raises(DomainError, match="One → Two → One"):
        first.change(name="One", why="", by=cast.lan, details=Details(way="rule", rule=TWICE, requires=(second.slug,)))
    with pytest.raises(DomainError, match="no-such"):
        make_rule(cast, {"reached": "no-such"}, name="Three")


def test_each_year_counts_once(cast: Cast) -> None:
    stone = make_rule(cast, {"did": "thread.started", "at_least": 2}, repeats="yearly")
    with on(400):
        for day in (-70, -65, 10, 20, 30, 310, 320):
            did(cast.ife, day, backfilled=True)
        catch_up()
    found = Award.objects.filter(milestone=stone).order_by("occurrence").values_list("occurrence", "reached_on")
    assert list(found) == [("2025", the_day(-65)), ("2026", the_day(20)), ("2027", the_day(320))]


def test_each_time_is_each_thing_that_was_dealt_with(cast: Cast) -> None:
    stone = make_rule(cast, {"did": "thread.started"}, name="A conversation begun", repeats="each")
    with pytest.raises(DomainError, match="each time"):
        make_rule(cast, TWICE, name="Each twice", repeats="each")
    with on(9):
        for day in (1, 3):
            did(cast.ife, day, object_kind="thread", object_id=make_member().pk)
        catch_up()
        backfill(stone)
        assert preview(stone, by=cast.lan).gaining == 0
    assert sorted(a.reached_on for a in Award.objects.all()) == [the_day(1), the_day(3)]


def test_levels_are_reached_one_by_one(cast: Cast) -> None:
    levels = tuple({"name": f"{n}", "rule": {"did": "thread.started", "at_least": n}} for n in (1, 3))
    stone = Milestone.define(
        community=cast.community, name="Starter", by=cast.lan, details=Details(way="rule", levels=levels)
    )
    put_in_force(stone, by=cast.lan)
    with on(9):
        for day in (1, 2, 3):
            did(cast.ife, day)
            catch_up()
    found = Award.objects.order_by("occurrence").values_list("occurrence", "reached_on")
    assert list(found) == [("level-1", the_day(1)), ("level-2", the_day(3))]


def test_merging_and_splitting_carry_awards_along(cast: Cast) -> None:
    stone = make_rule(cast, TWICE)
    slack = make_identity(community=cast.community, name="Ife in Slack")
    Membership.objects.create(community=cast.community, person=slack.person)
    with on(9):
        did(slack, 1, backfilled=True), did(cast.ife, 5)
        catch_up()
        assert days(stone) == {}
        made = linking.merge(kept=cast.ife, gone=slack.person, by=cast.lan)
        catch_up()
        assert days(stone) == {"Ife": 5}
        linking.split(merge=made, by=cast.lan)
        catch_up()
    assert days(stone) == {}
    assert Award.objects.get().revoked_how == "evidence"


def test_reading_the_log_again_changes_nothing(cast: Cast) -> None:
    stone = make_rule(cast, TWICE)
    year = make_rule(cast, {"attribute": "joined", "at_least_ago": "P2Y"}, name="Two years")
    with on(9):
        did(cast.ife, 1), did(cast.ife, 5), did(cast.soraya, 2)
        catch_up()
        backfill(year)
        before = set(Award.objects.values_list("pk", "reached_on")), set(NextLook.objects.values_list("person", "on"))
        lines = Activity.objects.count()
        rewind("rollup")
        catch_up()
        assert (set(Award.objects.values_list("pk", "reached_on")), Activity.objects.count()) == (before[0], lines)
    assert days(stone) == {"Ife": 5}


def test_attendance_and_resources_are_rules_too(cast: Cast) -> None:
    with pytest.raises(DomainError, match="Only a milestone that a rule finds"):
        Milestone.define(
            community=cast.community, name="At the fair", by=cast.lan, details=Details(way="attendance", rule=TWICE)
        )
    stone = Milestone.define(
        community=cast.community, name="At the fair", by=cast.lan, details=Details(way="attendance")
    )
    put_in_force(stone, by=cast.lan)
    with on(4):
        did(cast.ife, 3, "event.attended", object_kind="event", object_id=make_member().pk)
        catch_up()
    assert [(a.how, a.reached_on) for a in Award.objects.all()] == [("attendance", the_day(3))]


def test_a_rule_gives_what_it_gives(cast: Cast) -> None:
    make_rule(cast, TWICE, grants_role="ambassador")
    with on(4):
        did(cast.soraya, 1), did(cast.soraya, 2)
        catch_up()
    assert Membership.objects.get(person=cast.soraya).role == "ambassador"


def test_what_runs_out_goes_on_while_the_rule_holds(cast: Cast) -> None:
    stone = make_rule(cast, {"did": "thread.started", "within": "P60D"}, valid_for_days=30)
    with on(0):
        did(cast.ife, 0)
        catch_up()
    award = Award.objects.get(milestone=stone)
    assert award.expires_on == the_day(29)
    with on(30):
        look_again()
    award.refresh_from_db()
    assert (award.renewed_on, award.expires_on) == (the_day(30), the_day(59))
    with on(61):
        look_again()
    award.refresh_from_db()
    assert award.expires_on == the_day(59)


def test_who_left_is_not_asked_about(cast: Cast) -> None:
    make_rule(cast, TWICE)
    with on(4):
        did(cast.soraya, 1), did(cast.soraya, 2)
        Membership.objects.filter(person=cast.soraya).update(left_at=START + datetime.timedelta(days=3))
        catch_up()
    assert not Award.objects.exists()
    assert Person.objects.filter(pk=cast.soraya.pk).exists()
