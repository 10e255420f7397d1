"""Talking and searching in a real browser: with the script, without it, at each width, and by axe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from milepost.domain.spaces.models import Post, ReadMark, Space, Thread
from milepost.foundation.activity import following
from tests.factories import make_cast, make_goal, make_thread
from tests.interfaces.web.test_look_browser import TOO_WIDE, violations

if TYPE_CHECKING:
    from django.test import Client
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast():
    cast = make_cast()
    goal = make_goal(cast.community, title="Forty first paid gigs")
    space = Space.create(community=cast.community, name="First gigs", purpose="Rooms and fees", goal=goal, by=cast.lan)
    thread = Thread.start(
        space=space, title="What do I ask a venue?", text="**First** call.", by=cast.soraya, tags=["money"]
    )
    thread.reply(text="> Ask\n\nabout money, @soraya.", by=cast.ife)
    make_thread(space, author=cast.mateus, title="The long one " + "x" * 90, posts=45)
    following.catch_up(["search"])
    return cast


def signed_in(context: BrowserContext, client: Client, live_server: Any, person: Any) -> Page:
    client.force_login(person.account)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    return context.new_page()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_pages_fit_and_have_no_violation(
    chromium: Browser, live_server: Any, client: Client, cast: Any, width: int, scheme: Any
) -> None:
    base = f"{live_server.url}/c/{cast.community.slug}/"
    thread = Thread.objects.get(title__startswith="What")
    long = Thread.objects.get(title__startswith="The long")
    tails = ["", "new/", "first-gigs/", "first-gigs/new/", "first-gigs/settings/", "?show=history"]
    tails += [f"first-gigs/{thread.pk}/", f"first-gigs/{long.pk}/?page=2", f"first-gigs/{thread.pk}/move/"]
    addresses = [f"{base}spaces/{tail}" for tail in tails]
    addresses += [f"{base}search/?q=venue", f"{base}search/?q=nothing-like-it", f"{base}search/"]
    post = thread.posts.order_by("posted_at").first()
    assert post is not None
    addresses += [f"{base}posts/{post.pk}/history/", f"{base}posts/{post.pk}/reactions/"]
    with chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
        page = signed_in(context, client, live_server, cast.lan)
        for address in addresses:
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, address
            assert page.evaluate(TOO_WIDE) <= 0, address
            assert violations(page) == [], address


def test_a_conversation_with_the_script(page: Page, live_server: Any, client: Client, cast: Any) -> None:
    thread = Thread.objects.get(title__startswith="What")
    mine = signed_in(page.context, client, live_server, cast.mateus)
    # Not by `wait_for_function`: it asks again by `eval`, which the page's policy forbids.
    with mine.expect_response(lambda answer: answer.url.endswith("/read/")):
        mine.goto(f"{live_server.url}/c/{cast.community.slug}/spaces/first-gigs/{thread.pk}/")
    mine.wait_for_selector(".seen", state="attached")
    mine.fill("#reply textarea", "Ask where the *sockets* are.")
    mine.click("#reply button[type=submit]")
    mine.wait_for_selector(".post >> nth=2")
    assert mine.locator(".post").nth(2).locator("em").inner_text() == "sockets"
    assert mine.input_value("#reply textarea") == ""
    assert mine.locator("#announce").inner_text() == "Your reply is posted"
    # The form that came back makes another post, not the same one again.
    mine.fill("#reply textarea", "And bring a long cable.")
    mine.click("#reply button[type=submit]")
    mine.wait_for_selector(".post >> nth=3")
    mine.locator(".post").nth(1).locator(".reaction-add").click()
    mine.locator(".post").nth(1).locator("button.reaction", has_text="🎉").click()
    mine.wait_for_selector(".post >> nth=1 >> button.reaction[aria-pressed=true]")
    mine.locator(".post").nth(3).locator(".post-menu summary").click()
    mine.locator(".post").nth(3).locator(".post-menu button").click()
    mine.wait_for_selector("text=Bring it back")
    assert mine.locator(".post").count() == 3
    mine.click("text=Bring it back")
    mine.wait_for_selector(".post >> nth=3")
    assert ReadMark.objects.filter(person=cast.mateus, thread=thread).exists()
    assert Post.objects.filter(thread=thread).count() == 4


def test_the_same_without_a_script(chromium: Browser, live_server: Any, client: Client, cast: Any) -> None:
    thread = Thread.objects.get(title__startswith="What")
    with chromium.new_context(java_script_enabled=False) as context:
        page = signed_in(context, client, live_server, cast.mateus)
        page.goto(f"{live_server.url}/c/{cast.community.slug}/spaces/first-gigs/{thread.pk}/")
        page.fill("#reply textarea", "Ask where the *sockets* are.")
        page.click("#reply button[type=submit]")
        assert page.locator(".post").count() == 3
        assert page.url.partition("#")[2].startswith("post-")
        page.locator(".post").nth(1).locator(".reaction-add").click()
        page.locator("button.reaction", has_text="🎉").click()
        assert page.locator("button.reaction[aria-pressed=true]").count() == 1
        page.locator(".post").nth(2).locator(".post-menu summary").click()
        page.locator(".post").nth(2).locator(".post-menu button").click()
        page.click("text=Bring it back")
        assert page.locator(".post").count() == 3
        page.locator(".seen button").click()
        assert page.locator(".posts-new").count() == 0
        page.fill(".bar .search input", "sockets")
        page.press(".bar .search input", "Enter")
        assert "/search/?q=sockets" in page.url
