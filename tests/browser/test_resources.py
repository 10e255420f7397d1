"""Sharing what helps, using it, and lending a hand, in a real browser; every page with axe, wide and narrow, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from milepost.domain.resources.models import Completion, Rating, Resource
from milepost.domain.work.models import Commitment
from milepost.foundation.identity.models import Person
from tests.browser.test_pages_axe import LOOKS, wrong_on
from tests.factories import (
    Cast,
    make_cast,
    make_charter,
    make_goal,
    make_milestone,
    make_opportunity,
    make_resource,
    make_value,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    make_charter(cast.community)
    stone = make_milestone(cast.community, name="First live gig", slug="first-live-gig")
    make_goal(cast.community, title="Fifty first gigs", milestone=stone, target=50)
    make_value(cast.community, name="A stage for anyone")
    return cast


def context_for(chromium: Browser, url: str, person: Person, *, scripts: bool = True) -> BrowserContext:
    context = chromium.new_context(locale="en-GB", timezone_id="UTC", java_script_enabled=scripts)
    context.set_default_timeout(60_000)
    client = Client()
    assert person.account is not None
    client.force_login(person.account)
    value = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": value, "url": url}])
    return context


def looks(page: Page, url: str, addresses: list[str]) -> list[str]:
    said: list[str] = []
    return [line for n, address in enumerate(addresses) for line in wrong_on(page, url, address, LOOKS[n % 2], said)]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_from_a_members_idea_to_someone_elses_first_step(
    chromium: Browser, live_server: Any, cast: Cast, scripts: bool
) -> None:
    """A member writes a course, a moderator publishes it, another member walks through it and says what it was worth."""
    url, base = live_server.url, f"{live_server.url}/c/{cast.community.slug}"
    with context_for(chromium, url, cast.soraya, scripts=scripts) as context:
        page = context.new_page()
        page.goto(f"{base}/resources/")
        page.get_by_role("link", name="First live gig").last.click()
        page.get_by_role("link", name="A course").click()
        page.get_by_label("Title", exact=True).fill("From the kitchen to the stage")
        assert page.get_by_label("First live gig").is_checked()
        first, second = page.get_by_label("Title of the lesson").all()
        first.fill("Once through")
        second.fill("One pair of ears")
        for box, words in zip(page.get_by_label("What one reads and does").all(), ("Go **on**.", "Play."), strict=True):
            box.fill(words)
        page.get_by_role("button", name="One more lesson").click()
        assert page.get_by_label("Title of the lesson").count() == 3
        assert page.get_by_label("Title of the lesson").first.input_value() == "Once through"
        page.get_by_role("button", name="Propose it").click()
        page.get_by_text("It waits for a steward").wait_for()
    with context_for(chromium, url, cast.mateus, scripts=scripts) as context:
        page = context.new_page()
        page.goto(f"{base}/desk/resources/")
        page.get_by_role("link", name="From the kitchen to the stage").click()
        page.get_by_role("button", name="Publish").click()
        page.get_by_text("is published").wait_for()
    course = Resource.objects.get()
    with context_for(chromium, url, cast.ife, scripts=scripts) as context:
        page = context.new_page()
        page.goto(f"{base}/resources/")
        page.get_by_role("link", name=course.title).click()
        page.get_by_role("link", name="Begin").click()
        page.get_by_role("button", name="Done, go on").click()
        page.get_by_role("button", name="Done, finish the course").click()
        page.get_by_role("link", name="Rate it").click()
        page.get_by_label("4: a lot").check()
        page.get_by_label("What helped, what was missing?").fill("The second lesson is the hard one.")
        page.get_by_role("button", name="Rate it").click()
        page.get_by_text("The second lesson is the hard one.").wait_for()
    assert Completion.objects.get().person == cast.ife
    assert Rating.objects.get().stars == 4


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_half_an_hour(chromium: Browser, live_server: Any, cast: Cast, scripts: bool) -> None:
    """Someone has thirty minutes, takes what fits, gives it back, takes it again and does it."""
    make_opportunity(by=cast.lan, title="Fold chairs", effort=20, text="In the back room.")
    make_opportunity(cast.community, title="Paint the hall", effort=300)
    with context_for(chromium, live_server.url, cast.soraya, scripts=scripts) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/c/{cast.community.slug}/opportunities/")
        page.get_by_role("link", name="30 min").click()
        assert page.get_by_text("Paint the hall").count() == 0
        page.get_by_role("button", name="I will do it").click()
        page.get_by_role("button", name="Give it back").click()
        page.get_by_text("Given back").wait_for()
        assert not Commitment.objects.exists()
        page.get_by_role("button", name="I will do it").click()
        page.get_by_role("link", name="It is done").click()
        page.get_by_label("How many minutes it took").fill("25")
        page.get_by_role("button", name="It is done").click()
        page.get_by_text("You did it. Thank you.").wait_for()
    done = Commitment.objects.get()
    assert (done.person, done.minutes, done.finished_at is not None) == (cast.soraya, 25, True)


def test_every_page_with_axe(chromium: Browser, live_server: Any, cast: Cast) -> None:
    stone = cast.community.milestones.get()
    long = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle"
    course = make_resource(by=cast.lan, kind="course", title="From the kitchen", milestones=[stone], authors=[cast.lan])
    guide = make_resource(
        by=cast.lan, title=long, summary=f"{long} {long}", milestones=[stone], tags=[long[:60]], credit=long, access="open",
        text=f"## {long}\n\n- {long}\n\n| a | b |\n|---|---|\n| {long} | {long} |\n\n#### Deep\n\n    {long}",
    )  # fmt: skip
    guide.finish(by=cast.ife)
    guide.rate(by=cast.ife, stars=4, comment=f"{long} {long}")
    guide.change(by=cast.lan, draft=_again(guide))
    waiting = make_resource(by=cast.soraya, kind="template", text=f"Dear {long}", published=False)
    task = make_opportunity(by=cast.lan, title=long, text=long, skills=[long[:60]], milestone=stone, needed=3)
    task.take(by=cast.ife)
    base = f"/c/{cast.community.slug}/"
    lesson = course.version_in_force().lesson_ids[0]
    tails = [
        "resources/", "resources/?q=zzz", "resources/new/", "resources/new/?kind=course", "resources/new/?kind=file",
        f"resources/{guide.slug}/", f"resources/{guide.slug}/change/", f"resources/{guide.slug}/history/",
        f"resources/{guide.slug}/history/1/", f"resources/{guide.slug}/withdrawal/", f"resources/{guide.slug}/people/",
        f"resources/{course.slug}/", f"resources/{course.slug}/lessons/{lesson}/", f"resources/{waiting.slug}/decision/",
        "desk/resources/", "opportunities/", "opportunities/?minutes=15", "opportunities/new/", f"opportunities/{task.slug}/",
        f"opportunities/{task.slug}/change/", "desk/opportunities/", "coverage/", f"coverage/{stone.slug}/",
    ]  # fmt: skip
    with context_for(chromium, live_server.url, cast.lan) as context:
        wrong = looks(context.new_page(), live_server.url, [base + tail for tail in tails])
    with context_for(chromium, live_server.url, cast.ife) as context:
        own = [f"resources/{guide.slug}/", f"resources/{guide.slug}/rating/", f"opportunities/{task.slug}/finish/"]
        wrong += looks(context.new_page(), live_server.url, [base + tail for tail in own])
    with chromium.new_context(locale="en-GB", timezone_id="UTC") as context:
        wrong += looks(context.new_page(), live_server.url, [f"{base}resources/", f"{base}resources/{guide.slug}/"])
    assert wrong == [], "\n".join(wrong)


def _again(resource: Resource) -> Any:
    from milepost.domain.resources.drafting import Draft

    version = resource.version_in_force()
    return Draft(kind=resource.kind, title=version.title, summary=version.summary, text=version.text, note="Shorter")
