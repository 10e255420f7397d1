from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person

from .resource import Resource


class LessonDone(IdModel):
    """That a person finished one lesson of a course."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    resource = models.ForeignKey(Resource, models.CASCADE, related_name="lessons_done", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="resource_lessons")
    lesson = models.UUIDField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "lessons done"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["resource", "person", "lesson"], name="lesson_done_once")
        ]


class Completion(IdModel):
    """That a person finished a resource, in which version."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    resource = models.ForeignKey(Resource, models.CASCADE, related_name="completions", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="resource_completions")
    number = models.PositiveIntegerField()
    finished_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["resource", "person"], name="finished_once")
        ]


class Rating(IdModel):
    """How much a resource helped someone who finished it: one to five stars, and why."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    resource = models.ForeignKey(Resource, models.CASCADE, related_name="ratings", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="resource_ratings")
    stars = models.PositiveSmallIntegerField()
    comment = models.CharField(max_length=1000, blank=True)
    rated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["resource", "person"], name="rated_once"),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="one_to_five_stars"),
        ]
