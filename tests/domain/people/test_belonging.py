"""Leaving, breaks, roles, audiences, organisations."""

from __future__ import annotations

import datetime
import threading

import pytest
from django.db import connection

from milepost.domain.people import belonging
from milepost.foundation.activity.models import Activity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import Membership, Person, Representative
from tests.factories import Cast, make_cast, make_identity, make_member, make_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def membership(person: Person) -> Membership:
    return Membership.objects.get(person=person)


def told(verb: str) -> list[Person]:
    return [a.identity.person for a in Activity.objects.filter(verb=verb).order_by("pk")]


# --- leaving


def test_leaving_keeps_the_person_and_their_history(cast):
    belonging.pause(person=cast.soraya)
    belonging.leave(person=cast.soraya)
    gone = membership(cast.soraya)
    assert gone.left_at is not None
    assert gone.paused_at is None
    assert told("member.left") == [cast.soraya]
    assert not AuditEntry.objects.exists()
    with pytest.raises(DomainError, match="does not belong"):
        belonging.leave(person=cast.soraya)


def test_the_last_owner_cannot_leave_or_step_down(cast):
    with pytest.raises(DomainError, match="no other owner"):
        belonging.leave(person=cast.amara)
    with pytest.raises(DomainError, match="no other owner"):
        belonging.take_role(person=cast.amara, role="member", by=cast.amara)
    belonging.take_role(person=cast.lan, role="owner", by=cast.amara)
    belonging.take_role(person=cast.amara, role="member", by=cast.amara)
    with pytest.raises(DomainError, match="no other owner"):
        belonging.leave(person=cast.lan)


def test_an_owner_who_cannot_sign_in_does_not_count(cast):
    other = make_member(cast.community, role="owner")
    other.account.is_active = False
    other.account.save()
    with pytest.raises(DomainError, match="no other owner"):
        belonging.leave(person=cast.amara)


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_do_not_both_succeed():
    cast = make_cast()
    other = make_member(cast.community, role="owner")
    start, refused = threading.Barrier(2), []

    def go(person):
        start.wait()
        try:
            belonging.leave(person=person)
        except DomainError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(person,)) for person in (cast.amara, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Membership.objects.with_role("owner").count() == 1


def test_nobody_makes_someone_else_leave(cast):
    with pytest.raises(NotAllowed, match="by themselves"):
        belonging.leave(person=cast.soraya, by=cast.amara)


# --- taking a break


def test_a_break_loses_nothing_and_ends_when_they_say(cast):
    day = clock.today("UTC") + datetime.timedelta(days=10)
    belonging.pause(person=cast.soraya, until=day)
    assert membership(cast.soraya).paused_until == day
    assert membership(cast.soraya).is_active
    belonging.pause(person=cast.soraya)
    assert membership(cast.soraya).paused_until is None
    assert told("member.paused") == [cast.soraya]
    belonging.come_back(person=cast.soraya)
    belonging.come_back(person=cast.soraya)
    assert membership(cast.soraya).paused_at is None
    assert told("member.returned") == [cast.soraya]


def test_a_break_ends_on_a_day_to_come(cast):
    with pytest.raises(DomainError, match="day to come"):
        belonging.pause(person=cast.soraya, until=clock.today("UTC"))
    assert not told("member.paused")


def test_breaks_end_on_the_community_s_own_day():
    east, west = make_cast(time_zone="Pacific/Auckland"), make_cast(time_zone="Pacific/Honolulu")
    day = datetime.date(2030, 3, 2)
    with clock.moved(datetime.datetime(2030, 2, 20, tzinfo=datetime.UTC)):
        for cast in (east, west):
            belonging.pause(person=cast.soraya, until=day)
            belonging.pause(person=cast.ife)
    # 2 March has begun in Auckland, and not yet in Honolulu.
    with clock.moved(datetime.datetime(2030, 3, 1, 20, tzinfo=datetime.UTC)):
        assert belonging.end_breaks() == 1
        assert told("member.returned") == [east.soraya]
    with clock.moved(datetime.datetime(2030, 3, 2, 11, tzinfo=datetime.UTC)):
        assert belonging.end_breaks() == 1
        assert belonging.end_breaks() == 0
    assert Membership.objects.paused().count() == 2


# --- roles


def test_a_role_is_given_recorded_and_traced(cast):
    belonging.take_role(person=cast.soraya, role="moderator", by=cast.lan)
    assert membership(cast.soraya).role == "moderator"
    assert Activity.objects.get(verb="role.taken").data == {"role": "moderator", "before": "member"}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.person, entry.changes) == ("role.taken", cast.lan, {"role": ["member", "moderator"]})
    belonging.take_role(person=cast.soraya, role="moderator", by=cast.lan)
    assert Activity.objects.filter(verb="role.taken").count() == 1


@pytest.mark.parametrize(
    ("by", "to", "role"),
    [
        ("soraya", "ife", "moderator"),
        ("soraya", "soraya", "ambassador"),
        ("mateus", "soraya", "ambassador"),
        ("lan", "soraya", "owner"),
        ("lan", "lan", "owner"),
        ("lan", "amara", "member"),
        ("lan", "amara", "steward"),
    ],
)
def test_who_may_not_give_which_role(cast, by, to, role):
    before = membership(getattr(cast, to)).role
    with pytest.raises(NotAllowed):
        belonging.take_role(person=getattr(cast, to), role=role, by=getattr(cast, by))
    assert membership(getattr(cast, to)).role == before


def test_stewards_do_not_demote_each_other(cast):
    other = make_member(cast.community, role="steward")
    with pytest.raises(NotAllowed, match="Only owners"):
        belonging.take_role(person=other, role="member", by=cast.lan)
    belonging.take_role(person=other, role="member", by=cast.amara)
    assert membership(other).role == "member"


def test_everyone_may_step_down_and_a_steward_makes_stewards(cast):
    belonging.take_role(person=cast.mateus, role="member", by=cast.mateus)
    belonging.take_role(person=cast.mateus, role="steward", by=cast.lan)
    assert membership(cast.mateus).role == "steward"


def test_roles_are_for_people_who_sign_in(cast):
    organisation = make_organisation(cast.community)
    unclaimed = cast.joao.person
    Membership.objects.create(community=cast.community, person=unclaimed)
    for person in (organisation, unclaimed):
        with pytest.raises(DomainError, match="no sign-in"):
            belonging.take_role(person=person, role="moderator", by=cast.amara)
    with pytest.raises(DomainError, match="is no role"):
        belonging.take_role(person=cast.ife, role="king", by=cast.amara)


def test_an_owner_elsewhere_has_no_say_here(cast):
    with pytest.raises(NotAllowed):
        belonging.take_role(person=cast.soraya, role="moderator", by=make_member(role="owner"))


def test_the_command_line_may_give_any_role(cast):
    assert belonging.take_role(person=cast.soraya, role="owner", by=None).role == "owner"


# --- audiences


def test_an_audience_is_a_steward_s_decision(cast):
    with pytest.raises(NotAllowed):
        belonging.change_audience(person=cast.soraya, audience="volunteer", by=cast.mateus)
    with pytest.raises(DomainError):
        belonging.change_audience(person=cast.soraya, audience="crowd", by=cast.lan)
    belonging.change_audience(person=cast.soraya, audience="volunteer", by=cast.lan)
    belonging.change_audience(person=cast.soraya, audience="volunteer", by=cast.lan)
    assert membership(cast.soraya).audience == "volunteer"
    assert AuditEntry.objects.get().changes == {"audience": ["member", "volunteer"]}


# --- organisations


def test_an_organisation_is_a_member_with_people_who_act_for_it(cast):
    choir = belonging.add_organisation(
        community=cast.community,
        name="The Harbour  Choir",
        by=cast.lan,
        representatives=[cast.soraya],
        came_from="A fair",
    )
    assert (choir.name, choir.kind, membership(choir).audience) == ("The Harbour Choir", "organisation", "partner")
    assert told("member.joined") == [choir]
    assert choir in Person.objects.listed()
    belonging.represent(organisation=choir, person=cast.ife, by=cast.soraya)
    with pytest.raises(NotAllowed):
        belonging.withdraw(organisation=choir, person=cast.soraya, by=cast.mateus)
    belonging.withdraw(organisation=choir, person=cast.soraya, by=cast.soraya)
    assert [r.person for r in Representative.objects.all()] == [cast.ife]
    belonging.leave(person=choir, by=cast.ife)
    assert membership(choir).left_at is not None


def test_what_an_organisation_needs(cast):
    belonging.add_organisation(community=cast.community, name="Harbour Choir", by=cast.lan)
    with pytest.raises(Conflict):
        belonging.add_organisation(community=cast.community, name="harbour choir", by=cast.lan)
    with pytest.raises(DomainError):
        belonging.add_organisation(community=cast.community, name=" ", by=cast.lan)
    with pytest.raises(NotAllowed):
        belonging.add_organisation(community=cast.community, name="Library", by=cast.mateus)


def test_only_members_act_for_an_organisation(cast):
    choir = make_organisation(cast.community)
    stranger, unclaimed = make_member(), make_identity(community=cast.community).person
    for person in (stranger, unclaimed, make_organisation(cast.community)):
        with pytest.raises(DomainError):
            belonging.represent(organisation=choir, person=person, by=cast.lan)
    with pytest.raises(DomainError, match="no organisation"):
        belonging.represent(organisation=cast.soraya, person=cast.ife, by=cast.lan)
    with pytest.raises(NotAllowed):
        belonging.represent(organisation=choir, person=cast.ife, by=cast.mateus)


def test_who_left_no_longer_acts_for_anyone(cast):
    choir = belonging.add_organisation(
        community=cast.community, name="Choir", by=cast.lan, representatives=[cast.soraya]
    )
    belonging.leave(person=cast.soraya)
    with pytest.raises(NotAllowed):
        belonging.leave(person=choir, by=cast.soraya)
    belonging.leave(person=choir, by=cast.lan)
    assert AuditEntry.objects.filter(action="member.left", person=cast.lan).exists()
