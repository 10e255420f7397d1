"""The way in, under each policy."""

from __future__ import annotations

import datetime

import pytest
from django.core import mail

from milepost.domain.people import belonging, joining
from milepost.domain.people.handles import change_handle, proposals
from milepost.foundation.activity.models import Activity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import Community, Identity, JoinRequest, Membership, Person
from tests.factories import make_account, make_cast, make_community, make_member

pytestmark = pytest.mark.django_db

QUESTIONS = [{"key": "why", "question": "Why do you want to join?"}, {"key": "what", "question": "What do you play?"}]
ANSWERS = {"why": "To find a band", "what": "The oud"}


@pytest.fixture
def asking() -> Community:
    return make_community(join_policy="questions", join_questions=QUESTIONS)


def verbs(community: Community) -> list[str]:
    return list(Activity.objects.filter(community=community).order_by("pk").values_list("verb", flat=True))


def test_anyone_joins_an_open_community():
    community, account = make_community(), make_account(name="Lan Nguyễn")
    membership = joining.join(account=account, community=community, came_from="The harvest festival")
    person = membership.person
    assert (person.name, person.handle, person.account) == ("Lan Nguyễn", "lan", account)
    assert person.claimed_at is not None
    assert (membership.role, membership.came_from) == ("member", "The harvest festival")
    activity = Activity.objects.get(community=community)
    assert activity.verb == "member.joined"
    assert activity.identity == Identity.objects.get(person=person, source="milepost")
    assert activity.data == {"came_from": "The harvest festival"}


def test_joining_twice_changes_nothing():
    community, account = make_community(), make_account()
    first = joining.join(account=account, community=community)
    assert joining.join(account=account, community=community, came_from="again") == first
    assert verbs(community) == ["member.joined"]


def test_one_account_is_another_person_in_each_community():
    account = make_account()
    one = joining.join(account=account, community=make_community()).person
    other = joining.join(account=account, community=make_community()).person
    assert one != other
    assert {p.community for p in (one, other)} == set(Community.objects.all())


def test_who_was_here_before_comes_back_as_the_same_person_and_a_plain_member():
    cast = make_cast()
    began = cast.lan.membership.joined_at
    belonging.leave(person=cast.lan)
    membership = joining.join(account=cast.lan.account, community=cast.community)
    assert membership.person == cast.lan
    assert (membership.role, membership.left_at, membership.joined_at) == ("member", None, began)
    assert verbs(cast.community) == ["member.left", "member.joined"]
    assert Activity.objects.get(verb="member.joined").data["returned"] is True


@pytest.mark.parametrize(
    ("policy", "error", "says"),
    [
        ("agree", joining.AgreementNeeded, "agree to its values"),
        ("questions", NotAllowed, "asks a few questions"),
        ("invited", NotAllowed, "by invitation only"),
    ],
)
def test_the_policy_is_kept(policy, error, says):
    community, account = make_community(join_policy=policy), make_account()
    with pytest.raises(error, match=says):
        joining.join(account=account, community=community)
    assert not Person.objects.filter(community=community).exists()
    assert not verbs(community)


def test_agreeing_does_not_answer_the_questions(asking):
    with pytest.raises(NotAllowed):
        joining.join(account=make_account(), community=asking, agreed=True)


def test_nobody_joins_an_archived_community_or_with_a_closed_account():
    with pytest.raises(DomainError, match="archived"):
        joining.join(account=make_account(), community=make_community(archived_at=clock.now()))
    with pytest.raises(NotAllowed, match="closed"):
        joining.join(account=make_account(is_active=False), community=make_community())


# --- by answers


def test_a_steward_admits_who_answered(asking, django_capture_on_commit_callbacks):
    steward = make_member(asking, role="steward")
    account = make_account("tariq@example.org", name="Tariq")
    request = joining.ask(account=account, community=asking, answers=ANSWERS | {"spy": "x"}, came_from="A flyer")
    assert request.answers == ANSWERS
    assert not Membership.objects.filter(person__account=account).exists()
    with django_capture_on_commit_callbacks(execute=True):
        membership = joining.admit(request=request, by=steward, note="Bring the oud on Friday.")
    assert (membership.person.account, membership.came_from) == (account, "A flyer")
    request.refresh_from_db()
    assert (request.is_open, request.decided_by) == (False, steward)
    assert AuditEntry.objects.get().action == "member.admitted"
    [letter] = mail.outbox
    assert letter.to == ["tariq@example.org"]
    assert "Bring the oud on Friday." in letter.body
    assert f"/c/{asking.slug}/" in letter.body
    assert letter.subject == f"Welcome to {asking.name}"


def test_a_steward_declines_and_they_may_ask_again(asking, django_capture_on_commit_callbacks):
    steward, account = make_member(asking, role="steward"), make_account()
    request = joining.ask(account=account, community=asking, answers=ANSWERS)
    with django_capture_on_commit_callbacks(execute=True):
        joining.decline(request=request, by=steward, note="We are full until autumn.")
    assert "We are full until autumn." in mail.outbox[0].body
    assert not Membership.objects.filter(person__account=account).exists()
    assert joining.ask(account=account, community=asking, answers=ANSWERS).pk != request.pk


def test_every_question_wants_an_answer(asking):
    with pytest.raises(DomainError, match="What do you play"):
        joining.ask(account=make_account(), community=asking, answers={"why": "Just so", "what": "  "})


def test_who_waits_or_belongs_does_not_ask_again(asking):
    account, member = make_account(), make_member(asking)
    joining.ask(account=account, community=asking, answers=ANSWERS)
    with pytest.raises(Conflict, match="with the stewards already"):
        joining.ask(account=account, community=asking, answers=ANSWERS)
    with pytest.raises(Conflict, match="member of"):
        joining.ask(account=member.account, community=asking, answers=ANSWERS)


def test_an_open_community_asks_nothing():
    with pytest.raises(DomainError, match="asks no questions"):
        joining.ask(account=make_account(), community=make_community(), answers={})


@pytest.mark.parametrize("role", ["member", "ambassador", "moderator"])
def test_only_stewards_decide(asking, role):
    request = joining.ask(account=make_account(), community=asking, answers=ANSWERS)
    member = make_member(asking, role=role)
    with pytest.raises(NotAllowed):
        joining.admit(request=request, by=member)
    with pytest.raises(NotAllowed):
        joining.decline(request=request, by=member)
    assert JoinRequest.objects.get().is_open


def test_a_steward_of_another_community_decides_nothing_here(asking):
    request = joining.ask(account=make_account(), community=asking, answers=ANSWERS)
    with pytest.raises(NotAllowed):
        joining.admit(request=request, by=make_member(role="owner"))


def test_a_request_is_decided_once(asking):
    owner = make_member(asking, role="owner")
    request = joining.ask(account=make_account(), community=asking, answers=ANSWERS)
    joining.admit(request=request, by=owner)
    with pytest.raises(Conflict):
        joining.decline(request=request, by=owner)


# --- founding


def test_a_community_is_founded_with_its_owner():
    account = make_account(name="Amara Okonkwo")
    community = joining.found_community(slug="strings", name="Open Strings", owner=account, time_zone="Africa/Lagos")
    membership = Membership.objects.of(account, community)
    assert membership is not None
    assert membership.role == "owner"
    assert verbs(community) == ["member.joined", "role.taken", "community.founded"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"slug": "Big Name"}, "slug"),
        ({"slug": "admin"}, "taken by the site"),
        ({"slug": "there"}, "already exists"),
        ({"slug": "ok", "time_zone": "Mars/Base"}, "no time zone"),
        ({"slug": "ok", "name": " "}, "name"),
    ],
)
def test_what_a_community_cannot_be(fields, says):
    make_community("there")
    with pytest.raises(DomainError, match=says):
        joining.found_community(**({"name": "X", "owner": None} | fields))


def test_a_circle_is_founded_by_a_steward_of_the_whole():
    cast = make_cast()
    circle = joining.found_community(slug="cellos", name="Cellos", owner=cast.lan.account, parent=cast.community)
    assert circle.parent == cast.community
    for account in (cast.soraya.account, cast.noor):
        with pytest.raises(NotAllowed):
            joining.found_community(slug="drums", name="Drums", owner=account, parent=cast.community)


def test_the_command_line_enrols_whatever_the_policy():
    community, account = make_community(join_policy="invited"), make_account()
    assert joining.enrol(community=community, account=account).role == "member"
    assert joining.enrol(community=community, account=account, role="owner").role == "owner"
    assert joining.enrol(community=community, account=account, role="owner").role == "owner"
    assert verbs(community) == ["member.joined", "role.taken"]


# --- @names


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Amara Okonkwo", "amara"),
        ("Øyvind", "yvind"),
        ("李雷", "李雷"),
        ("☺", "member"),
        ("A B", "a-b"),
        ("José-María", "jose"),
    ],
)
def test_a_name_becomes_a_handle(name, first):
    assert proposals(name)[0] == first


def test_handles_are_each_once_and_free_in_another_community():
    community = make_community()
    handles = [
        joining.join(account=make_account(name="Amara Okonkwo"), community=community).person.handle for _ in range(4)
    ]
    assert handles == ["amara", "amara-okonkwo", "amara-okonkwo2", "amara-okonkwo3"]
    assert joining.join(account=make_account(name="Amara"), community=make_community()).person.handle == "amara"


def test_a_member_changes_their_handle():
    cast = make_cast()
    change_handle(person=cast.lan, handle="@Lan-of-the-Hills")
    assert Person.objects.get(pk=cast.lan.pk).handle == "lan-of-the-hills"
    with pytest.raises(Conflict):
        change_handle(person=cast.lan, handle="amara")
    for bad in ("x", "two words", "-lan", "a" * 41, ""):
        with pytest.raises(DomainError):
            change_handle(person=cast.lan, handle=bad)


def test_a_break_ends_by_coming_back_through_the_door():
    community, account = make_community(), make_account()
    person = joining.join(account=account, community=community).person
    belonging.pause(person=person, until=clock.today("UTC") + datetime.timedelta(days=3))
    belonging.leave(person=person)
    assert joining.join(account=account, community=community).paused_at is None
