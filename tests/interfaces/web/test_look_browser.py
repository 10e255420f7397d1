"""The style guide in a real browser: no violation of axe, nothing wider than the screen, the little scripts at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1440])
def test_the_guide_has_no_violation_and_fits(chromium: Browser, live_server: Any, width: int, scheme: Any) -> None:
    with chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        page.goto(f"{live_server.url}/styleguide/?accent=300")
        assert page.evaluate(TOO_WIDE) <= 0
        assert violations(page) == []
        assert refused == []


@pytest.mark.parametrize("accent", ["75", "145", "%23ff0000"])
def test_accents_pass_axe_in_the_dark(chromium: Browser, live_server: Any, accent: str) -> None:
    with chromium.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/styleguide/?accent={accent}")
        assert violations(page) == []


@pytest.mark.parametrize(("width", "shown", "hidden"), [(1440, "way-wide", "way-tall"), (360, "way-tall", "way-wide")])
def test_the_path_is_wide_or_tall_by_its_room(
    chromium: Browser, live_server: Any, width: int, shown: str, hidden: str
) -> None:
    with chromium.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/styleguide/")
        assert page.locator(f".path .{shown}").first.is_visible()
        assert not page.locator(f".path .{hidden}").first.is_visible()


def test_names_on_the_path_do_not_overlap(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}/styleguide/")
    overlaps = page.evaluate(
        """[...document.querySelectorAll('.path')].flatMap(path => {
          const boxes = [...path.querySelectorAll('li')].map(stone =>
            [...stone.querySelectorAll('b, small')].map(words => [words.innerText, words.getBoundingClientRect()]));
          return boxes.flatMap((mine, i) => boxes.slice(i + 1).flat().flatMap(([other, b]) => mine.filter(([, a]) =>
            a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).map(([name]) => [name, other])));
        })"""
    )
    assert overlaps == []


def test_the_chosen_theme_holds_over_a_reload(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}/styleguide/")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark", exact=True).click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert page.get_by_role("button", name="Dark", exact=True).get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="As the device").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == before


def test_keys_reach_the_search_field_and_close_menus(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}/styleguide/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search-page"
    page.locator("details.menu > summary").first.click()
    assert page.locator("details.menu[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("details.menu[open]").count() == 0
    assert page.evaluate("document.activeElement.localName") == "summary"


def test_the_first_tab_leads_to_the_content(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}/styleguide/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_menus_and_guide_work_without_scripts(chromium: Browser, live_server: Any) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/styleguide/")
        page.locator("details.menu > summary").first.click()
        assert page.get_by_role("link", name="Copy the link").first.is_visible()
        assert not page.locator(".theme").is_visible()
