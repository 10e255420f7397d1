"""The first visit over HTTP: every page, skipping, coming back, and what it leaves behind."""

from __future__ import annotations

import pytest
from django.test import Client

from milepost.domain.charter.agreeing import has_agreed
from milepost.domain.paths.models import Interest, Introduction, Milestone, PersonaChoice, Welcome
from milepost.domain.people.models import Profile
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.identity.models import Membership
from tests.factories import (
    Cast,
    make_award,
    make_cast,
    make_charter,
    make_help_offer,
    make_milestone,
    make_persona,
    make_space,
    make_thread,
    make_value,
)

from ..paths.test_personas import as_, read, url

pytestmark = pytest.mark.django_db
STEPS = ["interests", "persona", "celebration", "charter", "meet", "week"]


@pytest.fixture
def cast() -> Cast:
    cast = make_cast(tagline="Music for all")
    make_charter(cast.community, mission="Every song has a stage.", agreements="- Listen with the door shut.")
    make_value(cast.community, name="Kind and true")
    stone = make_milestone(cast.community, slug="live", name="First live gig")
    make_persona(cast.community, slug="hobbyists", name="Hobbyists", path=[stone])
    make_award(cast.ife, stone)
    make_help_offer(cast.ife, stone, words="Play me one song, badly.")
    make_thread(make_space(cast.community, name="Gear", kind="open"), author=cast.lan, title="Who has a harp?")
    return cast


def test_the_why_comes_first_and_nothing_is_written_by_looking(cast: Cast) -> None:
    page = read(cast, cast.soraya, "welcome/")
    for said in ("Every song has a stage.", "Kind and true", "Take the first steps"):
        assert said in page
    assert not Welcome.objects.exists()
    assert as_(None).get(url(cast, "welcome/")).status_code == 302
    assert as_(cast.noor).get(url(cast, "welcome/")).status_code == 404
    assert as_(cast.soraya).get(url(cast, "welcome/interests/")).status_code == 302, "first the why"


def test_the_whole_way(cast: Cast) -> None:
    client = as_(cast.soraya)
    assert client.post(url(cast, "welcome/"))["Location"] == url(cast, "welcome/interests/")
    answer = client.post(url(cast, "welcome/interests/"), {"others": "oud, stage fright"})
    assert answer["Location"] == url(cast, "welcome/persona/")
    answer = client.post(url(cast, "welcome/persona/"), {"personas": ["hobbyists"]})
    assert answer["Location"] == url(cast, "welcome/celebration/")
    answer = client.post(url(cast, "welcome/celebration/"), {"celebration": "public"})
    assert answer["Location"] == url(cast, "welcome/charter/")
    page = read(cast, cast.soraya, "welcome/charter/")
    assert "Listen with the door shut." in page
    version = cast.community.charters.get()
    answer = client.post(url(cast, "welcome/charter/"), {"version": str(version.pk), "agree": "on"})
    assert answer["Location"] == url(cast, "welcome/meet/")
    page = read(cast, cast.soraya, "welcome/meet/")
    assert "Play me one song, badly." in page
    answer = client.post(url(cast, "welcome/meet/"), {"words": "Gladly."})
    assert answer["Location"] == url(cast, "welcome/week/")
    assert "Who has a harp?" in read(cast, cast.soraya, "welcome/week/")
    assert client.post(url(cast, "welcome/week/"), {"skip": "1"})["Location"] == url(cast, "welcome/done/")
    page = read(cast, cast.soraya, "welcome/done/")
    assert "The next stone on it is “First live gig”." in page
    assert client.post(url(cast, "welcome/done/"))["Location"] == url(cast, "me/journey/")

    assert set(Interest.objects.values_list("name", flat=True)) == {"oud", "stage fright"}
    assert PersonaChoice.objects.standing().get().person == cast.soraya
    assert Profile.objects.get(person=cast.soraya).celebration == "public"
    assert has_agreed(cast.soraya)
    asked = Introduction.objects.get()
    assert (asked.asker, asked.asked) == (cast.soraya, cast.ife)
    assert Welcome.objects.get().closed_at


def test_the_steps_become_milestones(cast: Cast) -> None:
    client = as_(cast.soraya)
    client.post(url(cast, "welcome/"))
    client.post(url(cast, "welcome/interests/"), {"others": "oud"})
    catch_up()
    award = Award.objects.get(person=cast.soraya)
    assert award.milestone.slug == "step-told-interests"
    assert award.milestone.kind == Milestone.Kind.STEP


def test_everything_can_be_skipped_and_taken_up_again(cast: Cast) -> None:
    client = as_(cast.soraya)
    client.post(url(cast, "welcome/"))
    for step, following in zip(STEPS, [*STEPS[1:], "done"], strict=True):
        assert client.post(url(cast, f"welcome/{step}/"), {"skip": "1"})["Location"] == url(
            cast, f"welcome/{following}/"
        )
    assert Welcome.objects.get().passed == STEPS
    assert not Introduction.objects.exists()
    client.post(url(cast, "welcome/interests/"), {"others": "oud"})
    assert Interest.objects.exists(), "what was skipped can still be done"


def test_one_goes_on_where_one_left(cast: Cast) -> None:
    client = as_(cast.soraya)
    client.post(url(cast, "welcome/"))
    client.post(url(cast, "welcome/interests/"), {"others": "oud"})
    assert f'href="{url(cast, "welcome/persona/")}">Go on where I left' in read(cast, cast.soraya, "welcome/")
    assert "Your first steps are open" in client.get(url(cast, "")).content.decode()
    client.post(url(cast, "welcome/done/"))
    assert "Your first steps are open" not in client.get(url(cast, "")).content.decode()


def test_whoever_joins_is_led_there(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.noor)
    answer = client.post(url(cast, "join/"))
    assert Membership.objects.of(cast.noor, cast.community) is not None
    assert answer["Location"] == url(cast, "welcome/")


@pytest.mark.parametrize(
    ("step", "form"),
    [
        ("interests", {"others": ", ".join(f"thing {n}" for n in range(30))}),
        ("interests", {"picked": ["never offered"]}),
        ("persona", {"personas": ["never heard of"]}),
        ("celebration", {"celebration": "with trumpets"}),
        ("charter", {"agree": ""}),
    ],
)
def test_bad_input_stays_on_its_page(cast: Cast, step: str, form: dict[str, object]) -> None:
    client = as_(cast.soraya)
    client.post(url(cast, "welcome/"))
    assert client.post(url(cast, f"welcome/{step}/"), form).status_code == 422


def test_a_community_with_nothing_in_it_welcomes_too() -> None:
    cast = make_cast()
    client = as_(cast.soraya)
    client.post(url(cast, "welcome/"))
    for step in STEPS:
        assert client.get(url(cast, f"welcome/{step}/")).status_code == 200
        client.post(url(cast, f"welcome/{step}/"), {"skip": "1"})
    assert client.get(url(cast, "welcome/done/")).status_code == 200
    assert client.get(url(cast, "welcome/nowhere/")).status_code == 404
