"""A series from its proposal to the door: RSVP, waiting list, moving up, check-in; and each page by axe in all four looks."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import pytest

from milepost.domain.events import codes, notices, places, proposing, registering
from milepost.domain.events.models import Event, Registration
from milepost.domain.events.proposing import When
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import MemberObjectDay
from milepost.foundation.common import clock
from tests.factories import Cast, make_cast, make_charter, make_event, make_milestone, make_past_event

from .test_pages_axe import wrong_on
from .test_tour import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]

ALL_LOOKS = ((1280, "light"), (1280, "dark"), (320, "light"), (320, "dark"))
with_and_without_script = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


@pytest.fixture
def stage(chromium: Browser, live_server: Any, settings: Any) -> Any:
    settings.MILEPOST_URL = live_server.url
    cast = make_cast()
    make_charter(cast.community)
    make_milestone(cast.community, name="First live gig", slug="first-live-gig")
    yield Stage(cast, chromium, live_server.url)
    for context in chromium.contexts:
        context.close()


def going_on(cast: Cast, **fields: Any) -> Event:
    """An event that has begun half an hour ago."""
    before = clock.now() - datetime.timedelta(minutes=30)
    with clock.moved(datetime.timedelta(days=-2)):
        event = make_event(
            host=cast.lan, when=When(before.date(), before.time(), 300, "UTC"), title="Tonight", **fields
        )
        for person in (cast.soraya, cast.ife):
            registering.register(event=event, by=person)
    return event


def propose(page: Page, stage: Stage) -> str:
    """A weekly series with one place, by its form; the address of its first event."""
    day = clock.now().date() + datetime.timedelta(days=5)
    page.goto(f"{stage.home}events/")
    page.get_by_role("link", name="Propose an event").first.click()
    page.get_by_label("What is it called").fill("Songs in the kitchen")
    page.get_by_label("Day", exact=True).fill(day.isoformat())
    page.get_by_label("Begins at").fill("19:00")
    page.get_by_label("Ends at").fill("21:00")
    page.get_by_text("It comes round again, or lasts for days").click()
    page.get_by_label("Does it come round again").select_option("weekly")
    page.get_by_label("How many times").fill("4")
    page.get_by_text("For whom, and how many").click()
    page.get_by_label("Places").fill("1")
    page.get_by_text("Parts, talks in small groups").click()
    page.get_by_role("textbox", name="Agenda").fill("10 Welcome\n> What did you sing last?")
    page.get_by_role("button", name="Announce it").click()
    page.get_by_role("heading", name="Songs in the kitchen", level=1).wait_for()
    assert page.get_by_text("What did you sing last?").is_visible()
    return page.url


@with_and_without_script
def test_a_series_with_rsvp_and_waiting_list(stage: Stage, scripts: bool) -> None:
    cast = stage.cast
    lan = stage.enter(cast.lan.account, scripts=scripts)
    there = propose(lan, stage)
    assert Event.objects.count() == 4

    soraya = stage.enter(cast.soraya.account, scripts=scripts)
    soraya.goto(there)
    soraya.get_by_role("button", name="Come each time").click()
    soraya.get_by_text("You have a place.").wait_for()
    assert Registration.objects.placed().filter(person=cast.soraya).count() == 4

    ife = stage.enter(cast.ife.account, scripts=scripts)
    ife.goto(there)
    ife.get_by_role("button", name="Join the waiting list").click()
    ife.get_by_text("You are the first on the waiting list.").wait_for()

    soraya.goto(there)
    soraya.get_by_role("button", name="Give your place back").click()
    soraya.get_by_text("You are not registered any more").wait_for()
    ife.goto(there)
    ife.get_by_text("You have a place.").wait_for()
    lan.goto(f"{there}people/")
    assert lan.get_by_role("listitem").filter(has_text="Ife Adeyemi").first.is_visible()
    assert set(
        Registration.objects.get(event__pk=there.rstrip("/").rpartition("/")[2], person=cast.ife).notices.values_list(
            "kind", flat=True
        )
    ) == {"waiting", "placed"}


@with_and_without_script
def test_checking_in_by_code_by_list_and_at_the_door(stage: Stage, scripts: bool) -> None:
    cast = stage.cast
    event = going_on(cast)
    row = Registration.objects.get(event=event, person=cast.soraya)

    soraya = stage.enter(cast.soraya.account, scripts=scripts)
    soraya.goto(f"{stage.home}events/{event.pk}/")
    soraya.get_by_role("link", name="Your code for the door").click()
    soraya.locator("svg.qr-drawing").wait_for()

    lan = stage.enter(cast.lan.account, scripts=scripts)
    lan.goto(places.check_in(row))
    lan.get_by_role("button", name="Is here").click()
    lan.get_by_text("Soraya Haddad is here.").first.wait_for()

    lan.goto(f"{stage.home}events/{event.pk}/people/")
    lan.get_by_role("listitem").filter(has_text="Ife Adeyemi").get_by_role("button", name="Is here").click()
    lan.get_by_text("Ife Adeyemi is here.").wait_for()
    lan.goto(f"{stage.home}events/{event.pk}/door/")
    lan.locator("svg.qr-drawing").wait_for()

    mateus = stage.enter(cast.mateus.account, scripts=scripts)
    mateus.goto(places.door(event))
    mateus.get_by_role("button", name="I am here").click()
    mateus.get_by_text("Good that you are here.").wait_for()

    assert dict(Registration.objects.came().values_list("person__name", "came_by")) == {
        "Soraya Haddad": "code",
        "Ife Adeyemi": "list",
        "Mateus Carvalho": "self",
    }
    catch_up()
    assert MemberObjectDay.objects.filter(verb="event.attended", object_id=event.pk).count() == 3


@with_and_without_script
def test_a_guest_comes_and_is_shown_the_way_in(stage: Stage, scripts: bool) -> None:
    event = make_event(host=stage.cast.lan, title="Open evening", audience="public")
    visitor = stage.enter(None, scripts=scripts)
    visitor.goto(f"{stage.home}events/")
    visitor.get_by_role("link", name="Open evening").click()
    visitor.get_by_role("link", name="I am coming").click()
    visitor.get_by_label("Your name").fill("Noor")
    visitor.get_by_label("Your mail address").fill("noor@example.org")
    visitor.get_by_role("button", name="Register").click()
    visitor.get_by_text("We wrote to noor@example.org").wait_for()
    notices.send()
    visitor.goto(places.ticket(Registration.objects.get(event=event)))
    assert visitor.get_by_text("has a place").is_visible()
    assert visitor.get_by_role("link", name="Become a member").is_visible()


def test_each_page_in_all_four_looks(stage: Stage) -> None:
    cast = stage.cast
    tonight, base = going_on(cast), f"/c/{cast.community.slug}/events/"
    past = make_past_event(
        host=cast.lan, title="A very long name of an evening that does not end, Donaudampfschifffahrtsgesellschaft"
    )
    Registration.objects.create(community=cast.community, event=past, person=cast.lan, came_at=past.starts_at)
    coming = proposing.propose(
        community=cast.community, by=cast.lan, title="Workshop", kind="workshop", mode="hybrid", room=True, capacity=1,
        when=When(clock.now().date() + datetime.timedelta(days=6), datetime.time(19), 90, "Asia/Kathmandu"),
        audience="public", agenda=[{"minutes": 10, "title": "Welcome", "prompt": "Who sang?"}], tags=["kitchen"],
        questions=[{"question": "Bus or bike?", "required": True}], description="With **bread**.",
    )  # fmt: skip
    registering.register(event=coming, by=cast.soraya, replies={coming.questions[0]["key"]: "Bike"})
    row = registering.register(event=coming, by=cast.ife, replies={coming.questions[0]["key"]: "Bus"})
    addresses = [
        base, f"{base}?show=past", f"{base}?show=mine", f"{base}month/", f"{base}new/", f"{base}settings/", f"{base}subscribe/",
        f"{base}{coming.pk}/", f"{base}{coming.pk}/registration/", f"{base}{coming.pk}/change/", f"{base}{coming.pk}/cancellation/",
        f"{base}{coming.pk}/people/", f"{base}{coming.pk}/people/?show=waiting", f"{base}{past.pk}/", f"{base}{past.pk}/afterwards/",
        f"{base}{past.pk}/people/?show=missing", f"{base}{past.pk}/attendance/", f"{base}{tonight.pk}/people/",
        f"{base}{tonight.pk}/door/", f"{base}{tonight.pk}/here/{codes.door_code(tonight)}/",
        places.check_in(row).removeprefix(stage.url), places.ticket(row).removeprefix(stage.url),
    ]  # fmt: skip
    wrong = looked(stage.enter(cast.lan.account), stage.url, addresses)
    wrong += looked(stage.enter(None), stage.url, [base, f"{base}{coming.pk}/", f"{base}{coming.pk}/guests/"])
    assert wrong == [], "\n".join(wrong)


def looked(page: Page, url: str, addresses: list[str]) -> list[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    return [line for address in addresses for line in wrong_on(page, url, address, ALL_LOOKS, said)]
