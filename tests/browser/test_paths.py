"""Joining and the first visit, the persona map, a journey, and walking together: as journeys in a real Chromium, with and without
scripts, and every page of them with axe, at 320 and 1280 pixels, light and dark."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import pytest

from milepost.domain.paths.models import Introduction, Persona, PersonaChoice
from milepost.engines.milestones import bearings
from milepost.engines.milestones import map as mapping
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Membership
from milepost.outward.starting import personas as starting
from tests.factories import (
    Cast,
    make_award,
    make_cast,
    make_charter,
    make_choice,
    make_cohort,
    make_help_offer,
    make_introduction,
    make_member,
    make_profile,
    make_resource,
    make_space,
    make_thread,
    make_value,
)

from .test_pages_axe import LONG, wrong_on
from .test_tour import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]
with_and_without_script = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
ALL_LOOKS: tuple[tuple[int, Any], ...] = ((320, "light"), (320, "dark"), (1280, "light"), (1280, "dark"))


@pytest.fixture
def stage(chromium: Browser, live_server: Any) -> Any:
    """The acceptance example, with somebody who has done it and offered to help."""
    cast = make_cast(join_policy="open", tagline="Musicians who help each other become better performers.")
    community = cast.community
    make_charter(community, mission="Anyone with a song has a stage.", agreements="- Listen with the door shut.")
    make_value(community, name="Lift while you climb")
    starting.load(community=community, data=starting.read("musicians"), by=None)
    live = community.milestones.get(slug="first-live-gig")
    today = clock.today(community.time_zone)
    make_award(cast.ife, live, reached_on=today - datetime.timedelta(days=400), evidence="Eleven people came.")
    make_help_offer(cast.ife, live, words="Play me one song, badly.")
    make_choice(cast.ife, Persona.objects.get(slug="professionals"))
    for n in range(6):
        person = make_member(community)
        make_choice(person, Persona.objects.get(slug="hobbyists"))
        make_award(person, live, reached_on=today - datetime.timedelta(days=100 + n))
    make_resource(community, title="How to ask for a room").milestones.add(live)
    make_thread(make_space(community, name="Gear", kind="open"), author=cast.lan, title="Who has a harp?")
    mapping.forget(community)
    bearings.forget(community)
    yield Stage(cast, chromium, live_server.url)
    for context in chromium.contexts:
        context.close()


@with_and_without_script
def test_join_and_take_the_first_steps(stage: Stage, scripts: bool) -> None:
    noor = stage.enter(stage.cast.noor, scripts=scripts)
    noor.goto(f"{stage.home}join/")
    noor.get_by_role("main").get_by_role("button", name="Join", exact=True).click()
    noor.wait_for_url("**/welcome/")
    assert noor.get_by_role("heading", level=1).inner_text().replace("\n", " ") == "Anyone with a song has a stage."
    noor.get_by_role("button", name="Take the first steps").click()

    noor.wait_for_url("**/welcome/interests/")
    noor.get_by_label("Others, in your words").fill("ukulele, stage fright")
    noor.get_by_role("button", name="Keep and go on").click()

    noor.wait_for_url("**/welcome/persona/")
    noor.get_by_label("Hobbyists").check()
    noor.get_by_role("button", name="Keep and go on").click()

    noor.wait_for_url("**/welcome/celebration/")
    noor.get_by_label("Publicly, with my name").check()
    noor.get_by_role("button", name="Keep and go on").click()

    noor.wait_for_url("**/welcome/charter/")
    assert noor.get_by_text("Listen with the door shut.").is_visible()
    noor.get_by_role("button", name="Skip this").click()

    # Away, and back where one left.
    noor.wait_for_url("**/welcome/meet/")
    noor.goto(stage.home)
    noor.get_by_role("link", name="Go on where I left").click()
    noor.wait_for_url("**/welcome/")
    noor.get_by_role("link", name="Go on where I left").click()
    noor.wait_for_url("**/welcome/meet/")
    assert noor.get_by_text("Play me one song, badly.").is_visible()
    noor.get_by_label("What you would like to talk about").fill("I have one song.")
    noor.get_by_role("button", name="Ask Ife Adeyemi to meet").click()

    noor.wait_for_url("**/welcome/week/")
    assert noor.get_by_role("link", name="How to ask for a room").is_visible()
    noor.get_by_role("button", name="Go on").click()
    noor.wait_for_url("**/welcome/done/")
    assert noor.get_by_text("The next stone on it is “First live gig”.").is_visible()
    noor.get_by_role("button", name="Go to my journey").click()
    noor.wait_for_url("**/journey/")
    way = noor.get_by_role("list", name="Your way")
    assert way.get_by_role("listitem").count() == 3, "the path of hobbyists"
    assert "First live gig" in way.locator("[aria-current=step]").inner_text()

    membership = Membership.objects.of(stage.cast.noor, stage.cast.community)
    assert membership is not None
    assert PersonaChoice.objects.standing().filter(person=membership.person).count() == 1

    ife = stage.enter(stage.cast.ife.account, scripts=scripts)
    ife.goto(f"{stage.home}meetings/")
    assert ife.get_by_text("I have one song.").is_visible()
    ife.get_by_role("button", name="Yes, gladly").click()
    ife.get_by_role("link", name="@example.org").wait_for()
    assert Introduction.objects.made().count() == 1


@with_and_without_script
def test_a_steward_reads_the_map_and_lays_a_path(stage: Stage, scripts: bool) -> None:
    lan = stage.enter(stage.cast.lan.account, scripts=scripts)
    lan.goto(f"{stage.home}personas/")
    lan.get_by_role("link", name="The map").click()
    table = lan.get_by_role("table")
    row = table.get_by_role("row").filter(has=lan.get_by_role("rowheader", name="First live gig"))
    assert "shared by 2" in row.inner_text()
    assert "6 reached it" in row.inner_text()
    assert "1 reached it" in row.inner_text()
    only = table.get_by_role("row").filter(has=lan.get_by_role("rowheader", name="First album"))
    assert "shared" not in only.inner_text()
    assert only.get_by_text("not on this path").count() == 1
    assert lan.get_by_text("Most wait after “First live gig”.").first.is_visible()

    lan.goto(f"{stage.home}personas/hobbyists/path/")
    lan.get_by_label("First tour").fill("4")
    lan.get_by_role("button", name="Lay the path").click()
    lan.wait_for_url("**/personas/hobbyists/")
    assert lan.get_by_role("list", name="Their path").get_by_role("listitem").count() == 4
    lan.goto(f"{stage.home}persona-map/")
    tour = lan.get_by_role("row").filter(has=lan.get_by_role("rowheader", name="First tour"))
    assert "shared by 2" in tour.inner_text()


@with_and_without_script
def test_a_member_proposes_a_persona_and_the_stewards_adopt_it(stage: Stage, scripts: bool) -> None:
    soraya = stage.enter(stage.cast.soraya.account, scripts=scripts)
    soraya.goto(f"{stage.home}persona-choice/")
    soraya.get_by_label("None of these").check()
    soraya.get_by_label("Who are you, then").fill("I do the sound.")
    soraya.get_by_role("button", name="Keep it").click()
    soraya.wait_for_load_state()
    soraya.goto(f"{stage.home}personas/new/")
    soraya.get_by_label("Name").fill("Those who do the sound")
    soraya.get_by_label("Their story").fill("On every stage and in no photograph.")
    soraya.get_by_role("button", name="Propose it").click()
    soraya.wait_for_url("**/personas/those-who-do-the-sound/")

    lan = stage.enter(stage.cast.lan.account, scripts=scripts)
    lan.goto(f"{stage.home}personas/")
    assert lan.get_by_text("I do the sound.").is_visible()
    lan.get_by_role("link", name="Those who do the sound").click()
    lan.get_by_label("A word to whoever proposed it").fill("We forgot you. No longer.")
    lan.get_by_role("button", name="Adopt it").click()
    lan.wait_for_load_state()
    soraya.reload()
    assert soraya.get_by_text("We forgot you. No longer.").is_visible()
    soraya.get_by_role("link", name="That is me").click()
    soraya.get_by_label("None of these").uncheck()
    soraya.get_by_label("Those who do the sound").check()
    soraya.get_by_role("button", name="Keep it").click()
    soraya.wait_for_url("**/journey/")
    assert soraya.get_by_role("link", name="Those who do the sound").is_visible()


@with_and_without_script
def test_set_out_with_others_and_check_in(stage: Stage, scripts: bool) -> None:
    soraya = stage.enter(stage.cast.soraya.account, scripts=scripts)
    today = clock.today(stage.cast.community.time_zone)
    soraya.goto(f"{stage.home}cohorts/new/")
    soraya.get_by_label("Name").fill("A song a week")
    soraya.get_by_label("Last day").fill((today + datetime.timedelta(days=27)).isoformat())
    soraya.get_by_label("What you want to reach together").fill("20")
    soraya.get_by_label("Counted in").fill("songs")
    soraya.get_by_role("button", name="Set out").click()
    soraya.wait_for_url("**/cohorts/a-song-a-week/")

    ife = stage.enter(stage.cast.ife.account, scripts=scripts)
    ife.goto(f"{stage.home}cohorts/")
    ife.get_by_role("link", name="A song a week").click()
    ife.get_by_role("button", name="Walk along").click()
    ife.get_by_label("How it goes").fill("I have a first line and I hate it.")
    ife.get_by_label("I am stuck").check()
    ife.get_by_role("button", name="Check in").click()
    ife.wait_for_load_state()

    soraya.reload()
    walker = soraya.get_by_role("listitem").filter(has_text="Ife Adeyemi").filter(has_text="is stuck")
    assert walker.count() >= 1
    soraya.get_by_label("How much, in songs").fill("2")
    soraya.get_by_role("button", name="Check in").click()
    soraya.get_by_text("2 of 20 songs").first.wait_for()
    soraya.get_by_role("button", name="I have finished").click()
    soraya.get_by_text("You finished it").wait_for()


def furnish(cast: Cast) -> None:
    """One of everything, with long names among it."""
    hobby = Persona.objects.get(slug="hobbyists")
    make_choice(cast.soraya, hobby)
    make_profile(cast.soraya, celebration="public", headline=LONG)
    Persona.propose(community=cast.community, by=cast.ife, name=LONG, story=LONG, needs=[LONG], success=LONG)
    cohort = make_cohort(walkers=[cast.soraya, cast.lan], slug="songs", name=f"Songs {LONG}", target=20, unit="songs")
    cohort.check_in(by=cast.soraya, words=f"Two, {LONG}", stuck=True)
    make_introduction(cast.ife, cast.soraya, words=LONG)
    made = make_introduction(cast.soraya, cast.lan, agreed=True)
    assert made


PAGES = [
    "personas/", "personas/hobbyists/", "personas/donaudampfschifffahrtsgesellschaftskapitanswitwenrentenauszahlungsste/",
    "persona-choice/", "persona-map/", "personas/new/", "people/soraya/journey/", "me/milestones/new/", "meetings/",
    "milestones/first-live-gig/help/", "cohorts/", "cohorts/songs/", "cohorts/new/", "cohorts/songs/change/",
    "welcome/", "welcome/interests/", "welcome/persona/", "welcome/celebration/", "welcome/charter/", "welcome/meet/",
    "welcome/week/", "welcome/done/",
]  # fmt: skip
STEWARD = [
    "personas/", "personas/hobbyists/change/", "personas/hobbyists/path/", "persona-template/", "persona-map/", "meetings/",
]  # fmt: skip


def listen(page: Page, said: list[str]) -> None:
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)


def test_every_page_with_axe_in_all_looks(stage: Stage) -> None:
    cast = stage.cast
    furnish(cast)
    wrong: list[str] = []
    for who, tails in ((cast.soraya, PAGES), (cast.lan, STEWARD), (None, ["personas/", "personas/hobbyists/"])):
        page = stage.enter(who.account if who else None)
        said: list[str] = []
        listen(page, said)
        if who is cast.soraya:
            page.goto(f"{stage.home}welcome/")
            page.get_by_role("button", name="Take the first steps").click()
            page.wait_for_url("**/welcome/interests/")
        for tail in tails:
            wrong += wrong_on(page, stage.url, f"/c/{cast.community.slug}/{tail}", ALL_LOOKS, said)
        page.close()
    assert wrong == [], "\n".join(wrong)
