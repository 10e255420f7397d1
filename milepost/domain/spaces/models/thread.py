from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.files.base import File
from django.db import models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.spaces.authority import By, acting
from milepost.domain.spaces.querysets import ThreadQuerySet
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.access import Actor, at_least
from milepost.foundation.identity.models import Community, Identity, Person

from .space import Space

if TYPE_CHECKING:
    from .post import Post

TAGS_AT_MOST = 5


class Tag(IdModel):
    """A word that threads carry; it may point to a goal or a value."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="tags")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=60)
    goal = models.ForeignKey(Goal, models.SET_NULL, null=True, blank=True, related_name="tags")
    value = models.ForeignKey(Value, models.SET_NULL, null=True, blank=True, related_name="tags")

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["community", "slug"], name="tag_once")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named(cls, community: Community, names: Iterable[str]) -> list[Tag]:
        """The community's tags of these names; new ones are made. DomainError for more than five, or an empty name."""
        wanted: dict[str, str] = {}
        for name in names:
            words = " ".join(name.strip().lstrip("#").split())[:60]
            slug = slugify(words, allow_unicode=True)[:60]
            if not slug:
                raise DomainError(_now("“%(name)s” cannot be a tag.") % {"name": name}, _now("Use letters or digits."))
            wanted.setdefault(slug, words)
        if len(wanted) > TAGS_AT_MOST:
            raise DomainError(_now("A conversation carries at most five tags."), _now("Keep those that say most."))
        return [
            cls.objects.get_or_create(community=community, slug=slug, defaults={"name": words})[0]
            for slug, words in wanted.items()
        ]

    def point_to(self, *, by: By, goal: Goal | None = None, value: Value | None = None) -> None:
        """A steward says which goal or value the tag serves; audited."""
        actor = acting(by, "spaces.write", self.community, self)
        with transaction.atomic():
            before, self.goal, self.value = [self.goal, self.value], goal, value
            self.save(update_fields=["goal", "value"])
            changes = {
                "goal": [str(before[0] or ""), str(goal or "")],
                "value": [str(before[1] or ""), str(value or "")],
            }
            trace("tag.changed", community=self.community, by=actor.person, obj=self, changes=changes)


class Thread(IdModel):
    """One conversation: a first post and the replies to it.

    `post_count` and `last_post_at` count posts that are not deleted. `fresh_at` is the moment of the last post written here,
    empty where all came by import: imported history is never new to anyone.
    """

    community = models.ForeignKey(Community, models.CASCADE, related_name="threads", db_index=False)
    space = models.ForeignKey(Space, models.CASCADE, related_name="threads", db_index=False)
    title = models.CharField(_("title"), max_length=200)
    author = models.ForeignKey(Identity, models.SET_NULL, null=True, related_name="threads", db_index=False)
    goal = models.ForeignKey(Goal, models.SET_NULL, null=True, blank=True, related_name="threads")
    value = models.ForeignKey(Value, models.SET_NULL, null=True, blank=True, related_name="threads")
    tags = models.ManyToManyField(Tag, blank=True, related_name="threads")
    started_at = models.DateTimeField(default=clock.now)
    last_post_at = models.DateTimeField(default=clock.now)
    fresh_at = models.DateTimeField(null=True, blank=True)
    post_count = models.PositiveIntegerField(default=0)
    pinned_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["space", "-last_post_at"], name="thread_in_space"),
            models.Index(fields=["community", "-last_post_at"], name="thread_in_community"),
            models.Index(
                fields=["community", "-fresh_at"], condition=models.Q(fresh_at__isnull=False), name="thread_fresh"
            ),
            models.Index(fields=["space"], condition=models.Q(pinned_at__isnull=False), name="thread_pinned"),
        ]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def start(
        cls,
        *,
        space: Space,
        title: str,
        text: str,
        by: By,
        tags: Iterable[str] = (),
        goal: Goal | None = None,
        value: Value | None = None,
        files: Sequence[File] = (),
        post_id: uuid.UUID | None = None,
    ) -> Thread:
        """A member begins a conversation. Records `thread.started` (object: the thread).

        `post_id` is the id that the first post is to have: a form that is sent twice carries the same one, and the second
        sending gives the thread that the first one made. Raises NotAllowed, or DomainError for a space that is read only, an
        empty title or text, or a file that is not accepted.
        """
        from milepost.domain.spaces import posting

        actor = acting(by, "threads.start", space.community, space)
        return posting.start(
            space, actor, title=title, text=text, tags=tags, goal=goal, value=value, files=files, post_id=post_id
        )

    def reply(
        self,
        *,
        text: str,
        by: By,
        reply_to: Post | None = None,
        files: Sequence[File] = (),
        post_id: uuid.UUID | None = None,
    ) -> Post:
        """A member answers. Records `reply.posted`: object the thread, other the author of `reply_to`, else of the thread.

        `post_id` as in `start`. Raises NotAllowed, or DomainError for a closed thread, a space that is read only, an empty
        text, or a file that is not accepted.
        """
        from milepost.domain.spaces import posting

        actor = acting(by, "posts.write", self.community, self)
        return posting.reply(self, actor, text=text, reply_to=reply_to, files=files, post_id=post_id)

    def change(
        self,
        *,
        by: By,
        title: str,
        tags: Iterable[str] | None = None,
        goal: Goal | None = None,
        value: Value | None = None,
    ) -> None:
        """Who began it, or a moderator, changes title, tags, goal and value. Records `thread.changed`; a moderator's is audited."""
        actor = self._tended_by(by, own=True)
        title = " ".join(title.split())
        if not title:
            raise DomainError(_now("A conversation needs a title."), _now("Say in a few words what it is about."))
        with transaction.atomic():
            before, self.title, self.goal, self.value = self.title, title[:200], goal, value
            self.save(update_fields=["title", "goal", "value"])
            if tags is not None:
                self.tags.set(Tag.named(self.community, tags))
            record("thread.changed", community=self.community, by=actor.person, obj=self, space_id=self.space_id)
            if not self.begun_by(actor):
                self._trace("thread.changed", actor, {"title": [before, self.title]})

    def begun_by(self, actor: Actor) -> bool:
        return bool(actor.person and self.author and self.author.person_id == actor.person.pk)

    def _tended_by(self, by: By, *, own: bool = False) -> Actor:
        """The actor, who may tend the thread: a moderator who can read it, or (`own`) who began it."""
        actor = acting(by, "posts.write", self.community, self)
        if not (at_least(actor, "moderator") or (own and self.begun_by(actor))):
            acting(by, "threads.manage", self.community, self)
        if not self.space.readable_by(actor):
            raise NotAllowed(_now("Only who is in this space does that."))
        return actor

    def _trace(self, action: str, actor: Actor, changes: dict[str, Any]) -> None:
        trace(action, community=self.community, by=actor.person, obj=self, changes=changes)

    def _set(self, column: str, on: bool, action: str, by: By) -> None:
        actor = self._tended_by(by)
        if (getattr(self, column) is not None) == on:
            return
        with transaction.atomic():
            before = getattr(self, column)
            setattr(self, column, clock.now() if on else None)
            self.save(update_fields=[column])
            self._trace(action, actor, {column: [str(before or ""), str(getattr(self, column) or "")]})

    def pin(self, *, by: By) -> None:
        """A moderator keeps it above the others; audited."""
        self._set("pinned_at", True, "thread.pinned", by)

    def unpin(self, *, by: By) -> None:
        self._set("pinned_at", False, "thread.unpinned", by)

    def close(self, *, by: By) -> None:
        """A moderator ends it: readable, no more replies; audited."""
        self._set("closed_at", True, "thread.closed", by)

    def reopen(self, *, by: By) -> None:
        self._set("closed_at", False, "thread.reopened", by)

    def move(self, *, to: Space, by: By) -> None:
        """A moderator moves it, with its posts, into another space that they read; audited. Records `thread.changed`."""
        actor = self._tended_by(by)
        if to.community_id != self.community_id or not to.readable_by(actor):
            raise NotAllowed(_now("You cannot move it there."))
        if to.pk == self.space_id:
            return
        from milepost.domain.spaces import posting

        with transaction.atomic():
            came_from = self.space
            posting.move(self, to)
            record(
                "thread.changed", community=self.community, by=actor.person, obj=self, space_id=to.pk,
                data={"from": str(came_from.pk)},
            )  # fmt: skip
            self._trace("thread.moved", actor, {"space": [came_from.name, to.name]})


class ReadMark(models.Model):
    """Up to which moment a person has read a thread; later posts are unread."""

    pk = models.CompositePrimaryKey("person_id", "thread_id")
    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="read_marks", db_index=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="read_marks")
    read_to = models.DateTimeField()


class SpaceReadMark(models.Model):
    """Up to which moment everything in a space counts as read by a person: they said so for the whole space."""

    pk = models.CompositePrimaryKey("person_id", "space_id")
    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    space = models.ForeignKey(Space, models.CASCADE, related_name="read_marks")
    read_to = models.DateTimeField()
