from __future__ import annotations

import datetime
import uuid
from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.events.querysets import EventQuerySet
from milepost.domain.goals.models import Goal
from milepost.domain.spaces.models import Space
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_list
from milepost.foundation.identity.access import Actor, at_least
from milepost.foundation.identity.models import Community, Person

from .series import Series


class Event(IdModel):
    """A gathering at one time: what, when, where, for whom, and what it serves.

    `starts_at` and `ends_at` are moments; `zone` is where their clock hangs on the wall. Of a series, `occurrence` is the
    local day that the rule gave, and stays when the event alone is moved; `own_fields` are those that were changed alone, so
    that a change of all leaves them. `sequence` is iCalendar's: it rises when who comes has to look again.
    """

    class Kind(models.TextChoices):
        WORKSHOP = "workshop", _("Social Workshop")
        MEETUP = "meetup", _("Meetup")
        CALL = "call", _("Call")
        CONFERENCE = "conference", _("Conference")

    class Mode(models.TextChoices):
        IN_PERSON = "in_person", _("In person")
        ONLINE = "online", _("Online")
        HYBRID = "hybrid", _("In person and online")

    class Audience(models.TextChoices):
        PUBLIC = "public", _("Everyone, guests too")
        MEMBERS = "members", _("Members only")

    community = models.ForeignKey(Community, models.CASCADE, related_name="events", db_index=False)
    series = models.ForeignKey(Series, models.CASCADE, null=True, blank=True, related_name="events")
    occurrence = models.DateField(null=True, blank=True)
    own_fields = json_list()

    title = models.CharField(_("name"), max_length=160)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.MEETUP)
    mode = models.CharField(_("where"), max_length=12, choices=Mode, default=Mode.IN_PERSON)
    audience = models.CharField(_("for whom"), max_length=8, choices=Audience, default=Audience.MEMBERS)
    summary = models.CharField(_("in one line"), max_length=240, blank=True)
    description = models.TextField(_("what happens there"), max_length=20_000, blank=True)
    agenda = json_list()
    """[{"minutes": 10, "title": "…", "prompt": "…"}]; a prompt is what breakout groups talk about."""
    follow_up = models.TextField(_("what happens afterwards"), max_length=4_000, blank=True)
    questions = json_list()
    """Asked at registration: [{"key": "q1", "question": "…", "required": true}]."""
    place = models.CharField(_("place"), max_length=300, blank=True)
    link = models.URLField(_("video link"), max_length=500, blank=True)
    capacity = models.PositiveIntegerField(_("places"), null=True, blank=True, validators=[MinValueValidator(1)])
    space = models.ForeignKey(Space, models.SET_NULL, null=True, blank=True, related_name="events")
    goal = models.ForeignKey(Goal, models.SET_NULL, null=True, blank=True, related_name="events")
    value = models.ForeignKey(Value, models.SET_NULL, null=True, blank=True, related_name="events")

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    zone = models.CharField(_("time zone"), max_length=64)
    sequence = models.PositiveIntegerField(default=0)

    recording = models.URLField(_("recording"), max_length=500, blank=True)
    notes = models.TextField(_("notes"), max_length=40_000, blank=True)

    created_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    published_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=400, blank=True)
    wrapped_up_at = models.DateTimeField(null=True, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True)
    """When the log was told who hosted and who spoke."""
    backfilled = models.BooleanField(default=False)
    """Written down afterwards: it counts, and no mail goes out for it."""

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["series", "occurrence"], name="occurrence_once_in_a_series"),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="event_ends_after_its_start"),
            models.CheckConstraint(condition=Q(capacity__isnull=True) | Q(capacity__gte=1), name="event_has_places"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "starts_at"], name="event_by_time"),
            models.Index(fields=["starts_at"], name="event_coming"),
        ]

    def __str__(self) -> str:
        return self.title

    # -- what it is now ----------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        return self.ends_at <= clock.now()

    @property
    def has_begun(self) -> bool:
        return self.starts_at <= clock.now()

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None

    @property
    def takes_registrations(self) -> bool:
        return self.is_published and not self.is_cancelled and not self.is_over and not self.backfilled

    @property
    def is_online(self) -> bool:
        return self.mode != self.Mode.IN_PERSON

    @property
    def minutes(self) -> int:
        return round((self.ends_at - self.starts_at).total_seconds() / 60)

    @property
    def local_start(self) -> datetime.datetime:
        from milepost.domain.events.wall import local

        return local(self.starts_at, self.zone)

    @property
    def local_end(self) -> datetime.datetime:
        from milepost.domain.events.wall import local

        return local(self.ends_at, self.zone)

    @property
    def uid(self) -> str:
        """iCalendar's: never changes, and belongs to this event alone."""
        return f"{self.pk}@milepost"

    @classmethod
    def uid_of(cls, text: str) -> uuid.UUID | None:
        """The event that a UID names, or None for one of another system."""
        name, _at, ours = text.strip().lower().partition("@")
        try:
            return uuid.UUID(name) if ours == "milepost" else None
        except ValueError:
            return None

    # -- who may -----------------------------------------------------------------------------------------

    def hosted_by(self, actor: Actor) -> bool:
        """Whether they made it, host it, or look after the community."""
        if actor.community.pk != self.community_id or actor.person is None or not actor.membership:
            return False
        if at_least(actor, "moderator") or self.created_by_id == actor.person.pk:
            return True
        return self.parts.filter(person=actor.person, role="host").exists()

    def shows_link_to(self, actor: Actor) -> bool:
        """The video link is for who has a place, and for hosts."""
        if self.hosted_by(actor):
            return True
        if actor.person is None:
            return False
        return self.registrations.placed().filter(person=actor.person).exists()
