"""A member writes a statement, votes on twenty, sees the map: with scripts and without, and axe on each page."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.test import Client

from milepost.domain.deliberation import drawing
from milepost.domain.deliberation.models import Conversation, Statement, StatementVote
from tests.factories import Cast, make_cast, make_conversation, make_member

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]

PICTURES = os.environ.get("PICTURES", "")
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LOOKS: tuple[tuple[int, Any], ...] = ((1280, "light"), (320, "dark"), (1280, "dark"), (320, "light"))
MINE = "Let the first five minutes belong to someone who has never played."
STATEMENTS = (
    "Nobody should have to pay to stand on a stage.",
    "We should rehearse in public once a month.",
    "Beginners need an evening of their own.",
    "A small fee would make people come more reliably.",
    "Sound checks take too long.",
    "Cover songs are as welcome as own ones.",
    "We play too late for people with children.",
    "One loud band spoils a quiet evening.",
    "Every evening needs a host who explains how it works.",
    "We should record everyone, and give them the file.",
    "The bar should close while somebody plays.",
    "Poetry belongs on our stage.",
    "Two songs each is enough.",
    "Whoever played last month should wait.",
    "We need a ramp before we need a better mixing desk.",
    "Let us go to other towns.",
    "Applause is enough; nobody needs feedback.",
    "Instruments should be lent for free.",
    "Recorded backing tracks are fine.",
    "Volunteers should get their drinks.",
    "We should vote on who plays the summer stage.",
)


def furnish(cast: Cast) -> Conversation:
    """Two camps and some in between, who have voted on most statements."""
    made = make_conversation(
        cast.community,
        by=cast.ife,
        statements=STATEMENTS,
        text="We have twice as many players as a year ago, and the same two hours.",
    )
    draw, votes = random.Random(3), []
    for n in range(44):
        person = make_member(cast.community, name=f"Player {n}")
        for one in made.statements.all():
            if draw.random() < 0.8:
                camp = 1 if (n % 3 == 0) == (one.number % 2 == 0) or one.number == 1 else -1
                value = camp if draw.random() < 0.85 else draw.choice((-1, 0, 1))
                votes.append(
                    StatementVote(
                        community=cast.community, conversation=made, statement=one, person=person, value=value
                    )
                )
    StatementVote.objects.bulk_create(votes)
    drawing.draw(made)
    return made


def enter(chromium: Browser, url: str, account: Any, *, scripts: bool = True) -> Page:
    context = chromium.new_context(java_script_enabled=scripts, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(30_000)
    client = Client()
    client.force_login(account)
    value = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": value, "url": url}])
    return context.new_page()


def wrong_on(page: Page, address: str) -> list[str]:
    wrong = []
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.goto(address)
        where = f"{address} ({width}, {scheme})"
        if page.locator("h1").count() != 1:
            wrong.append(f"{where}: {page.locator('h1').count()} first headings")
        if page.evaluate(TOO_WIDE) > 0:
            wrong.append(f"{where}: wider than the screen")
        found = Axe().run(page).response["violations"]
        wrong += [f"{where}: {rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
        if PICTURES:
            name = address.partition("/conversations/")[2].strip("/").replace("/", "-") or "list"
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)
    return wrong


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_member_writes_a_statement_votes_on_twenty_and_sees_the_map(
    chromium: Browser, live_server: Any, scripts: bool
) -> None:
    cast = make_cast()
    made = furnish(cast)
    page = enter(chromium, live_server.url, cast.soraya.account, scripts=scripts)
    page.goto(f"{live_server.url}/c/{cast.community.slug}/conversations/")
    page.get_by_role("link", name=made.question, exact=True).click()
    page.get_by_label("Your statement").fill(MINE)
    page.get_by_role("button", name="Add it").click()
    page.get_by_text("Others vote on your statement now").wait_for()
    for n in range(20):
        # Her own statement counts as the first.
        page.get_by_text(f"You have voted on {n + 1} of 22 statements.").wait_for()
        page.locator("#vote").get_by_role(
            "button", name=("Agree", "Disagree", "Pass, not sure")[n % 3], exact=True
        ).click()
    page.get_by_text("You have voted on 21 of 22 statements.").wait_for()
    assert made.votes.filter(person=cast.soraya).count() == 21
    drawing.draw(made)
    page.get_by_role("link", name="See the map").first.click()
    assert page.get_by_role("img", name="Map of how people answer: Group A, Group B.").is_visible()
    assert page.get_by_text("Those who answer alike form 2 groups.").is_visible()
    assert page.get_by_text("marked “You”").is_visible()
    assert page.get_by_role("heading", name="What all groups share").is_visible()
    page.context.close()


def test_every_page_of_a_conversation(chromium: Browser, live_server: Any) -> None:
    cast = make_cast()
    made = furnish(cast)
    first = Statement.objects.get(conversation=made, number=3)
    made.write(by=cast.soraya, text="Bandwurmwörterzusammensetzungsmöglichkeitenverzeichnis" * 3)
    for one in Statement.objects.filter(conversation=made, number__lte=16):
        one.vote(by=cast.lan, value=1 if one.number % 2 else -1)
    first.hide(by=cast.lan, reason="Says two things at once")
    drawing.draw(made)
    base = f"{live_server.url}/c/{cast.community.slug}/conversations/"
    here = f"{base}{made.slug}/"
    page = enter(chromium, live_server.url, cast.lan.account)
    wrong = []
    for address in (base, f"{base}new/", here, f"{here}map/", f"{here}votes/", f"{here}moderation/"):
        wrong += wrong_on(page, address)
    made.close(by=cast.lan)
    wrong += wrong_on(page, here)
    page.context.close()
    assert wrong == [], "\n".join(wrong)
