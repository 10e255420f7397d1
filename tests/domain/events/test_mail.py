"""Mails about events, the calendars in them, and the answers that come back."""

from __future__ import annotations

import datetime
import email.policy
from email.message import EmailMessage

import icalendar
import pytest
from django.core import mail

from milepost.domain.events import calendars, changing, notices, proposing, registering, replies
from milepost.domain.events.models import Notice, Registration
from milepost.domain.people.erasure import erase
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor
from tests.factories import make_cast, make_event, make_space, make_when

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


def sent():
    notices.send()
    found, mail.outbox[:] = list(mail.outbox), []
    return found


def calendar_in(message):
    whole = message.message()
    part = next(p for p in whole.walk() if p.get_content_type() == "text/calendar")
    return part, icalendar.Calendar.from_ical(part.get_content())


def test_a_registration_is_confirmed_with_a_calendar(cast):
    event = make_event(host=cast.lan, when=make_when(zone="Europe/Lisbon"), mode="online", link="https://meet.jit.si/x")
    registering.register(event=event, by=cast.soraya)
    (letter,) = sent()
    assert letter.to == [cast.soraya.account.email]
    assert "You have a place" in letter.body
    assert "https://meet.jit.si/x" in letter.body
    part, whole = calendar_in(letter)
    assert part.get_param("method") == "REQUEST"
    (one,) = whole.walk("VEVENT")
    assert str(one["uid"]) == event.uid
    assert one["attendee"].params["PARTSTAT"] == "ACCEPTED"
    assert one["dtstart"].params["TZID"] == "Europe/Lisbon"
    assert [str(z["tzid"]) for z in whole.walk("VTIMEZONE")] == ["Europe/Lisbon"]
    assert sent() == []


def test_times_are_the_readers_own(cast):
    account = cast.soraya.account
    account.time_zone = "Asia/Tokyo"
    account.save()
    event = make_event(host=cast.lan, when=make_when(hour=19))
    registering.register(event=event, by=cast.soraya)
    registering.register(event=event, by=cast.ife)
    bodies = {letter.to[0]: letter.body for letter in sent()}
    assert "Asia/Tokyo" in bodies[account.email]
    assert "4 a.m." in bodies[account.email]
    assert "7 p.m." in bodies[cast.ife.account.email]


def test_the_link_is_for_who_has_a_place(cast):
    event = make_event(host=cast.lan, mode="online", link="https://meet.jit.si/secret", capacity=1)
    registering.register(event=event, by=cast.ife)
    registering.register(event=event, by=cast.soraya)
    for letter in sent():
        whole = letter.message().as_string() + letter.body + calendar_in(letter)[0].get_content()
        assert ("secret" in whole) == (letter.to == [cast.ife.account.email])


def test_a_change_raises_the_sequence_and_is_told(cast):
    event = make_event(host=cast.lan)
    registering.register(event=event, by=cast.soraya)
    sent()
    changing.change(event=event, by=cast.lan, summary="Only words")
    assert sent() == []
    changing.change(event=event, by=cast.lan, place="Another hall")
    (letter,) = sent()
    assert letter.subject.startswith("Changed")
    assert calendar_in(letter)[1].walk("VEVENT")[0]["sequence"] == 1


def test_cancelling_sends_a_cancel(cast):
    event = make_event(host=cast.lan)
    registering.register(event=event, by=cast.soraya)
    sent()
    changing.cancel(event=event, by=cast.lan, reason="No heating.")
    (letter,) = sent()
    part, whole = calendar_in(letter)
    assert part.get_param("method") == "CANCEL"
    assert whole["method"] == "CANCEL"
    one = whole.walk("VEVENT")[0]
    assert (one["status"], one["sequence"]) == ("CANCELLED", 1)
    assert "No heating." in letter.body


def test_one_reminder_for_each_person_and_event(cast):
    event = make_event(host=cast.lan)
    registering.register(event=event, by=cast.soraya)
    registering.register(event=event, by=cast.ife, answer="maybe")
    sent()
    assert notices.remind() == 0
    with clock.moved(event.starts_at - datetime.timedelta(hours=20)):
        registering.register(event=event, by=cast.mateus)
        assert notices.remind() == 1
        assert notices.remind() == 0
        subjects = sorted(letter.subject for letter in sent())
        assert [s.partition(":")[0] for s in subjects] == ["Soon", "You are coming"]
    with clock.moved(event.starts_at - datetime.timedelta(hours=1)):
        assert notices.remind() == 0


def test_nobody_is_reminded_of_what_was_written_down_afterwards_or_called_off(cast):
    past = proposing.note(community=cast.community, by=cast.lan, when=make_when(-3), title="Gone")
    Registration.objects.create(community=cast.community, event=past, person=cast.soraya)
    event = make_event(host=cast.lan)
    row = registering.register(event=event, by=cast.soraya)
    sent()
    notices.tell(Registration.objects.get(event=past), Notice.Kind.FOLLOW_UP)
    assert notices.tell_all(past, Notice.Kind.CHANGED) == 0
    changing.cancel(event=event, by=cast.lan)
    Notice.objects.filter(kind="cancelled").delete()
    with clock.moved(event.starts_at - datetime.timedelta(hours=20)):
        assert notices.remind() == 0
        notices.tell(row, Notice.Kind.REMINDER)
        assert sent() == [], "what is no longer true is not sent"


def test_a_relay_that_fails_is_asked_again_and_a_mail_is_never_doubled(cast, monkeypatch):
    event = make_event(host=cast.lan)
    registering.register(event=event, by=cast.soraya)

    def broken(*_args, **_kwargs):
        raise OSError("no relay")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", broken)
        assert notices.send() == 0
    row = Notice.objects.get()
    assert "no relay" in row.error
    assert sent() == [], "not at once"
    with clock.moved(datetime.timedelta(minutes=11)):
        assert len(sent()) == 1
        assert sent() == []
    # A crash between claiming and sending loses a mail and never doubles it.
    Notice.objects.update(sent_at=None, claimed_at=clock.now(), error="")
    with clock.moved(datetime.timedelta(hours=1)):
        assert sent() == []


def test_nobody_writes_to_who_was_erased(cast):
    event = make_event(host=cast.lan)
    registering.register(event=event, by=cast.soraya)
    waiting = registering.register(event=make_event(host=cast.lan, capacity=1), by=cast.soraya)
    next_one = registering.register(event=waiting.event, by=cast.ife)
    erase(person=cast.soraya, by=cast.soraya)
    assert [letter.to for letter in sent()] == [[cast.ife.account.email]], "and what is no longer true is not said"
    next_one.refresh_from_db()
    assert next_one.has_place, "their place is free"


# --- feeds ------------------------------------------------------------------------------------------


def test_a_feed_is_read_by_a_calendar_program(cast):
    space = make_space(cast.community, kind="private")
    shown = make_event(host=cast.lan, when=make_when(zone="Europe/Lisbon"), mode="online", link="https://meet.jit.si/x")
    called_off = make_event(host=cast.lan, when=make_when(9, zone="Asia/Kathmandu"))
    make_event(host=cast.lan, title="Draft", announce=False)
    hidden = make_event(host=cast.lan)
    hidden.space = space
    hidden.save()
    changing.cancel(event=called_off, by=cast.lan)
    whole = icalendar.Calendar.from_ical(calendars.feed(Actor.of(cast.soraya), name="Open Strings"))
    assert {str(e["uid"]): str(e["status"]) for e in whole.walk("VEVENT")} == {
        shown.uid: "CONFIRMED",
        called_off.uid: "CANCELLED",
    }
    assert {str(z["tzid"]) for z in whole.walk("VTIMEZONE")} == {"Europe/Lisbon", "Asia/Kathmandu"}
    assert whole["x-wr-calname"] == "Open Strings"
    assert b"jit.si" not in calendars.feed(Actor.of(cast.soraya), name="x"), "no place, no link"
    registering.register(event=shown, by=cast.soraya)
    mine = calendars.feed(Actor.of(cast.soraya), name="x", which="mine")
    assert b"jit.si" in mine.replace(b"\r\n ", b"")
    assert mine.count(b"BEGIN:VEVENT") == 1
    for line in mine.split(b"\r\n"):
        assert len(line) <= 75


# --- replies ----------------------------------------------------------------------------------------


def answer(event, address, status, *, stamp=None, sender="", uid=""):
    """A mail as calendar programs send it."""
    one = icalendar.Event()
    one.add("uid", uid or event.uid)
    one.add("dtstamp", stamp or clock.now() + datetime.timedelta(seconds=1))
    someone = icalendar.vCalAddress(f"MAILTO:{address}")
    someone.params["PARTSTAT"] = icalendar.vText(status)
    one.add("attendee", someone, encode=False)
    whole = icalendar.Calendar()
    whole.add("prodid", "-//Other//EN")
    whole.add("version", "2.0")
    whole.add("method", "REPLY")
    whole.add_component(one)
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = f"Someone <{sender or address}>"
    message["To"] = calendars.organiser()
    message["Subject"] = "Accepted"
    message.set_content("I come.")
    message.add_alternative(whole.to_ical().decode(), subtype="calendar", params={"method": "REPLY"})
    return bytes(message)


def test_an_invited_person_answers_by_mail(cast):
    event = make_event(host=cast.lan, capacity=1)
    registering.invite(event=event, by=cast.lan, mails=["ana@example.org", cast.soraya.account.email])
    (taken,) = replies.take(answer(event, "Ana@example.org", "ACCEPTED"))
    assert taken.state == "going"
    (again,) = replies.take(answer(event, "ana@example.org", "ACCEPTED"))
    assert again.state == "going"
    assert Registration.objects.placed().count() == 1
    (second,) = replies.take(answer(event, cast.soraya.account.email, "ACCEPTED"))
    assert second.state == "waiting"
    later = clock.now() + datetime.timedelta(minutes=2)
    with clock.moved(later):
        replies.take(answer(event, "ana@example.org", "DECLINED", stamp=later))
    assert Registration.objects.placed().get().person == cast.soraya
    (old,) = replies.take(answer(event, "ana@example.org", "ACCEPTED", stamp=clock.now() - datetime.timedelta(hours=1)))
    assert (old.state, old.reason) == ("ignored", "There is a newer answer.")


def test_answers_of_strangers_are_passed_over(cast):
    event = make_event(host=cast.lan)
    registering.invite(event=event, by=cast.lan, mails=["ana@example.org"])
    reasons = [
        replies.take(content)[0].reason
        for content in (
            answer(event, "eve@example.org", "ACCEPTED"),
            answer(event, "ana@example.org", "ACCEPTED", sender="eve@example.org"),
            answer(event, "ana@example.org", "DELEGATED"),
            answer(event, "ana@example.org", "ACCEPTED", uid="other@example.org"),
        )
    ]
    assert reasons == [
        "Nobody with this address was invited.",
        "The answer is not from whoever sent the mail.",
        "Neither yes, nor perhaps, nor no.",
        "There is no such event here.",
    ]
    changing.cancel(event=event, by=cast.lan)
    assert "cancelled" in replies.take(answer(event, "ana@example.org", "ACCEPTED"))[0].reason


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"From: a@example.org\n\nHello",
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n",
        b"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nMETHOD:REQUEST\nEND:VCALENDAR\n",
        b"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nMETHOD:REPLY\nEND:VCALENDAR\n",
        b"\xff\xfe" * 100,
        b"x" * (replies.LARGEST + 1),
    ],
)
def test_what_is_no_answer_says_so(content):
    with pytest.raises(replies.NoReply):
        replies.take(content)
