"""Spaces, their conversations, and taking part in them."""

import uuid
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from ninja import Body, Path, Query
from pydantic import Field, StringConstraints

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.spaces.models import Post, Space, Thread
from milepost.domain.spaces.posting import LONGEST
from milepost.interfaces.api.answers import PostTold, SpaceTold, ThreadTold
from milepost.interfaces.api.paging import Cursor, Limit, Order, Page
from milepost.interfaces.api.problems import Problem, not_found
from milepost.interfaces.api.routing import Given, Routes
from milepost.interfaces.api.tokens import Asked

routes = Routes(tags=["spaces"])

BY_NAME = Order("spaces", ("name", "id"))
LIVELIEST = Order("threads", ("last_post_at", "id"), falling=True)
QUIETEST = Order("threads-rising", ("last_post_at", "id"))
IN_ORDER = Order("posts", ("posted_at", "id"))

Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
Tags = Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=60)]], Field(max_length=5)]
SlugGiven = Annotated[str, StringConstraints(max_length=100)]
Emoji = Annotated[str, Path(min_length=1, max_length=60)]


def _space(request: Asked, slug: str) -> Space:
    found = Space.objects.visible_to(request.actor).filter(slug=slug).first()
    if found is None:
        raise not_found()
    return found


def _threads(request: Asked) -> QuerySet[Thread]:
    rows = Thread.objects.visible_to(request.actor)
    return rows.select_related("space", "author__person").prefetch_related("tags")


def _thread(request: Asked, thread_id: uuid.UUID) -> Thread:
    found = _threads(request).filter(pk=thread_id).first()
    if found is None:
        raise not_found()
    return found


def _posts(request: Asked) -> QuerySet[Post]:
    return Post.objects.visible_to(request.actor).select_related("author__person").prefetch_related("attachments")


def _post(request: Asked, post_id: uuid.UUID) -> Post:
    found = _posts(request).select_related("space", "thread").filter(pk=post_id).first()
    if found is None:
        raise not_found()
    return found


@routes.read("/communities/{slug:slug}/spaces", permission="spaces.view", answer=Page[SpaceTold])
def spaces(request: Asked, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """The spaces that the token may read, by name"""
    found = Space.objects.visible_to(request.actor).live()
    return BY_NAME.page(request, found, cursor=cursor, limit=limit, tell=lambda rows: [SpaceTold.of(r) for r in rows])


@routes.read("/communities/{slug:slug}/spaces/{slug:space}", permission="spaces.view", answer=SpaceTold)
def space(request: Asked, space: str) -> SpaceTold:
    """One space"""
    return SpaceTold.of(_space(request, space))


@routes.read("/communities/{slug:slug}/spaces/{slug:space}/threads", permission="spaces.view", answer=Page[ThreadTold])
def threads(
    request: Asked,
    space: str,
    order: Annotated[Literal["newest", "oldest"], Query(description="By the last post")] = "newest",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """The conversations of a space

    A conversation that someone answers becomes the newest. To walk through all of them while people write, ask for the
    oldest first: what moves, moves ahead of you.
    """
    place = _space(request, space)
    chosen = LIVELIEST if order == "newest" else QUIETEST
    found = _threads(request).filter(space=place)
    return chosen.page(request, found, cursor=cursor, limit=limit, tell=lambda rows: [ThreadTold.of(r) for r in rows])


class ThreadGiven(Given):
    title: str = Field(min_length=1, max_length=200)
    text: Text = Field(description="Markdown")
    tags: Tags = []
    goal: SlugGiven = Field("", description="The slug of the goal that it serves")
    value: SlugGiven = Field("", description="The slug of the value that it serves")


@routes.write(
    "POST",
    "/communities/{slug:slug}/spaces/{slug:space}/threads",
    permission="threads.start",
    answer=ThreadTold,
    status=201,
)
def start_thread(request: Asked, space: str, body: Annotated[ThreadGiven, Body()]) -> ThreadTold:
    """Start a conversation"""
    community = request.actor.community
    goal = _named(Goal.objects.adopted().filter(community=community), body.goal, "goal")
    value = _named(Value.objects.held().filter(community=community), body.value, "value")
    made = Thread.start(
        space=_space(request, space),
        title=body.title,
        text=body.text,
        tags=body.tags,
        goal=goal,
        value=value,
        by=request.actor,
        post_id=_id_to_take(request),
    )
    return ThreadTold.of(_thread(request, made.pk))


def _named(rows: QuerySet[Any], slug: str, pointer: str) -> Any:
    if not slug:
        return None
    found = rows.filter(slug=slug).first()
    if found is None:
        detail = _("There is none of this name here.")
        raise Problem("invalid", errors=[{"where": "body", "pointer": f"/{pointer}", "detail": detail}])
    return found


def _id_to_take(request: Any) -> uuid.UUID | None:
    """The post's id that belongs to the idempotency key: if this process dies, the next one makes the same post."""
    kept = request.kept
    return kept.pk if kept else None


@routes.read("/communities/{slug:slug}/threads/{uuid:thread_id}", permission="spaces.view", answer=ThreadTold)
def thread(request: Asked, thread_id: uuid.UUID) -> ThreadTold:
    """One conversation"""
    return ThreadTold.of(_thread(request, thread_id))


@routes.read("/communities/{slug:slug}/threads/{uuid:thread_id}/posts", permission="spaces.view", answer=Page[PostTold])
def posts(request: Asked, thread_id: uuid.UUID, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """The posts of a conversation, the first one first"""
    found = _posts(request).filter(thread=_thread(request, thread_id))
    return IN_ORDER.page(request, found, cursor=cursor, limit=limit, tell=lambda rows: [PostTold.of(r) for r in rows])


class PostGiven(Given):
    text: Text = Field(description="Markdown")
    reply_to: uuid.UUID | None = Field(None, description="The post of the same conversation that this one answers")


@routes.write(
    "POST",
    "/communities/{slug:slug}/threads/{uuid:thread_id}/posts",
    permission="posts.write",
    answer=PostTold,
    status=201,
)
def reply(request: Asked, thread_id: uuid.UUID, body: Annotated[PostGiven, Body()]) -> PostTold:
    """Reply in a conversation"""
    conversation = _thread(request, thread_id)
    answered = None
    if body.reply_to is not None:
        answered = _posts(request).filter(thread=conversation, pk=body.reply_to).first()
        if answered is None:
            detail = _("There is no such post in this conversation.")
            raise Problem("invalid", errors=[{"where": "body", "pointer": "/reply_to", "detail": detail}])
    made = conversation.reply(text=body.text, reply_to=answered, by=request.actor, post_id=_id_to_take(request))
    return PostTold.of(_post(request, made.pk))


@routes.read("/communities/{slug:slug}/posts/{uuid:post_id}", permission="spaces.view", answer=PostTold)
def post(request: Asked, post_id: uuid.UUID) -> PostTold:
    """One post"""
    return PostTold.of(_post(request, post_id))


class EditGiven(Given):
    text: Text = Field(description="Markdown")


@routes.write("PATCH", "/communities/{slug:slug}/posts/{uuid:post_id}", permission="posts.edit", answer=PostTold)
def edit(request: Asked, post_id: uuid.UUID, body: Annotated[EditGiven, Body()]) -> PostTold:
    """Say it differently: one's own posts only"""
    _post(request, post_id).edit(text=body.text, by=request.actor)
    return PostTold.of(_post(request, post_id))


@routes.write(
    "DELETE",
    "/communities/{slug:slug}/posts/{uuid:post_id}",
    permission="posts.delete",
    answer=None,
    status=204,
    media="",
)
def remove(request: Asked, post_id: uuid.UUID) -> None:
    """Take a post away: one's own, or as a moderator"""
    _post(request, post_id).delete(by=request.actor)


@routes.write(
    "PUT",
    "/communities/{slug:slug}/posts/{uuid:post_id}/reactions/{emoji}",
    permission="posts.react",
    answer=PostTold,
    media="",
)
def react(request: Asked, post_id: uuid.UUID, emoji: Emoji) -> PostTold:
    """React to a post; twice is once"""
    _post(request, post_id).react(emoji=_emoji(emoji), by=request.actor)
    return PostTold.of(_post(request, post_id))


@routes.write(
    "DELETE",
    "/communities/{slug:slug}/posts/{uuid:post_id}/reactions/{emoji}",
    permission="posts.react",
    answer=PostTold,
    media="",
)
def unreact(request: Asked, post_id: uuid.UUID, emoji: Emoji) -> PostTold:
    """Take one's own reaction back"""
    _post(request, post_id).unreact(emoji=_emoji(emoji), by=request.actor)
    return PostTold.of(_post(request, post_id))


def _emoji(word: str) -> str:
    if "\0" in word:
        raise not_found()
    return word
