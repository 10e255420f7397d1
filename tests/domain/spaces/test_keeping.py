"""Changing, removing, bringing back, reacting, moving; and what stewards and moderators may."""

from __future__ import annotations

import datetime

import pytest

from milepost.domain.people import erasure, merging
from milepost.domain.spaces import rendering, unread
from milepost.domain.spaces.models import (
    Mention,
    Post,
    PostRevision,
    Reaction,
    ReadMark,
    Space,
    SpaceMember,
    Tag,
    Thread,
)
from milepost.domain.spaces.reacting import PALETTE
from milepost.domain.spaces.reading import page_number, page_of, single
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import local_identity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from tests.factories import actor, make_cast, make_goal, make_member, make_reaction, make_thread

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def space(cast):
    return Space.create(community=cast.community, name="First gigs", by=cast.lan)


@pytest.fixture
def thread(cast, space):
    return Thread.start(space=space, title="PA", text="Who has one?", by=cast.soraya)


def counts(thread):
    """Posts of the thread, threads and posts of its space, and whether the thread is gone."""
    thread.refresh_from_db()
    space = Space.objects.get(pk=thread.space_id)
    return thread.post_count, space.thread_count, space.post_count, thread.deleted_at is not None


def standing(verb):
    return Activity.objects.standing().filter(verb=verb).count()


# --- edit, delete, restore --------------------------------------------------------------------------


def test_an_edit_keeps_what_was_said(cast, thread):
    post = thread.posts.get()
    post.edit(text="Who has a PA?", by=cast.soraya)
    post.edit(text="Who has a PA?", by=cast.soraya)
    assert list(PostRevision.objects.values_list("text", "by__name")) == [("Who has one?", "Soraya Haddad")]
    assert post.edited_at is not None
    assert Activity.objects.get(verb="post.edited").object_id == post.pk
    for other in (cast.ife, cast.amara):
        with pytest.raises(NotAllowed):
            post.edit(text="Nobody", by=other)


def test_who_removes_and_who_brings_back(cast, thread):
    reply = thread.reply(text="I do.", by=cast.ife)
    with pytest.raises(NotAllowed):
        reply.delete(by=cast.soraya)
    reply.delete(by=cast.ife)
    assert counts(thread) == (1, 1, 1, False)
    assert thread.last_post_at == thread.posts.order_by("posted_at").first().posted_at
    assert standing("reply.posted") == 0
    assert not AuditEntry.objects.filter(action="post.deleted").exists()
    with pytest.raises(NotAllowed):
        reply.restore(by=cast.soraya)
    reply.restore(by=cast.ife)
    assert counts(thread) == (2, 1, 2, False)
    assert thread.last_post_at == reply.posted_at
    again = Activity.objects.standing().get(verb="reply.posted")
    assert (again.happened_at, again.backfilled, again.identity) == (reply.posted_at, True, local_identity(cast.ife))
    reply.delete(by=cast.mateus, reason="An advertisement")
    assert AuditEntry.objects.get(action="post.deleted").reason == "An advertisement"
    with pytest.raises(NotAllowed):
        reply.restore(by=cast.ife)


def test_removing_twice_and_restoring_twice_change_nothing(cast, thread):
    reply = thread.reply(text="I do.", by=cast.ife)
    reply.delete(by=cast.ife)
    reply.delete(by=cast.ife)
    assert counts(thread) == (1, 1, 1, False)
    reply.restore(by=cast.ife)
    reply.restore(by=cast.ife)
    assert counts(thread) == (2, 1, 2, False)
    assert Activity.objects.filter(verb="reply.posted").count() == 2


def test_the_first_post_leaves_the_thread_and_the_last_one_takes_it(cast, thread):
    first, reply = thread.posts.get(), thread.reply(text="I do.", by=cast.ife)
    first.delete(by=cast.soraya)
    assert counts(thread) == (1, 1, 1, False)
    assert standing("thread.started") == 0
    reply.delete(by=cast.ife)
    assert counts(thread) == (0, 0, 0, True)
    with pytest.raises(Conflict):
        thread.reply(text="Hello?", by=cast.ife)
    first.restore(by=cast.soraya)
    assert counts(thread) == (1, 1, 1, False)
    assert standing("thread.started") == 1


# --- reactions --------------------------------------------------------------------------------------


def test_reactions_are_rows_counts_and_activities(cast, thread):
    post = thread.posts.get()
    post.react(emoji="👍", by=cast.ife)
    post.react(emoji="👍", by=cast.ife)
    post.react(emoji="👍", by=cast.mateus)
    post.react(emoji="🎉", by=cast.mateus)
    assert Post.objects.get(pk=post.pk).reactions == {"👍": 2, "🎉": 1}
    assert Reaction.objects.count() == standing("reaction.given") == 3
    given = Activity.objects.filter(verb="reaction.given").first()
    assert (given.object_id, given.other) == (thread.pk, local_identity(cast.soraya))
    post.unreact(emoji="👍", by=cast.ife)
    post.unreact(emoji="👍", by=cast.ife)
    post.unreact(emoji="🎉", by=cast.mateus)
    assert Post.objects.get(pk=post.pk).reactions == {"👍": 1}
    assert Reaction.objects.count() == standing("reaction.given") == 1
    post.react(emoji="👍", by=cast.ife)
    assert standing("reaction.given") == 2


def test_only_the_palette_and_what_is_there(cast, thread):
    post = thread.posts.get()
    with pytest.raises(DomainError):
        post.react(emoji="🦖", by=cast.ife)
    make_reaction(post, by=cast.joao, emoji="🦖")
    post.react(emoji="🦖", by=cast.ife)
    assert Post.objects.get(pk=post.pk).reactions == {"🦖": 2}
    assert len(set(PALETTE)) == len(PALETTE)


# --- tending ----------------------------------------------------------------------------------------


def test_moderators_tend_and_it_is_kept(cast, space, thread):
    for change in (thread.pin, thread.close):
        with pytest.raises(NotAllowed):
            change(by=cast.soraya)
        change(by=cast.mateus)
    with pytest.raises(DomainError, match="closed"):
        thread.reply(text="I do.", by=cast.ife)
    thread.reopen(by=cast.mateus)
    thread.unpin(by=cast.mateus)
    thread.reply(text="I do.", by=cast.ife)
    actions = AuditEntry.objects.exclude(action="space.opened").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["thread.pinned", "thread.closed", "thread.reopened", "thread.unpinned"]


def test_a_thread_moves_with_its_posts_and_counts(cast, space, thread):
    thread.reply(text="I do.", by=cast.ife)
    other = Space.create(community=cast.community, name="Gear", by=cast.lan)
    hidden = Space.create(community=cast.community, name="Team", kind="private", by=cast.lan)
    with pytest.raises(NotAllowed):
        thread.move(to=other, by=cast.soraya)
    with pytest.raises(NotAllowed):
        thread.move(to=hidden, by=cast.mateus)
    thread.move(to=other, by=cast.mateus)
    assert counts(thread) == (2, 1, 2, False)
    assert set(thread.posts.values_list("space", flat=True)) == {other.pk}
    space.refresh_from_db()
    assert (space.post_count, space.thread_count, space.last_post_at) == (0, 0, None)


def test_title_and_tags_change_by_who_began(cast, thread):
    goal = make_goal(cast.community)
    thread.change(title="A PA for Friday", tags=["#Sound", "gear"], goal=goal, by=cast.soraya)
    assert sorted(thread.tags.values_list("slug", flat=True)) == ["gear", "sound"]
    with pytest.raises(NotAllowed):
        thread.change(title="Mine", by=cast.ife)
    with pytest.raises(DomainError):
        thread.change(title=" ", by=cast.soraya)
    with pytest.raises(DomainError, match="five"):
        thread.change(title="PA", tags=list("abcdef"), by=cast.soraya)
    tag = Tag.objects.get(slug="gear")
    tag.point_to(goal=goal, by=cast.lan)
    with pytest.raises(NotAllowed):
        tag.point_to(by=cast.soraya)


def test_one_space_is_judged_as_many_are(cast, space):
    """`readable_by` says without a query what `visible_to` says with one."""
    private = Space.create(community=cast.community, name="Team", kind="private", by=cast.lan)
    private.add(cast.ife, by=cast.lan)
    hall = Space.create(community=cast.community, name="Hall", kind="open", by=cast.lan)
    gone = make_member(cast.community)
    gone.membership.left_at = clock.now() + datetime.timedelta(seconds=1)
    gone.membership.save()
    askers = [actor(who, cast.community) for who in (None, cast.noor, make_member().account)]
    askers += [actor(who) for who in (cast.lan, cast.ife, cast.soraya, gone)]
    for visibility in ("public", "members"):
        cast.community.visibility = visibility
        cast.community.save()
        for asking in askers:
            asking.community.visibility = visibility
            many = set(Space.objects.visible_to(asking))
            assert many == {one for one in (space, private, hall) if one.readable_by(asking)}, asking.standing


def test_spaces_are_kept_by_stewards(cast, space):
    with pytest.raises(NotAllowed):
        Space.create(community=cast.community, name="Mine", by=cast.mateus)
    with pytest.raises(DomainError):
        Space.create(community=cast.community, name="  ", by=cast.lan)
    twin = Space.create(community=cast.community, name="First gigs", by=cast.lan)
    assert (space.slug, twin.slug) == ("first-gigs", "first-gigs-2")
    assert Space.create(community=cast.community, name="New", by=cast.lan).slug == "new-space"
    space.change(name="Gigs", kind="private", by=cast.lan)
    assert Activity.objects.filter(verb="space.changed", object_id=space.pk).count() == 1
    assert AuditEntry.objects.get(action="space.changed").changes["name"] == ["First gigs", "Gigs"]
    assert space.readable_by(actor(cast.lan))
    assert not space.readable_by(actor(cast.soraya))
    space.add(cast.soraya, by=cast.lan)
    assert space.readable_by(actor(cast.soraya))
    with pytest.raises(NotAllowed):
        space.remove(cast.lan, by=cast.soraya)
    space.remove(cast.soraya, by=cast.soraya)
    assert not SpaceMember.objects.filter(person=cast.soraya).exists()
    with pytest.raises(DomainError):
        space.add(make_member(), by=cast.lan)


# --- reading ----------------------------------------------------------------------------------------


def test_pages_of_a_long_thread(cast, space):
    thread = make_thread(space, author=cast.soraya, posts=45)
    gone = thread.posts.order_by("posted_at", "pk")[3]
    gone.delete(by=cast.soraya)
    thread.refresh_from_db()
    shown = list(thread.posts.filter(deleted_at__isnull=True).order_by("posted_at", "pk").values_list("pk", flat=True))
    read = []
    for number in (1, 2, 3):
        page = page_of(thread, number)
        assert page.count == 3
        read += [row["id"] for row in page.posts]
    assert read == shown
    assert [page_number(Post.objects.select_related("thread").get(pk=pk)) for pk in shown] == [
        n // 20 + 1 for n in range(44)
    ]
    assert page_of(thread, 99).number == 3
    assert page_of(thread, -1).number == 1


def test_html_is_made_once_and_never_from_an_old_text(cast, thread):
    reply = thread.reply(text="Ask @lan, **now**, or `@lan` <script>", by=cast.ife)
    found = [single(reply.pk)]
    rendering.fill(found, lambda pk, handle: f"/people/{handle}/")
    assert '<a href="/people/lan/"' in found[0]["html"]
    assert "<strong>now</strong>" in found[0]["html"]
    assert "<code>@lan</code> &lt;script&gt;" in found[0]["html"]
    reply.refresh_from_db()
    assert reply.html == found[0]["html"]
    stale = [single(reply.pk) | {"html": None, "text": reply.text}]
    reply.edit(text="Never mind", by=cast.ife)
    rendering.fill(stale, lambda pk, handle: "")
    reply.refresh_from_db()
    assert reply.html is None


def unread_in(space, who):
    return unread.counts(actor(who)).get(space.pk, 0)


def test_what_is_unread(cast, space, thread):
    assert unread_in(space, cast.ife) == 1
    old = make_thread(space, author=cast.joao)
    assert old.fresh_at is None
    assert unread_in(space, cast.ife) == 1
    reply = thread.reply(text="I do.", by=cast.mateus)
    unread.mark_seen(thread, by=cast.ife, last=thread.posts.order_by("posted_at").first().pk)
    assert unread_in(space, cast.ife) == 1
    unread.mark_seen(thread, by=cast.ife, last=reply.pk)
    assert unread_in(space, cast.ife) == 0
    unread.mark_read(thread, by=cast.ife, to=clock.now() - datetime.timedelta(days=1))
    assert unread_in(space, cast.ife) == 0
    unread.mark_seen(thread, by=cast.ife, last=old.posts.get().pk)
    thread.reply(text="And me.", by=cast.soraya)
    assert unread_in(space, cast.ife) == 1
    unread.mark_all_read(actor(cast.ife))
    assert unread_in(space, cast.ife) == 0
    assert unread_in(space, cast.lan) == 1
    assert unread.counts(actor(None, cast.community)) == {}


def test_newcomers_have_nothing_unread(cast, space, thread):
    with clock.moved(datetime.timedelta(hours=1)):
        newcomer = make_member(cast.community)
        assert unread_in(space, newcomer) == 0


# --- people who go ----------------------------------------------------------------------------------


def test_erasing_a_person_empties_what_they_wrote(cast, space, thread):
    reply = thread.reply(text="Ask @soraya", by=cast.ife)
    thread.posts.order_by("posted_at").first().edit(text="Who has a PA?", by=cast.soraya)
    erasure.erase(person=cast.soraya, by=cast.amara)
    first = Post.objects.get(thread=thread, author__in=cast.soraya.identities.all())
    assert (first.text, first.html) == ("", "")
    assert Thread.objects.get(pk=thread.pk).title == "A conversation whose title was erased"
    assert not PostRevision.objects.exists()
    assert not Mention.objects.exists()
    assert Post.objects.get(pk=reply.pk).text == "Ask Former member"
    assert counts(thread) == (2, 1, 2, False)


def test_merging_people_takes_their_marks_along(cast, space, thread):
    other = cast.joao.person
    later = clock.now()
    unread.mark_read(thread, by=other, to=later)
    unread.mark_read(thread, by=cast.ife, to=later - datetime.timedelta(days=1))
    SpaceMember.objects.create(community=cast.community, space=space, person=other)
    merging.merge(kept=cast.ife, gone=other, by=cast.lan)
    assert list(SpaceMember.objects.filter(space=space).values_list("person", flat=True)) == [cast.ife.pk]
    assert list(ReadMark.objects.values_list("person_id", flat=True)) == [cast.ife.pk]
