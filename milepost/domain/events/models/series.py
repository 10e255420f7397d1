from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from milepost.domain.events.recurrence import Rule
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person


class Series(IdModel):
    """A gathering that comes round again: when. What each one is stands in its events, which are made ahead of time.

    `first_day` and `time` are on the wall in `zone`. Days up to `filled_until` have been decided: an event for each that the
    rule gave, whatever became of it.
    """

    community = models.ForeignKey(Community, models.CASCADE, related_name="event_series")
    title = models.CharField(_("name"), max_length=160)
    rule = models.CharField(max_length=200)
    first_day = models.DateField()
    time = models.TimeField()
    zone = models.CharField(max_length=64)
    minutes = models.PositiveIntegerField()
    filled_until = models.DateField(null=True, blank=True)
    continues = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="continued_by")
    created_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "series"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=models.Q(minutes__gt=0), name="series_lasts"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def recurrence(self) -> Rule:
        return Rule(self.rule)

    def days(
        self, *, after: datetime.date | None = None, to: datetime.date | None = None, most: int = 1000
    ) -> list[Any]:
        """The local days that the rule gives."""
        return self.recurrence.days(self.first_day, after=after, to=to, most=most)


class SeriesMember(IdModel):
    """Who joined a series once: they are registered for each of its events to come."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    series = models.ForeignKey(Series, models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    since = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["series", "person"], name="in_series_once")]
