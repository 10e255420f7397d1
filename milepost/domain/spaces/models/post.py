from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from milepost.domain.spaces.authority import By, acting
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
        # With id and deletion, so that a page far into a long thread is found in the index alone.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["thread", "posted_at", "id", "deleted_at"], name="post_in_thread")
        ]

    def __str__(self) -> str:
        return self.text[:80]

    def edit(self, *, text: str, by: By) -> None:
        """Its author says it differently; what it said before is kept. Records `post.edited` (object: the post)."""
        from milepost.domain.spaces import posting

        actor = acting(by, "posts.edit", self.community, self)
        posting.edit(self, actor, text=text)

    def delete(self, *, by: By, reason: str = "") -> None:  # type: ignore[override]
        """Its author or a moderator (audited) takes it away; `restore` brings it back.

        Its activity is retracted. Where it began a thread that has replies, the thread stays, with "removed" in its place;
        the last post of a thread takes the thread along.
        """
        from milepost.domain.spaces import removing

        actor = acting(by, "posts.delete", self.community, self)
        removing.delete(self, actor, reason=reason)

    def restore(self, *, by: By) -> None:
        """Whoever deleted it, or a moderator, brings it back; its activity is recorded again, at its own time."""
        from milepost.domain.spaces import removing

        removing.restore(self, acting(by, "posts.write", self.community, self))

    def react(self, *, emoji: str, by: By) -> None:
        """A member answers with an emoji; twice changes nothing. Records `reaction.given`: object the thread, other the author."""
        from milepost.domain.spaces import reacting

        reacting.react(self, acting(by, "posts.react", self.community, self), emoji)

    def unreact(self, *, emoji: str, by: By) -> None:
        """Take one's own emoji back; the activity is retracted."""
        from milepost.domain.spaces import reacting

        reacting.unreact(self, acting(by, "posts.react", self.community, self), emoji)


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
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["post", "identity", "emoji"], name="reaction_once")
        ]


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
