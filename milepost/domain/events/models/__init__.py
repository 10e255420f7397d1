from __future__ import annotations

from .calendar import CalendarKey, EventSettings
from .event import Event
from .notice import Notice
from .parts import EventMilestone, EventPart, EventTag
from .registration import Registration
from .series import Series, SeriesMember

__all__ = [
    "CalendarKey",
    "Event",
    "EventMilestone",
    "EventPart",
    "EventSettings",
    "EventTag",
    "Notice",
    "Registration",
    "Series",
    "SeriesMember",
]
