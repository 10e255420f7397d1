from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milepost.domain.events.querysets import RegistrationQuerySet
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_dict
from milepost.foundation.identity.models import Community, Person

from .event import Event


class Registration(IdModel):
    """One person's part in one event: invited or not, the answer, the place or the wait for one, and whether they came.

    Guests without an account are people whom nobody has claimed, with an identity of the source "guest". A place is held by
    who is going and does not wait. Tickets with prices will hang on this row; nothing here assumes that places are free.
    """

    class Answer(models.TextChoices):
        INVITED = "invited", _("invited")
        GOING = "going", _("going")
        MAYBE = "maybe", _("maybe")
        DECLINED = "declined", _("not coming")

    class CameBy(models.TextChoices):
        LIST = "list", _("by the list")
        CODE = "code", _("by their code")
        SELF = "self", _("said so at the door")
        ZOOM = "zoom", _("Zoom's list")
        EVENTBRITE = "eventbrite", _("Eventbrite's list")

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="registrations")
    person = models.ForeignKey(Person, models.CASCADE, related_name="event_registrations")
    answer = models.CharField(max_length=8, choices=Answer, default=Answer.GOING)
    answered_at = models.DateTimeField(default=clock.now)
    waiting_since = models.DateTimeField(null=True, blank=True)
    placed_at = models.DateTimeField(null=True, blank=True)
    replies = json_dict()
    """Answers to the event's questions, by their keys."""
    created_at = models.DateTimeField(default=clock.now)

    came_at = models.DateTimeField(null=True, blank=True)
    came_by = models.CharField(max_length=10, choices=CameBy, blank=True)
    minutes = models.PositiveIntegerField(null=True, blank=True)
    """How long they were there, where that is known."""
    walked_in = models.BooleanField(default=False)

    rating = models.PositiveSmallIntegerField(null=True, blank=True)
    feedback = models.TextField(max_length=2_000, blank=True)
    rated_at = models.DateTimeField(null=True, blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["event", "person"], name="registered_once"),
            models.CheckConstraint(
                condition=Q(waiting_since__isnull=True) | Q(answer="going"), name="only_who_is_going_waits"
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__gte=1, rating__lte=5), name="event_rating_1_to_5"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["event", "waiting_since"], condition=Q(waiting_since__isnull=False), name="event_waiting_list"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.event}"

    @property
    def has_place(self) -> bool:
        return self.answer == self.Answer.GOING and self.waiting_since is None

    @property
    def is_waiting(self) -> bool:
        return self.waiting_since is not None
