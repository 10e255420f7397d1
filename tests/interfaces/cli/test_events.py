"""`milepost events`: what comes, who was there, and answers that came by mail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from milepost.domain.events import registering
from milepost.domain.events.models import Registration
from tests.factories import Cast, make_cast, make_event, make_past_event

pytestmark = pytest.mark.django_db

REPLY = """From: Ana <ana@example.org>
To: milepost@example.org
Subject: Accepted
MIME-Version: 1.0
Content-Type: text/calendar; method=REPLY; charset=utf-8

BEGIN:VCALENDAR
PRODID:-//Other//EN
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20400101T000000Z
ATTENDEE;PARTSTAT=ACCEPTED:mailto:ana@example.org
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def test_lists_what_comes_and_what_was(cast: Cast, answer: Callable[..., Any]):
    coming, past = make_event(host=cast.lan, capacity=1), make_past_event(host=cast.lan)
    for person in (cast.soraya, cast.ife):
        registering.register(event=coming, by=person)
    (row,) = answer("events", "list", "--community", cast.community.slug)
    assert (row["id"], row["going"], row["waiting"]) == (str(coming.pk), 1, 1)
    (row,) = answer("events", "list", "--community", cast.community.slug, "--past")
    assert row["id"] == str(past.pk)


def test_counts_whom_a_file_names(cast: Cast, answer: Callable[..., Any], tmp_path: Path):
    event = make_past_event(host=cast.lan)
    file = tmp_path / "zoom.csv"
    file.write_text(
        "Name (Original Name),User Email,Total Duration (Minutes),Guest\n"
        f"Soraya,{cast.soraya.account.email},61,No\nNobody,,5,No\n"
    )
    looked = answer("events", "attendance", event.pk, "--import", file, "--look")
    assert looked["counts"] == {}
    assert not Registration.objects.came().exists()
    for state in ("new", "same"):
        found = answer("events", "attendance", event.pk, "--import", file)
        assert found["counts"] == {state: 1, "left": 1, "unread": 0}
    (row,) = answer("events", "attendance", event.pk)
    assert (row["name"], row["came"], row["by"], row["minutes"]) == ("Soraya Haddad", True, "zoom", 61)


def test_takes_an_answer_that_came_by_mail(cast: Cast, answer: Callable[..., Any], tmp_path: Path):
    event = make_event(host=cast.lan)
    registering.invite(event=event, by=cast.lan, mails=["ana@example.org"])
    file = tmp_path / "reply.eml"
    file.write_text(REPLY.format(uid=event.uid))
    for _n in range(2):
        (row,) = answer("events", "reply", file)
        assert (row["state"], row["event"]) == ("going", event.title)
    assert Registration.objects.placed().filter(event=event).count() == 1


def test_says_what_it_cannot_do(cast: Cast, command: Callable[..., Result], tmp_path: Path):
    file = tmp_path / "x"
    file.write_text("Hello")
    for arguments, says in (
        (("events", "attendance", "nonsense"), "There is no event"),
        (("events", "reply", file), "no calendar in this mail"),
        (("events", "attendance", make_past_event(host=cast.lan).pk, "--import", file), "neither Zoom"),
        (("events", "list", "--community", "none"), "There is no community"),
    ):
        result = command(*arguments)
        assert result.exit_code == 1
        assert says in result.output + (result.stderr or "")
