"""How posts come to be, and the counts that follow: the inside of `Thread.start`, `Thread.reply`, `Post.edit`, `Thread.move`.

Rows are locked in one order, thread before space, and counts change by what was done (`F`), so that many who write at once
keep them right.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import F, Max
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.common.ids import new_id
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Identity

from . import attaching
from .authority import speaking
from .mentioning import mention
from .models import Post, PostRevision, Space, Tag, Thread

LONGEST = 40_000
"""Characters of a post that is written here."""


def clean(text: str) -> str:
    """The text as it is kept, or a DomainError where there is nothing to say or too much."""
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise DomainError(_("There is nothing to post yet."), _("Write something first."))
    if len(text) > LONGEST:
        raise DomainError(
            _("This post is too long: %(count)s characters.") % {"count": len(text)},
            _("%(most)s are the most. Attach it as a file, or split it.") % {"most": LONGEST},
        )
    return text


def start(
    space: Space,
    actor: Actor,
    *,
    title: str,
    text: str,
    tags: Iterable[str],
    goal: Goal | None,
    value: Value | None,
    files: Sequence[File],
    post_id: uuid.UUID | None,
) -> Thread:
    space.must_take_posts(actor)
    text, title = clean(text), " ".join(title.split())[:200]
    if not title:
        raise DomainError(_("A conversation needs a title."), _("Say in a few words what it is about."))
    kept = attaching.checked(files)
    identity = speaking(actor)
    with attaching.stored(kept) as stored, transaction.atomic():
        Space.objects.select_for_update().get(pk=space.pk)
        again = _sent_before(post_id, identity, text)
        if isinstance(again, Post):
            return again.thread
        now = clock.now()
        thread = Thread.objects.create(
            community=space.community,
            space=space,
            title=title,
            author=identity,
            goal=goal,
            value=value,
            started_at=now,
            last_post_at=now,
            fresh_at=now,
            post_count=1,
        )
        thread.tags.set(Tag.named(space.community, tags))
        post = _insert(again, thread, identity, text, now, None)
        attaching.attach(post, stored)
        _grow_space(space.pk, now, posts=1, threads=1)
        _record(post, thread, identity, is_reply=False)
    return thread


def reply(
    thread: Thread,
    actor: Actor,
    *,
    text: str,
    reply_to: Post | None,
    files: Sequence[File],
    post_id: uuid.UUID | None,
) -> Post:
    thread.space.must_take_posts(actor)
    text = clean(text)
    kept = attaching.checked(files)
    identity = speaking(actor)
    with attaching.stored(kept) as stored, transaction.atomic():
        locked = Thread.objects.select_for_update().get(pk=thread.pk)
        if locked.deleted_at is not None:
            raise Conflict(_("This conversation was removed meanwhile."))
        if locked.closed_at is not None:
            raise DomainError(
                _("This conversation is closed."), _("You can start another one and link to this from there.")
            )
        if reply_to is not None and reply_to.thread_id != thread.pk:
            raise DomainError(_("The post that you answer is in another conversation."))
        again = _sent_before(post_id, identity, text)
        if isinstance(again, Post):
            return again
        # A clock that ran back must not put a reply before what it answers.
        now = max(clock.now(), locked.last_post_at) if locked.fresh_at else clock.now()
        post = _insert(again, thread, identity, text, now, reply_to)
        attaching.attach(post, stored)
        Thread.objects.filter(pk=thread.pk).update(
            post_count=F("post_count") + 1, last_post_at=Greatest(F("last_post_at"), now), fresh_at=now
        )
        _grow_space(locked.space_id, now, posts=1)
        _record(post, locked, identity, is_reply=True)
    return post


def _sent_before(post_id: uuid.UUID | None, identity: Identity, text: str) -> Post | uuid.UUID:
    """The post that the same form made already; else the id that the new one gets.

    A page that the browser kept (the back button) sends an id that is used, with another text: that is a new post.
    """
    if post_id is None:
        return new_id()
    there = Post.objects.select_related("thread").filter(pk=post_id).first()
    if there is None:
        return post_id
    if there.author_id == identity.pk and there.text == text and there.deleted_at is None:
        return there
    return new_id()


def _insert(pk: uuid.UUID, thread: Thread, identity: Identity, text: str, now: datetime, reply_to: Post | None) -> Post:
    post = Post.objects.create(
        pk=pk,
        community=thread.community,
        space_id=thread.space_id,
        thread=thread,
        author=identity,
        reply_to=reply_to,
        text=text,
        posted_at=now,
    )
    mention(post)
    return post


def _record(post: Post, thread: Thread, identity: Identity, *, is_reply: bool) -> None:
    """The one activity of a message, at the post's own time: readers find the post by thread and time."""
    other: Identity | None = None
    verb, key = ("reply.posted", post.pk) if is_reply else ("thread.started", thread.pk)
    if is_reply:
        other = post.reply_to.author if post.reply_to else thread.author
    record(
        verb,
        community=thread.community,
        by=identity,
        obj=thread,
        space_id=thread.space_id,
        other=other,
        happened_at=post.posted_at,
        source_key=f"{verb}:{key}",
    )


def _grow_space(space: uuid.UUID, now: datetime, *, posts: int, threads: int = 0) -> None:
    Space.objects.filter(pk=space).update(
        post_count=F("post_count") + posts,
        thread_count=F("thread_count") + threads,
        last_post_at=Greatest(Coalesce("last_post_at", now), now),
    )


def edit(post: Post, actor: Actor, *, text: str) -> None:
    text = clean(text)
    with transaction.atomic():
        locked = Post.objects.select_for_update().select_related("thread", "space").get(pk=post.pk)
        if locked.deleted_at is not None:
            raise Conflict(_("This post was removed meanwhile."))
        locked.space.must_take_posts(actor)
        if locked.text == text:
            return
        PostRevision.objects.create(community=post.community, post=post, text=locked.text, by=actor.person)
        post.text, post.html, post.edited_at = text, None, clock.now()
        post.save(update_fields=["text", "html", "edited_at"])
        mention(post)
        record("post.edited", community=post.community, by=actor.person, obj=post, space_id=post.space_id)


def move(thread: Thread, to: Space) -> None:
    """Thread and posts into another space, with both spaces' counts. In the caller's transaction."""
    locked = Thread.objects.select_for_update().get(pk=thread.pk)
    came_from = locked.space_id
    # Always in the same order, so that two moves crossing each other do not wait for ever.
    list(Space.objects.select_for_update().filter(pk__in=[came_from, to.pk]).order_by("pk"))
    Thread.objects.filter(pk=thread.pk).update(space=to)
    Post.objects.filter(thread=thread).update(space=to)
    Space.objects.filter(pk=came_from).update(
        post_count=F("post_count") - locked.post_count, thread_count=F("thread_count") - 1
    )
    _grow_space(to.pk, locked.last_post_at, posts=locked.post_count, threads=1)
    last_of_space(came_from)
    thread.space = to


def last_of_space(space: uuid.UUID) -> None:
    """Work out anew when something was last posted in the space."""
    found: dict[str, Any] = Thread.objects.filter(space=space, deleted_at__isnull=True).aggregate(
        last=Max("last_post_at")
    )
    Space.objects.filter(pk=space).update(last_post_at=found["last"])
