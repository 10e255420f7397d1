from __future__ import annotations

import itertools
from typing import Any

from django.db.models import F

from milepost.domain.spaces.models import Attachment, Post, Reaction, Space, Thread
from milepost.foundation.activity.recording import local_identity
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Identity, Person

from .people import make_community, make_member

_number = itertools.count(1)


def make_space(community: Community | None = None, **fields: Any) -> Space:
    """A space that members read and write."""
    n = next(_number)
    fields = {"slug": f"space-{n}", "name": f"Space {n}"} | fields
    return Space.objects.create(community=community or make_community(), **fields)


def make_thread(
    space: Space | None = None,
    *,
    author: Person | Identity | None = None,
    text: str = "",
    posts: int = 1,
    **fields: Any,
) -> Thread:
    """A conversation with its first post and `posts` - 1 replies, all by the author (a new member, if not given)."""
    n = next(_number)
    space = space or make_space(author.community if author else None)
    identity = _identity(author or make_member(space.community))
    moment = fields.get("started_at") or clock.now()
    fields = {"title": f"Thread {n}", "started_at": moment, "last_post_at": moment} | fields
    thread = Thread.objects.create(community=space.community, space=space, author=identity, **fields)
    make_post(thread, author=identity, text=text or f"First post of thread {n}", posted_at=moment)
    for k in range(1, posts):
        make_post(thread, author=identity, text=f"Reply {k} in thread {n}")
    Space.objects.filter(pk=space.pk).update(thread_count=F("thread_count") + 1)
    return thread


def make_post(thread: Thread | None = None, *, author: Person | Identity | None = None, **fields: Any) -> Post:
    """A post at the end of the thread; the counts of thread and space follow."""
    thread = thread or make_thread(author=author)
    identity = _identity(author or make_member(thread.community))
    fields = {"text": f"Post {next(_number)}", "posted_at": clock.now()} | fields
    post = Post.objects.create(community=thread.community, space=thread.space, thread=thread, author=identity, **fields)
    told = {"post_count": F("post_count") + 1, "last_post_at": post.posted_at}
    Thread.objects.filter(pk=thread.pk).update(**told)
    Space.objects.filter(pk=thread.space_id).update(**told)
    thread.refresh_from_db(fields=["post_count", "last_post_at"])
    return post


def make_reaction(post: Post | None = None, *, by: Person | Identity | None = None, emoji: str = "👍") -> Reaction:
    """An emoji on a post, counted in the post too."""
    post = post or make_post()
    identity = _identity(by or make_member(post.community))
    post.reactions = post.reactions | {emoji: post.reactions.get(emoji, 0) + 1}
    post.save(update_fields=["reactions"])
    return Reaction.objects.create(community=post.community, post=post, identity=identity, emoji=emoji)


def make_attachment(post: Post | None = None, **fields: Any) -> Attachment:
    post = post or make_post()
    fields = {"name": f"file-{next(_number)}.txt", "media_type": "text/plain"} | fields
    return Attachment.objects.create(community=post.community, post=post, **fields)


def _identity(who: Person | Identity) -> Identity:
    return local_identity(who) if isinstance(who, Person) else who
