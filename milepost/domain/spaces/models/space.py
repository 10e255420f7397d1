from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.spaces.querysets import SpaceQuerySet
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person


class Space(IdModel):
    """A place to talk about one thing. Imported channels become spaces that are read only."""

    class Kind(models.TextChoices):
        OPEN = "open", _("Open: everyone can read")
        MEMBERS = "members", _("Members only")
        PRIVATE = "private", _("Private: only who is in it")

    community = models.ForeignKey(Community, models.CASCADE, related_name="spaces", db_index=False)
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("name"), max_length=120)
    purpose = models.CharField(_("what it is for"), max_length=400, blank=True)
    kind = models.CharField(_("who can read"), max_length=8, choices=Kind, default=Kind.MEMBERS)
    goal = models.ForeignKey(Goal, models.SET_NULL, null=True, blank=True, related_name="spaces")
    value = models.ForeignKey(Value, models.SET_NULL, null=True, blank=True, related_name="spaces")
    source = models.CharField(max_length=40, blank=True)
    source_key = models.CharField(max_length=200, blank=True)
    read_only_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    thread_count = models.PositiveIntegerField(default=0)
    post_count = models.PositiveIntegerField(default=0)
    last_post_at = models.DateTimeField(null=True, blank=True)

    objects = SpaceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="space_once"),
            models.UniqueConstraint(
                fields=["community", "source", "source_key"], condition=~Q(source=""), name="space_source_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SpaceMember(IdModel):
    """Who is in a private space (and who follows another one)."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    space = models.ForeignKey(Space, models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, models.CASCADE, related_name="space_memberships")
    since = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["space", "person"], name="in_space_once")]
