"""The members' pages in a real browser: no violation of axe, nothing wider than the screen, and all of it without script."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from milepost.foundation.common import clock
from milepost.foundation.identity.models import Person
from tests.factories import (
    Cast,
    make_award,
    make_cast,
    make_charter,
    make_goal,
    make_member,
    make_milestone,
    make_organisation,
    make_praise,
    make_profile,
    make_space,
    make_thread,
    make_value,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]

LONG = "Verantwortungsübernahmebereitschaftserklärungsunterzeichnung"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def cast() -> Cast:
    cast = make_cast(tagline="Musicians, most of us not famous.")
    community = cast.community
    make_charter(community, mission=f"Everyone can play: {LONG}", vision="A room in every town.")
    value = make_value(community, slug="kind", name="Honest, kind ears", meaning="We say what we heard.")
    stone = make_milestone(community, slug="first", name="First live gig", why="The day you stop practising.")
    make_milestone(community, slug="long", name=LONG)
    make_goal(
        community,
        slug="rooms",
        title=f"Ten rooms are open for {LONG}",
        value=value,
        milestone=stone,
        target=10,
        deadline=clock.now().date() + datetime.timedelta(days=90),
    )
    make_profile(cast.ife, headline="Drummer", about="Ask me about **rooms**.", place="Leith", celebration="public")
    make_award(cast.ife, stone, evidence="Eleven people came.")
    make_praise(cast.lan, cast.ife, words="You carried my amp home.", value=value.name)
    make_thread(make_space(community, kind="open", name="Rooms"), author=cast.ife, title="Who has a drum kit")
    make_organisation(community, name="The Lantern")
    make_member(community, name=f"Wolfeschlegel {LONG}")
    return cast


PAGES = [
    "",
    "mission/",
    "mission/history/",
    "goals/",
    "goals/rooms/",
    "milestones/",
    "milestones/first/",
    "milestones/first/claim/",
    "moments/",
    "thanks/new/",
    "definitions/",
    "people/",
    "people/?q=nobody",
    "people/ife/",
    "people/soraya/",
    "me/",
    "me/celebration/",
    "me/language/",
]
WRITING = ["mission/write/", "values/kind/", "goals/new/", "goals/rooms/change/", "milestones/first/change/"]
OPEN = ["", "mission/", "goals/", "goals/rooms/", "milestones/", "milestones/first/", "moments/"]


def signed_in(browser: Browser, live_server: Any, who: Person | None, **options: Any) -> BrowserContext:
    context = browser.new_context(locale="en-GB", **options)
    if who is not None:
        client = Client()
        client.force_login(who.account)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    return context


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (768, "light"), (1440, "light")])
@pytest.mark.parametrize(("who", "pages"), [("soraya", PAGES), ("lan", WRITING), (None, OPEN)])
def test_pages_have_no_violation_and_fit(
    chromium: Browser, live_server: Any, cast: Cast, width: int, scheme: Any, who: str | None, pages: list[str]
) -> None:
    reader = getattr(cast, who) if who else None
    wrong: list[str] = []
    with signed_in(
        chromium, live_server, reader, viewport={"width": width, "height": 800}, color_scheme=scheme
    ) as tour:
        page = tour.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        for tail in pages:
            answer = page.goto(f"{live_server.url}/c/{cast.community.slug}/{tail}")
            assert answer is not None
            assert answer.status == 200, tail
            if (over := page.evaluate(TOO_WIDE)) > 0:
                wrong.append(f"{tail}: {over} px too wide")
            for rule in Axe().run(page).response["violations"]:
                wrong += [f"{tail}: {rule['id']}: {node['html'][:160]}" for node in rule["nodes"]]
    assert wrong == []


def test_a_milestone_is_claimed_and_taken_back_without_script(chromium: Browser, live_server: Any, cast: Cast) -> None:
    with signed_in(chromium, live_server, cast.soraya, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/c/{cast.community.slug}/milestones/first/")
        page.get_by_role("link", name="I have done it already").click()
        page.get_by_label("On which day").fill((clock.now() - datetime.timedelta(days=9)).date().isoformat())
        page.get_by_label("What happened").fill("The room was full.")
        page.get_by_role("button", name="I have reached it").click()
        assert page.get_by_text("You reached it").is_visible()
        page.goto(f"{live_server.url}/c/{cast.community.slug}/")
        assert page.get_by_text("The room was full.").is_visible()
        page.goto(f"{live_server.url}/c/{cast.community.slug}/milestones/first/")
        page.get_by_role("link", name="Take it back").click()
        page.get_by_role("button", name="Take it back").click()
        assert page.get_by_role("link", name="I have done it already").is_visible()


def test_filters_stand_in_the_address_and_survive_back(chromium: Browser, live_server: Any, cast: Cast) -> None:
    with signed_in(chromium, live_server, cast.soraya) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/c/{cast.community.slug}/people/")
        page.get_by_label("Role").select_option("steward")
        page.wait_for_url("**role=steward**")
        found = page.locator("#found")
        found.get_by_text("Lan Nguyễn").wait_for()
        assert found.get_by_text("Ife Adeyemi").count() == 0
        page.reload()
        assert found.get_by_text("Ife Adeyemi").count() == 0
        page.go_back()
        found.get_by_text("Ife Adeyemi").wait_for()
