"""Mission, values, goals, milestones and thanks over HTTP: who reads, who writes, and what happens then."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client

from milepost.domain.charter.models import CharterVersion, Value
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.people.models import Praise
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.models import Activity
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Account, Person
from tests.factories import (
    Cast,
    make_award,
    make_cast,
    make_charter,
    make_goal,
    make_member,
    make_milestone,
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


def url(cast: Cast, tail: str) -> str:
    return f"/c/{cast.community.slug}/{tail}"


def read(cast: Cast, who: Person | Account | None, tail: str) -> str:
    answer = as_(who).get(url(cast, tail))
    assert answer.status_code == 200
    return answer.content.decode()


WRITING = [
    "mission/write/",
    "values/new/",
    "values/kind/",
    "goals/new/",
    "goals/rooms/change/",
    "milestones/new/",
    "milestones/first/change/",
]
POSTED = ["values/kind/retirement/", "goals/rooms/adoption/", "goals/rooms/retirement/", "milestones/first/retirement/"]
MEMBERS = ["milestones/first/claim/", "thanks/new/"]
READING = [
    "mission/",
    "mission/history/",
    "goals/",
    "goals/rooms/",
    "milestones/",
    "milestones/first/",
    "moments/",
    "definitions/",
]


@pytest.fixture
def there(cast: Cast) -> Cast:
    make_charter(cast.community)
    value = make_value(cast.community, slug="kind", name="Honest, kind ears", meaning="We say what we heard.")
    stone = make_milestone(cast.community, slug="first", name="First live gig", why="The day you stop practising.")
    make_goal(cast.community, slug="rooms", title="Ten rooms are open", value=value, milestone=stone, target=10)
    make_space(cast.community, name="Rooms and bookings", value=value, kind="open")
    return cast


@pytest.mark.parametrize("tail", WRITING)
def test_only_stewards_open_the_forms(there: Cast, tail: str) -> None:
    assert as_(None).get(url(there, tail)).status_code == 302
    assert as_(there.noor).get(url(there, tail)).status_code == 404
    assert as_(make_cast().amara).get(url(there, tail)).status_code == 404
    for who in (there.soraya, there.mateus):
        assert as_(who).get(url(there, tail)).status_code == 403
    for who in (there.lan, there.amara):
        assert as_(who).get(url(there, tail)).status_code == 200


@pytest.mark.parametrize("tail", POSTED)
def test_only_stewards_post(there: Cast, tail: str) -> None:
    assert as_(there.lan).get(url(there, tail)).status_code == 405
    assert as_(None).post(url(there, tail)).status_code == 302
    assert as_(there.noor).post(url(there, tail)).status_code == 404
    assert as_(there.soraya).post(url(there, tail)).status_code == 403
    assert as_(there.lan).post(url(there, tail)).status_code == 302


@pytest.mark.parametrize("tail", MEMBERS)
def test_members_only(there: Cast, tail: str) -> None:
    assert as_(None).get(url(there, tail)).status_code == 302
    assert as_(there.noor).get(url(there, tail)).status_code == 404
    assert as_(there.soraya).get(url(there, tail)).status_code == 200


@pytest.mark.parametrize("tail", READING)
def test_a_public_community_is_read_by_everyone(there: Cast, tail: str) -> None:
    for who in (None, there.noor, there.soraya, there.lan):
        assert as_(who).get(url(there, tail)).status_code == 200


@pytest.mark.parametrize(
    "tail", ["goals/none/", "milestones/none/", "milestones/none/claim/", "milestones/first/withdrawal/"]
)
def test_what_is_not_there(there: Cast, tail: str) -> None:
    assert as_(there.soraya).get(url(there, tail)).status_code == 404


def test_rows_of_another_community_are_not_found(there: Cast) -> None:
    other = make_cast()
    make_goal(other.community, slug="theirs", title="Their goal")
    make_milestone(other.community, slug="theirs")
    make_value(other.community, slug="theirs")
    for tail in ("goals/theirs/", "milestones/theirs/", "values/theirs/", "goals/theirs/change/"):
        assert as_(there.lan).get(url(there, tail)).status_code == 404
    form = {"title": "Ours", "milestone": str(Milestone.objects.get(community=other.community).pk)}
    assert as_(there.lan).post(url(there, "goals/new/"), form).status_code == 422


# --- mission ---------------------------------------------------------------------------------------------


def test_the_mission_page_says_what_points_to_each_value(there: Cast) -> None:
    page = read(there, there.soraya, "mission/")
    for words in ("Honest, kind ears", "We say what we heard.", "Ten rooms are open", "Rooms and bookings"):
        assert words in page
    assert "mission/write/" not in page
    assert "mission/write/" in read(there, there.lan, "mission/")


def test_a_closed_communitys_mission_is_for_everyone_and_nothing_else(there: Cast) -> None:
    there.community.visibility = "members"
    there.community.save()
    page = read(there, None, "mission/")
    assert "Honest, kind ears" in page
    assert "Ten rooms are open" not in page
    assert 'content="noindex"' in page


def test_a_steward_puts_the_next_version_into_force(there: Cast) -> None:
    client = as_(there.lan)
    form = client.get(url(there, "mission/write/")).context["form"]
    given = {**form.initial, "mission": "A better sentence", "rationale": "We asked", "agreements": "- Be kind"}
    assert client.post(url(there, "mission/write/"), given).status_code == 302
    assert "A better sentence" in read(there, there.soraya, "")
    assert "<li>Be kind</li>" in read(there, there.soraya, "mission/")
    history = read(there, there.soraya, "mission/history/")
    assert history.index("A better sentence") < history.index("Everyone in our town")
    stale = client.post(url(there, "mission/write/"), {**given, "mission": "Over the others' heads"})
    assert stale.status_code == 422
    assert "Over the others&#x27; heads" in stale.content.decode()
    assert CharterVersion.objects.count() == 2


def test_values_are_added_changed_and_taken_away(there: Cast) -> None:
    client = as_(there.lan)
    assert client.post(url(there, "values/new/"), {"name": "Honest, kind ears"}).status_code == 422
    assert client.post(url(there, "values/new/"), {"name": "Every room is a stage"}).status_code == 302
    assert "Every room is a stage" in read(there, there.soraya, "")
    tail = "values/every-room-is-a-stage/"
    assert client.post(url(there, tail), {"name": "Any room", "meaning": "A launderette"}).status_code == 302
    assert "Any room" in read(there, there.soraya, "mission/")
    client.post(url(there, f"{tail}retirement/"))
    assert "Any room" not in read(there, there.soraya, "mission/")
    client.post(url(there, f"{tail}retirement/"), {"back": "1"})
    assert Value.objects.held().filter(name="Any room").exists()


# --- goals -------------------------------------------------------------------------------------------------------


def test_a_goal_from_draft_to_adoption_and_back(there: Cast) -> None:
    client = as_(there.lan)
    stone = Milestone.objects.get(slug="first")
    answer = client.post(
        url(there, "goals/new/"),
        {"title": "200 of us play live", "why": "It changes people", "milestone": stone.pk, "target": "200"},
    )
    address = answer.headers["location"]
    assert as_(there.soraya).get(address).status_code == 404
    assert "Draft" in client.get(address).content.decode()
    client.post(f"{address}adoption/")
    page = read(there, there.soraya, "goals/200-of-us-play-live/")
    assert "It changes people" in page
    assert "definitions/#goal" in page
    assert "milestones/first/" in page
    assert client.post(f"{address}change/", {"title": "300 of us play live"}).status_code == 302
    assert "300 of us play live" in read(there, there.soraya, "goals/")
    client.post(f"{address}retirement/", {"reason": "Done"})
    assert "300 of us play live" not in read(there, there.soraya, "goals/")
    assert "Retired" in read(there, there.soraya, "goals/200-of-us-play-live/")
    client.post(f"{address}retirement/", {"back": "1"})
    assert Goal.objects.adopted().filter(title="300 of us play live").exists()


@pytest.mark.parametrize(
    "given",
    [
        {"title": ""},
        {"title": "Many", "target": "5"},
        {"title": "Many", "target": "-5"},
        {"title": "Many", "deadline": "next year"},
    ],
)
def test_a_goal_that_cannot_be_keeps_what_was_typed(there: Cast, given: dict[str, Any]) -> None:
    answer = as_(there.lan).post(url(there, "goals/new/"), {"why": "My reasons", **given})
    assert answer.status_code == 422
    assert "My reasons" in answer.content.decode()
    assert Goal.objects.count() == 1


def test_a_goals_page_names_what_serves_it_as_far_as_one_sees_it(there: Cast) -> None:
    goal = Goal.objects.get()
    make_thread(make_space(there.community, kind="open"), author=there.lan, title="Which room is free", goal=goal)
    make_thread(make_space(there.community, kind="private"), author=there.lan, title="What rooms cost us", goal=goal)
    make_space(there.community, name="Room keepers", goal=goal)
    member, visitor = read(there, there.soraya, "goals/rooms/"), read(there, None, "goals/rooms/")
    assert "Which room is free" in member
    assert "Room keepers" in member
    assert "Which room is free" in visitor
    assert "Room keepers" not in visitor
    assert "What rooms cost us" not in member + visitor


# --- milestones ----------------------------------------------------------------------------------------------------


def test_i_have_done_it_already_and_taking_it_back(there: Cast) -> None:
    client = as_(there.soraya)
    day = clock.now().date() - datetime.timedelta(days=40)
    given = {"reached_on": day.isoformat(), "evidence": "Eleven people came"}
    assert client.post(url(there, "milestones/first/claim/"), given).status_code == 302
    page = read(there, there.soraya, "milestones/first/")
    assert "You reached it" in page
    assert "Eleven people came" in page
    assert "first/claim/" not in page
    assert client.get(url(there, "milestones/first/claim/")).status_code == 302
    assert "Eleven people came" in read(there, there.soraya, "people/soraya/")
    asked = client.get(url(there, "milestones/first/withdrawal/"))
    assert "First live gig" in asked.content.decode()
    assert Award.objects.exists()
    assert client.post(url(there, "milestones/first/withdrawal/")).status_code == 302
    assert not Award.objects.exists()
    assert not Activity.objects.filter(verb="milestone.reached").standing().exists()
    assert "first/claim/" in read(there, there.soraya, "milestones/first/")


@pytest.mark.parametrize("day", ["", "yesterday", "2999-01-01", "1950-01-01"])
def test_a_day_that_cannot_be_keeps_what_was_typed(there: Cast, day: str) -> None:
    answer = as_(there.soraya).post(
        url(there, "milestones/first/claim/"), {"reached_on": day, "evidence": "My long story"}
    )
    assert answer.status_code == 422
    assert "My long story" in answer.content.decode()
    assert not Award.objects.exists()


def test_a_milestones_page_names_whom_it_may(there: Cast) -> None:
    stone = Milestone.objects.get(slug="first")
    for who, choice in ((there.lan, "public"), (there.ife, "community"), (there.mateus, "none")):
        make_profile(who, celebration=choice)
        make_award(who, stone, evidence=f"Told by {choice}")
    make_award(there.amara, stone, evidence="From a table", backfilled=True)
    make_award(there.joao.person, stone, evidence="Nobody claimed")
    member, visitor = read(there, there.soraya, "milestones/first/"), read(there, None, "milestones/first/")
    for words, for_members, for_visitors in (
        ("Told by public", True, True),
        ("Told by community", True, False),
        ("Told by none", False, False),
        ("From a table", True, False),
        ("Nobody claimed", False, False),
    ):
        assert (words in member) is for_members
        assert (words in visitor) is for_visitors


def test_many_who_reached_it_come_page_by_page(there: Cast) -> None:
    stone = Milestone.objects.get(slug="first")
    for n in range(35):
        make_award(make_member(there.community, name=f"Reacher {n:02}"), stone)
    client = as_(there.soraya)
    first = client.get(url(there, "milestones/first/"))
    second = client.get(url(there, "milestones/first/") + first.context["people"].next_url)
    named = {row["who"] for answer in (first, second) for row in answer.context["moments"]}
    assert len(named) == 35
    assert second.context["people"].next_url == ""


def test_stewards_write_the_way(there: Cast) -> None:
    client = as_(there.lan)
    assert client.post(url(there, "milestones/new/"), {"name": "First live gig"}).status_code == 422
    assert client.post(url(there, "milestones/new/"), {"name": "First paid gig"}).status_code == 302
    assert "First paid gig" in read(there, there.soraya, "milestones/")
    tail = "milestones/first-paid-gig/"
    client.post(url(there, f"{tail}change/"), {"name": "First fee", "why": "It is work"})
    client.post(url(there, f"{tail}retirement/"))
    assert "First fee" not in read(there, there.soraya, "milestones/")
    assert as_(there.soraya).get(url(there, f"{tail}claim/")).status_code == 404
    client.post(url(there, f"{tail}retirement/"), {"back": "1"})
    assert "First fee" in read(there, there.soraya, "milestones/")


# --- thanks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["@ife", "ife", "Ife Adeyemi", "ife adeyemi"])
def test_thanks_are_given_and_taken_back(there: Cast, to: str) -> None:
    client = as_(there.soraya)
    given = {"to": to, "words": "You carried my amp home", "value": "Honest, kind ears"}
    assert client.post(url(there, "thanks/new/"), given).status_code == 302
    page = read(there, there.lan, "moments/")
    assert "You carried my amp home" in page
    assert "Honest, kind ears" in page
    praise = Praise.objects.get()
    tail = f"thanks/{praise.pk}/withdrawal/"
    assert as_(there.lan).get(url(there, tail)).status_code == 200
    assert as_(make_member(there.community)).post(url(there, tail)).status_code == 404
    assert client.post(url(there, tail)).status_code == 302
    assert not Praise.objects.exists()


@pytest.mark.parametrize("to", ["nobody", "soraya", "João Pires", "Twin"])
def test_thanks_that_reach_nobody_keep_their_words(there: Cast, to: str) -> None:
    for _ in range(2):
        make_member(there.community, name="Twin")
    answer = as_(there.soraya).post(url(there, "thanks/new/"), {"to": to, "words": "You know what for"})
    assert answer.status_code == 422
    assert "You know what for" in answer.content.decode()
    assert not Praise.objects.exists()


def test_the_form_knows_whom_one_came_from(there: Cast) -> None:
    make_praise(there.lan, there.ife)
    page = read(there, there.soraya, "people/ife/")
    assert "thanks/new/?to=ife" in page
    assert 'value="ife"' in read(there, there.soraya, "thanks/new/?to=ife")


def test_every_figure_has_its_definition(there: Cast) -> None:
    page = read(there, None, "definitions/")
    for key in ("members", "people", "reached", "goal", "step-post", "step-year", "floor"):
        assert f'id="{key}"' in page
