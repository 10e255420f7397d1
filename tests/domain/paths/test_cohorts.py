"""Cohorts: from setting out to finishing, with what is checked in between."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from milepost.domain.paths.models import CheckIn, Cohort, CohortMember
from milepost.foundation import conditions
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberDay
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from tests.factories import Cast, actor, make_cast, make_cohort, make_member, make_milestone, make_persona

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def today(cast: Cast) -> datetime.date:
    return clock.today(cast.community.time_zone)


class TestSettingOut:
    def test_whoever_starts_is_the_first(self, cast: Cast) -> None:
        made = Cohort.start(
            community=cast.community,
            by=cast.soraya,
            name="A song a week",
            starts_on=today(cast),
            ends_on=today(cast) + 28 * DAY,
            target=Decimal(40),
            unit=" songs ",
        )
        assert (made.slug, made.unit, made.organiser) == ("a-song-a-week", "songs", cast.soraya)
        assert [m.person for m in made.members.all()] == [cast.soraya]
        assert list(Activity.objects.order_by("pk").values_list("verb", flat=True)) == [
            "cohort.started",
            "cohort.joined",
        ]

    @pytest.mark.parametrize(
        ("first", "last", "says"),
        [(0, -1, "before the first"), (-9, -2, "over already"), (0, 500, "longer than a year")],
    )
    def test_days_that_cannot_be(self, cast: Cast, first: int, last: int, says: str) -> None:
        with pytest.raises(DomainError, match=says):
            Cohort.start(
                community=cast.community,
                by=cast.soraya,
                name="X",
                starts_on=today(cast) + first * DAY,
                ends_on=today(cast) + last * DAY,
            )

    def test_what_belongs_to_others_and_empty_names(self, cast: Cast) -> None:
        days = {"starts_on": today(cast), "ends_on": today(cast)}
        with pytest.raises(Conflict):
            Cohort.start(community=cast.community, by=cast.soraya, name="X", persona=make_persona(), **days)
        with pytest.raises(Conflict):
            Cohort.start(community=cast.community, by=cast.soraya, name="X", milestone=make_milestone(), **days)
        with pytest.raises(DomainError, match="name"):
            Cohort.start(community=cast.community, by=cast.soraya, name=" ", **days)
        with pytest.raises(DomainError, match="target"):
            Cohort.start(community=cast.community, by=cast.soraya, name="X", target=Decimal(0), **days)

    def test_its_organiser_and_stewards_change_it(self, cast: Cast) -> None:
        cohort = make_cohort(walkers=[cast.soraya, cast.ife])
        cohort.change(by=cast.soraya, why="For the joy of it.")
        cohort.change(by=cast.lan, name="Renamed")
        with pytest.raises(NotAllowed):
            cohort.change(by=cast.ife, name="No")
        with pytest.raises(NotAllowed):
            cohort.cancel(by=cast.ife)
        assert AuditEntry.objects.filter(action="cohort.changed").count() == 2
        assert cohort.may_organise(actor(cast.soraya))
        assert cohort.may_organise(actor(cast.lan))
        assert not cohort.may_organise(actor(cast.ife))
        cohort.cancel(by=cast.soraya)
        with pytest.raises(DomainError, match="over"):
            cohort.join(by=cast.mateus)


class TestWalking:
    def test_joining_leaving_coming_back(self, cast: Cast) -> None:
        cohort = make_cohort(walkers=[cast.soraya])
        cohort.join(by=cast.ife)
        cohort.join(by=cast.ife)
        assert Activity.objects.filter(verb="cohort.joined").count() == 1
        cohort.leave(by=cast.ife)
        assert not CohortMember.objects.walking().filter(person=cast.ife).exists()
        cohort.join(by=cast.ife)
        assert CohortMember.objects.walking().filter(cohort=cohort).count() == 2
        with pytest.raises(NotAllowed):
            cohort.join(by=make_member())

    def test_over_is_over(self, cast: Cast) -> None:
        cohort = make_cohort(walkers=[cast.soraya], ends_on=today(cast) - DAY)
        with pytest.raises(DomainError, match="over"):
            cohort.join(by=cast.ife)
        with pytest.raises(DomainError, match="between its first and its last day"):
            cohort.check_in(by=cast.soraya, words="Late")

    def test_check_ins_add_up_and_are_counted_by_rules(self, cast: Cast) -> None:
        cohort = make_cohort(walkers=[cast.soraya, cast.ife], target=Decimal(10), unit="songs", slug="songs")
        cohort.check_in(by=cast.soraya, words="Two", quantity=Decimal(2))
        third = cohort.check_in(by=cast.ife, quantity=Decimal("1.5"))
        assert cohort.done() == Decimal("3.5")
        catch_up()
        assert MemberDay.objects.get(verb="checkin.made", person_id=cast.soraya.pk).quantity == 2
        rule = conditions.parse(
            {"did": "checkin.made", "in": {"object": "cohort:songs"}, "quantity_at_least": 2}, community=cast.community
        )
        assert set(conditions.matching(rule, cast.community)) == {cast.soraya.pk}
        with pytest.raises(NotAllowed):
            third.withdraw(by=cast.soraya)
        third.withdraw(by=cast.ife)
        catch_up()
        assert cohort.done() == 2
        assert not MemberDay.objects.filter(verb="checkin.made", person_id=cast.ife.pk, count__gt=0).exists()

    def test_something_has_to_be_said(self, cast: Cast) -> None:
        cohort = make_cohort(walkers=[cast.soraya])
        with pytest.raises(DomainError, match="how it goes"):
            cohort.check_in(by=cast.soraya, words="  ")
        with pytest.raises(DomainError, match="more than nothing"):
            cohort.check_in(by=cast.soraya, quantity=Decimal(-1))
        with pytest.raises(DomainError, match="Join"):
            cohort.check_in(by=cast.ife, words="Hello")
        assert cohort.check_in(by=cast.soraya, stuck=True).stuck

    def test_who_is_stuck(self, cast: Cast) -> None:
        cohort = make_cohort(walkers=[cast.soraya, cast.ife, cast.lan])
        cohort.check_in(by=cast.soraya, stuck=True)
        cohort.check_in(by=cast.ife, stuck=True)
        with clock.moved(clock.now() + datetime.timedelta(minutes=1)):
            cohort.check_in(by=cast.ife, words="The second line saved the first.", quantity=Decimal(1))
        rows: dict[Any, Any] = {
            m.person: m for m in CohortMember.objects.filter(cohort=cohort).walking().with_progress()
        }
        assert [rows[p].said_stuck for p in (cast.soraya, cast.ife, cast.lan)] == [True, False, None]
        assert [rows[p].done for p in (cast.soraya, cast.ife, cast.lan)] == [None, 1, None]

    def test_finishing_is_a_deed_that_a_milestone_can_stand_on(self, cast: Cast) -> None:
        cohort = make_cohort(walkers=[cast.soraya, cast.ife], slug="songs")
        cohort.finish(by=cast.soraya)
        cohort.finish(by=cast.soraya)
        catch_up()
        rule = conditions.parse(
            {"did": "cohort.finished", "in": {"object": "cohort:songs"}, "at_least": 1}, community=cast.community
        )
        assert set(conditions.matching(rule, cast.community)) == {cast.soraya.pk}
        cohort.unfinish(by=cast.soraya)
        catch_up()
        assert set(conditions.matching(rule, cast.community)) == set()
        cohort.finish(by=cast.soraya)
        catch_up()
        assert set(conditions.matching(rule, cast.community)) == {cast.soraya.pk}

    def test_not_before_it_begins(self, cast: Cast) -> None:
        cohort = make_cohort(walkers=[cast.soraya], starts_on=today(cast) + DAY)
        with pytest.raises(DomainError, match="not begun"):
            cohort.finish(by=cast.soraya)


def test_which_are_on_to_come_and_over(cast: Cast) -> None:
    now = today(cast)
    on = make_cohort(cast.community)
    later = make_cohort(cast.community, starts_on=now + DAY, ends_on=now + 9 * DAY)
    past = make_cohort(cast.community, ends_on=now - DAY)
    off = make_cohort(cast.community, cancelled_at=clock.now())
    assert list(Cohort.objects.on(now)) == [on]
    assert list(Cohort.objects.to_come(now)) == [later]
    assert set(Cohort.objects.over(now)) == {past, off}
    assert not CheckIn.objects.exists()
