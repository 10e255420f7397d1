"""Attendance files of Zoom and Eventbrite: read, matched with reasons, counted once."""

from __future__ import annotations

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from milepost.domain.events import proposing, registering
from milepost.domain.events.models import Registration
from milepost.domain.people.erasure import erase
from milepost.foundation.activity.models import Activity
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.identity.models import Identity, Person
from milepost.outward.connectors.attendance import importing
from milepost.outward.connectors.attendance.reading import _union, read
from milepost.outward.connectors.models import AttendanceImport, AttendanceRow
from milepost.outward.connectors.records import ConnectorError
from tests.factories import make_cast, make_event, make_member, make_when

ZOOM = """Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants
812 3456 7890,Open evening,11/12/2026 07:00:00 PM,11/12/2026 09:00:00 PM,host@example.org,121,7

Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,Recording Consent,In Waiting Room
Lan (Lan Nguyễn),{lan},11/12/2026 07:00:12 PM,11/12/2026 08:59:30 PM,120,No,,No
Soraya Haddad,,11/12/2026 07:05:00 PM,11/12/2026 07:25:00 PM,20,Yes,,No
Soraya Haddad,,11/12/2026 07:20:00 PM,11/12/2026 08:05:00 PM,45,Yes,,No
soraya haddad,,11/12/2026 08:30:00 PM,11/12/2026 08:40:00 PM,10,Yes,,No
New Face,new@example.org,11/12/2026 07:00:00 PM,11/12/2026 07:45:30 PM,46,Yes,,No
iPhone,,11/12/2026 07:00:00 PM,11/12/2026 07:10:00 PM,10,Yes,,No
Ife Adeyemi,,11/12/2026 07:00:00 PM,11/12/2026 07:30:00 PM,30,Yes,,No
Stranger,,11/12/2026 07:00:00 PM,11/12/2026 07:30:00 PM,30,Yes,,Yes
Clock,clock@example.org,yesterday,tomorrow,3,Yes,,No
Back,back@example.org,11/12/2026 07:30:00 PM,11/12/2026 07:00:00 PM,3,Yes,,No
,,11/12/2026 07:00:00 PM,11/12/2026 07:30:00 PM,30,Yes,,No
"""
EVENTBRITE = """Order #,Order Date,First Name,Last Name,Email,Quantity,Ticket Type,Attendee #,Attendee Status
1001,2026-11-01,Soraya,Haddad,{soraya},1,General,2001,Checked In
1002,2026-11-01,Ife,Adeyemi,ife@elsewhere.example,1,General,2002,Attending
1002,2026-11-01,Ife,Adeyemi,ife@elsewhere.example,1,General,2003,Checked In
1003,2026-11-01,Gone,Away,gone@example.org,1,General,2004,Not Attending
1004,2026-11-01,No,Show,noshow@example.org,1,General,2005,Attending
1005,2026-11-01,,,,1,General,2006,Attending
"""

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def event(cast):
    when = make_when(-12)
    event = proposing.note(community=cast.community, by=cast.lan, when=when, title="Open evening")
    for person in (cast.soraya, cast.mateus):
        Registration.objects.create(community=cast.community, event=event, person=person)
    return event


def zoom(cast):
    return ZOOM.format(lan=cast.lan.account.email).encode()


def test_rejoins_are_one_presence(cast):
    found = read(zoom(cast))
    assert found.kind == "zoom"
    people = {a.name: a for a in found.attendees}
    assert people["Soraya Haddad"].minutes == 70, "two devices at once count once"
    assert people["Soraya Haddad"].times == 3
    assert people["New Face"].minutes == 46
    assert people["Lan Nguyễn"].mail == cast.lan.account.email
    assert found.skipped == 1
    assert [(bad.line, bad.why) for bad in found.bad] == [
        (13, "When they joined or left cannot be read."),
        (14, "They left before they joined."),
        (15, "Neither a name nor an address."),
    ]


@pytest.mark.parametrize(
    ("content", "minutes"),
    [
        ("Name (Original Name),User Email,Total Duration (Minutes),Guest\nAna,ana@example.org,61,No\n", 61),
        (
            "Name (original name);Email;Join time;Leave time\nAna;ana@example.org;2026-11-12 19:00:00;2026-11-12 19:30:01\n",
            31,
        ),
        (
            "Attendee Details\nAttended,User Name (Original Name),Email,Join Time,Leave Time,Time in Session (minutes)\n"
            'Yes,Ana,ana@example.org,"Nov 12, 2026 19:00:00","Nov 12, 2026 19:10:00",10\nNo,Ben,ben@example.org,--,--,--\n',
            10,
        ),
    ],
)
def test_other_shapes_of_zooms_file(content, minutes):
    for encoding in ("utf-8-sig", "utf-16"):
        (one,) = read(content.encode(encoding)).attendees
        assert (one.name, one.mail, one.minutes) == ("Ana", "ana@example.org", minutes)


def test_eventbrites_tickets(cast):
    found = read(EVENTBRITE.format(soraya=cast.soraya.account.email).encode())
    assert found.kind == "eventbrite"
    assert [(a.name, a.came) for a in found.attendees] == [
        ("Soraya Haddad", True),
        ("Ife Adeyemi", True),
        ("No Show", False),
    ]
    assert found.skipped == 1
    assert len(found.bad) == 1


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"\x00\xff\xfe\x00" * 50, b"Name\nAna\n", b'Order #,Email\n"' + b"x" * 2_000_000]
)
def test_other_files_are_refused(content):
    with pytest.raises(ConnectorError):
        read(content)


minutes = st.integers(0, 300)


@given(st.lists(st.tuples(minutes, minutes).map(sorted), max_size=12))
def test_the_union_is_as_counted_minute_by_minute(spans):
    start = datetime.datetime(2026, 11, 12, 19, tzinfo=datetime.UTC)
    stretches = [
        (start + datetime.timedelta(minutes=low), start + datetime.timedelta(minutes=high)) for low, high in spans
    ]
    assert _union(stretches) == len({m for low, high in spans for m in range(low, high)})


# --- matching and counting --------------------------------------------------------------------------


def test_people_are_matched_with_reasons_and_only_the_sure_count_by_themselves(cast, event):
    run = importing.begin(event=event, content=zoom(cast), file_name="zoom.csv", by=cast.lan)
    reasons = {row.name: (row.reason, row.person) for row in run.rows.filter(problem="")}
    assert reasons == {
        "Lan Nguyễn": ("confirmed_mail", cast.lan),
        "Soraya Haddad": ("registered_name", cast.soraya),
        "New Face": ("guest", None),
        "iPhone": ("nobody", None),
        "Ife Adeyemi": ("member_name", cast.ife),
    }
    assert not Registration.objects.came().exists(), "nothing counts before a steward says so"
    counts = importing.apply(run=run, by=cast.lan)
    assert counts == {"new": 3, "left": 2, "unread": 3}
    came = dict(Registration.objects.came().values_list("person__name", "minutes"))
    assert came == {"Lan Nguyễn": 120, "Soraya Haddad": 70, "New Face": 46}
    told = Activity.objects.filter(verb="event.attended")
    assert {row.backfilled for row in told} == {True}, "the event was written down afterwards"
    assert Identity.objects.get(source="zoom").mail == "new@example.org"


def test_the_same_file_twice_changes_nothing(cast, event):
    for n in range(2):
        run = importing.begin(event=event, content=zoom(cast), file_name="zoom.csv", by=cast.lan)
        counts = importing.apply(run=run, by=cast.lan)
        assert counts["new" if n == 0 else "same"] == 3
    assert AttendanceImport.objects.count() == 1
    assert Activity.objects.filter(verb="event.attended").count() == 3
    assert Person.objects.filter(name="New Face").count() == 1


def test_a_tick_decides_where_it_is_not_sure(cast, event):
    run = importing.begin(event=event, content=zoom(cast), file_name="zoom.csv", by=cast.lan)
    rows = {row.name: row.pk for row in run.rows.all()}
    choices = {rows["Ife Adeyemi"]: "take", rows["Lan Nguyễn"]: "leave", rows["iPhone"]: "guest"}
    importing.apply(run=run, choices=choices, by=cast.lan)
    came = set(Registration.objects.came().values_list("person__name", flat=True))
    assert came == {"Ife Adeyemi", "Soraya Haddad", "New Face"}


def test_who_had_a_ticket_and_did_not_come_is_missing(cast, event):
    content = EVENTBRITE.format(soraya=cast.soraya.account.email).encode()
    run = importing.begin(event=event, content=content, file_name="eb.csv", by=cast.lan)
    assert importing.apply(run=run, by=cast.lan) == {"new": 1, "left": 1, "expected": 1, "unread": 1}
    assert "No Show" in Registration.objects.missing().filter(event=event).values_list("person__name", flat=True)


def test_a_name_that_two_bear_is_left_to_the_steward(cast, event):
    make_member(cast.community, name="Ife Adeyemi")
    run = importing.begin(event=event, content=zoom(cast), file_name="zoom.csv", by=cast.lan)
    assert run.rows.get(name="Ife Adeyemi").reason == "several"


def test_who_was_erased_does_not_come_back(cast, event):
    person = registering.guest(cast.community, name="New Face", mail="new@example.org", source="zoom")
    erase(person=person, by=cast.amara)
    run = importing.begin(event=event, content=zoom(cast), file_name="zoom.csv", by=cast.lan)
    assert run.rows.get(name="New Face").reason == "erased"
    importing.apply(run=run, choices={run.rows.get(name="New Face").pk: "guest"}, by=cast.lan)
    assert not Identity.objects.filter(mail="new@example.org").exists()


def test_erasing_takes_the_lines_of_files_too(cast, event):
    importing.begin(event=event, content=zoom(cast), file_name="zoom.csv", by=cast.lan)
    erase(person=cast.soraya, by=cast.soraya)
    assert not AttendanceRow.objects.filter(name="Soraya Haddad").exists()


def test_lines_are_forgotten_and_what_counted_stays(cast, event):
    run = importing.begin(event=event, content=zoom(cast), file_name="zoom.csv", by=cast.lan)
    importing.apply(run=run, by=cast.lan)
    assert importing.forget_lines() == 0
    with clock.moved(datetime.timedelta(days=91)):
        assert importing.forget_lines() == 8
    assert Registration.objects.came().count() == 3


def test_only_stewards_and_only_what_has_begun(cast, event):
    with pytest.raises(NotAllowed):
        importing.begin(event=event, content=zoom(cast), file_name="zoom.csv", by=cast.soraya)
    with pytest.raises(DomainError, match="not taken place"):
        importing.begin(event=make_event(host=cast.lan), content=zoom(cast), file_name="zoom.csv", by=cast.lan)


def test_by_the_page(cast, event):
    steward, member = Client(), Client()
    steward.force_login(cast.lan.account)
    member.force_login(cast.soraya.account)
    base = f"/c/{cast.community.slug}/events/{event.pk}/attendance/"
    assert member.get(base).status_code == 403
    refused = steward.post(base, {"upload": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")})
    assert "neither Zoom" in refused.content.decode()
    page = steward.post(base, {"upload": SimpleUploadedFile("zoom.csv", zoom(cast))}, follow=True)
    body = page.content.decode()
    for words in (
        "the same confirmed mail address",
        "comes in as a guest",
        "joined 3 times",
        "They left before they joined.",
    ):
        assert words in body
    run = AttendanceImport.objects.get()
    assert member.post(f"{base}{run.pk}/").status_code == 403
    ife = run.rows.get(name="Ife Adeyemi")
    answer = steward.post(f"{base}{run.pk}/", {f"r-{ife.pk}": "take", "r-nonsense": "take"}, follow=True)
    assert "4 were there and count now" in answer.content.decode()
    assert Registration.objects.came().filter(event=event).count() == 4
    assert clock.now() > run.begun_at
