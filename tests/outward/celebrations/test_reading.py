"""Who sees what: public, community, what one is called, private, none; for visitors, members, stewards and oneself."""

from __future__ import annotations

import pytest

from milepost.domain.people import belonging, merging
from milepost.domain.people.erasure import erase
from milepost.domain.people.models import Profile
from milepost.domain.people.presenting import choose_celebration, present
from milepost.engines.milestones import celebrating
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Person
from milepost.outward.celebrations import congratulating, reading, taking_back
from milepost.outward.celebrations.models import Moment, MomentAward, Word
from tests.factories import (
    Cast,
    actor,
    make_cast,
    make_identity,
    make_member,
    make_milestone,
    make_person,
    make_profile,
)

pytestmark = pytest.mark.django_db

FULL, CALLED = "Soraya Haddad", "Sori"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def told(cast: Cast, choice: str = "", **more: object) -> Moment:
    if choice:
        make_profile(cast.soraya, celebration=choice, called=CALLED)
    stone = make_milestone(cast.community, name="First gig", **more)
    Award.claim(person=cast.soraya, milestone=stone, reached_on=clock.today("UTC"), evidence="By the river.")
    catch_up(("rollup", "celebrations"))
    return Moment.objects.get(kind="reached")


def seen(who: Actor) -> list[str]:
    return [one.says for one in reading.newest(who, 20)]


@pytest.mark.parametrize(
    ("choice", "visitor", "member", "own"),
    [
        ("", None, FULL, FULL),
        ("public", FULL, FULL, FULL),
        ("community", None, FULL, FULL),
        ("first_name", None, CALLED, FULL),
        ("private", None, None, FULL),
        ("none", None, None, FULL),
    ],
)
def test_each_choice(cast: Cast, choice: str, visitor: str | None, member: str | None, own: str) -> None:
    told(cast, choice)

    def expected(name: str | None) -> list[str]:
        return [f"{name} reached “First gig”."] if name else []

    community = cast.community
    assert seen(actor(None, community)) == expected(visitor)
    assert seen(actor(cast.noor, community)) == expected(visitor)
    for someone in (cast.ife, cast.lan, cast.amara):
        assert seen(actor(someone)) == expected(member)
    assert seen(reading.any_member(community)) == expected(member)
    assert seen(actor(cast.soraya)) == expected(own)


def test_what_one_is_called_brings_no_id_no_photo_and_no_handle(cast: Cast) -> None:
    told(cast, "first_name")
    (one,) = reading.newest(actor(cast.ife), 9)
    (who,) = one.people
    assert (who.name, who.id, who.handle, who.photo) == (CALLED, None, "", "")


def test_without_a_word_about_it_the_first_word_of_the_name_is_said(cast: Cast) -> None:
    told(cast, "first_name")
    Profile.objects.filter(person=cast.soraya).update(called="")
    assert seen(actor(cast.ife)) == ["Soraya reached “First gig”."]


def test_what_to_call_someone_is_theirs_to_say(cast: Cast) -> None:
    present(person=cast.lan, name="Nguyễn Thị Lan", called="  Chị   Lan ")
    choose_celebration(person=cast.lan, celebration="first_name")
    Award.claim(person=cast.lan, milestone=make_milestone(cast.community, name="Gig"), reached_on=clock.today("UTC"))
    catch_up(("rollup", "celebrations"))
    assert seen(actor(cast.ife)) == ["Chị Lan reached “Gig”."]


def test_a_new_choice_holds_at_once_and_for_what_was(cast: Cast) -> None:
    told(cast, "public")
    visitor = actor(None, cast.community)
    assert seen(visitor)
    choose_celebration(person=cast.soraya, celebration="private")
    assert seen(visitor) == seen(actor(cast.lan)) == []
    choose_celebration(person=cast.soraya, celebration="public")
    assert seen(visitor)


def test_what_was_taken_back_is_its_owners_alone_until_shown_again(cast: Cast) -> None:
    moment = told(cast, "public")
    assert taking_back.take_back(moment=moment.pk, by=cast.soraya) == 1
    assert seen(actor(None, cast.community)) == seen(actor(cast.lan)) == []
    (own,) = reading.newest(actor(cast.soraya), 9)
    assert own.quietly
    assert Award.objects.standing().filter(person=cast.soraya).exists()
    for who in (actor(None, cast.community), actor(cast.lan)):
        assert not celebrating.every_award(who).exists(), "nor on home, nor in the milestone's own list"
    assert celebrating.awards(actor(cast.soraya)).exists()
    taking_back.show_again(moment=moment.pk, by=cast.soraya)
    assert seen(actor(None, cast.community))
    assert celebrating.awards(actor(None, cast.community)).exists()


def test_a_secret_milestone_is_nobody_elses(cast: Cast) -> None:
    told(cast, "public", is_secret=True)
    assert seen(actor(None, cast.community)) == seen(actor(cast.ife)) == []
    assert seen(actor(cast.soraya))


def test_who_leaves_is_no_longer_celebrated_and_who_returns_is(cast: Cast) -> None:
    told(cast, "public")
    belonging.leave(person=cast.soraya)
    assert seen(actor(None, cast.community)) == seen(actor(cast.lan)) == []
    cast.soraya.membership.left_at = None
    cast.soraya.membership.save()
    assert seen(actor(None, cast.community))


def test_a_break_changes_nothing_that_was_told(cast: Cast) -> None:
    told(cast, "public")
    belonging.pause(person=cast.soraya)
    assert seen(actor(None, cast.community))


def test_who_is_erased_is_gone_with_what_they_said(cast: Cast) -> None:
    moment = told(cast, "public")
    congratulating.say(moment=moment.pk, by=cast.ife, text="So good to hear.")
    erase(person=cast.soraya, by=None)
    catch_up(("rollup", "celebrations"))
    assert seen(actor(None, cast.community)) == seen(actor(cast.lan)) == []
    assert not MomentAward.objects.exists()
    erase(person=cast.ife, by=None)
    assert not Word.objects.exists()


def test_two_who_turn_out_to_be_one_and_are_split_again(cast: Cast) -> None:
    """What the unclaimed one reached is history: it makes no moment, is told once after the merge, and hides after a split."""
    ghost = make_person(cast.community, name="S. Haddad")
    make_identity(ghost)
    stone = make_milestone(cast.community, name="Old gig")
    Award.grant(person=ghost, milestone=stone, reached_on=clock.today("UTC"), how=Award.How.RULE)
    catch_up(("rollup", "celebrations"))
    assert seen(actor(cast.lan)) == []
    merge = merging.merge(kept=cast.soraya, gone=ghost, by=cast.lan)
    catch_up(("rollup", "celebrations"))
    assert seen(actor(cast.lan)) == []
    taking_back.catch_up(person=cast.soraya, by=cast.soraya)
    assert seen(actor(cast.lan)) == ["What Soraya Haddad had already reached: “Old gig”."]
    merging.split(merge=merge, by=cast.lan)
    catch_up(("rollup", "celebrations"))
    assert seen(actor(cast.lan)) == []


def test_of_many_only_those_are_named_and_counted_who_want_it(cast: Cast) -> None:
    """The number of the others cannot be worked out either."""
    stone = make_milestone(cast.community, name="Workshop")
    for n, choice in enumerate(["public"] * 3 + ["community"] * 3 + ["private"] * 2 + ["none"]):
        person = make_member(cast.community, name=f"P{n} {choice}")
        make_profile(person, celebration=choice)
        Award.claim(person=person, milestone=stone, reached_on=clock.today("UTC"))
    catch_up(("rollup", "celebrations"))
    assert Moment.objects.count() == 1
    assert seen(actor(None, cast.community)) == ["P0 public, P1 public and P2 public reached “Workshop”."]
    (one,) = reading.newest(actor(cast.lan), 9)
    assert len(one.people) == 6
    assert "private" not in one.says
    assert "none" not in one.says


def test_another_communitys_member_is_a_visitor(cast: Cast) -> None:
    told(cast, "community")
    other = make_cast()
    elsewhere = Actor(community=cast.community, account=other.lan.account)
    assert seen(elsewhere) == []
    assert seen(actor(other.lan)) == []


def test_a_moment_that_may_not_be_seen_is_not_there_by_its_address(cast: Cast) -> None:
    moment = told(cast, "private")
    assert reading.find(actor(cast.lan), moment.pk) is None
    assert reading.find(actor(None, cast.community), moment.pk) is None
    assert reading.find(actor(cast.soraya), moment.pk) is not None


def test_the_queries_do_not_grow_with_the_moments(cast: Cast, django_assert_max_num_queries: object) -> None:
    stone = make_milestone(cast.community, repeats="each")
    people: list[Person] = [make_member(cast.community) for _ in range(12)]
    for person in people:
        Award.claim(person=person, milestone=stone, reached_on=clock.today("UTC"))
    catch_up(("rollup", "celebrations"))
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        assert reading.newest(reading.any_member(cast.community), 20)
