"""Taking a post away and bringing it back: the inside of `Post.delete` and `Post.restore`."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.querysets import ActivityQuerySet
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.access import Actor, at_least

from .models import Post, Space, Thread
from .posting import last_of_space


def delete(post: Post, actor: Actor, *, reason: str) -> None:
    with transaction.atomic():
        thread = Thread.objects.select_for_update().get(pk=post.thread_id)
        locked = Post.objects.select_related("author", "space").get(pk=post.pk)
        if locked.deleted_at is not None:
            return
        _must_read(locked, actor)
        now = clock.now()
        Post.objects.filter(pk=post.pk).update(deleted_at=now, deleted_by=actor.person)
        post.deleted_at, post.deleted_by = now, actor.person
        _retract(locked, actor, reason)
        _shrink(thread)
        if not (actor.person and locked.author and locked.author.person_id == actor.person.pk):
            trace("post.deleted", community=post.community, by=actor.person, obj=locked, reason=reason)


def _must_read(post: Post, actor: Actor) -> None:
    if not post.space.readable_by(actor):
        raise NotAllowed(_("Only who is in this space does that."))


def _activities(post: Post) -> ActivityQuerySet:
    """What the log has of the post: written by its author, about its thread, at its time."""
    return Activity.objects.filter(
        identity=post.author,
        happened_at=post.posted_at,
        object_kind="thread",
        object_id=post.thread_id,
        verb__in=["thread.started", "reply.posted"],
    )


def _retract(post: Post, actor: Actor, reason: str) -> None:
    # Two messages of one author in the same moment (an import that knows seconds only) have an activity each.
    standing = _activities(post).standing().order_by("pk").first()
    if standing is not None:
        retract(standing, by=actor.person, reason=reason)


def _record_again(post: Post) -> None:
    """The same activity once more. Marked as history: nobody is told a second time."""
    gone = _activities(post).filter(retraction__isnull=False).order_by("-pk").first()
    if gone is not None:
        record(
            gone.verb,
            community=gone.community,
            by=gone.identity,
            object_kind=gone.object_kind,
            object_id=gone.object_id,
            space_id=post.space_id,
            other=gone.other,
            happened_at=gone.happened_at,
            source=gone.source,
            source_key=(gone.source_key or "").partition("~")[0] or None,
            data=gone.data,
            backfilled=True,
        )


def _shrink(thread: Thread) -> None:
    left = Post.objects.filter(thread=thread, deleted_at__isnull=True)
    last = left.aggregate(last=Max("posted_at"))["last"]
    gone = last is None
    Thread.objects.filter(pk=thread.pk).update(
        post_count=F("post_count") - 1,
        last_post_at=last or thread.last_post_at,
        deleted_at=clock.now() if gone else None,
    )
    Space.objects.filter(pk=thread.space_id).update(
        post_count=F("post_count") - 1, thread_count=F("thread_count") - int(gone)
    )
    last_of_space(thread.space_id)


def restore(post: Post, actor: Actor) -> None:
    with transaction.atomic():
        thread = Thread.objects.select_for_update().get(pk=post.thread_id)
        locked = Post.objects.select_related("author", "space", "reply_to__author", "thread").get(pk=post.pk)
        if locked.deleted_at is None:
            return
        _must_read(locked, actor)
        mine = actor.person is not None and locked.deleted_by_id == actor.person.pk
        if not (mine or at_least(actor, "moderator")):
            raise NotAllowed(_("Only who removed a post, or a moderator, brings it back."))
        if not locked.text:
            raise DomainError(_("What this post said was erased; it cannot come back."))
        was_gone = thread.deleted_at is not None
        Post.objects.filter(pk=post.pk).update(deleted_at=None, deleted_by=None)
        post.deleted_at, post.deleted_by = None, None
        last = Post.objects.filter(thread=thread, deleted_at__isnull=True).aggregate(last=Max("posted_at"))["last"]
        if last is None:
            raise Conflict(_("This conversation was removed meanwhile."))
        Thread.objects.filter(pk=thread.pk).update(post_count=F("post_count") + 1, last_post_at=last, deleted_at=None)
        Space.objects.filter(pk=thread.space_id).update(
            post_count=F("post_count") + 1, thread_count=F("thread_count") + int(was_gone)
        )
        last_of_space(thread.space_id)
        _record_again(locked)
        if not mine:
            trace("post.restored", community=post.community, by=actor.person, obj=locked)
