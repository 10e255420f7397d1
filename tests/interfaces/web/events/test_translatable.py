"""Every text of the event pages can be translated: gettext answers in brackets, all content is Greek."""

from __future__ import annotations

import datetime
import re

import pytest
from django.test import Client

from milepost.domain.events import places, proposing, registering
from milepost.domain.events.models import Registration
from milepost.domain.events.proposing import When
from milepost.domain.events.recurrence import Rule
from milepost.foundation.common import clock
from tests.factories import make_account, make_community, make_member, make_past_event
from tests.interfaces.web.test_translatable import bracketed, forgotten  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db

NAMES = re.compile(r"\(?UTC\)?|Zoom|Eventbrite|Jitsi")


def test_every_text_of_the_event_pages_can_be_translated(client: Client, bracketed: None) -> None:  # noqa: F811
    community = make_community("greek", name="Ανοιχτή Σκηνή")
    owner = make_member(
        community, role="owner", account=make_account("eleni@example.org", name="Ελένη"), name="Ελένη", handle="eleni"
    )
    other = make_member(community, name="Νίκος", handle="nikos")
    day = clock.now().date() + datetime.timedelta(days=6)
    event = proposing.propose(
        community=community, by=owner, title="Τραγούδια", kind="workshop", mode="hybrid", link="https://example.org/x",
        when=When(day, datetime.time(19), 90, "UTC", Rule.parse("FREQ=DAILY;COUNT=3")), capacity=1, place="Πάτρα",
        agenda=[{"minutes": 10, "title": "Γεια", "prompt": "Ποιος;"}], questions=[{"question": "Γιατί;"}], summary="Μαζί",
        description="Μαζί.", tags=["κουζίνα"], follow_up="Τραγούδα.",
    )  # fmt: skip
    row = registering.register(event=event, by=owner)
    registering.register(event=event, by=other)
    past = make_past_event(host=owner, title="Παλιά")
    Registration.objects.create(
        community=community, event=past, person=owner, came_at=past.starts_at, came_by="code", minutes=5
    )
    Registration.objects.create(community=community, event=past, person=other)
    client.force_login(owner.account)
    base = "/c/greek/events/"
    tails = ["", "?show=past", "?show=mine", "?show=waiting", "month/", "new/", "settings/", "subscribe/"]
    tails += [
        f"{event.pk}/{t}"
        for t in ("", "registration/", "change/", "cancellation/", "people/", "people/?show=waiting", "door/")
    ]
    tails += [f"{past.pk}/{t}" for t in ("", "people/", "people/?show=missing", "afterwards/", "attendance/")]
    wrong = {}
    for address in [*(base + tail for tail in tails), places.ticket(row).partition("8000")[2]]:
        answer = client.get(address)
        assert answer.status_code == 200, address
        html = re.sub(r'class="(door-url|calendar-url)[^>]*>.*?</p>', ">", answer.content.decode(), flags=re.DOTALL)
        if found := forgotten(NAMES.sub(" ", html)):
            wrong[address] = found
    assert wrong == {}
