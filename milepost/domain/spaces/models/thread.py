from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.spaces.querysets import ThreadQuerySet
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Identity, Person

from .space import Space


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


class Thread(IdModel):
    """One conversation: a first post and the replies to it."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="threads", db_index=False)
    space = models.ForeignKey(Space, models.CASCADE, related_name="threads", db_index=False)
    title = models.CharField(_("title"), max_length=200)
    author = models.ForeignKey(Identity, models.SET_NULL, null=True, related_name="threads", db_index=False)
    goal = models.ForeignKey(Goal, models.SET_NULL, null=True, blank=True, related_name="threads")
    value = models.ForeignKey(Value, models.SET_NULL, null=True, blank=True, related_name="threads")
    tags = models.ManyToManyField(Tag, blank=True, related_name="threads")
    started_at = models.DateTimeField(default=clock.now)
    last_post_at = models.DateTimeField(default=clock.now)
    post_count = models.PositiveIntegerField(default=0)
    pinned_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["space", "-last_post_at"], name="thread_in_space"),
            models.Index(fields=["community", "-last_post_at"], name="thread_in_community"),
        ]

    def __str__(self) -> str:
        return self.title


class ReadMark(models.Model):
    """Up to which moment a person has read a thread; later posts are unread."""

    pk = models.CompositePrimaryKey("person_id", "thread_id")
    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="read_marks", db_index=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="read_marks")
    read_to = models.DateTimeField()
