from __future__ import annotations

import datetime
import re

import icalendar
import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from milepost.domain.events import changing, codes, filling, notices, places, registering, settling
from milepost.domain.events.models import Event, EventSettings, Registration
from milepost.engines.segments import listing
from milepost.foundation.common import clock
from tests.factories import (
    make_account,
    make_cast,
    make_event,
    make_goal,
    make_member,
    make_milestone,
    make_past_event,
    make_space,
    make_when,
)
from tests.factories.segments import make_segment

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast(time_zone="Europe/Lisbon")


def client(who=None):
    browser = Client()
    if who is not None:
        browser.force_login(getattr(who, "account", None) or who)
    return browser


def at(event_or_cast, tail=""):
    if isinstance(event_or_cast, Event):
        return f"/c/{event_or_cast.community.slug}/events/{event_or_cast.pk}/{tail}"
    return f"/c/{event_or_cast.community.slug}/events/{tail}"


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def written(**fields):
    """A form as a browser sends it."""
    day = clock.today("UTC") + datetime.timedelta(days=9)
    return {
        "title": "Songs in the kitchen", "kind": "workshop", "day": day.isoformat(), "at": "19:00", "until": "21:30",
        "zone": "Europe/Lisbon", "mode": "online", "room": "on", "audience": "public", "hosts": "", "speakers": "",
        "agenda": "10 Welcome\n> What did you sing last?\n40 Rounds", "questions": "What do you bring? *\nBus or bike?", "tags": "songs, kitchen",
    } | fields  # fmt: skip


# --- writing ----------------------------------------------------------------------------------------


def test_a_member_announces_an_event_by_its_form(cast):
    stone, goal = make_milestone(cast.community), make_goal(cast.community)
    soraya = client(cast.soraya)
    assert soraya.get(at(cast, "new/")).status_code == 200
    answer = soraya.post(at(cast, "new/"), written(milestones=[stone.pk], goal=goal.pk, speakers="@ife, Björk"))
    event = Event.objects.get()
    assert answer.url == at(event)
    assert event.link.startswith("https://meet.jit.si/SongsInTheKitchen-")
    assert event.minutes == 150
    assert event.agenda == [
        {"minutes": 10, "title": "Welcome", "prompt": "What did you sing last?"},
        {"minutes": 40, "title": "Rounds", "prompt": ""},
    ]
    assert [q["required"] for q in event.questions] == [True, False]
    assert {(p.role, str(p)) for p in event.parts.all()} == {
        ("host", "Soraya Haddad"),
        ("speaker", "Ife Adeyemi"),
        ("speaker", "Björk"),
    }
    page = text(soraya.get(at(event)))
    for words in (
        "Social Workshop",
        "Welcome",
        "What did you sing last?",
        stone.name,
        goal.title,
        "Björk",
        "#songs" if 0 else "songs",
    ):
        assert words in page


def test_what_was_typed_stays_when_a_rule_refuses(cast):
    soraya = client(cast.soraya)
    for fields, says in (
        ({"day": "2020-01-01"}, "past"),
        ({"hosts": "@nobody"}, "Nobody here is called @nobody"),
        ({"repeats": "rule", "rule": "FREQ=HOURLY"}, "daily, weekly"),
        ({"repeats": "rule", "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "never comes round"),
        ({"title": ""}, "required"),
    ):
        answer = soraya.post(at(cast, "new/"), written(**fields))
        assert answer.status_code in {200, 422}
        assert says in text(answer)
        assert "What did you sing last?" in text(answer)
    assert not Event.objects.exists()


def test_a_steward_writes_down_what_has_been(cast):
    lan = client(cast.lan)
    lan.post(at(cast, "new/"), written(day="2026-01-15"))
    assert Event.objects.get().backfilled


def test_a_proposal_waits_where_stewards_want_to_look(cast):
    lan, soraya, ife = client(cast.lan), client(cast.soraya), client(cast.ife)
    assert (
        lan.post(at(cast, "settings/"), {"approval": "on", "video_server": "https://video.example.org"}).status_code
        == 302
    )
    assert soraya.get(at(cast, "settings/")).status_code == 403
    soraya.post(at(cast, "new/"), written())
    event = Event.objects.get()
    assert event.link.startswith("https://video.example.org/")
    assert "Not announced yet" in text(soraya.get(at(event)))
    assert ife.get(at(event)).status_code == 404
    assert soraya.post(at(event, "publication/")).status_code == 403
    assert event.title in text(lan.get(at(cast, "?show=waiting")))
    lan.post(at(event, "publication/"))
    assert ife.get(at(event)).status_code == 200


def test_changing_one_following_and_all(cast):
    lan = client(cast.lan)
    lan.post(at(cast, "new/"), written(repeats="weekly", times=5, questions=""))
    first, second, third, *_rest = Event.objects.order_by("starts_at")
    page = text(lan.get(at(third, "change/")))
    assert "This one and those that follow" in page
    lan.post(at(second, "change/"), written(which="one", title="Alone", day=second.occurrence.isoformat()))
    lan.post(
        at(third, "change/"), written(which="following", title="Later", at="20:00", day=third.occurrence.isoformat())
    )
    assert (
        list(Event.objects.order_by("starts_at").values_list("title", flat=True))
        == [first.title, "Alone"] + ["Later"] * 3
    )
    third.refresh_from_db()
    assert third.local_start.hour == 20
    assert third.series_id != first.series_id
    lan.post(
        at(third, "change/"), written(which="all", title="All of them", at="20:00", day=third.occurrence.isoformat())
    )
    assert Event.objects.filter(title="All of them").count() == 3
    assert client(cast.soraya).get(at(first, "change/")).status_code == 403


def test_calling_off_asks_once_and_tells(cast):
    event = make_event(host=cast.lan)
    registering.register(event=event, by=cast.soraya)
    lan = client(cast.lan)
    assert event.title in text(lan.get(at(event, "cancellation/")))
    lan.post(at(event, "cancellation/"), {"reason": "No heating."})
    page = text(client(cast.soraya).get(at(event)))
    assert "This event is cancelled." in page
    assert "No heating." in page


# --- taking part ------------------------------------------------------------------------------------


def test_registering_waiting_and_giving_back(cast):
    event = make_event(host=cast.lan, capacity=1)
    ife, soraya = client(cast.ife), client(cast.soraya)
    assert "You have a place" in text(ife.post(at(event, "registration/"), {"answer": "going"}, follow=True))
    assert "you are on the waiting list" in text(
        soraya.post(at(event, "registration/"), {"answer": "going"}, follow=True)
    )
    assert "You are the first on the waiting list" in text(soraya.get(at(event)))
    ife.post(at(event, "registration/withdrawal/"))
    assert "You have a place" in text(soraya.get(at(event)))
    assert "you are coming" in text(soraya.get(at(cast)))


def test_questions_are_asked_first(cast):
    event = make_event(host=cast.lan, questions=[{"key": "diet", "question": "What do you not eat?", "required": True}])
    soraya = client(cast.soraya)
    assert "What do you not eat?" in text(soraya.get(at(event, "registration/")))
    assert "This field is required" in text(soraya.post(at(event, "registration/"), {"asked": "1", "q-diet": ""}))
    soraya.post(at(event, "registration/"), {"asked": "1", "q-diet": "Nuts"})
    assert Registration.objects.get(person=cast.soraya).replies == {"diet": "Nuts"}
    assert "Nuts" in text(client(cast.lan).get(at(event, "people/")))
    assert "Nuts" not in text(client(cast.ife).get(at(event)))


def test_a_guest_registers_opens_the_ticket_and_gives_it_back(cast):
    event = make_event(host=cast.lan, audience="public", mode="online", link="https://meet.jit.si/secret")
    visitor = client()
    assert "Guests are welcome" in text(visitor.get(at(event)))
    assert "secret" not in text(visitor.get(at(event)))
    answer = visitor.post(at(event, "guests/"), {"name": "Noor", "mail": "noor@example.org", "asked": "1"})
    assert "noor@example.org" in text(answer)
    notices.send()
    (letter,) = mail.outbox
    ticket = re.search(r"/tickets/\S+", str(letter.body))[0]
    page = text(visitor.get(ticket))
    for words in ("has a place", "qr-drawing", "meet.jit.si/secret", "Become a member"):
        assert words in page
    assert visitor.get(ticket[:-5] + "0000/").status_code == 404
    visitor.post(ticket, {"answer": "declined"})
    assert not Registration.objects.placed().exists()
    visitor.post(ticket, {"answer": "going"})
    assert Registration.objects.placed().exists()


def test_members_events_are_hidden_from_visitors(cast):
    event = make_event(host=cast.lan)
    assert client().get(at(event)).status_code == 404
    assert client().post(at(event, "guests/"), {"name": "N", "mail": "n@example.org"}).status_code == 404
    assert event.title not in text(client().get(at(cast)))
    assert client(make_account()).get(at(event)).status_code == 404


def test_joining_a_series_once(cast):
    first = make_event(host=cast.lan, when=make_when(rule="FREQ=DAILY;COUNT=4"))
    soraya = client(cast.soraya)
    assert "Come each time" in text(soraya.get(at(first)))
    soraya.post(at(first, "series/"))
    assert Registration.objects.placed().filter(person=cast.soraya).count() == 4
    assert "You are in this series" in text(soraya.get(at(first)))
    soraya.post(at(first, "series/"), {"leave": "1"})
    assert Registration.objects.placed().filter(person=cast.soraya).count() == 0


def test_times_are_shown_in_the_events_and_in_the_readers_zone(cast):
    event = make_event(host=cast.lan, when=make_when(hour=19, zone="Asia/Tokyo"))
    page = text(client(cast.soraya).get(at(event)))
    assert "(Asia/Tokyo)" in page
    assert "for you:" in page
    assert "(Europe/Lisbon)" in page
    home = make_event(host=cast.lan, when=make_when(hour=19, zone="Europe/Lisbon"))
    assert "for you:" not in text(client(cast.soraya).get(at(home)))


# --- lists ------------------------------------------------------------------------------------------


def test_a_series_stands_in_the_list_once_and_in_the_month_each_time(cast):
    make_event(host=cast.lan, title="Evening", when=make_when(1, rule="FREQ=DAILY;COUNT=10"))
    soraya = client(cast.soraya)
    assert text(soraya.get(at(cast))).count('class="event-title"') == 1
    day = clock.today("Europe/Lisbon") + datetime.timedelta(days=3)
    assert text(soraya.get(at(cast, f"month/?month={day:%Y-%m}"))).count("Evening") >= 2
    for asked in ("nonsense", "0001-01", "9999-12", ""):
        assert soraya.get(at(cast, f"month/?month={asked}")).status_code == 200


def test_what_was_and_ones_own(cast):
    past, coming = make_past_event(host=cast.lan, title="Gone by"), make_event(host=cast.lan, title="Ahead")
    registering.register(event=coming, by=cast.soraya)
    soraya = client(cast.soraya)
    assert "Gone by" in text(soraya.get(at(cast, "?show=past")))
    assert "Gone by" not in text(soraya.get(at(cast)))
    assert "Ahead" in text(soraya.get(at(cast, "?show=mine")))
    assert "Ahead" not in text(client(cast.ife).get(at(cast, "?show=mine")))
    assert "Ahead" not in text(soraya.get(at(cast, "?kind=call")))
    assert soraya.get(at(past)).status_code == 200


def test_a_list_costs_as_much_for_many_as_for_few(cast, django_assert_max_num_queries):
    for _n in range(20):
        make_event(host=cast.lan)
    browser = client(cast.soraya)
    browser.get(at(cast))
    with django_assert_max_num_queries(10):
        browser.get(at(cast))


# --- hosting ----------------------------------------------------------------------------------------


def test_the_list_at_the_door(cast):
    event = make_event(host=cast.lan)
    for person in (cast.soraya, cast.ife):
        registering.register(event=event, by=person)
    lan = client(cast.lan)
    assert client(cast.soraya).get(at(event, "people/")).status_code == 403
    with clock.moved(event.starts_at):
        lan.post(at(event, f"people/{cast.soraya.pk}/attendance/"))
        lan.post(at(event, "walk-ins/"), {"who": "@mateus"})
        assert "No member" in text(lan.post(at(event, "walk-ins/"), {"who": "Somebody"}, follow=True))
    assert set(Registration.objects.came().values_list("person", flat=True)) == {cast.soraya.pk, cast.mateus.pk}
    with clock.moved(event.ends_at + datetime.timedelta(hours=1)):
        page = text(lan.get(at(event, "people/?show=missing")))
        assert "Ife Adeyemi" in page
        lan.post(at(event, f"people/{cast.soraya.pk}/attendance/"), {"absent": "1"})
    assert not Registration.objects.came().filter(person=cast.soraya).exists()
    other = make_member()
    assert lan.post(at(event, f"people/{other.pk}/attendance/")).status_code == 404


def test_a_phone_reads_the_code_of_another(cast):
    event, other = make_event(host=cast.lan), make_event(host=cast.lan)
    row = registering.register(event=event, by=cast.soraya)
    address = places.check_in(row).partition("8000")[2]
    assert client(cast.soraya).get(address).status_code == 403
    lan = client(cast.lan)
    assert "Has a place" in text(lan.get(address))
    assert lan.get(address.replace(str(event.pk), str(other.pk))).status_code == 404
    with clock.moved(event.starts_at):
        assert "Is here" in text(lan.post(address, follow=True))
    assert Registration.objects.get(pk=row.pk).came_by == "code"


def test_the_sheet_at_the_door(cast):
    event = make_event(host=cast.lan)
    address = places.door(event).partition("8000")[2]
    assert "qr-drawing" in text(client(cast.lan).get(at(event, "door/")))
    soraya = client(cast.soraya)
    assert "while the event goes on" in text(soraya.get(address))
    assert soraya.get(at(event, "here/wrong/")).status_code == 404
    with clock.moved(event.starts_at):
        assert "I am here" in text(soraya.get(address))
        soraya.post(address)
    assert Registration.objects.came().filter(person=cast.soraya).exists()


def test_what_remains_and_how_it_was(cast):
    event = make_event(host=cast.lan)
    registering.register(event=event, by=cast.soraya)
    lan, soraya = client(cast.lan), client(cast.soraya)
    with clock.moved(event.ends_at + datetime.timedelta(minutes=1)):
        lan.post(at(event, f"people/{cast.soraya.pk}/attendance/"))
        lan.post(
            at(event, "afterwards/"), {"recording": "https://example.org/r", "notes": "We *sang*.", "follow_up": ""}
        )
        page = text(soraya.get(at(event)))
        assert "<em>sang</em>" in page
        assert "How was it" in page
        soraya.post(at(event, "feedback/"), {"rating": "4", "words": "Warm."})
        assert "Warm." in text(lan.get(at(event)))
        assert "Warm." not in text(client(cast.ife).get(at(event)))


def test_inviting_by_mail(cast):
    event = make_event(host=cast.lan)
    lan = client(cast.lan)
    page = text(lan.post(at(event, "invitations/"), {"mails": "a@example.org, b@example.org"}, follow=True))
    assert "2 invitations are on their way" in page
    assert client(cast.soraya).post(at(event, "invitations/"), {"mails": "c@example.org"}).status_code == 403


# --- calendars --------------------------------------------------------------------------------------


def test_addresses_for_calendar_programs(cast):
    event = make_event(host=cast.lan, mode="online", link="https://meet.jit.si/x")
    space = make_space(cast.community, name="Kitchen", kind="members")
    inside = make_event(host=cast.lan, space=space)
    registering.register(event=event, by=cast.soraya)
    page = text(client(cast.soraya).get(at(cast, "subscribe/")))
    addresses = re.findall(r'href="http://[^"]*?(/calendars/[^"]+)"', page)
    assert len(addresses) == 3
    found = []
    for address in addresses:
        answer = client().get(address)
        assert answer["Content-Type"].startswith("text/calendar")
        found.append({str(e["uid"]) for e in icalendar.Calendar.from_ical(answer.content).walk("VEVENT")})
        assert client().get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert found == [{event.uid, inside.uid}, {event.uid}, {inside.uid}]
    assert client().get(addresses[0].replace("all.ics", "other.ics")).status_code == 404
    client(cast.soraya).post(at(cast, "subscribe/renewal/"))
    assert client().get(addresses[0]).status_code == 404


def test_who_left_has_no_calendar(cast):
    from milepost.domain.people.belonging import leave

    make_event(host=cast.lan)
    key = settling.calendar_key(by=cast.soraya, community=cast.community)
    address = places.calendar(key, "all").partition("8000")[2]
    assert client().get(address).status_code == 200
    leave(person=cast.soraya)
    assert client().get(address).status_code == 404


def test_the_public_calendar_and_one_event(cast):
    public, inner = make_event(host=cast.lan, audience="public"), make_event(host=cast.lan)
    body = client().get(at(cast, "calendar.ics")).content
    assert public.uid.encode() in body
    assert inner.uid.encode() not in body
    assert client().get(at(public, "event.ics")).status_code == 200
    assert client().get(at(inner, "event.ics")).status_code == 404


def test_capacity_lowered_by_the_form_keeps_everyone(cast):
    event = make_event(host=cast.lan, capacity=3)
    for person in (cast.soraya, cast.ife):
        registering.register(event=event, by=person)
    changing.change(event=event, by=cast.lan, capacity=1)
    assert "All 1 places are taken" in text(client(cast.mateus).get(at(event)))
    assert Registration.objects.placed().count() == 2
    assert codes.door_is_open(event) is False
    assert filling.fill_all() == 0
    assert EventSettings.of(cast.community).approval is False


def test_home_shows_the_next_ones_by_no_query_more(cast, django_assert_max_num_queries):
    hidden = make_event(host=cast.lan, title="Behind a door", when=make_when(1))
    hidden.space = make_space(cast.community, kind="private")
    hidden.save()
    make_event(host=cast.lan, title="Round again", when=make_when(2, rule="FREQ=DAILY;COUNT=9"))
    for n in range(4):
        make_event(host=cast.lan, title=f"Evening {n} ahead", when=make_when(3 + n))
    soraya, home = client(cast.soraya), f"/c/{cast.community.slug}/"
    soraya.get(home)
    cache.clear()
    with django_assert_max_num_queries(10):
        page = text(soraya.get(home))
    assert "Behind a door" not in page
    assert page.count("Round again") == 2, "its name, and what the button is for; once for the whole series"
    assert "Evening 0 ahead" in page
    client(cast.lan).post(at(Event.objects.get(title="Evening 0 ahead"), "cancellation/"), {"reason": ""})
    assert "Evening 0 ahead" not in text(soraya.get(home)), "and at once no longer"


def test_a_steward_invites_the_members_of_a_list(cast):
    event = make_event(host=cast.lan)
    registering.register(event=event, by=cast.mateus)
    elsewhere = make_member()
    singers = make_segment(cast.community, name="Singers")
    listing.add(segment=singers, people=[cast.soraya, cast.ife, cast.mateus], by=cast.lan)
    singers.refresh_from_db()
    assert "Singers (3)" in text(client(cast.lan).get(at(event, "people/")))
    notices.send()
    mail.outbox.clear()
    for told in ("2 invitations are on their way", "0 invitations are on their way"):
        answer = client(cast.lan).post(at(event, "invitations/segment/"), {"segment": singers.slug}, follow=True)
        assert told in text(answer)
    notices.send()
    asked = {row.person_id for row in Registration.objects.filter(event=event, answer="invited")}
    assert asked == {cast.soraya.pk, cast.ife.pk}
    assert {one.to[0] for one in mail.outbox} == {cast.soraya.account.email, cast.ife.account.email}
    assert len(mail.outbox) == 2
    notices.send()
    assert len(mail.outbox) == 2
    hosted = make_event(host=cast.soraya)
    assert "Singers" not in text(client(cast.soraya).get(at(hosted, "people/")))
    assert client(cast.soraya).post(at(hosted, "invitations/segment/"), {"segment": singers.slug}).status_code == 403
    theirs = make_segment(elsewhere.community, name="Others")
    client(cast.lan).post(at(event, "invitations/segment/"), {"segment": theirs.slug})
    assert Registration.objects.filter(event=event).count() == 3
