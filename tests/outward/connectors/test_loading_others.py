"""The other sources in the database: Discord, mail, a forum, tables."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from milepost.domain.spaces.models import Attachment, Post, Reaction, Space, SpaceMember, Thread
from milepost.foundation.activity.models import Activity, MemberDay
from milepost.foundation.identity.models import Community, Identity, Membership, Person
from milepost.outward.connectors.models import ImportedThread
from tests.factories import make_community
from tests.outward.connectors import test_discord as chat
from tests.outward.connectors import test_discourse as forum
from tests.outward.connectors import test_mbox as post_office
from tests.outward.connectors import test_table as tables
from tests.outward.connectors.building import write_folder
from tests.outward.connectors.stored import facts, load

pytestmark = pytest.mark.django_db


@pytest.fixture
def garden() -> Community:
    return make_community("garden", name="Garden")


def test_discord(garden, tmp_path):
    reaction = {"emoji": {"id": "", "name": "🌱", "code": "seedling"}, "count": 2, "users": [chat.JOAO]}
    attachment = {"id": "5", "url": "https://example.org/p.png", "fileName": "p.png", "fileSizeBytes": 7}
    talk = [
        chat.message(1, "Who has seeds?", reactions=[reaction], attachments=[attachment]),
        chat.reply(2, 1, "I have"),
        chat.message(3, "Beep", chat.ROBOT),
        chat.message(4, "", chat.JOAO, "GuildMemberJoin"),
    ]
    thread = {"key": "200", "name": "Bed 7", "kind": "GuildPublicThread", "categoryId": "100"}
    files = {
        "general.json": chat.file(talk),
        "bed.json": chat.file([chat.message(9, "Dug it")], **thread),
    }
    report = load("discord", write_folder(tmp_path / "discord", files), garden)
    assert (report.messages, report.channels, report.people) == (4, 1, 3)
    amara = Identity.objects.get(source="discord", source_key="11")
    assert (amara.person.name, amara.person.kind) == ("Amara", "human")
    assert Identity.objects.get(source_key="13").person.kind == "bot"
    first = Post.objects.get(text="Who has seeds?")
    assert sum(first.reactions.values()) == 2
    assert Reaction.objects.get().identity.source_key == "12"
    assert Attachment.objects.get().url == "https://example.org/p.png"
    answer = Post.objects.get(text="I have")
    assert (answer.thread, answer.reply_to) == (first.thread, first)
    assert Thread.objects.get(title="Bed 7").space == first.space
    assert Activity.objects.get(verb="member.joined").identity.source_key == "12"
    before = facts(garden)
    assert load("discord", tmp_path / "discord", garden).messages == 0
    assert facts(garden) == before


def test_mail(garden, tmp_path):
    path = post_office.archive(
        tmp_path,
        post_office.mail("1", "Who has seeds?", List_Id="Garden talk <garden.lists.example.org>"),
        post_office.mail(
            "2", "I have", "Re: Beds", "João <joao@example.org>", "Thu, 2 May 2013 13:00:00 +0200",
            In_Reply_To="<1@example.org>", List_Id="Garden talk <garden.lists.example.org>",
        ),
    )  # fmt: skip
    report = load("mbox", path, garden)
    assert (report.people, report.threads, report.messages, report.channels) == (2, 1, 2, 1)
    thread = Thread.objects.get()
    assert (thread.title, thread.post_count) == ("Beds", 2)
    assert thread.started_at == datetime(2013, 5, 2, 10, tzinfo=UTC)
    assert Identity.objects.get(name="João").mail == "joao@example.org"
    before = facts(garden)
    load("mbox", path, garden)
    assert facts(garden) == before


def test_a_forum(garden, tmp_path):
    answers = forum.topic(
        forum.post(100, 1, actions_summary=[{"id": 2, "count": 3}]),
        forum.post(101, 2, 8, "joao", reply_to_post_number=1),
    )
    files = {
        "categories.json": forum.CATEGORIES,
        "40.json": answers,
        "users.csv": forum.USERS,
    }
    report = load("discourse", write_folder(tmp_path / "forum", files), garden)
    assert (report.threads, report.messages, report.unnamed_reactions, report.reactions) == (1, 2, 3, 0)
    thread = Thread.objects.get()
    assert (thread.title, thread.space.name) == ("Spring beds", "Garden")
    assert sum(thread.posts.get(text="post 100").reactions.values()) == 3
    # Who has an account in the forum is a member, since the day that they signed up there.
    joined = Membership.objects.get(person__identities__source_key="7")
    assert joined.joined_at == datetime(2019, 1, 1, 10, tzinfo=UTC)
    log = Activity.objects.get(verb="member.joined", identity__source_key="7")
    assert (log.happened_at, log.backfilled) == (joined.joined_at, True)
    before = facts(garden)
    load("discourse", tmp_path / "forum", garden)
    assert facts(garden) == before


def test_a_table_of_messages(garden, tmp_path):
    report = load("table", tables.table(tmp_path, tables.MESSAGES), garden)
    assert (report.people, report.channels, report.threads, report.messages) == (2, 2, 2, 3)
    assert set(Thread.objects.values_list("title", "post_count")) == {("welcome", 2), ("swap", 1)}
    assert ImportedThread.objects.count() == 2
    assert set(Activity.objects.values_list("verb", flat=True)) == {"thread.started", "reply.posted"}
    assert not Membership.objects.exists()
    # A later table of the same topics goes on with them.
    more = tables.MESSAGES.replace("3,2021-01-03 10:00,11,seeds,swap,Beans?", "4,2021-01-04 10:00,13,seeds,swap,Me")
    report = load("table", tables.table(tmp_path, more, "y.csv"), garden)
    assert (report.people, report.threads, report.messages) == (1, 0, 1)
    assert set(Thread.objects.values_list("title", "post_count")) == {("welcome", 2), ("swap", 2)}


def test_a_table_of_members(garden, tmp_path):
    rows = "id,name,email,joined,audience\n1,Amara,amara@example.org,2020-05-01,volunteer\n2,João,,,juggler\n"
    report = load("table", tables.table(tmp_path, rows), garden, kind="members")
    assert (report.people, report.activities) == (2, 1)
    amara = Membership.objects.get(person__name="Amara")
    assert (amara.audience, amara.role, amara.joined_at.date().isoformat()) == ("volunteer", "member", "2020-05-01")
    assert Membership.objects.get(person__name="João").audience == "member"
    assert not any(p.is_public for p in Person.objects.all())
    before = facts(garden)
    load("table", tmp_path / "x.csv", garden, kind="members")
    assert facts(garden) == before


def test_who_was_known_from_messages_becomes_a_member_by_a_list(garden, tmp_path):
    load("table", tables.table(tmp_path, tables.MESSAGES), garden)
    assert not Membership.objects.exists()
    rows = "id,name,joined\n11,Amara,2020-05-01\n12,João,\n"
    report = load("table", tables.table(tmp_path, rows, "members.csv"), garden, kind="members")
    assert (report.people, Person.objects.count(), Membership.objects.count()) == (0, 2, 2)
    assert Activity.objects.get(verb="member.joined").identity.source_key == "11"
    before = facts(garden)
    load("table", tmp_path / "members.csv", garden, kind="members")
    assert facts(garden) == before


def test_a_table_of_activities(garden, tmp_path):
    rows = "id,who,when,what,amount\n1,a,2020-05-01,donation.made,12.5\n2,a,2020-05-01,contribution.made,3\n"
    rows += "3,b,2020-05-02,vote.cast,1\n4,b,2020-05-02,milestone.reached,1\n"
    mapping = {"id": "id", "author": "who", "time": "when", "verb": "what", "quantity": "amount"}
    report = load("table", tables.table(tmp_path, rows), garden, kind="activities", mapping=mapping)
    assert (report.activities, report.quarantined) == (1, 3), "only what tools outside may write"
    done = Activity.objects.get()
    assert (done.verb, done.quantity, done.identity.source_key) == ("contribution.made", Decimal(3), "a")
    assert MemberDay.objects.get().quantity == 3
    before = facts(garden)
    assert load("table", tmp_path / "x.csv", garden, kind="activities", mapping=mapping).activities == 0
    assert facts(garden) == before


def test_one_verb_for_a_whole_table(garden, tmp_path):
    rows = "sha,author,date,subject\nf00,amara,2020-05-01T10:00:00+02:00,Fix the gate\n"
    report = load("table", tables.table(tmp_path, rows), garden, kind="activities", verb="contribution.made")
    assert (report.people, report.activities) == (1, 1)
    assert Activity.objects.get().data == {"text": "Fix the gate"}


def test_private_channels_keep_what_they_say_from_search(garden, tmp_path):
    load("table", tables.table(tmp_path, tables.MESSAGES), garden, private_channels=frozenset({"seeds"}))
    assert Space.objects.get(source_key="seeds").kind == "private"
    assert not SpaceMember.objects.exists(), "a table does not say who was in a channel"
