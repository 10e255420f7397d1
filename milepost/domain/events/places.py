"""Where on the web an event and its parts are, for mails, calendars and QR codes, which know no request."""

from __future__ import annotations

from django.conf import settings

from . import codes
from .models import CalendarKey, Event, Registration


def event(row: Event) -> str:
    return f"{settings.MILEPOST_URL}/c/{row.community.slug}/events/{row.pk}/"


def ticket(row: Registration) -> str:
    """The registration's own page: no sign-in, for whoever has the address."""
    return f"{settings.MILEPOST_URL}/tickets/{row.pk}/{codes.ticket_code(row)}/"


def check_in(row: Registration) -> str:
    """What the QR code on a phone says; it opens for hosts only."""
    return f"{event(row.event)}check-in/{row.pk}/{codes.ticket_code(row)}/"


def door(row: Event) -> str:
    """What the QR code at the door says."""
    return f"{event(row)}here/{codes.door_code(row)}/"


def calendar(key: CalendarKey, which: str) -> str:
    """`which`: "all", "mine", or the id of a space."""
    return f"{settings.MILEPOST_URL}/calendars/{key.pk}/{codes.calendar_code(key)}/{which}.ics"
