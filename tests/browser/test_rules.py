"""A steward writes a rule in a real Chromium: with and without scripts, by keyboard; the pages by axe in every look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from milepost.engines.segments import looking
from milepost.engines.segments.keeping import fill
from milepost.engines.segments.models import Segment
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.recording import record
from tests.factories import Cast, make_cast, make_charter
from tests.factories.segments import make_segment

from .test_pages_axe import wrong_on

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]

ALL_LOOKS = ((320, "light"), (320, "dark"), (1280, "light"), (1280, "dark"))


@pytest.fixture
def cast() -> Cast:
    made = make_cast(slug="stage")
    make_charter(made.community)
    for person in (made.ife, made.lan):
        for _ in range(2):
            record("reply.posted", community=made.community, by=person)
    catch_up()
    return made


def steward(chromium: Browser, url: str, cast: Cast, *, scripts: bool = True) -> Page:
    client = Client()
    client.force_login(cast.lan.account)
    context = chromium.new_context(java_script_enabled=scripts, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(60_000)
    value = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": value, "url": url}])
    return context.new_page()


def test_a_rule_is_built_seen_and_kept_by_keyboard(chromium: Browser, live_server: Any, cast: Cast):
    page, said = steward(chromium, live_server.url, cast), []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(f"{live_server.url}/c/stage/segments/new/")
    page.get_by_label("Name", exact=True).fill("Helpers")
    page.get_by_label("1 · Who").select_option("did:reply.posted")
    page.locator(".rule-count", has_text="2 members").wait_for()
    page.get_by_label("When").select_option("past")
    page.locator(".rule-says", has_text="in the past 90 days").wait_for()
    page.get_by_role("button", name="Add a line").focus()
    page.keyboard.press("Enter")
    second = page.get_by_label("2 · Who")
    second.wait_for()
    page.wait_for_function("document.activeElement.name === 'rule-0.1-what'")
    second.select_option("attribute:role")
    page.get_by_label("Role", exact=True).select_option("steward")
    page.locator(".rule-count", has_text="1 member").wait_for()
    page.get_by_label("Those of whom this does not hold 2").check()
    page.locator(".rule-says", has_text="is not “steward”").wait_for()
    assert cast.ife.name in page.locator(".rule-examples").inner_text()
    assert page.get_by_label("Name", exact=True).input_value() == "Helpers"
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("heading", name="Helpers", level=1).wait_for()
    made = Segment.objects.get(slug="helpers")
    fill(made)
    assert [person.name for person in looking.people_of(made)] == [cast.ife.name]
    assert said == []
    page.context.close()


def test_the_same_without_scripts(chromium: Browser, live_server: Any, cast: Cast):
    page = steward(chromium, live_server.url, cast, scripts=False)
    page.goto(f"{live_server.url}/c/stage/segments/new/")
    page.get_by_label("Name", exact=True).fill("Helpers")
    page.get_by_label("1 · Who").select_option("did:reply.posted")
    page.get_by_role("button", name="Show whom it is about").click()
    page.locator(".rule-count", has_text="2 members").wait_for()
    page.get_by_role("button", name="Add a group").click()
    page.get_by_label("2.1 · Who").select_option("engagement")
    page.get_by_role("button", name="Show whom it is about").click()
    page.get_by_role("button", name="Remove the group 2").click()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("heading", name="Helpers", level=1).wait_for()
    assert Segment.objects.get(slug="helpers").rule == {"did": "reply.posted", "at_least": 1}
    page.context.close()


def test_pages_are_sound_in_every_look(chromium: Browser, live_server: Any, cast: Cast):
    rule = {"all": [{"did": "reply.posted"}, {"not": {"any": [{"role": "owner"}, {"engagement": "quiet"}]}}]}
    make_segment(cast.community, name="Helpers", rule=rule)
    make_segment(cast.community, name="Hosts")
    page, said, wrong = steward(chromium, live_server.url, cast), [], []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    for tail in ("", "helpers/", "hosts/", "helpers/edit/", "helpers/comparison/?other=hosts", "new/"):
        wrong += wrong_on(page, live_server.url, f"/c/stage/segments/{tail}", ALL_LOOKS, said)
    for tail in ("", "new/"):
        wrong += wrong_on(page, live_server.url, f"/c/stage/desk/attributes/{tail}", ALL_LOOKS, said)
    assert not wrong, "\n".join(wrong)
    page.context.close()
