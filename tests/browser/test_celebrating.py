"""Celebrating as journeys in a real Chromium: reached, congratulated, taken back; a badge taken along and checked; the pages by axe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from joserfc.jwk import OKPKey
from openbadgeslib.ob3 import OB3Verifier

from milepost.domain.people.models import Profile
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Account
from milepost.outward.badges import issuing, proving
from milepost.outward.badges.models import SigningKey
from milepost.outward.celebrations import congratulating, keeping, walls
from milepost.outward.celebrations.models import Landmark, Moment
from tests.factories import Cast, make_cast, make_charter, make_member, make_milestone, make_praise

from .test_pages_axe import wrong_on

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]

ALL_LOOKS = ((320, "light"), (320, "dark"), (1280, "light"), (1280, "dark"))
READERS = ("rollup", "celebrations")
with_and_without_script = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


class Stage:
    def __init__(self, chromium: Browser, url: str, cast: Cast) -> None:
        self.chromium, self.url, self.cast = chromium, url, cast
        self.home = f"{url}/c/{cast.community.slug}/"

    def enter(self, account: Account | None, *, scripts: bool = True) -> Page:
        context = self.chromium.new_context(java_script_enabled=scripts, locale="en-GB", timezone_id="UTC")
        context.set_default_timeout(60_000)
        if account is not None:
            client = Client()
            client.force_login(account)
            value = client.cookies[django_settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": value, "url": self.url}])
        return context.new_page()


@pytest.fixture
def stage(chromium: Browser, live_server: Any, tmp_path: Path, settings: Any) -> Any:
    settings.MILEPOST_HOME = tmp_path
    settings.MILEPOST_URL = live_server.url
    cast = make_cast(slug="stage", tagline="Music for all")
    make_charter(cast.community, mission="We help each other until every song has a stage.")
    make_milestone(cast.community, name="First live gig", slug="first-live-gig", why="You stood there and played.")
    yield Stage(chromium, live_server.url, cast)
    for context in chromium.contexts:
        context.close()


def listen(page: Page, said: list[str]) -> None:
    """Keep what goes wrong in the page."""
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(f"script error: {error}"))


def reached(person: Any, *, evidence: str = "Two songs, one of them twice.") -> Award:
    award = Award.claim(
        person=person, milestone=person.community.milestones.get(slug="first-live-gig"),
        reached_on=clock.today("UTC"), evidence=evidence,
    )  # fmt: skip
    catch_up(READERS)
    return award


@with_and_without_script
def test_one_reaches_it_and_others_congratulate(stage: Stage, scripts: bool) -> None:
    reached(stage.cast.soraya)
    ife = stage.enter(stage.cast.ife.account, scripts=scripts)
    ife.goto(f"{stage.home}celebrations/")
    row = ife.get_by_role("listitem").filter(has_text="Soraya Haddad reached")
    row.get_by_role("button", name="Hooray").click()
    ife.locator('.cheer[aria-pressed="true"]').wait_for()
    ife.goto(f"{stage.home}celebrations/")
    ife.get_by_role("link", name="Soraya Haddad reached “First live gig”.").click()
    ife.get_by_label("Say something").fill("The second song. Oh, the second song.")
    ife.get_by_role("button", name="Congratulate").click()
    ife.get_by_text("The second song. Oh, the second song.").first.wait_for()

    soraya = stage.enter(stage.cast.soraya.account, scripts=scripts)
    soraya.goto(f"{stage.home}celebrations/")
    soraya.get_by_role("link", name="1 congratulation").click()
    soraya.get_by_text("Oh, the second song.").wait_for()
    soraya.get_by_role("link", name="Take it back").click()
    soraya.get_by_role("button", name="Take it back").click()
    soraya.get_by_text("You took this back.").wait_for()
    ife.goto(f"{stage.home}celebrations/")
    assert ife.get_by_text("Soraya Haddad reached").count() == 0
    soraya.get_by_role("button", name="Show it again").click()
    soraya.get_by_role("link", name="Take it back").wait_for()
    ife.reload()
    ife.get_by_text("Soraya Haddad reached").first.wait_for()


@with_and_without_script
def test_a_badge_is_taken_along_and_checked(stage: Stage, scripts: bool, tmp_path: Path) -> None:
    reached(stage.cast.soraya)
    soraya = stage.enter(stage.cast.soraya.account, scripts=scripts)
    soraya.goto(f"{stage.home}celebrations/mine/")
    soraya.get_by_role("link", name="Get the badge").click()
    soraya.get_by_label("By my whole name").check()
    soraya.get_by_role("button", name="Make my badge").click()
    soraya.get_by_text("It holds").wait_for()
    for name, ending in (("Picture (PNG)", "png"), ("Drawing (SVG)", "svg")):
        with soraya.expect_download() as download:
            soraya.get_by_role("link", name=name).click()
        file = tmp_path / f"badge.{ending}"
        download.value.save_as(file)
        content = file.read_bytes()
        assert proving.read(content).is_valid
        taken = OB3Verifier.extract_token_from_png if ending == "png" else OB3Verifier.extract_token_from_svg
        key = OKPKey.import_key(SigningKey.objects.get().jwk)
        assert OB3Verifier(key.as_pem(private=False)).verify(taken(content)).achievement.name == "First live gig"
    page = soraya.url
    stranger = stage.enter(None, scripts=scripts)
    assert stranger.goto(page).status == 404
    Profile.objects.update_or_create(
        person=stage.cast.soraya, defaults={"celebration": "public", "community": stage.cast.community}
    )
    assert stranger.goto(page).status == 200
    stranger.get_by_text("It holds").wait_for()


def test_a_wall_goes_on_by_itself_and_ends_with_its_address(stage: Stage) -> None:
    Profile.objects.create(person=stage.cast.soraya, celebration="public", community=stage.cast.community)
    lan = stage.enter(stage.cast.lan.account)
    lan.goto(f"{stage.home}celebrations/walls/")
    lan.get_by_label("Where it hangs").fill("The back room")
    lan.get_by_role("button", name="Open it").click()
    address = lan.locator(".address a").get_attribute("href")
    screen = stage.enter(None)
    screen.clock.install()
    screen.goto(str(address))
    screen.get_by_text("The next moment that someone wants to share").wait_for()
    reached(stage.cast.soraya)
    screen.clock.run_for(61_000)
    screen.get_by_text("Soraya Haddad reached “First live gig”.").wait_for()
    lan.get_by_role("button", name="Take the address away").click()
    lan.get_by_text("shows nothing any more").wait_for()
    assert screen.goto(str(address)).status == 404


def furnished(stage: Stage) -> list[str]:
    """One of everything, and the addresses of the pages that show it."""
    cast = stage.cast
    award = reached(cast.soraya)
    Profile.objects.create(person=cast.soraya, celebration="public", community=cast.community)
    crowd = make_milestone(
        cast.community, name="A workshop with a very long name, about letters to venues", slug="workshop"
    )
    for n in range(6):
        member = make_member(cast.community, name=f"Donaudampfschifffahrtsgesellschaft {n}")
        Award.claim(person=member, milestone=crowd, reached_on=clock.today("UTC"))
        Award.claim(person=member, milestone=award.milestone, reached_on=clock.today("UTC"), backfilled=True)
    Award.claim(person=cast.lan, milestone=crowd, reached_on=clock.today("UTC"), backfilled=True)
    make_praise(cast.ife, cast.soraya)
    catch_up(READERS)
    moment = Moment.objects.get(awards=award)
    congratulating.cheer(moment=moment.pk, by=cast.ife, emoji="🎉")
    congratulating.say(moment=moment.pk, by=cast.ife, text="The second song.")
    landmark = Landmark.objects.create(
        community=cast.community, name="A thousand answers", verb="reply.posted", target=1000
    )
    Moment.objects.create(
        community=cast.community, kind="landmark", key="landmark:x", day=clock.today("UTC"), landmark=landmark
    )
    keeping.round_up(cast.community, clock.today("UTC"))
    badge = issuing.issue(award=award, by=cast.soraya, name="Soraya")
    base = f"/c/{cast.community.slug}/"
    tails = [
        "", f"{moment.pk}/", f"weeks/{clock.today('UTC')}/", "mine/", "mine/catch-up/", "tending/", "wordings/reached/",
        "wordings/reached/first-live-gig/", "landmarks/", "walls/", "unseen/", "catch-up/", "wall/",
    ]  # fmt: skip
    return [*(f"{base}celebrations/{tail}" for tail in tails), f"{base}badges/{badge.pk}/", f"{base}badges/bringing/"]


def test_the_pages_are_sound_in_four_looks(stage: Stage) -> None:
    """axe without a violation, 320 and 1280 pixels, light and dark, nothing wider than the screen."""
    pages = furnished(stage)
    wall = walls.open_wall(community=stage.cast.community, name="Back room", by=stage.cast.lan)
    award = Award.objects.get(person=stage.cast.soraya)
    own = [
        f"/c/stage/badges/of/{award.pk}/",
        "/c/stage/celebrations/mine/",
        f"/c/stage/celebrations/{award.moments.get().pk}/",
    ]
    wrong: list[str] = []
    for account, addresses in (
        (stage.cast.lan.account, pages),
        (stage.cast.soraya.account, own),
        (None, [pages[0], pages[1], f"/wall/{wall.token}/", pages[-2]]),
    ):
        page = stage.enter(account)
        said: list[str] = []
        listen(page, said)
        for address in addresses:
            wrong += wrong_on(page, stage.url, address, ALL_LOOKS, said)
    assert wrong == [], "\n".join(wrong)
