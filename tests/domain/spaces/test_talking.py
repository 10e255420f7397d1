"""Starting, replying, mentioning, and the counts that follow."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from milepost.domain.spaces import services
from milepost.domain.spaces.models import Attachment, Mention, Post, Space, Thread
from milepost.domain.spaces.posting import LONGEST
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import local_identity
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.common.ids import new_id
from milepost.foundation.identity.access import Actor
from tests.factories import actor, make_cast, make_goal, make_member, make_space, make_thread

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def space(cast):
    return Space.create(community=cast.community, name="First gigs", by=cast.lan)


def counts(thread: Thread) -> tuple[int, int, int]:
    """(posts of the thread, threads of the space, posts of the space)"""
    thread.refresh_from_db()
    space = Space.objects.get(pk=thread.space_id)
    return thread.post_count, space.thread_count, space.post_count


def test_a_thread_is_one_activity(cast, space):
    goal = make_goal(cast.community)
    thread = Thread.start(
        space=space, title=" Who has  a PA? ", text="For Friday.", by=cast.soraya, goal=goal, tags=["sound"]
    )
    row = Activity.objects.get(community=cast.community, verb="thread.started")
    post = thread.posts.get()
    assert thread.title == "Who has a PA?"
    assert (row.object_kind, row.object_id, row.space_id) == ("thread", thread.pk, space.pk)
    assert (row.identity, row.other, row.happened_at) == (local_identity(cast.soraya), None, post.posted_at)
    assert row.source_key == f"thread.started:{thread.pk}"
    assert [tag.name for tag in thread.tags.all()] == ["sound"]
    assert counts(thread) == (1, 1, 1)


def test_a_reply_is_one_activity_toward_whom_it_answers(cast, space):
    thread = Thread.start(space=space, title="PA", text="Who has one?", by=cast.soraya)
    first = thread.reply(text="I do.", by=cast.ife)
    second = thread.reply(text="Lucky you.", by=Actor.of(cast.mateus), reply_to=first)
    rows = list(Activity.objects.filter(verb="reply.posted").order_by("pk"))
    assert [row.other for row in rows] == [local_identity(cast.soraya), local_identity(cast.ife)]
    assert [row.object_id for row in rows] == [thread.pk, thread.pk]
    assert [row.source_key for row in rows] == [f"reply.posted:{first.pk}", f"reply.posted:{second.pk}"]
    assert counts(thread) == (3, 1, 3)
    assert thread.last_post_at == thread.fresh_at == second.posted_at


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (LONGEST + 1)])
def test_nothing_and_too_much_are_refused(cast, space, text):
    thread = Thread.start(space=space, title="PA", text="Who has one?", by=cast.soraya)
    with pytest.raises(DomainError):
        thread.reply(text=text, by=cast.ife)
    assert counts(thread) == (1, 1, 1)


def test_a_form_sent_twice_makes_one_post(cast, space):
    key, reply_key = new_id(), new_id()
    first = Thread.start(space=space, title="PA", text="Who has one?", by=cast.soraya, post_id=key)
    assert Thread.start(space=space, title="PA", text="Who has one?", by=cast.soraya, post_id=key) == first
    once = first.reply(text="I do.", by=cast.ife, post_id=reply_key)
    assert first.reply(text="I do.", by=cast.ife, post_id=reply_key) == once
    assert counts(first) == (2, 1, 2)
    # The browser's back button brings the old form; what is typed into it now is another post.
    assert first.reply(text="And a mixer.", by=cast.ife, post_id=reply_key).pk != once.pk
    # Somebody else's id is nobody's way into their post.
    assert first.reply(text="I do.", by=cast.mateus, post_id=reply_key).pk != once.pk
    assert counts(first) == (4, 1, 4)


def test_who_may_not_write(cast, space):
    stranger = make_member()
    with pytest.raises(NotAllowed):
        Thread.start(space=space, title="PA", text="Hello", by=stranger)
    with pytest.raises(NotAllowed):
        Thread.start(space=space, title="PA", text="Hello", by=actor(None, cast.community))
    with pytest.raises(NotAllowed):
        Thread.start(space=space, title="PA", text="Hello", by=actor(cast.noor, cast.community))
    private = Space.create(community=cast.community, name="Team", kind="private", by=cast.lan)
    with pytest.raises(NotAllowed):
        Thread.start(space=private, title="PA", text="Hello", by=cast.soraya)
    with pytest.raises(NotAllowed):
        Thread.start(space=private, title="PA", text="Hello", by=cast.amara)
    assert Thread.start(space=private, title="PA", text="Hello", by=cast.lan)
    scoped = Actor(
        community=cast.community, account=cast.lan.account, membership=cast.lan.membership, scopes=frozenset()
    )
    with pytest.raises(NotAllowed):
        Thread.start(space=space, title="PA", text="Hello", by=scoped)


@pytest.mark.parametrize("change", ["make_read_only", "archive"])
def test_nobody_writes_where_it_is_read_only(cast, space, change):
    thread = Thread.start(space=space, title="PA", text="Who has one?", by=cast.soraya)
    getattr(space, change)(by=cast.lan)
    thread = Thread.objects.get(pk=thread.pk)
    for attempt in (
        lambda: Thread.start(space=space, title="More", text="Hello", by=cast.soraya),
        lambda: thread.reply(text="I do.", by=cast.ife),
        lambda: thread.posts.get().edit(text="Changed", by=cast.soraya),
    ):
        with pytest.raises(DomainError):
            attempt()
    assert counts(thread) == (1, 1, 1)


def test_mentions_name_those_who_can_read(cast, space):
    text = "@ife and @Mateus, ask `@lan`, not x@amara.org or @nobody. @soraya herself is not told."
    thread = Thread.start(space=space, title="PA", text=text, by=cast.soraya)
    named = Mention.objects.values_list("identity__person__name", flat=True)
    assert sorted(named) == ["Ife Adeyemi", "Mateus Carvalho"]
    thread.posts.get().edit(text="@lan after all", by=cast.soraya)
    assert list(named.all()) == ["Lan Nguyễn"]
    private = Space.create(community=cast.community, name="Team", kind="private", by=cast.lan)
    private.add(cast.mateus, by=cast.lan)
    secret = Thread.start(space=private, title="PA", text="@mateus, do not tell @ife", by=cast.lan)
    assert list(named.filter(post__thread=secret)) == ["Mateus Carvalho"]


def test_files_are_stored_with_the_post_and_vanish_with_a_failure(cast, space, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    thread = Thread.start(
        space=space,
        title="PA",
        text="List attached",
        by=cast.soraya,
        files=[ContentFile(b"mixer; cables", name="../list.txt")],
    )
    row = Attachment.objects.get(post__thread=thread)
    assert (row.name, row.media_type, row.size) == ("list.txt", "text/plain", 13)
    with default_storage.open(row.file.name) as file:
        assert file.read() == b"mixer; cables"
    thread.close(by=cast.mateus)
    with pytest.raises(DomainError, match="closed"):
        thread.reply(text="Mine", by=cast.ife, files=[ContentFile(b"amp", name="mine.txt")])
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [row.file.name.rpartition("/")[2]]


def test_recount_agrees_with_what_was_kept(cast, space):
    thread = Thread.start(space=space, title="PA", text="Who has one?", by=cast.soraya)
    gone = thread.reply(text="I do.", by=cast.ife)
    thread.reply(text="I do too.", by=cast.mateus)
    gone.delete(by=cast.ife)
    kept, last = counts(thread), thread.last_post_at
    Thread.objects.update(post_count=99)
    Space.objects.update(post_count=99, thread_count=99, last_post_at=None)
    services.recount([space.pk])
    assert counts(thread) == kept == (2, 1, 2)
    assert thread.last_post_at == last
    assert Space.objects.get(pk=space.pk).last_post_at == last


@pytest.mark.django_db(transaction=True)
def test_many_replies_at_once_are_all_counted():
    thread = make_thread(make_space())
    people = [make_member(thread.community) for _ in range(4)]
    failures: list[BaseException] = []

    def talk(person):
        try:
            for n in range(5):
                Thread.objects.get(pk=thread.pk).reply(text=f"Reply {n}", by=person)
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=talk, args=[person]) for person in people]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failures
    assert counts(thread) == (21, 1, 21)
    assert Activity.objects.filter(verb="reply.posted").count() == 20


@pytest.mark.django_db(transaction=True)
def test_the_same_form_sent_at_once_makes_one_post():
    thread = make_thread(make_space())
    person, key = make_member(thread.community), new_id()
    made: list[uuid.UUID] = []

    def send():
        try:
            made.append(Thread.objects.get(pk=thread.pk).reply(text="Once", by=person, post_id=key).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert made == [key] * 4
    assert Post.objects.filter(thread=thread).count() == 2
