"""A Slack export in the database: who, where, what, when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from milepost.domain.spaces.models import Attachment, Mention, Post, Reaction, Space, SpaceMember, Thread
from milepost.foundation.activity.models import Activity, MemberDay
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community, Identity, Membership, Person
from milepost.outward.connectors.counting import stats
from tests.factories import actor, make_community, make_member
from tests.outward.connectors.building import CHANNELS, said, slack_files, write_zip
from tests.outward.connectors.stored import facts, load

pytestmark = pytest.mark.django_db

FIRST = datetime(2020, 1, 2, 12, 10, 1, 1, tzinfo=UTC)
"""The moment of the stamp 1577967001.000001."""
DAYS = {
    "general/2020-01-02": [
        said("1577967000.000001", "<@U1> has joined", subtype="channel_join"),
        said(
            "1577967001.000001",
            "Who has *seeds*, <@U2>?",
            thread_ts="1577967001.000001",
            reactions=[{"name": "seedling", "users": ["U2", "U9"], "count": 5}],
            edited={"user": "U1", "ts": "1577967500.000000"},
        ),
        said(
            "1577967002.000001",
            "I have",
            "U2",
            thread_ts="1577967001.000001",
            files=[{"name": "beans.jpg", "mimetype": "image/jpeg", "size": 99, "url_private": "https://example.org/b"}],
        ),
        said("1577967003.000001", "Backup done", "U3"),
    ],
    "board/2020-01-03": [said("1578053401.000001", "The budget", "U2")],
    "D0000001/2020-01-03": [said("1578053402.000001", "Just between us")],
}
LISTS = {
    "groups": [{"id": "G1", "name": "board", "members": ["U2"], "created": 1577836800}],
    "dms": [{"id": "D0000001", "members": ["U1", "U2"]}],
}


@pytest.fixture
def garden() -> Community:
    return make_community("garden", name="Garden")


@pytest.fixture
def export(tmp_path):
    return write_zip(tmp_path / "export.zip", slack_files(DAYS, **LISTS))


def person(key: str) -> Person:
    return Person.objects.get(identities__source_key=key)


def test_people_are_unclaimed_and_bots_are_marked(garden, export):
    load("slack", export, garden)
    amara = Identity.objects.get(source="slack", source_key="U1")
    assert (amara.name, amara.handle, amara.mail) == ("Amara Okafor", "amara", "amara@example.org")
    assert not amara.person.is_claimed
    assert not amara.person.is_public
    assert (person("U3").kind, Identity.objects.get(source_key="U3").is_bot) == ("bot", True)
    assert Identity.objects.get(source_key="U2").attributes["deleted"] is True
    # Not in the list of users, but reacted.
    assert person("U9").name == "U9"
    assert Person.objects.count() == 4
    assert not Membership.objects.exists(), "who was in a chat is no member until they come here"


def test_channels_are_read_only_and_closed_to_visitors(garden, export):
    load("slack", export, garden)
    general, board = Space.objects.get(source_key="C1"), Space.objects.get(source_key="G1")
    assert (general.name, general.purpose, general.kind) == ("general", "All", "members")
    assert general.created_at == datetime(2020, 1, 1, tzinfo=UTC)
    assert not general.takes_posts
    assert not board.takes_posts
    assert board.kind == "private"
    assert [m.person for m in SpaceMember.objects.filter(space=board)] == [person("U2")]
    assert (general.post_count, general.thread_count, general.last_post_at) == (3, 2, FIRST.replace(second=3))
    assert Space.objects.count() == 2
    visitor = Actor(community=garden, account=None, membership=None)
    assert not Space.objects.visible_to(visitor).exists()
    assert list(Space.objects.visible_to(actor(make_member(garden)))) == [general]


def test_threads_replies_and_what_is_on_them(garden, export):
    load("slack", export, garden)
    thread = Thread.objects.get(title="Who has seeds, @Joao Silva?".replace("Joao", "João"))
    assert (thread.author.source_key, thread.post_count, thread.started_at) == ("U1", 2, FIRST)
    assert thread.last_post_at == FIRST.replace(second=2)
    assert thread.fresh_at is None, "history is never new to anyone"
    first, second = thread.posts.order_by("posted_at")
    assert first.text == "Who has **seeds**, @João Silva?"
    assert first.edited_at == datetime(2020, 1, 2, 12, 18, 20, tzinfo=UTC)
    assert first.reactions == {"seedling": 5}, "two by name, three that Slack only counts"
    assert (second.reply_to, second.edited_at) == (first, None)
    assert [m.identity.source_key for m in Mention.objects.filter(post=first)] == ["U2"]
    file = Attachment.objects.get(post=second)
    assert (file.name, file.media_type, file.size, file.url, file.file.name) == (
        "beans.jpg",
        "image/jpeg",
        99,
        "https://example.org/b",
        "",
    )
    assert {(r.identity.source_key, r.emoji, r.given_at) for r in Reaction.objects.filter(post=first)} == {
        ("U2", "seedling", FIRST),
        ("U9", "seedling", FIRST),
    }


def test_the_log_says_what_was_done_when_it_was_done(garden, export):
    load("slack", export, garden)
    rows = {(a.verb, a.identity.source_key): a for a in Activity.objects.exclude(verb="reaction.given")}
    assert set(rows) == {
        ("space.joined", "U1"),
        ("thread.started", "U1"),
        ("reply.posted", "U2"),
        ("thread.started", "U3"),
        ("thread.started", "U2"),
    }
    reply = rows["reply.posted", "U2"]
    thread = Thread.objects.get(posts__text="I have")
    assert (reply.object_kind, reply.object_id, reply.space_id) == ("thread", thread.pk, thread.space_id)
    assert (reply.other.source_key, reply.happened_at) == ("U1", FIRST.replace(second=2))
    given = Activity.objects.get(verb="reaction.given", identity__source_key="U2")
    assert (given.object_id, given.other.source_key, given.data) == (thread.pk, "U1", {"emoji": "seedling"})
    assert set(Activity.objects.values_list("source", "backfilled")) == {("slack", True)}
    joined = rows["space.joined", "U1"]
    assert joined.object_id == Space.objects.get(source_key="C1").pk
    assert NO_ID not in Activity.objects.values_list("space_id", flat=True)


def test_counts_and_search_follow(garden, export):
    load("slack", export, garden)
    day = MemberDay.objects.get(person_id=person("U2").pk, verb="reply.posted")
    assert (day.day.isoformat(), day.count) == ("2020-01-02", 1)
    from milepost.foundation.search.models import SearchDocument

    bodies = set(SearchDocument.objects.filter(kind="post").values_list("body", flat=True))
    assert bodies == {"Who has **seeds**, @João Silva?", "I have", "Backup done", "The budget"}


def test_the_report_says_what_is_new_and_stats_what_is_there(garden, export):
    report = load("slack", export, garden)
    assert report.as_json() | {"run": ""} == {
        "source": "slack",
        "run": "",
        "people": 4,
        "channels": 2,
        "threads": 3,
        "messages": 4,
        "reactions": 2,
        "unnamed_reactions": 3,
        "activities": 7,
        "skipped": 1,
        "skipped_by_reason": {"direct_messages": 1},
        "quarantined": 0,
        "noted": 0,
        "first_at": "2020-01-02T12:10:01.000001+00:00",
        "last_at": "2020-01-03T12:10:01.000001+00:00",
    }
    there = stats(garden)
    for name in ("people", "channels", "threads", "messages", "reactions", "activities"):
        assert there[name] == getattr(report, name), name
    assert (there["last_at"], there["members"], there["unclaimed"]) == (report.as_json()["last_at"], 0, 4)


def test_direct_messages_come_only_by_name(garden, export):
    report = load("slack", export, garden, direct=frozenset({"D0000001"}))
    assert (report.skipped_by_reason, report.channels) == ({}, 3)
    space = Space.objects.get(source_key="D0000001")
    assert space.kind == "private"
    assert {m.person for m in SpaceMember.objects.filter(space=space)} == {person("U1"), person("U2")}
    assert Post.objects.get(space=space).text == "Just between us"


def test_channels_that_were_not_chosen_stay_out(garden, export):
    report = load("slack", export, garden, skip_channels=frozenset({"board"}))
    assert report.skipped_by_reason == {"direct_messages": 1, "channel_not_chosen": 1}
    assert list(Space.objects.values_list("source_key", flat=True)) == ["C1"]


def test_a_channel_can_be_made_private(garden, export):
    load("slack", export, garden, private_channels=frozenset({"general"}))
    space = Space.objects.get(source_key="C1")
    assert space.kind == "private"
    assert {m.person for m in SpaceMember.objects.filter(space=space)} == {person("U1"), person("U2")}


def test_twice_changes_nothing(garden, export):
    load("slack", export, garden)
    before = facts(garden)
    report = load("slack", export, garden)
    assert facts(garden) == before
    assert (report.people, report.messages, report.reactions, report.activities) == (0, 0, 0, 0)
    assert report.skipped_by_reason == {"direct_messages": 1, "already_there": 6}
    assert report.first_at is None


def test_a_newer_export_adds_only_what_is_new(garden, export, tmp_path):
    load("slack", export, garden)
    later = {k: list(v) for k, v in DAYS.items()}
    again = dict(later["general/2020-01-02"][1])
    again["reactions"] = [{"name": "seedling", "users": ["U2", "U9", "U3"], "count": 6}]
    later["general/2020-01-02"] = [again, *later["general/2020-01-02"][2:]]
    later["general/2020-02-01"] = [
        said("1580558401.000001", "Still have some?", "U9", thread_ts="1577967001.000001"),
        said("1580558402.000001", "New bed"),
    ]
    channels = [*CHANNELS, {"id": "C2", "name": "general", "members": []}]
    newer = write_zip(tmp_path / "newer.zip", slack_files(later, channels=channels, **LISTS))
    report = load("slack", newer, garden)
    assert (report.people, report.channels, report.threads, report.messages, report.reactions) == (0, 1, 1, 2, 1)
    thread = Thread.objects.get(posts__text="I have")
    assert [p.text for p in thread.posts.order_by("posted_at")][-1] == "Still have some?"
    assert (thread.post_count, thread.last_post_at.month) == (3, 2)
    assert thread.posts.order_by("posted_at").first().reactions == {"seedling": 6}
    assert Space.objects.get(source_key="C2").slug == "general-2"
    assert Space.objects.get(source_key="C1").post_count == 5


def test_two_workspaces_of_one_kind_stay_apart(garden, export):
    load("slack", export, garden, source="slack:berlin")
    report = load("slack", export, garden, source="slack:porto")
    assert (report.people, report.messages) == (4, 4)
    assert Space.objects.count() == 4


def test_the_same_export_in_two_communities(garden, export):
    other = make_community("orchard")
    load("slack", export, garden)
    assert load("slack", export, other).messages == 4
    mine, theirs = facts(garden), facts(other)
    assert mine == theirs
