"""The community's home: for members, visitors and strangers; what is celebrated, and what stays private."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from milepost.domain.paths.models import Introduction, Mentoring, Milestone, Persona
from milepost.domain.spaces.models import Thread
from milepost.engines.milestones import bearings
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Account, Community, Person
from tests.factories import (
    Cast,
    make_account,
    make_award,
    make_cast,
    make_charter,
    make_choice,
    make_community,
    make_goal,
    make_member,
    make_milestone,
    make_persona,
    make_post,
    make_praise,
    make_profile,
    make_space,
    make_thread,
    make_value,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def as_(who: Person | Account | None) -> Client:
    client = Client()
    account = who.account if isinstance(who, Person) else who
    if account is not None:
        client.force_login(account)
    return client


def home(who: Person | Account | None, community: Community) -> str:
    answer = as_(who).get(f"/c/{community.slug}/")
    assert answer.status_code == 200
    return answer.content.decode()


def furnished(cast: Cast) -> dict[str, Any]:
    """Mission, value, milestone, goal, and a conversation."""
    community = cast.community
    value = make_value(community, name="Lift while you climb")
    milestone = make_milestone(community, name="First paid gig", slug="first-paid-gig")
    return {
        "charter": make_charter(community),
        "value": value,
        "milestone": milestone,
        "goal": make_goal(community, title="Everyone gets paid once", milestone=milestone, value=value, target=10),
        "thread": make_thread(
            make_space(community, name="Rooms"), author=cast.lan, title="Which room is free", value=value, posts=2
        ),
    }


def test_a_member_reads_the_mission_first(cast: Cast) -> None:
    there = furnished(cast)
    page = home(cast.soraya, cast.community)
    assert page.index(there["charter"].mission) < page.index("Soraya Haddad, this is your way")
    for words in (
        "Lift while you climb",
        "First paid gig",
        "Everyone gets paid once",
        "Which room is free",
        "Joined lately",
    ):
        assert words in page
    assert 'content="noindex"' in page


def test_the_next_stone_is_a_first_word_and_then_a_milestone(cast: Cast) -> None:
    there = furnished(cast)
    assert "Say hello" in home(cast.soraya, cast.community)
    from milepost.domain.spaces.models import Thread

    Thread.start(space=there["thread"].space, title="Hello", text="I play the cello.", by=cast.soraya)
    catch_up()
    page = home(cast.soraya, cast.community)
    assert "Next: First paid gig" in page
    assert f"/c/{cast.community.slug}/milestones/first-paid-gig/claim/" in page


def test_ahead_lies_the_path_of_ones_persona(cast: Cast) -> None:
    Thread.start(space=make_space(cast.community), title="Hello", text="…", by=cast.ife)
    catch_up()
    tour, album = make_milestone(cast.community, name="First tour"), make_milestone(cast.community, name="First album")
    assert all(stone.name in home(cast.ife, cast.community) for stone in (tour, album))
    make_choice(cast.ife, make_persona(path=[album]))
    assert "First tour" not in home(cast.ife, cast.community)
    assert "First album" in home(cast.ife, cast.community)


@pytest.mark.parametrize(
    ("choice", "named", "first_only", "for_visitors"),
    [
        ("public", True, False, True),
        ("community", True, False, False),
        ("first_name", False, True, False),
        ("private", False, False, False),
        ("none", False, False, False),
        (None, True, False, False),
    ],
)
def test_everyone_is_celebrated_as_they_chose(
    cast: Cast, choice: str | None, named: bool, first_only: bool, for_visitors: bool
) -> None:
    milestone = make_milestone(cast.community, name="First paid gig")
    if choice:
        make_profile(cast.ife, celebration=choice)
    make_award(cast.ife, milestone, evidence="Forty euros and soup")
    # Newcomers are listed by name; what is asked here is who is celebrated.
    cast.ife.membership.joined_at = clock.now() - datetime.timedelta(days=200)
    cast.ife.membership.save()
    seen, public = home(cast.soraya, cast.community), home(None, cast.community)
    assert ("Ife Adeyemi" in seen) == named
    assert ("<b>Ife</b>" in seen) == first_only
    assert ("Forty euros" in seen) == (named or first_only)
    assert ("Ife Adeyemi" in public) == ("Forty euros" in public) == for_visitors
    own = home(cast.ife, cast.community)
    assert "Forty euros" in own
    assert ("only you see this" in own) == (choice in {"private", "none"})


def test_neither_history_nor_the_unclaimed_are_celebrated(cast: Cast) -> None:
    milestone = make_milestone(cast.community)
    make_award(cast.ife, milestone, evidence="Long ago, from a table", backfilled=True)
    make_award(cast.joao.person, milestone, evidence="Nobody claimed him")
    page = home(cast.soraya, cast.community)
    assert "Long ago" not in page
    assert "Nobody claimed" not in page


def test_thanks_follow_the_choice_of_who_is_thanked(cast: Cast) -> None:
    make_profile(cast.ife, celebration="first_name")
    make_praise(cast.lan, cast.ife, words="Carried my amp home", value="Lift while you climb")
    make_profile(cast.mateus, celebration="none")
    make_praise(cast.lan, cast.mateus, words="Held the door")
    page = as_(cast.soraya).get(f"/c/{cast.community.slug}/moments/").content.decode()
    assert "Carried my amp home" in page
    assert "<b>Ife</b>" in page
    assert "Ife Adeyemi" not in page
    assert "Held the door" not in page
    assert "Held the door" in as_(cast.mateus).get(f"/c/{cast.community.slug}/moments/").content.decode()
    assert "Carried" not in home(None, cast.community)


def test_what_nobody_answered_waits(cast: Cast) -> None:
    space = make_space(cast.community)
    make_thread(space, author=cast.ife, title="Who has a drum kit")
    answered = make_thread(space, author=cast.ife, title="Who drives to Leith")
    make_post(answered, author=cast.lan)
    make_thread(
        make_space(cast.community, read_only_at=clock.now()), author=cast.ife, title="Once asked in the old chat"
    )
    page = home(cast.soraya, cast.community)
    waiting = page.split('id="waiting"')[1]
    assert "Who has a drum kit" in waiting
    assert "Who drives to Leith" not in waiting
    assert "Once asked in the old chat" not in waiting


def test_private_conversations_stay_private(cast: Cast) -> None:
    make_thread(make_space(cast.community, kind="private"), author=cast.lan, title="Between two")
    make_thread(make_space(cast.community, kind="members"), author=cast.lan, title="Among members", posts=2)
    page = home(cast.soraya, cast.community)
    assert "Between two" not in page
    assert "Among members" in page
    assert "Among members" not in home(None, cast.community)


def test_a_new_community_is_taught_how_to_begin(cast: Cast) -> None:
    steward, member = home(cast.lan, cast.community), home(cast.soraya, cast.community)
    for address in ("mission/write/", "milestones/new/", "goals/new/"):
        assert f"/c/{cast.community.slug}/{address}" in steward
        assert f"/c/{cast.community.slug}/{address}" not in member


# --- visitors ------------------------------------------------------------------------------------------


def test_a_visitor_reads_why_and_how_to_take_part(cast: Cast) -> None:
    there = furnished(cast)
    make_space(cast.community, name="Open stage", kind="open")
    page = home(None, cast.community)
    for words in (there["charter"].mission, "Lift while you climb", "Open stage", f"/c/{cast.community.slug}/join/"):
        assert words in page
    assert 'content="noindex"' not in page
    assert 'name="description"' in page
    assert "Which room is free" not in page
    assert "Soraya" not in page


def test_strangers_who_are_signed_in_see_what_visitors_see(cast: Cast) -> None:
    furnished(cast)
    outsider = make_cast(name="Another place").amara
    for who in (cast.noor, outsider):
        page = home(who, cast.community)
        assert "this is your way" not in page
        assert f"/c/{cast.community.slug}/join/" in page


@pytest.mark.parametrize(
    ("policy", "words", "button"),
    [
        ("open", "It takes a minute", True),
        ("agree", "agree, and are in", True),
        ("questions", "a steward reads them", True),
        ("invited", "by invitation", False),
    ],
)
def test_the_way_in_follows_the_policy(policy: str, words: str, button: bool) -> None:
    community = make_community(join_policy=policy)
    page = home(None, community)
    assert words in page
    assert (f"/c/{community.slug}/join/" in page) == button


def test_a_closed_community_tells_its_mission_only() -> None:
    cast = make_cast(visibility="members")
    there = furnished(cast)
    make_profile(cast.ife, celebration="public")
    make_award(cast.ife, there["milestone"], evidence="Forty euros")
    page = home(None, cast.community)
    assert there["charter"].mission in page
    assert 'content="noindex"' in page
    assert "Forty euros" not in page
    assert "Everyone gets paid once" not in page
    for path in ("goals/", f"goals/{there['goal'].slug}/"):
        assert as_(None).get(f"/c/{cast.community.slug}/{path}").status_code == 404
    assert as_(None).get(f"/c/{cast.community.slug}/milestones/").status_code == 302
    assert as_(cast.noor).get(f"/c/{cast.community.slug}/moments/").status_code == 404


def test_small_groups_are_not_shown_apart() -> None:
    community = make_community()
    milestone = make_milestone(community, name="First paid gig")
    make_goal(community, title="All get paid", milestone=milestone, target=30)
    members = [make_member(community) for _ in range(24)]

    def seen(reached: int, who: Person | None = None) -> str:
        for person in members[:reached]:
            if not person.awards.exists():
                make_award(person, milestone, reached_on=datetime.date(2020, 1, 1))
        bearings.forget(community)
        return as_(who).get(f"/c/{community.slug}/goals/").content.decode()

    assert "fewer than 5 of us" in seen(4)
    assert "4 of 30" not in seen(4)
    assert "5 of 30" in seen(5)
    assert "19 of 30" in seen(19)
    assert "nearly all of us" in seen(20)
    assert "24 of 30" in seen(24)
    steward = make_member(community, role="steward")
    assert "24 of 30" in seen(24, steward)


def test_a_community_under_twenty_shows_no_numbers(cast: Cast) -> None:
    there = furnished(cast)
    for person in (cast.amara, cast.lan, cast.mateus, cast.ife, cast.soraya):
        make_award(person, there["milestone"])
    page = as_(cast.soraya).get(f"/c/{cast.community.slug}/goals/").content.decode()
    assert "5 of 10" not in page
    assert "counted once we are 20" in page
    assert "you are one of them" in page
    assert "5 of 10" in as_(cast.lan).get(f"/c/{cast.community.slug}/goals/").content.decode()


# --- cost --------------------------------------------------------------------------------------------------


def test_home_takes_at_most_ten_queries_however_many_members(cast: Cast, django_assert_max_num_queries: Any) -> None:
    furnished(cast)
    client = as_(cast.soraya)
    for round_ in range(2):
        for _ in range(15):
            person = make_member(cast.community)
            make_award(person, make_milestone(cast.community), evidence="x")
            make_praise(person, cast.ife)
            make_thread(make_space(cast.community), author=person, posts=1 + round_)
        cache.clear()
        with django_assert_max_num_queries(10):
            assert client.get(f"/c/{cast.community.slug}/").status_code == 200


# --- what waits for the reader ------------------------------------------------------------------------------


def test_what_waits_for_you_stands_on_home_until_it_is_done(cast: Cast) -> None:
    asked = Introduction.ask(by=cast.soraya, other=cast.ife)
    assert "Soraya Haddad would like to meet you" in home(cast.ife, cast.community)
    assert "Waiting for you" not in home(cast.soraya, cast.community)
    asked.agree(by=cast.ife)
    assert "Waiting for you" not in home(cast.ife, cast.community)
    assert "Ife Adeyemi would like to meet you, too" in home(cast.soraya, cast.community)
    asked.refresh_from_db()
    together = Mentoring.begin(introduction=asked, by=cast.soraya)
    assert "You help Soraya Haddad for a while" in home(cast.ife, cast.community)
    assert "Ife Adeyemi helps you for a while" in home(cast.soraya, cast.community)
    together.plan(at=clock.now() + datetime.timedelta(days=2), by=cast.ife)
    for person in (cast.ife, cast.soraya):
        assert "Waiting for you" not in home(person, cast.community)


def test_proposals_wait_for_stewards(cast: Cast) -> None:
    Persona.propose(community=cast.community, name="Teachers", by=cast.soraya)
    Milestone.propose(community=cast.community, name="First pupil", by=cast.soraya)
    page = home(cast.lan, cast.community)
    assert "1 persona is proposed" in page
    assert "1 milestone is proposed" in page
    assert "is proposed" not in home(cast.ife, cast.community)
    elsewhere = make_member(role="steward")
    assert "is proposed" not in home(elsewhere, elsewhere.community)


# --- the installation's first page ---------------------------------------------------------------------


def test_the_first_page_says_how_to_begin() -> None:
    page = Client().get("/")
    assert page.status_code == 200
    assert "milepost community create" in page.content.decode()


def test_the_only_community_is_where_one_goes() -> None:
    community = make_community()
    assert Client().get("/").headers["location"] == f"/c/{community.slug}/"


def test_several_communities_are_listed_and_closed_ones_only_to_their_members() -> None:
    make_community(name="The garden")
    cast = make_cast(name="The choir", visibility="members")
    make_community(name="The attic", archived_at=clock.now())
    visitor = Client().get("/").content.decode()
    assert "The garden" in visitor
    assert "The choir" not in visitor
    assert "The attic" not in visitor
    member = as_(cast.soraya).get("/").content.decode()
    assert "The choir" in member
    stranger = as_(make_account()).get("/").content.decode()
    assert "The choir" not in stranger
