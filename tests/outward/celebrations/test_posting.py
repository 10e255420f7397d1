"""How reached milestones become moments: each once, many together, and never from history."""

from __future__ import annotations

import datetime

import pytest

from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up, rewind, skip_effects_to_end
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Person
from milepost.outward.celebrations import posting, reading
from milepost.outward.celebrations.models import Moment, MomentAward
from tests.factories import Cast, actor, make_cast, make_member, make_milestone, make_person

pytestmark = pytest.mark.django_db

READERS = ("celebrations",)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def reach(person: Person, milestone: object, **more: object) -> Award:
    return Award.claim(person=person, milestone=milestone, reached_on=clock.today("UTC"), **more)  # type: ignore[arg-type]


def says(community: Community, kind: str = "reached") -> list[str]:
    return [one.says for one in reading.newest(reading.any_member(community), 50) if one.kind == kind]


def test_a_reached_milestone_is_one_moment(cast: Cast) -> None:
    stone = make_milestone(cast.community, name="First gig")
    reach(cast.soraya, stone, evidence="Two songs.")
    catch_up(READERS)
    (one,) = reading.newest(reading.any_member(cast.community), 9)
    assert one.says == "Soraya Haddad reached “First gig”."
    assert one.reached[0].words == "Two songs."
    catch_up(READERS)
    assert Moment.objects.count() == 1


def test_history_and_who_is_unclaimed_make_none(cast: Cast) -> None:
    stone = make_milestone(cast.community)
    reach(cast.soraya, stone, backfilled=True)
    Award.grant(person=make_person(cast.community), milestone=stone, reached_on=clock.today("UTC"), how=Award.How.RULE)
    catch_up(READERS)
    assert not Moment.objects.exists()


def test_what_was_taken_back_before_anyone_read_of_it_makes_none(cast: Cast) -> None:
    reach(cast.soraya, make_milestone(cast.community)).withdraw(by=cast.soraya)
    catch_up(READERS)
    assert not Moment.objects.exists()


def test_many_people_at_once_are_one_moment(cast: Cast) -> None:
    stone = make_milestone(cast.community, name="Workshop")
    for n in range(30):
        reach(make_member(cast.community, name=f"Person {n:02}"), stone)
    catch_up(READERS)
    (said,) = says(cast.community)
    assert said.startswith("Person 00, Person 01,")
    assert said.endswith("and 22 more reached “Workshop”.")


def test_a_crowd_that_comes_in_several_batches_is_still_one_moment(cast: Cast) -> None:
    stone = make_milestone(cast.community)
    for _ in range(4):
        for _n in range(6):
            reach(make_member(cast.community), stone)
        catch_up(READERS)
    assert Moment.objects.count() == 1
    assert MomentAward.objects.count() == 24


def test_trickling_in_within_the_hour_they_stop_being_moments_of_their_own(cast: Cast) -> None:
    stone = make_milestone(cast.community)
    for _ in range(20):
        reach(make_member(cast.community), stone)
        catch_up(READERS)
    assert Moment.objects.count() <= posting.MANY + 1
    assert MomentAward.objects.count() == 20


def test_one_person_with_many_milestones_is_one_moment(cast: Cast) -> None:
    for n in range(5):
        reach(cast.soraya, make_milestone(cast.community, name=f"Stone {n}"))
    catch_up(READERS)
    (said,) = says(cast.community)
    assert said.startswith("Soraya Haddad reached “Stone 0”")


def test_days_apart_each_has_its_own(cast: Cast) -> None:
    stone = make_milestone(cast.community)
    for back in range(6, 0, -1):
        with clock.moved(-datetime.timedelta(days=back)):
            Award.claim(person=make_member(cast.community), milestone=stone, reached_on=clock.today("UTC"))
    catch_up(READERS)
    assert Moment.objects.count() == 6
    days = Moment.objects.order_by("day").values_list("day", flat=True)
    assert len(set(days)) == 6


def test_small_steps_of_a_day_are_one_moment_beside_the_milestones(cast: Cast) -> None:
    first, second = (make_milestone(cast.community, name=name, kind="step") for name in ("First post", "First answer"))
    gig = make_milestone(cast.community, name="First gig")
    Award.grant(person=cast.soraya, milestone=first, reached_on=clock.today("UTC"), how=Award.How.RULE)
    Award.grant(person=cast.ife, milestone=second, reached_on=clock.today("UTC"), how=Award.How.RULE)
    reach(cast.ife, gig)
    catch_up(READERS)
    assert Moment.objects.filter(kind="steps").count() == 1
    assert says(cast.community) == ["Ife Adeyemi reached “First gig”."]
    assert says(cast.community, "steps")[0].startswith("Small steps of ")


def test_each_time_of_one_that_repeats(cast: Cast) -> None:
    stone = make_milestone(cast.community, repeats="each")
    for back in (9, 5):
        Award.claim(person=cast.soraya, milestone=stone, reached_on=clock.today("UTC") - datetime.timedelta(days=back))
    catch_up(READERS)
    assert MomentAward.objects.count() == 2


def test_standing_again_after_being_revoked_is_not_news(cast: Cast) -> None:
    award = reach(cast.soraya, make_milestone(cast.community))
    catch_up(READERS)
    award.revoke(by=cast.lan, reason="Mistaken.")
    catch_up(READERS)
    assert says(cast.community) == []
    Award.grant(person=cast.soraya, milestone=award.milestone, reached_on=award.reached_on, how=Award.How.CLAIM)
    catch_up(READERS)
    assert Moment.objects.count() == 1
    assert len(says(cast.community)) == 1


def test_it_is_an_effect(cast: Cast) -> None:
    reach(cast.soraya, make_milestone(cast.community))
    skip_effects_to_end()
    catch_up(READERS)
    assert not Moment.objects.exists()
    with pytest.raises(ValueError, match="cannot be rewound"):
        rewind("celebrations")


def test_a_batch_read_twice_changes_nothing(cast: Cast) -> None:
    award = reach(cast.soraya, make_milestone(cast.community))
    told = [posting.Told(Award.objects.select_related("milestone").get(pk=award.pk), clock.now())]
    assert [posting.post(cast.community, told) for _ in range(3)] == [1, 0, 0]
    assert MomentAward.objects.count() == 1


def test_the_communities_stay_apart(cast: Cast) -> None:
    other = make_cast()
    reach(cast.soraya, make_milestone(cast.community, name="Ours"))
    reach(other.soraya, make_milestone(other.community, name="Theirs"))
    catch_up(READERS)
    assert [m.community_id for m in reading.visible(actor(cast.lan))] == [cast.community.pk]
    assert says(other.community) == ["Soraya Haddad reached “Theirs”."]
