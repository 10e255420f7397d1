from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from milepost.domain.events import attending, changing, codes, following_up, proposing, registering
from milepost.domain.events.models import Registration
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberObjectDay
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from tests.factories import make_cast, make_event, make_member, make_past_event, make_when

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


def attended(person):
    catch_up()
    return list(
        MemberObjectDay.objects.filter(person_id=person.pk, verb="event.attended").values_list("object_id", flat=True)
    )


def test_checking_in_counts_once_and_can_be_corrected(cast):
    event = make_event(host=cast.lan)
    registering.register(event=event, by=cast.soraya)
    with clock.moved(event.starts_at + datetime.timedelta(minutes=3)):
        for _n in range(2):
            row = attending.check_in(event=event, person=cast.soraya, by=cast.lan)
        assert row.came_at
        assert attended(cast.soraya) == [event.pk]
        attending.was_not_there(event=event, person=cast.soraya, by=cast.lan)
        assert attended(cast.soraya) == []
        attending.check_in(event=event, person=cast.soraya, by=cast.lan)
        assert attended(cast.soraya) == [event.pk]
    assert Activity.objects.filter(verb="event.attended").first().happened_at == event.starts_at


def test_before_the_door_opens_nobody_is_there(cast):
    event = make_event(host=cast.lan)
    with pytest.raises(DomainError, match="not begun"):
        attending.check_in(event=event, person=cast.soraya, by=cast.lan)
    with clock.moved(event.starts_at - datetime.timedelta(minutes=90)):
        assert attending.check_in(event=event, person=cast.soraya, by=cast.lan).walked_in
    changing.cancel(event=event, by=cast.lan)
    event.refresh_from_db()
    with clock.moved(event.starts_at), pytest.raises(DomainError, match="does not take place"):
        attending.check_in(event=event, person=cast.ife, by=cast.lan)


def test_only_hosts_check_others_in(cast):
    event = make_past_event(host=cast.lan, days=1)
    for call in (attending.check_in, attending.was_not_there):
        with pytest.raises(NotAllowed):
            call(event=event, person=cast.soraya, by=cast.ife)
    with pytest.raises(NotAllowed):
        attending.check_in(event=event, person=make_member(), by=cast.lan)


def test_who_waited_and_is_there_has_a_place(cast):
    event = make_event(host=cast.lan, capacity=1)
    registering.register(event=event, by=cast.ife)
    registering.register(event=event, by=cast.soraya)
    with clock.moved(event.starts_at):
        row = attending.check_in(event=event, person=cast.soraya, by=cast.lan)
    assert row.has_place
    assert row.walked_in


def test_the_code_at_the_door(cast):
    event, other = make_event(host=cast.lan), make_event(host=cast.lan)
    code = codes.door_code(event)
    with clock.moved(event.starts_at):
        assert attending.say_here(event=event, by=cast.soraya, code=code).came_by == "self"
        with pytest.raises(NotAllowed):
            attending.say_here(event=other, by=cast.soraya, code=code)
        with pytest.raises(NotAllowed):
            attending.say_here(event=event, by=cast.soraya, code="")
    for moment in (event.starts_at - datetime.timedelta(hours=3), event.ends_at + datetime.timedelta(hours=3)):
        with clock.moved(moment), pytest.raises(DomainError, match="while the event goes on"):
            attending.say_here(event=event, by=cast.ife, code=code)


def test_a_ticket_opens_its_own_registration_only(cast):
    event = make_event(host=cast.lan)
    one, other = (registering.register(event=event, by=p) for p in (cast.soraya, cast.ife))
    assert codes.ticket(one.pk, codes.ticket_code(one)) == one
    assert codes.ticket(other.pk, codes.ticket_code(one)) is None
    assert codes.ticket(one.pk, "") is None


def test_who_did_not_come_is_missing_once_somebody_kept_a_list(cast):
    event = make_event(host=cast.lan)
    for person in (cast.soraya, cast.ife):
        registering.register(event=event, by=person)
    with clock.moved(event.ends_at + datetime.timedelta(minutes=1)):
        assert not Registration.objects.missing().filter(event=event).exists()
        attending.check_in(event=event, person=cast.soraya, by=cast.lan)
        assert [row.person for row in Registration.objects.missing().filter(event=event)] == [cast.ife]


def test_old_attendance_is_history(cast):
    event = proposing.note(community=cast.community, by=cast.lan, when=make_when(-40), title="Long ago")
    attending.check_in(event=event, person=cast.soraya, by=cast.lan)
    assert Activity.objects.get(verb="event.attended").backfilled
    attending.arrived(event, cast.ife, "zoom", minutes=95)
    assert Activity.objects.filter(verb="event.attended").latest("id").quantity == Decimal("1.5800")


def test_hosts_and_speakers_are_counted_once_when_it_is_over(cast):
    event = make_event(host=cast.lan, speakers=[cast.soraya, "Björk"])
    assert attending.count_hosts() == 0
    with clock.moved(event.ends_at + datetime.timedelta(minutes=1)):
        assert attending.count_hosts() == 1
        assert attending.count_hosts() == 0
    told = set(
        Activity.objects.filter(verb__in=["event.hosted", "talk.given"]).values_list("verb", "identity__person__name")
    )
    assert told == {("event.hosted", "Lan Nguyễn"), ("talk.given", "Soraya Haddad")}


def test_feedback_is_for_who_was_there_and_has_a_floor(cast):
    event = make_event(host=cast.lan)
    people = [make_member(cast.community) for _ in range(5)]
    for person in people:
        registering.register(event=event, by=person)
    with pytest.raises(DomainError, match="not taken place"):
        following_up.rate(event=event, by=people[0], rating=5)
    with clock.moved(event.ends_at):
        with pytest.raises(DomainError, match="from 1 to 5"):
            following_up.rate(event=event, by=people[0], rating=6)
        with pytest.raises(DomainError, match="Who was there"):
            following_up.rate(event=event, by=cast.ife, rating=5)
        for person in people[:4]:
            following_up.rate(event=event, by=person, rating=4, words="Warm.")
        assert following_up.ratings(event) == (4, None)
        following_up.rate(event=event, by=people[4], rating=5)
        following_up.rate(event=event, by=people[4], rating=2)
        assert following_up.ratings(event) == (5, 3.6)
        assert following_up.words(event) == ["Warm."] * 4
    assert Activity.objects.filter(verb="feedback.given").count() == 5


def test_what_remains_goes_to_who_came(cast):
    event = make_event(host=cast.lan)
    for person in (cast.soraya, cast.ife):
        registering.register(event=event, by=person)
    with pytest.raises(DomainError, match="not begun"):
        following_up.wrap_up(event=event, by=cast.lan, recording="", notes="x", follow_up="")
    with clock.moved(event.ends_at):
        attending.check_in(event=event, person=cast.soraya, by=cast.lan)
        for _n in range(2):
            following_up.wrap_up(
                event=event,
                by=cast.lan,
                recording="https://example.org/r",
                notes="We sang.",
                follow_up="Sing.",
                tell=True,
            )
    event.refresh_from_db()
    assert event.recording == "https://example.org/r"
    told = Registration.objects.filter(notices__kind="follow_up").values_list("person__name", flat=True)
    assert list(told) == ["Soraya Haddad"]
    with pytest.raises(NotAllowed):
        following_up.wrap_up(event=event, by=cast.ife, recording="", notes="", follow_up="")
