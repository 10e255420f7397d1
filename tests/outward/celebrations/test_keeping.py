"""What time alone brings: anniversaries, round-ups, and what was reached together."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from milepost.domain.people import belonging
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.outward.celebrations import keeping, landmarks, reading, streaks, taking_back, unseen, walls
from milepost.outward.celebrations.models import Landmark, Moment
from milepost.outward.celebrations.tasks import keep_celebrations
from tests.factories import Cast, actor, make_award, make_cast, make_milestone, make_praise, make_profile

pytestmark = pytest.mark.django_db

UTC = datetime.UTC
DAY = datetime.timedelta(days=1)


@pytest.fixture
def cast() -> Cast:
    with clock.moved(datetime.datetime(2023, 1, 1, tzinfo=UTC)):
        return make_cast()


def at(year: int, month: int, day: int, hour: int = 12) -> datetime.datetime:
    return datetime.datetime(year, month, day, hour, tzinfo=UTC)


def says(cast: Cast, kind: str) -> list[str]:
    found = reading.visible(reading.any_member(cast.community)).filter(kind=kind)
    return [one.says for one in reading.shown(list(found), reading.any_member(cast.community))]


def celebrated(cast: Cast, moment: datetime.datetime, who: str = "soraya", name: str = "First gig") -> Award:
    with clock.moved(moment):
        stone = make_milestone(cast.community, name=name)
        award = Award.claim(person=getattr(cast, who), milestone=stone, reached_on=moment.date())
        catch_up(("rollup", "celebrations"))
    return award


# --- anniversaries --------------------------------------------------------------------------------------


def test_a_year_later_it_is_remembered_once(cast: Cast) -> None:
    celebrated(cast, at(2025, 3, 9))
    for hour in (3, 8, 12, 23):
        with clock.moved(at(2026, 3, 9, hour)):
            keeping.keep(cast.community)
    assert says(cast, "anniversary") == ["1 year ago: Soraya Haddad, “First gig”."]
    with clock.moved(at(2026, 3, 10)):
        keeping.keep(cast.community)
    assert len(says(cast, "anniversary")) == 1
    with clock.moved(at(2028, 3, 9)):
        keeping.keep(cast.community)
    assert "3 years ago: Soraya Haddad, “First gig”." in says(cast, "anniversary")


def test_of_several_years_none_is_said(cast: Cast) -> None:
    celebrated(cast, at(2024, 3, 9), name="First gig")
    celebrated(cast, at(2025, 3, 9), name="First tour")
    with clock.moved(at(2026, 3, 9)):
        keeping.keep(cast.community)
    assert says(cast, "anniversary") == ["On this day in earlier years: Soraya Haddad, “First gig” and “First tour”."]


def test_the_29th_of_february() -> None:
    leap, plain = datetime.date(2024, 2, 29), datetime.date(2025, 3, 1)
    assert leap in keeping.days_remembered(plain)
    assert leap in keeping.days_remembered(datetime.date(2028, 2, 29))
    assert leap not in keeping.days_remembered(datetime.date(2028, 3, 1))
    assert datetime.date(2024, 3, 1) in keeping.days_remembered(plain)


def test_history_a_taken_back_moment_and_a_break_are_left_in_peace(cast: Cast) -> None:
    with clock.moved(at(2025, 3, 9)):
        stone = make_milestone(cast.community)
        Award.claim(person=cast.ife, milestone=stone, reached_on=at(2025, 3, 9).date(), backfilled=True)
        catch_up(("rollup", "celebrations"))
    celebrated(cast, at(2025, 3, 9), name="Taken back")
    taking_back.take_back(moment=Moment.objects.get().pk, by=cast.soraya)
    celebrated(cast, at(2025, 3, 9), who="mateus", name="On a break")
    with clock.moved(at(2026, 3, 1)):
        belonging.pause(person=cast.mateus)
    with clock.moved(at(2026, 3, 9)):
        keeping.keep(cast.community)
    assert says(cast, "anniversary") == []


def test_the_communitys_own_day_counts(cast: Cast) -> None:
    cast.community.time_zone = "Pacific/Auckland"
    cast.community.save()
    celebrated(cast, at(2025, 3, 9))
    with clock.moved(at(2026, 3, 8, 19)):  # the morning of the 9th there
        keeping.keep(cast.community)
    assert len(says(cast, "anniversary")) == 1


def test_a_worker_that_was_away_makes_up_for_it(cast: Cast) -> None:
    celebrated(cast, at(2025, 3, 9))
    with clock.moved(at(2026, 3, 11)):
        keep_celebrations()
    assert len(says(cast, "anniversary")) == 1


# --- weeks ----------------------------------------------------------------------------------------------


def test_a_week_with_something_in_it_is_rounded_up_once_for_members(cast: Cast) -> None:
    celebrated(cast, at(2026, 3, 4))
    with clock.moved(at(2026, 3, 8)):
        keeping.keep(cast.community)
    assert says(cast, "round_up") == []
    for day in (9, 9, 10):
        with clock.moved(at(2026, 3, day)):
            keeping.keep(cast.community)
    (monday,) = Moment.objects.filter(kind="round_up").values_list("day", flat=True)
    assert monday == datetime.date(2026, 3, 2)
    assert not reading.visible(reading.visitor(cast.community)).filter(kind="round_up").exists()
    with clock.moved(at(2026, 3, 16)):
        keeping.keep(cast.community)
    assert Moment.objects.filter(kind="round_up").count() == 1, "a week with nothing has none"


# --- together -------------------------------------------------------------------------------------------


def praise(cast: Cast, moment: datetime.datetime, *, backfilled: bool = False, quantity: str | None = None) -> None:
    record(
        "praise.given",
        community=cast.community,
        by=cast.ife,
        other=cast.soraya,
        happened_at=moment,
        backfilled=backfilled,
        quantity=Decimal(quantity) if quantity else None,
    )


def landmark(cast: Cast, target: int, measure: str = "times") -> Landmark:
    return landmarks.define(
        community=cast.community,
        name="Our thanks",
        verb="praise.given",
        measure=measure,
        target=Decimal(target),
        by=cast.lan,
    )


def test_the_third_thanks_are_celebrated_together(cast: Cast) -> None:
    with clock.moved(at(2026, 3, 1)):
        one = landmark(cast, 3)
    for day in (2, 3, 4):
        assert says(cast, "landmark") == []
        with clock.moved(at(2026, 3, day)):
            praise(cast, at(2026, 3, day, 9))
            catch_up(("rollup", "celebrations"))
            keeping.keep(cast.community)
            keeping.keep(cast.community)
    assert says(cast, "landmark") == ["Together we reached it: Our thanks."]
    one.refresh_from_db()
    assert one.reached_on == datetime.date(2026, 3, 4)
    assert Activity.objects.filter(verb="landmark.reached").count() == 1
    assert reading.newest(reading.visitor(cast.community), 9)[0].kind == "landmark"


def test_what_history_brought_is_noted_and_not_announced(cast: Cast) -> None:
    with clock.moved(at(2026, 3, 1)):
        one = landmark(cast, 3)
        for day in range(1, 6):
            praise(cast, at(2020, 3, day), backfilled=True)
        catch_up(("rollup", "celebrations"))
        keeping.keep(cast.community)
    one.refresh_from_db()
    assert one.reached_on == datetime.date(2020, 3, 3)
    assert says(cast, "landmark") == []


@pytest.mark.parametrize(("measure", "expected"), [("times", 3), ("quantity", 7), ("people", 1), ("things", 1)])
def test_the_four_measures(cast: Cast, measure: str, expected: int) -> None:
    one = landmark(cast, 100, measure)
    for quantity in ("2", "5", None):
        praise(cast, at(2026, 3, 1), quantity=quantity)
    catch_up(("rollup", "celebrations"))
    assert keeping.so_far(one) == expected


def test_what_is_behind_already_is_no_landmark(cast: Cast) -> None:
    for day in (1, 2):
        praise(cast, at(2026, 3, day))
    catch_up(("rollup", "celebrations"))
    with pytest.raises(DomainError, match="behind you already"):
        landmark(cast, 2)
    with pytest.raises(DomainError):
        landmark(cast, -1)
    with pytest.raises(NotAllowed):
        landmarks.define(
            community=cast.community, name="x", verb="praise.given", measure="times", target=Decimal(5), by=cast.soraya
        )
    with pytest.raises(DomainError, match="cannot be counted"):
        landmarks.define(
            community=cast.community, name="x", verb="person.erased", measure="times", target=Decimal(5), by=cast.lan
        )


def test_a_retired_one_is_not_looked_for(cast: Cast) -> None:
    with clock.moved(at(2026, 3, 1)):
        landmarks.retire(landmark=landmark(cast, 1), by=cast.lan)
        praise(cast, at(2026, 3, 1))
        catch_up(("rollup", "celebrations"))
        keeping.keep(cast.community)
    assert says(cast, "landmark") == []


# --- walls ----------------------------------------------------------------------------------------------


def test_a_walls_address_works_until_it_is_taken_away(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        walls.open_wall(community=cast.community, name="Back room", by=cast.soraya)
    wall = walls.open_wall(community=cast.community, name="Back room", by=cast.lan)
    token = wall.token
    assert walls.find(token) == wall
    walls.revoke(wall=wall, by=cast.lan)
    walls.revoke(wall=wall, by=cast.lan)
    assert walls.find(token) is None
    assert walls.find("") is None


# --- who is overlooked ----------------------------------------------------------------------------------


def test_who_went_long_without_any_recognition(cast: Cast) -> None:
    now = clock.now()
    make_praise(cast.lan, cast.ife, given_at=now - 10 * DAY)
    make_praise(cast.lan, cast.soraya, given_at=now - 200 * DAY)
    make_award(cast.mateus, claimed_at=now - 20 * DAY, milestone=make_milestone(cast.community))
    make_award(cast.amara, claimed_at=now, backfilled=True, milestone=make_milestone(cast.community))
    belonging.pause(person=cast.lan)
    found = list(unseen.unseen(cast.community).order_by("seen_at").values_list("person", flat=True))
    assert found == [cast.amara.pk, cast.soraya.pk]
    for _ in range(3):
        record("reply.posted", community=cast.community, by=cast.soraya)
    catch_up(("rollup", "celebrations"))
    assert unseen.done_lately(cast.community, found) == {cast.soraya.pk: 3}


def test_a_rhythm_forgives(cast: Cast) -> None:
    now = at(2026, 3, 4)
    with clock.moved(now):
        for weeks in (0, 1, 4, 5, 12):
            record("reply.posted", community=cast.community, by=cast.soraya, happened_at=now - 7 * weeks * DAY)
        catch_up(("rollup", "celebrations"))
        found = streaks.rhythm_of(cast.soraya)
        assert (found.weeks, found.since) == (4, datetime.date(2026, 1, 26))
        assert streaks.rhythm_of(cast.ife).weeks == 0


# --- what was reached before ----------------------------------------------------------------------------


def reached_before(cast: Cast) -> list[Award]:
    made = []
    for n in range(3):
        stone = make_milestone(cast.community, name=f"Old {n}")
        made.append(
            Award.claim(person=cast.soraya, milestone=stone, reached_on=at(2020, 1, n + 1).date(), backfilled=True)
        )
    catch_up(("rollup", "celebrations"))
    return made


def test_one_post_tells_what_was_reached_before_and_one_only(cast: Cast) -> None:
    first, *_rest = reached_before(cast)
    assert says(cast, "catch_up") == []
    assert taking_back.may_catch_up(cast.soraya)
    taking_back.catch_up(person=cast.soraya, by=cast.soraya, awards=[first.pk])
    assert says(cast, "catch_up") == ["What Soraya Haddad had already reached: “Old 0”."]
    assert not taking_back.may_catch_up(cast.soraya)
    with pytest.raises(DomainError, match="published before"):
        taking_back.catch_up(person=cast.soraya, by=cast.soraya)


def test_a_steward_may_too_but_not_against_someones_wish(cast: Cast) -> None:
    reached_before(cast)
    assert list(taking_back.waiting(cast.community)) == [cast.soraya]
    with pytest.raises(NotAllowed):
        taking_back.catch_up(person=cast.soraya, by=cast.ife)
    profile = make_profile(cast.soraya, celebration="none")
    cast.soraya.refresh_from_db()
    assert not taking_back.waiting(cast.community).exists()
    with pytest.raises(NotAllowed, match="does not want"):
        taking_back.catch_up(person=cast.soraya, by=cast.lan)
    profile.celebration = "community"
    profile.save()
    cast.soraya.refresh_from_db()
    taking_back.catch_up(person=cast.soraya, by=cast.lan)
    assert len(reading.newest(actor(cast.ife), 9)[0].reached) == 3
    assert not taking_back.waiting(cast.community).exists()


def test_there_must_be_something_to_tell_and_only_ones_own(cast: Cast) -> None:
    with pytest.raises(DomainError, match="nothing to tell"):
        taking_back.catch_up(person=cast.soraya, by=cast.soraya)
    others = reached_before(cast)
    with pytest.raises(DomainError, match="nothing to tell"):
        taking_back.catch_up(person=cast.ife, by=cast.ife, awards=[one.pk for one in others])


def test_only_whose_moment_it_is_takes_it_back(cast: Cast) -> None:
    celebrated(cast, at(2026, 3, 4))
    moment = Moment.objects.get().pk
    for by in (cast.lan, cast.amara, make_cast().lan):
        with pytest.raises(NotAllowed):
            taking_back.take_back(moment=moment, by=by)
