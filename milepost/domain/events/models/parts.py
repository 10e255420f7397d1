"""What hangs on an event: who hosts and speaks, which milestones it helps with, its tags."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from milepost.domain.paths.models import Milestone
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person

from .event import Event


class EventPart(IdModel):
    """Someone who hosts or speaks: a member, or a name from outside."""

    class Role(models.TextChoices):
        HOST = "host", _("host")
        SPEAKER = "speaker", _("speaker")

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="parts")
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="event_parts")
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=8, choices=Role, default=Role.HOST)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["role", "position"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["event", "person", "role"], condition=models.Q(person__isnull=False), name="event_part_once"
            ),
            models.CheckConstraint(
                condition=models.Q(person__isnull=False) | ~models.Q(name=""), name="event_part_is_someone"
            ),
        ]

    def __str__(self) -> str:
        return self.person.name if self.person else self.name


class EventMilestone(IdModel):
    """That an event helps with a milestone. A rule may ask for attendance at any that does (tag `milestone:<slug>`)."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="milestone_links")
    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="event_links")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["event", "milestone"], name="event_helps_once")
        ]


class EventTag(IdModel):
    """A word that events are found and counted by, in small letters."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="tags")
    name = models.CharField(max_length=60)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["event", "name"], name="event_tag_once")]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["community", "name"], name="event_tag_by_name")]

    def __str__(self) -> str:
        return self.name
