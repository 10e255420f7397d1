"""The tour of the README as journeys: what a stranger, a newcomer, members and a steward do, each seen by the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Account, Membership
from tests.factories import Cast, make_cast, make_charter, make_milestone, make_space, make_value

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]

MISSION = "We help each other until every song has a stage."
QUESTION = "Which microphone for a quiet voice?"
with_and_without_script = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


@dataclass(frozen=True, slots=True)
class Stage:
    """A small community at its address, and browsers for whoever walks in."""

    cast: Cast
    chromium: Browser
    url: str

    @property
    def home(self) -> str:
        return f"{self.url}/c/{self.cast.community.slug}/"

    def enter(self, account: Account | None, *, scripts: bool = True) -> Page:
        context = self.chromium.new_context(java_script_enabled=scripts, locale="en-GB", timezone_id="UTC")
        context.set_default_timeout(30_000)
        if account is not None:
            sign_in(context, self.url, account)
        return context.new_page()


def sign_in(context: BrowserContext, url: str, account: Account) -> None:
    client = Client()
    client.force_login(account)
    value = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": value, "url": url}])


@pytest.fixture
def stage(chromium: Browser, live_server: Any) -> Any:
    cast = make_cast(join_policy="agree", tagline="Music for all")
    make_charter(cast.community, mission=MISSION, agreements="- Listen with the door shut.")
    make_value(cast.community, name="Lift while you climb")
    make_milestone(cast.community, name="First live gig", slug="first-live-gig", why="You stood there and played.")
    make_space(cast.community, name="Gear", slug="gear", purpose="Lend it, carry it.", kind="members")
    yield Stage(cast, chromium, live_server.url)
    for context in chromium.contexts:
        context.close()


def ask(page: Page, stage: Stage) -> str:
    """Start a conversation by its form; its address."""
    page.goto(f"{stage.home}spaces/gear/")
    page.get_by_role("main").get_by_role("link", name="Start a conversation").first.click()
    page.get_by_label("What is it about?").fill(QUESTION)
    page.get_by_label("Your post").fill("Mine drowns in the *second* row.")
    page.get_by_role("button", name="Post it").click()
    page.get_by_role("heading", name=QUESTION, level=1).wait_for()
    return page.url.partition("#")[0].partition("?")[0]


@with_and_without_script
def test_a_stranger_reads_the_mission_and_joins(stage: Stage, scripts: bool) -> None:
    visitor = stage.enter(None, scripts=scripts)
    visitor.goto(stage.home)
    assert visitor.get_by_role("heading", level=1).inner_text().replace("\n", " ") == MISSION
    visitor.goto(f"{stage.home}join/")
    assert visitor.get_by_role("link", name="Make an account").is_visible()

    noor = stage.enter(stage.cast.noor, scripts=scripts)
    noor.goto(f"{stage.home}mission/")
    assert noor.get_by_text("Listen with the door shut.").is_visible()
    noor.goto(f"{stage.home}join/")
    noor.get_by_label("I agree to the mission, the values and the agreements").check()
    noor.get_by_role("main").get_by_role("button", name="Join", exact=True).click()
    noor.wait_for_load_state()
    noor.goto(f"{stage.home}people/")
    assert noor.get_by_role("main").get_by_text("Noor Rahimi").first.is_visible()
    assert Membership.objects.of(stage.cast.noor, stage.cast.community) is not None


@with_and_without_script
def test_a_question_is_answered_and_mended(stage: Stage, scripts: bool) -> None:
    soraya = stage.enter(stage.cast.soraya.account, scripts=scripts)
    there = ask(soraya, stage)

    mateus = stage.enter(stage.cast.mateus.account, scripts=scripts)
    mateus.goto(there)
    mateus.get_by_label("Your reply").fill("A small condenser, near.")
    mateus.get_by_role("button", name="Post reply").click()
    mateus.locator(".post").nth(1).wait_for()

    soraya.goto(f"{stage.home}spaces/")
    assert soraya.locator(".has-new").count() == 1, "what was answered since is marked"
    soraya.goto(there)
    soraya.locator(".post").nth(1).locator(".reaction-add").click()
    soraya.locator("button.reaction", has_text="🎉").first.click()
    soraya.locator("button.reaction[aria-pressed=true]").wait_for()
    if not scripts:
        soraya.locator(".seen button").click()
    soraya.goto(f"{stage.home}spaces/")
    assert soraya.locator(".has-new").count() == 0, "and no longer once it was read"

    soraya.goto(there)
    soraya.locator(".post").nth(0).locator(".post-menu summary").click()
    soraya.locator(".post").nth(0).locator(".post-menu a[href$='/edit/']").click()
    soraya.get_by_label("Your post").fill("Mine drowns in the *third* row.")
    soraya.get_by_role("main").locator("form button[type=submit]").last.click()
    soraya.wait_for_load_state()
    soraya.goto(there)
    assert soraya.locator(".post").nth(0).locator("em").inner_text() == "third"
    mateus.goto(there)
    assert mateus.locator(".post").nth(1).get_by_text("🎉").is_visible()


@with_and_without_script
def test_a_milestone_that_was_reached_is_celebrated_at_home(stage: Stage, scripts: bool) -> None:
    soraya = stage.enter(stage.cast.soraya.account, scripts=scripts)
    soraya.goto(f"{stage.home}milestones/first-live-gig/")
    soraya.get_by_role("link", name="I have done it already").click()
    soraya.get_by_label("On which day").fill(clock.now().date().isoformat())
    soraya.get_by_label("What happened").fill("Forty people, and my mother.")
    soraya.get_by_role("button", name="I have reached it").click()
    soraya.get_by_text("You reached it").first.wait_for()

    mateus = stage.enter(stage.cast.mateus.account, scripts=scripts)
    mateus.goto(stage.home)
    moment = mateus.get_by_role("main").get_by_role("listitem").filter(has_text="Forty people, and my mother.").first
    assert "Soraya Haddad" in moment.inner_text()
    assert "First live gig" in moment.inner_text()


@with_and_without_script
def test_a_steward_writes_the_mission_anew(stage: Stage, scripts: bool) -> None:
    lan = stage.enter(stage.cast.lan.account, scripts=scripts)
    lan.goto(f"{stage.home}mission/write/")
    lan.locator("main [name=mission]").fill("Nobody plays alone.")
    lan.locator("main [name=rationale]").fill("Shorter, and it is what we say.")
    lan.get_by_role("main").locator("form button[type=submit]").last.click()
    lan.wait_for_load_state()
    soraya = stage.enter(stage.cast.soraya.account, scripts=scripts)
    soraya.goto(stage.home)
    assert soraya.get_by_role("heading", level=1).inner_text() == "Nobody plays alone."
    soraya.goto(f"{stage.home}mission/history/")
    assert soraya.get_by_text("Shorter, and it is what we say.").is_visible()
    assert soraya.get_by_text(MISSION).first.is_visible(), "what it said before stays readable"


@with_and_without_script
def test_search_finds_a_post_and_back_leads_back(stage: Stage, scripts: bool) -> None:
    soraya = stage.enter(stage.cast.soraya.account, scripts=scripts)
    there = ask(soraya, stage)
    catch_up()
    soraya.goto(stage.home)
    box = soraya.locator(".bar .search input")
    box.fill("microphone")
    box.press("Enter")
    soraya.wait_for_url("**/search/?q=microphone*")
    found = soraya.url
    soraya.get_by_role("main").get_by_role("link", name=QUESTION).first.click()
    soraya.get_by_role("heading", name=QUESTION, level=1).wait_for()
    assert there.rstrip("/").rpartition("/")[2] in soraya.url
    soraya.go_back()
    soraya.wait_for_url(found)
    assert soraya.get_by_role("main").get_by_role("link", name=QUESTION).first.is_visible()
    soraya.reload()
    assert soraya.get_by_role("main").get_by_role("link", name=QUESTION).first.is_visible()

    stranger = stage.enter(None, scripts=scripts)
    answer = stranger.goto(there)
    assert answer is not None
    assert answer.status == 404 or "/accounts/login/" in stranger.url, "what members say is not for strangers"
    assert stranger.get_by_text("Mine drowns").count() == 0
