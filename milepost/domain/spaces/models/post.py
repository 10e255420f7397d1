from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from milepost.domain.spaces.querysets import PostQuerySet
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_dict
from milepost.foundation.identity.models import Community, Identity, Person

from .space import Space
from .thread import Thread


class Post(IdModel):
    """One message. `html` is rendered from `text` (Markdown) at the first reading and kept; NULL: not yet.

    `reactions` repeats the reaction rows as {emoji: count}, so that a page of posts needs no further query.
    """

    community = models.ForeignKey(Community, models.CASCADE, related_name="posts", db_index=False)
    space = models.ForeignKey(Space, models.CASCADE, related_name="posts", db_index=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="posts", db_index=False)
    author = models.ForeignKey(Identity, models.SET_NULL, null=True, related_name="posts", db_index=False)
    reply_to = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="answers", db_index=False)
    text = models.TextField()
    html = models.TextField(null=True, blank=True)
    reactions = json_dict()
    posted_at = models.DateTimeField(default=clock.now)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["thread", "posted_at"], name="post_in_thread")]

    def __str__(self) -> str:
        return self.text[:80]


class PostRevision(IdModel):
    """What a post said before it was edited."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="revisions")
    text = models.TextField()
    by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+", db_index=False)
    replaced_at = models.DateTimeField(default=clock.now)


class Reaction(IdModel):
    """One person's emoji on a post."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="reaction_rows", db_index=False)
    identity = models.ForeignKey(Identity, models.CASCADE, related_name="reactions", db_index=False)
    emoji = models.CharField(max_length=60)
    given_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["post", "identity", "emoji"], name="reaction_once")]


class Mention(IdModel):
    """That a post names a person."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="mentions")
    identity = models.ForeignKey(Identity, models.CASCADE, related_name="mentions")

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["post", "identity"], name="mentioned_once")]


class Attachment(IdModel):
    """A file of a post: stored here, or known by reference only (`url`, from an import)."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    file = models.FileField(upload_to="attachments/%Y/%m/", blank=True)
    url = models.URLField(max_length=1000, blank=True)
