"""The steward's desk, the log, the audit trail, background work, settings."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client

from milepost.domain.people.models import Profile
from milepost.domain.people.settling import change_community
from milepost.domain.people.thanking import thank
from milepost.engines.milestones.models import Award
from milepost.engines.milestones.rhythm import weeks
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import local_identity, record
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.common.ids import new_id
from milepost.foundation.identity.models import Community, JoinRequest, Person
from milepost.foundation.jobs.models import JobRun
from tests.factories import (
    make_account,
    make_community,
    make_identity,
    make_member,
    make_milestone,
    make_space,
    make_thread,
)

pytestmark = pytest.mark.django_db

PAGES = {
    "log/": "member",
    "desk/": "moderator",
    "desk/unanswered/": "moderator",
    "desk/trail/": "steward",
    "desk/work/": "steward",
    "settings/": "steward",
}


@pytest.fixture
def community() -> Community:
    return make_community("stage", name="Open Stage", visibility="members", time_zone="Europe/Lisbon")


def client_of(person: Person | None) -> Client:
    client = Client()
    if person is not None:
        client.force_login(person.account)
    return client


@pytest.mark.parametrize(("page", "lowest"), PAGES.items())
def test_each_page_opens_for_its_role_and_not_below(community: Community, page: str, lowest: str) -> None:
    roles = ["member", "ambassador", "moderator", "steward", "owner"]
    for role in roles:
        answer = client_of(make_member(community, role=role)).get(f"/c/stage/{page}")
        assert answer.status_code == (200 if roles.index(role) >= roles.index(lowest) else 403), role
    assert client_of(None).get(f"/c/stage/{page}").status_code == 302
    assert client_of(make_member(make_community("other"), role="owner")).get(f"/c/stage/{page}").status_code == 404


def test_the_log_shows_and_filters(community: Community) -> None:
    ife, lan = make_member(community, name="Ife Adeyemi"), make_member(community, name="Lan Nguyen")
    thread = make_thread(make_space(community, name="Booking"), author=ife, title="How do I ask for money")
    old = clock.now() - datetime.timedelta(days=40)
    record("thread.started", community=community, by=ife, obj=thread, space_id=thread.space_id, happened_at=old)
    record("reply.posted", community=community, by=lan, obj=thread, space_id=thread.space_id)
    client = client_of(lan)
    whole = client.get("/c/stage/log/").content.decode()
    assert "How do I ask for money" in whole
    assert "Ife Adeyemi" in whole
    assert "Ife Adeyemi" not in client.get("/c/stage/log/?q=Lan").content.decode()
    only = client.get("/c/stage/log/?verb=reply.posted").content.decode()
    assert "Ife Adeyemi" not in only
    since = (clock.now() - datetime.timedelta(days=2)).date()
    assert "Ife Adeyemi" not in client.get(f"/c/stage/log/?since={since}").content.decode()
    assert client.get("/c/stage/log/?since=2026-99-99&verb=nonsense&after=%00&space=x").status_code == 200


def test_members_do_not_see_private_spaces_nor_unclaimed_people_in_the_log(community: Community) -> None:
    ghost = make_identity(community=community, name="Ghost Writer")
    secret = make_thread(make_space(community, kind="private"), author=make_member(community), title="Secret plans")
    record("thread.started", community=community, by=ghost, object_kind="thread", object_id=new_id())
    record("thread.started", community=community, by=secret.author, obj=secret, space_id=secret.space_id)
    seen = client_of(make_member(community)).get("/c/stage/log/").content.decode()
    assert "Secret plans" not in seen
    assert "Ghost Writer" not in seen
    steward = client_of(make_member(community, role="steward")).get("/c/stage/log/").content.decode()
    assert "Ghost Writer" in steward
    assert "Secret plans" not in steward


@pytest.mark.parametrize("page", PAGES)
def test_pages_ask_few_questions_however_long_the_lists(
    community: Community, django_assert_max_num_queries: object, page: str
) -> None:
    steward = make_member(community, role="owner")
    thread = make_thread(make_space(community), author=steward)
    for n in range(60):
        record("reply.posted", community=community, by=steward, obj=thread, space_id=thread.space_id, data={"n": n})
    client = client_of(steward)
    with django_assert_max_num_queries(20 if page == "desk/" else 12):  # type: ignore[operator]
        assert client.get(f"/c/stage/{page}").status_code == 200


def test_the_desk_says_what_waits(community: Community) -> None:
    steward = make_member(community, role="steward")
    JoinRequest.objects.create(community=community, account=make_account(), answers={})
    early = clock.now() - datetime.timedelta(days=3)
    make_thread(make_space(community), author=steward, started_at=early, last_post_at=early)
    page = client_of(steward).get("/c/stage/desk/").content.decode()
    assert "1 person asks to join" in page
    assert "1 question waits for longer than a day" in page
    assert "Nothing waits" not in page
    assert "Thread" in client_of(steward).get("/c/stage/desk/unanswered/").content.decode()
    assert (
        "Nothing waits"
        in client_of(make_member(make_community("calm"), role="owner")).get("/c/calm/desk/").content.decode()
    )


def test_weeks_count_people_once_and_newcomers_first(community: Community) -> None:
    ife, lan = make_member(community), make_member(community)
    today = clock.today(community.time_zone)
    monday = today - datetime.timedelta(days=today.weekday())
    at = lambda weeks_ago, day: datetime.datetime.combine(  # noqa: E731
        monday - datetime.timedelta(weeks=weeks_ago, days=-day), datetime.time(12), datetime.UTC
    )
    for person, moment in ((ife, at(3, 0)), (ife, at(3, 1)), (lan, at(3, 6)), (ife, at(1, 2))):
        record(
            "reply.posted", community=community, by=person, happened_at=moment, object_kind="thread", object_id=new_id()
        )
    catch_up()
    assert [(w.people, w.newcomers) for w in weeks(community, back=4)] == [(0, 0), (2, 2), (0, 0), (1, 0)]


def test_the_chart_has_its_data_and_only_for_those_at_the_desk(community: Community) -> None:
    steward = client_of(make_member(community, role="steward"))
    made = steward.get("/c/stage/desk/charts/people-a-week.json").json()
    assert len(made["data"]["values"]) == 52
    assert client_of(make_member(community)).get("/c/stage/desk/charts/people-a-week.json").status_code == 403


def test_settings_change_with_a_trace_and_keep_what_was_typed(community: Community) -> None:
    steward = make_member(community, role="steward")
    client = client_of(steward)
    form = {
        "name": "Open Stage", "tagline": "For anyone with a song", "accent_hue": "20", "time_zone": "America/Lima", "language": "en",
        "visibility": "public", "join_policy": "questions", "questions": "What do you play?\nWho sent you?",
    }  # fmt: skip
    assert client.post("/c/stage/settings/", form | {"questions": ""}).status_code == 422
    community.refresh_from_db()
    assert community.tagline == ""
    assert client.post("/c/stage/settings/", form).status_code == 302
    community.refresh_from_db()
    assert (community.accent_hue, community.time_zone) == (20, "America/Lima")
    keys = [q["key"] for q in community.join_questions]
    assert client.post("/c/stage/settings/", form | {"questions": "New?\nWho sent you?"}).status_code == 302
    community.refresh_from_db()
    assert community.join_questions[1]["key"] == keys[1]
    assert len({q["key"] for q in community.join_questions}) == 2
    assert AuditEntry.objects.filter(action="community.changed").count() == 2
    assert Activity.objects.filter(verb="community.time_zone_changed").count() == 1
    assert client.post("/c/stage/settings/", form | {"time_zone": "Mars/Base"}).status_code == 422


def test_only_stewards_settle_and_nothing_else_can_be_changed(community: Community) -> None:
    with pytest.raises(NotAllowed):
        change_community(community=community, by=make_member(community), name="Mine")
    with pytest.raises(DomainError):
        change_community(community=community, by=None, time_zone="nowhere")
    with pytest.raises(ValueError, match="not to be changed"):
        change_community(community=community, by=None, slug="x")


def test_failed_work_can_be_run_again_once(community: Community) -> None:
    steward = make_member(community, role="steward")
    now = clock.now()
    fields = {
        "name": "milepost.domain.people.tasks.suggest_merges",
        "label": "Look for people",
        "max_attempts": 1,
        "attempts": 1,
    }
    mine = JobRun.objects.create(community_id=community.pk, queued_at=now, failed_at=now, error="no room", **fields)
    theirs = JobRun.objects.create(community_id=make_community("other").pk, queued_at=now, failed_at=now, **fields)
    client = client_of(steward)
    assert "no room" in client.get("/c/stage/desk/work/").content.decode()
    for _ in range(2):
        assert client.post(f"/c/stage/desk/work/{mine.pk}/again/").status_code == 302
    assert JobRun.objects.filter(again_of=mine).count() == 1
    assert client.post(f"/c/stage/desk/work/{theirs.pk}/again/").status_code == 404
    assert client.get(f"/c/stage/desk/work/{mine.pk}/again/").status_code == 405


def test_the_trail_names_who_did_what(community: Community) -> None:
    steward = make_member(community, role="owner", name="Amara Okafor")
    change_community(community=community, by=steward, name="Opener Stage")
    page = client_of(steward).get("/c/stage/desk/trail/").content.decode()
    assert "Amara Okafor" in page
    assert "Open Stage → Opener Stage" in page
    assert local_identity(steward).person_id == steward.pk


@pytest.mark.parametrize(
    ("choice", "told"), [("public", True), ("community", True), ("first_name", False), ("none", False)]
)
def test_the_log_names_nobody_who_did_not_choose_it(community: Community, choice: str, told: bool) -> None:
    ife = make_member(community, name="Ife Adeyemi")
    Profile.objects.create(person=ife, community=community, celebration=choice)
    Award.claim(person=ife, milestone=make_milestone(community, name="First gig"), reached_on=clock.today("UTC"))
    thank(giver=make_member(community, name="Lan Nguyen"), receiver=ife, words="for the amp")
    seen = client_of(make_member(community)).get("/c/stage/log/").content.decode()
    assert ("First gig" in seen) == told
    assert ("Lan Nguyen" in seen) == told
    assert "First gig" in client_of(ife).get("/c/stage/log/").content.decode()
    assert "First gig" in client_of(make_member(community, role="steward")).get("/c/stage/log/").content.decode()


def test_a_steward_gives_a_role_and_cannot_make_owners(community: Community) -> None:
    steward, ife = make_member(community, role="steward"), make_member(community, name="Ife Adeyemi")
    page = f"/c/stage/desk/people/{ife.pk}/"
    client = client_of(steward)
    assert page in client.get(f"/c/stage/people/{ife.handle}/").content.decode()
    assert client.post(page, {"role": "ambassador", "audience": "volunteer"}).status_code == 302
    ife.membership.refresh_from_db()
    assert (ife.membership.role, ife.membership.audience) == ("ambassador", "volunteer")
    assert AuditEntry.objects.filter(action="role.taken", person=steward).exists()
    assert client.post(page, {"role": "owner", "audience": "member"}).status_code == 403
    assert client_of(ife).get(page).status_code == 403
    elsewhere = make_member(make_community("other"))
    assert client.get(f"/c/stage/desk/people/{elsewhere.pk}/").status_code == 404


def test_an_organisation_becomes_a_member_once(community: Community) -> None:
    client = client_of(make_member(community, role="steward"))
    assert client.get("/c/stage/desk/organisations/new/").status_code == 200
    assert client.post("/c/stage/desk/organisations/new/", {"name": "The Lantern"}).status_code == 302
    assert client.post("/c/stage/desk/organisations/new/", {"name": "The Lantern"}).status_code == 422
    assert Person.objects.filter(community=community, kind="organisation").count() == 1
