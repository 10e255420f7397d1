from __future__ import annotations

import datetime
import threading

import pytest
from django.db import connection, connections

from milepost.domain.events import changing, proposing, registering
from milepost.domain.events.models import Event, EventSettings, Notice, Registration
from milepost.domain.people import linking
from milepost.domain.spaces.models import SpaceMember
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberObjectDay
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import Identity, Person
from tests.factories import make_cast, make_community, make_event, make_member, make_past_event, make_space, make_when

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


def kinds(row: Registration) -> list[str]:
    return list(row.notices.order_by("made_at").values_list("kind", flat=True))


def test_a_member_proposes_and_hosts(cast):
    event = proposing.propose(
        community=cast.community, by=cast.soraya, when=make_when(), title="  Songs   in the kitchen "
    )
    assert event.title == "Songs in the kitchen"
    assert event.is_published
    assert [str(part) for part in event.parts.all()] == ["Soraya Haddad"]
    assert Activity.objects.filter(verb="event.published", object_id=event.pk).count() == 1


def test_where_stewards_look_first_a_proposal_waits(cast):
    EventSettings.objects.create(community=cast.community, approval=True)
    event = proposing.propose(community=cast.community, by=cast.soraya, when=make_when(), title="Songs")
    assert not event.is_published
    with pytest.raises(NotAllowed):
        proposing.publish(event=event, by=cast.soraya)
    with pytest.raises(DomainError, match="not announced"):
        registering.register(event=event, by=cast.soraya)
    proposing.publish(event=event, by=cast.lan)
    event.refresh_from_db()
    assert event.is_published
    registering.register(event=event, by=cast.soraya)


def test_a_proposal_can_be_declined_with_a_reason(cast):
    EventSettings.objects.create(community=cast.community, approval=True)
    event = proposing.propose(community=cast.community, by=cast.soraya, when=make_when(), title="Songs")
    with pytest.raises(NotAllowed):
        proposing.decline(event=event, by=cast.ife, reason="x")
    proposing.decline(event=event, by=cast.lan, reason="The hall is taken.")
    assert event.declined_at
    assert event.cancel_reason == "The hall is taken."


def test_an_event_in_the_past_is_refused_and_can_be_written_down(cast):
    with pytest.raises(DomainError, match="past"):
        proposing.propose(community=cast.community, by=cast.lan, when=make_when(-3), title="Gone")
    with pytest.raises(NotAllowed):
        proposing.note(community=cast.community, by=cast.soraya, when=make_when(-3), title="Gone")
    event = proposing.note(community=cast.community, by=cast.lan, when=make_when(-3), title="Gone")
    assert event.backfilled
    with pytest.raises(DomainError, match="over"):
        registering.register(event=event, by=cast.soraya)
    with pytest.raises(DomainError, match="written down"):
        proposing.note(community=cast.community, by=cast.lan, when=make_when(3), title="To come")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"title": " "}, "needs a name"),
        ({"kind": "party"}, "none of the choices"),
        ({"link": "javascript:alert(1)"}, "no web address"),
        ({"capacity": 0}, "at least one place"),
        ({"when": make_when(3, minutes=0)}, "minute to two weeks"),
        ({"when": make_when(3, zone="UTC", minutes=10**9)}, "minute to two weeks"),
        ({"agenda": [{"title": "x", "minutes": 5000}]}, "agenda"),
        ({"questions": [{"question": str(n)} for n in range(30)]}, "questions"),
        ({"tags": ["a"] * 3 + [str(n) for n in range(20)]}, "tags"),
    ],
)
def test_what_does_not_do_is_refused(cast, fields, says):
    given = {"title": "Songs", "when": make_when()} | fields
    with pytest.raises(DomainError, match=says):
        proposing.propose(community=cast.community, by=cast.lan, **given)
    assert not Event.objects.exists()


def test_what_belongs_to_others_is_refused(cast):
    other = make_space(make_community())
    with pytest.raises(DomainError, match="another community"):
        proposing.propose(community=cast.community, by=cast.lan, when=make_when(), title="Songs", space=other)


def test_a_full_event_has_a_waiting_list_that_moves_up_by_itself(cast):
    event = make_event(host=cast.lan, capacity=1)
    first = registering.register(event=event, by=cast.soraya)
    second = registering.register(event=event, by=cast.ife)
    third = registering.register(event=event, by=cast.mateus)
    assert (first.has_place, second.is_waiting, third.is_waiting) == (True, True, True)
    registering.unregister(event=event, person=cast.soraya, by=cast.soraya)
    second.refresh_from_db()
    third.refresh_from_db()
    assert second.has_place
    assert third.is_waiting
    assert kinds(second) == ["waiting", "placed"]
    # Whoever comes back stands behind those who waited.
    again = registering.register(event=event, by=cast.soraya)
    assert again.is_waiting
    assert [row.person for row in event.registrations.waiting()] == [cast.mateus, cast.soraya]


def test_registering_twice_is_once_and_the_log_follows(cast):
    event = make_event(host=cast.lan)
    for _n in range(2):
        registering.register(event=event, by=cast.soraya)
    catch_up()
    counted = MemberObjectDay.objects.filter(person_id=cast.soraya.pk, verb="event.registered", object_id=event.pk)
    assert [row.count for row in counted.all()] == [1]
    registering.unregister(event=event, person=cast.soraya, by=cast.soraya)
    catch_up()
    assert not counted.all().exists()
    registering.register(event=event, by=cast.soraya)
    registering.unregister(event=event, person=cast.soraya, by=cast.soraya)
    registering.register(event=event, by=cast.soraya)
    catch_up()
    assert [row.count for row in counted.all()] == [1]


def test_fewer_places_than_people_takes_nobodys_place(cast):
    event = make_event(host=cast.lan, capacity=3)
    for person in (cast.soraya, cast.ife, cast.mateus):
        registering.register(event=event, by=person)
    waiting = registering.register(event=event, by=cast.amara)
    changing.change(event=event, by=cast.lan, capacity=1)
    assert event.registrations.placed().count() == 3
    registering.unregister(event=event, person=cast.ife, by=cast.ife)
    waiting.refresh_from_db()
    assert waiting.is_waiting, "still more people than places"
    changing.change(event=event, by=cast.lan, capacity=3)
    waiting.refresh_from_db()
    assert waiting.has_place
    changing.change(event=event, by=cast.lan, capacity=None)
    assert registering.register(event=event, by=cast.ife).has_place


def test_questions_are_answered(cast):
    questions = [{"key": "diet", "question": "What do you not eat?", "required": True}, {"question": "Bus or bike?"}]
    event = make_event(host=cast.lan, questions=questions)
    with pytest.raises(DomainError, match="What do you not eat"):
        registering.register(event=event, by=cast.soraya, replies={"diet": " "})
    row = registering.register(event=event, by=cast.soraya, replies={"diet": "Nuts", "other": "x"})
    assert row.replies == {"diet": "Nuts"}


def test_maybe_holds_no_place(cast):
    event = make_event(host=cast.lan, capacity=1)
    registering.register(event=event, by=cast.soraya, answer="maybe")
    assert registering.register(event=event, by=cast.ife).has_place
    # From a place to maybe: it is free.
    waiting = registering.register(event=event, by=cast.mateus)
    registering.register(event=event, by=cast.ife, answer="maybe")
    waiting.refresh_from_db()
    assert waiting.has_place


def test_strangers_and_people_of_other_communities_do_not_register(cast):
    event = make_event(host=cast.lan)
    with pytest.raises(NotAllowed):
        registering.register(event=event, by=make_member())
    hidden = make_event(host=cast.lan, space=make_space(cast.community, kind="open"))
    registering.register(event=hidden, by=cast.soraya)


def test_an_event_in_a_private_space_is_for_who_is_in_it(cast):
    space = make_space(cast.community, kind="private")
    SpaceMember.objects.create(space=space, person=cast.lan, community=cast.community)
    event = make_event(host=cast.lan, space=space)
    with pytest.raises(NotAllowed):
        registering.register(event=event, by=cast.soraya)
    with pytest.raises(DomainError, match="not in this space"):
        proposing.propose(community=cast.community, by=cast.soraya, when=make_when(), title="X", space=space)


def test_a_cancelled_event_and_one_that_is_over_take_nobody(cast):
    event = make_event(host=cast.lan)
    row = registering.register(event=event, by=cast.soraya)
    changing.cancel(event=event, by=cast.lan, reason="The hall burned.")
    assert kinds(row) == ["registered", "cancelled"]
    with pytest.raises(DomainError, match="cancelled"):
        registering.register(event=event, by=cast.ife)
    with pytest.raises(Conflict):
        changing.change(event=event, by=cast.lan, title="Other")
    past = make_past_event(host=cast.lan)
    with pytest.raises(DomainError, match="over"):
        registering.register(event=past, by=cast.ife)
    with pytest.raises(DomainError, match="over"):
        changing.cancel(event=past, by=cast.lan)


def test_only_who_hosts_changes(cast):
    event = make_event(host=cast.lan, hosts=[cast.soraya])
    changing.change(event=event, by=cast.soraya, title="Mine")
    with pytest.raises(NotAllowed):
        changing.change(event=event, by=cast.ife, title="Hers")
    with pytest.raises(NotAllowed):
        registering.unregister(event=event, person=cast.soraya, by=cast.ife)


# --- guests -----------------------------------------------------------------------------------------


def test_a_guest_registers_without_an_account_and_becomes_a_member(cast):
    event = make_event(host=cast.lan, audience="public")
    row = registering.register_guest(event=event, name="Noor Rahimi", mail=cast.noor.email.upper())
    assert row.has_place
    assert not row.person.is_claimed
    assert kinds(row) == ["registered"]
    again = registering.register_guest(event=event, name="Somebody", mail=cast.noor.email)
    assert again.pk == row.pk
    assert Person.objects.filter(community=cast.community, name="Somebody").count() == 0
    noor = make_member(cast.community, account=cast.noor, name="Noor")
    identity = Identity.objects.get(source="guest")
    assert identity in linking.claimable(noor)
    linking.claim(identity=identity, person=noor)
    row.refresh_from_db()
    assert row.person == noor


def test_guests_come_to_public_events_only(cast):
    for event in (
        make_event(host=cast.lan),
        make_event(host=cast.lan, audience="public", space=make_space(cast.community)),
    ):
        with pytest.raises(NotAllowed):
            registering.register_guest(event=event, name="Noor", mail="noor@example.org")
    event = make_event(host=cast.lan, audience="public")
    with pytest.raises(DomainError, match="no mail address"):
        registering.register_guest(event=event, name="Noor", mail="noor")
    with pytest.raises(DomainError, match="name"):
        registering.register_guest(event=event, name=" ", mail="noor@example.org")


def test_a_stranger_with_a_members_address_changes_nothing_of_theirs(cast):
    event = make_event(host=cast.lan, audience="public", questions=[{"key": "q", "question": "?"}])
    mine = registering.register(event=event, by=cast.soraya, replies={"q": "secret"})
    row = registering.register_guest(
        event=event, name="Mallory", mail=cast.soraya.account.email, replies={"q": "other"}
    )
    mine.refresh_from_db()
    assert row.pk == mine.pk
    assert mine.replies == {"q": "secret"}
    assert mine.person.name == "Soraya Haddad"


def test_invitations_find_members_and_make_guests(cast):
    event = make_event(host=cast.lan)
    rows = registering.invite(
        event=event, by=cast.lan, mails=[cast.soraya.account.email, "New@Example.org", "new@example.org"]
    )
    assert [row.answer for row in rows] == ["invited", "invited"]
    assert rows[0].person == cast.soraya
    assert registering.invite(event=event, by=cast.lan, mails=["new@example.org"]) == []
    assert registering.mail_of(rows[1].person) == "new@example.org"
    with pytest.raises(DomainError, match="no mail address"):
        registering.invite(event=event, by=cast.lan, mails=["nonsense"])
    with pytest.raises(NotAllowed):
        registering.invite(event=event, by=cast.soraya, mails=["a@example.org"])


# --- at once ----------------------------------------------------------------------------------------


def _at_once(*jobs):
    """Run them in threads of their own, begun together."""
    barrier, failed = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            barrier.wait()
            job()
        except Exception as error:  # noqa: BLE001 (told by the thread that waits)
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed


@pytest.mark.django_db(transaction=True)
def test_the_last_two_places_go_to_two_of_many_who_come_at_once():
    event = make_event(capacity=2)
    people = [make_member(event.community) for _ in range(6)]
    connection.close()
    _at_once(*[lambda p=p: registering.register(event=event, by=p) for p in people])
    assert event.registrations.placed().count() == 2
    assert event.registrations.waiting().count() == 4


@pytest.mark.django_db(transaction=True)
def test_two_places_that_come_free_at_once_go_to_two_who_wait():
    event = make_event(capacity=2)
    people = [make_member(event.community) for _ in range(5)]
    for person in people:
        registering.register(event=event, by=person)
    _at_once(*[lambda p=p: registering.unregister(event=event, person=p, by=p) for p in people[:2]])
    placed = set(event.registrations.placed().values_list("person", flat=True))
    assert placed == {people[2].pk, people[3].pk}
    assert Notice.objects.filter(kind="placed").count() == 2


def test_a_place_is_given_up_before_the_start_only(cast):
    event = make_event(host=cast.lan)
    registering.register(event=event, by=cast.soraya)
    with clock.moved(event.starts_at + datetime.timedelta(minutes=5)), pytest.raises(DomainError, match="begun"):
        registering.unregister(event=event, person=cast.soraya, by=cast.soraya)
