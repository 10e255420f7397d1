"""Every page of a community in a real browser: axe, WCAG 2.2 AA, 320 and 1280 pixels, light and dark, nothing too wide.

The pages about accounts and belonging have the same in test_sign_in_pages.py. With PICTURES=/some/folder each page is also
kept as a picture, for looking at.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.test import Client

from milepost.domain.people.joining import found_community
from milepost.domain.spaces.models import Post, Thread
from milepost.foundation.identity.models import Account, Community
from milepost.outward.starting.demo import loading
from tests.factories import (
    make_account,
    make_charter,
    make_goal,
    make_milestone,
    make_post,
    make_space,
    make_thread,
    make_value,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]

PICTURES = os.environ.get("PICTURES", "")
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LOOKS: tuple[tuple[tuple[int, Any], ...], ...] = (((1280, "light"), (320, "dark")), ((1280, "dark"), (320, "light")))
"""Two of the four for each page, in turn: what pages share is seen in all."""
LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle"

OUTSIDE = ["/", "/c/nowhere/", "/api/v1/docs"]
VISITOR = [
    "",
    "events/",
    "mission/",
    "goals/",
    "milestones/",
    "moments/",
    "spaces/",
    "search/?q=guitar",
    "definitions/",
    "join/",
]
MEMBER = [
    "", "mission/", "mission/history/", "goals/", "milestones/", "moments/", "thanks/new/", "people/", "people/?kind=organisation",
    "people/lan/", "people/adaeze/", "me/", "me/celebration/", "me/language/", "spaces/", "spaces/on-stage/",
    "spaces/on-stage/new/", "events/", "events/month/", "search/", "search/?q=guitar", "search/?q=zzzz", "log/", "desk/",
]  # fmt: skip
STEWARD = [
    "", "desk/", "desk/trail/", "desk/work/", "settings/", "import/", "mission/write/", "values/new/", "goals/new/",
    "milestones/new/", "spaces/new/", "spaces/on-stage/settings/", "claims/suggestions/",
]  # fmt: skip


def wrong_on(page: Page, url: str, address: str, looks: tuple[tuple[int, Any], ...], said: list[str]) -> list[str]:
    """What is not as it should be on the page, in these widths and themes."""
    wrong: list[str] = []
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        answer = page.goto(url + address)
        assert answer is not None
        if answer.status not in {200, 403, 404}:
            return [f"{address}: {answer.status}"]
        where = f"{address} ({width}, {scheme})"
        if page.locator("[data-chart]").count():
            page.locator("[data-chart] canvas").first.wait_for()
        if page.locator("h1").count() != 1:
            wrong.append(f"{where}: {page.locator('h1').count()} first headings")
        if page.evaluate(TOO_WIDE) > 0:
            wrong.append(f"{where}: wider than the screen")
        found = Axe().run(page).response["violations"]
        wrong += [f"{where}: {rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
        keep(page, address, width, scheme)
    # A page that says 403 or 404 is an error to the browser.
    wrong += [f"{address}: {text}" for text in said if "Failed to load" not in text]
    said.clear()
    return wrong


def keep(page: Page, address: str, width: int, scheme: str) -> None:
    if PICTURES:
        folder = Path(PICTURES) / f"{width}-{scheme}"
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(
            path=folder / f"{re.sub(r'[^a-z0-9]+', '-', address).strip('-') or 'front'}.png", full_page=True
        )


def walked(chromium: Browser, url: str, account: Account | None, addresses: list[str]) -> list[str]:
    """What is wrong on the pages for someone who is signed in, or for a visitor."""
    with chromium.new_context(locale="en-GB", timezone_id="UTC") as context:
        if account is not None:
            client = Client()
            client.force_login(account)
            value = client.cookies[django_settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": value, "url": url}])
        page, said = context.new_page(), list[str]()
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(f"script error: {error}"))
        return [
            line for n, address in enumerate(addresses) for line in wrong_on(page, url, address, LOOKS[n % 2], said)
        ]


def test_the_demo_community(chromium: Browser, live_server: Any) -> None:
    loading.load()
    base = "/c/open-stage/"
    talk = Thread.objects.filter(space__slug="on-stage").order_by("-post_count").first()
    own = Post.objects.filter(author__person__account__email="lan@example.org", deleted_at__isnull=True).first()
    assert talk is not None
    assert own is not None
    reading = f"spaces/on-stage/{talk.pk}/"
    inside = [*MEMBER, reading, f"posts/{own.pk}/edit/", f"posts/{own.pk}/history/", *_of_its_own()]
    lan, ife = (Account.objects.get(email=f"{name}@example.org") for name in ("lan", "ife"))
    wrong = walked(chromium, live_server.url, None, [*OUTSIDE, *(base + tail for tail in [*VISITOR, reading])])
    wrong += walked(chromium, live_server.url, lan, [base + tail for tail in inside])
    wrong += walked(chromium, live_server.url, ife, [base + tail for tail in STEWARD])
    assert wrong == [], "\n".join(wrong)


def _of_its_own() -> list[str]:
    """The pages of one goal and of one milestone that the member has not reached."""
    return ["goals/a-hundred-first-stages/", "milestones/first-live-gig/", "milestones/first-headlined-concert/claim/"]


def test_an_empty_community(chromium: Browser, live_server: Any) -> None:
    """Where nothing is yet, each page says what belongs there, to its owner and to a visitor."""
    owner = make_account("amara@example.org", name="Amara")
    found_community(slug="quiet", name="Quiet", owner=owner)
    tails = [
        "",
        "mission/",
        "goals/",
        "milestones/",
        "moments/",
        "people/",
        "spaces/",
        "search/",
        "log/",
        "desk/",
        "desk/trail/",
    ]
    wrong = walked(chromium, live_server.url, owner, [f"/c/quiet/{tail}" for tail in [*tails, "import/"]])
    wrong += walked(chromium, live_server.url, None, [f"/c/quiet/{tail}" for tail in tails[:5]])
    assert wrong == [], "\n".join(wrong)


def test_names_longer_than_anyone_expects(chromium: Browser, live_server: Any) -> None:
    """One word of seventy letters, wherever people may write one."""
    owner = make_account("long@example.org", name=f"{LONG} {LONG}"[:100])
    found_community(slug="long", name=LONG, owner=owner)
    community = Community.objects.get(slug="long")
    person = owner.people.get(community=community)
    make_charter(community, mission=f"{LONG} {LONG} {LONG}", agreements=f"- {LONG}\n- `{LONG}`\n\n{LONG}")
    value = make_value(community, name=LONG, meaning=LONG)
    goal = make_goal(community, title=LONG, why=LONG, value=value)
    stone = make_milestone(community, name=LONG, why=LONG)
    space = make_space(community, name=LONG, purpose=LONG)
    thread = make_thread(space, author=person, title=f"{LONG}{LONG}")
    make_post(thread, author=person, text=f"{LONG}\n\n> {LONG}\n\n    {LONG}\n\nhttps://example.org/{LONG}/{LONG}")
    tails = [
        "", "mission/", "goals/", f"goals/{goal.slug}/", "milestones/", f"milestones/{stone.slug}/", "people/",
        f"people/{person.handle or person.pk}/", "spaces/", f"spaces/{space.slug}/", f"spaces/{space.slug}/{thread.pk}/",
        "log/", "settings/", "desk/",
    ]  # fmt: skip
    wrong = walked(chromium, live_server.url, owner, [f"/c/long/{tail}" for tail in tails])
    assert wrong == [], "\n".join(wrong)
