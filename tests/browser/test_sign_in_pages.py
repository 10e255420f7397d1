"""Every page about accounts and belonging in a real browser: axe, widths, both themes, and nothing that the policy refuses.

With PICTURES=/some/folder each page is also kept as a picture, for looking at.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.test import Client

from milepost.domain.people import inviting, joining, linking
from milepost.foundation.identity.models import ApiToken, Person
from tests.factories import Cast, make_account, make_cast, make_charter, make_identity, make_member, make_value
from tests.factories.people import PASSWORD
from tests.interfaces.web.accounts.conftest import Outbox
from tests.interfaces.web.accounts.provider import Provider
from tests.interfaces.web.accounts.test_second_steps import switch_on_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]

PICTURES = os.environ.get("PICTURES", "")
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
QUESTIONS = [{"key": "why", "question": "Why do you want to join?"}, {"key": "what", "question": "What do you play?"}]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh Adelaide Blaine Charlotte"
VISITORS = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/login/code/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/inactive/",
    "/accounts/3rdparty/login/cancelled/",
    "/accounts/3rdparty/login/error/",
    "/accounts/oidc/house/login/",
    "/dev/outbox/",
]
OWN = [
    "/accounts/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/webauthn/reauthenticate/",
    "/accounts/3rdparty/",
    "/accounts/sessions/",
    "/accounts/close/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
]
STEWARDS = ["invitations/", "invitations/?kind=mail", "requests/", "claims/", "claims/suggestions/", "claims/merges/"]
MEMBERS = ["membership/", "leave/", "before/?q=joão", "keys/", "membership/erasure/"]


@dataclass
class World:
    cast: Cast
    steward: Person
    addresses: dict[str, list[str]] = field(default_factory=dict)


@pytest.fixture
def world(live_server: Any, outbox: Outbox, provider: Provider) -> World:
    """A community with something on each of the pages, and a steward with everything that an account can have."""
    cast = make_cast(join_policy="questions", join_questions=QUESTIONS, tagline="Music for all")
    community = cast.community
    make_charter(
        community, agreements="We answer newcomers first.\n\n- Be kind\n- Be **on time**", vision="A town that sings."
    )
    make_value(community, name="Every room is a stage", meaning="No gig is too small.")
    account = make_account("lan@example.org", name="Lan Nguyễn", password=PASSWORD)
    steward = make_member(community, role="steward", account=account, name="Lan Nguyễn")
    make_identity(community=community, name="Lan N.", mail="lan@example.org")
    for source in ("slack", "forum"):
        make_identity(community=community, source=source, name=LONG, mail="wanjiru@example.org")
        make_identity(community=community, source=source, name="Olu Bello", mail="olu@example.org")
    linking.suggest(community)
    twin = linking.suggestions(community)[0]
    linking.merge(kept=twin.one, gone=twin.other, by=steward, reason="The same mail address.")
    linking.claim(identity=cast.joao, person=cast.soraya, reason="I started the thread about the oud.")
    asked = joining.ask(account=cast.noor, community=community, answers={"why": "To find a band.", "what": "The oud"})
    _one, token = inviting.invite_link(community=community, by=steward, label="The poster in the library", max_uses=20)
    inviting.invite_mail(
        community=community, by=steward, mail="wolfeschlegelsteinhausenbergerdorff@example.org", note="Come."
    )
    ApiToken.issue(account=account, community=community, name="Our form", scopes=["people.view"])
    base = f"/c/{community.slug}/"
    mine = [
        *OWN,
        *(base + tail for tail in STEWARDS + MEMBERS),
        f"{base}requests/{asked.pk}/",
        f"{base}before/{cast.joao.pk}/",
    ]
    mails = outbox.mails()
    seen = [*VISITORS, f"{base}join/", f"/i/{token}/", "/i/over/", f"/dev/outbox/{mails[0].file}/{mails[0].number}/"]
    return World(cast, steward, {"visitor": seen, "steward": mine})


def cookie(url: str, account: Any) -> dict[str, Any]:
    client = Client()
    client.force_login(account)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    value = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    return {"name": django_settings.SESSION_COOKIE_NAME, "value": value, "url": url}


def wrong_on(page: Page, url: str, address: str, refused: list[str]) -> list[str]:
    """What is not as it should be on the page."""
    answer = page.goto(url + address)
    assert answer is not None
    if answer.status not in {200, 401, 404}:
        return [f"{address}: {answer.status}"]
    wrong = [f"{address}: wider than the screen"] if page.evaluate(TOO_WIDE) > 0 else []
    if page.locator("h1").count() != 1:
        wrong.append(f"{address}: {page.locator('h1').count()} first headings")
    for rule in Axe().run(page).response["violations"]:
        wrong += [f"{address}: {rule['id']}: {node['html'][:160]}" for node in rule["nodes"]]
    wrong += [f"{address}: {text}" for text in refused if "Failed to load resource" not in text]
    refused.clear()
    if PICTURES:
        size, scheme = page.viewport_size, page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        name = address.strip("/").replace("/", "-").replace("?", "-")[:70] or "hub"
        folder = Path(PICTURES) / f"{size['width'] if size else 0}-{'dark' if scheme else 'light'}"
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=True)
    return wrong


def opened(context: BrowserContext) -> tuple[Page, list[str]]:
    page, refused = context.new_page(), list[str]()
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    return page, refused


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_every_page_is_as_it_should_be(
    chromium: Browser, live_server: Any, world: World, width: int, scheme: Any
) -> None:
    wrong: list[str] = []
    for who, addresses in world.addresses.items():
        with chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
            if who == "steward":
                context.add_cookies([cookie(live_server.url, world.steward.account)])  # type: ignore[list-item]
            page, refused = opened(context)
            if who == "steward":
                wrong += wrong_on(page, live_server.url, "/accounts/2fa/totp/activate/", refused)
                assert world.steward.account is not None
                switch_on_app(world.steward.account)
            for address in addresses:
                wrong += wrong_on(page, live_server.url, address, refused)
    assert wrong == [], "\n".join(wrong)


def test_the_pages_on_the_way_in(chromium: Browser, live_server: Any, world: World) -> None:
    """Those that stand only in the middle of signing in: a mailed code, a new password, the second step."""
    wrong: list[str] = []
    with chromium.new_context(viewport={"width": 320, "height": 800}) as context:
        page, refused = opened(context)
        page.goto(f"{live_server.url}/accounts/signup/")
        page.get_by_label("Your name").fill("Noor")
        page.get_by_label("Mail address").fill("new@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Make my account").click()
        page.wait_for_url("**/confirm-email/")
        wrong += wrong_on(page, live_server.url, "/accounts/confirm-email/", refused)
        page.get_by_role("button", name="Cancel").click()
        page.goto(f"{live_server.url}/accounts/password/reset/")
        page.get_by_label("Mail address").fill("lan@example.org")
        page.get_by_role("button", name="Mail me a code").click()
        wrong += wrong_on(page, live_server.url, "/accounts/password/reset/confirm/", refused)
        assert world.steward.account is not None
        switch_on_app(world.steward.account)
        page.goto(f"{live_server.url}/accounts/login/")
        page.get_by_label("Mail address").fill("lan@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/2fa/authenticate/")
        wrong += wrong_on(page, live_server.url, "/accounts/2fa/authenticate/", refused)
    assert wrong == [], "\n".join(wrong)
