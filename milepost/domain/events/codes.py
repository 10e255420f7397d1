"""Codes that open one thing to whoever has them: a guest's own registration, the door of an event, a calendar.

They are worked out from the row's id and the site's secret, so none is stored; the digest of 128 bits cannot be guessed.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils.crypto import constant_time_compare, salted_hmac

from milepost.foundation.common import clock

from .models import CalendarKey, Event, Registration

DOOR_OPENS = timedelta(hours=2)
"""Before the start; and it closes so long after the end."""


def _code(purpose: str, value: str) -> str:
    return salted_hmac(f"milepost.events.{purpose}", value, algorithm="sha256").hexdigest()[:32]


def ticket_code(row: Registration) -> str:
    """What a registration's own page and its QR code carry."""
    return _code("ticket", row.pk.hex)


def ticket(pk: uuid.UUID, code: str) -> Registration | None:
    """The registration that the code opens."""
    row = (
        Registration.objects.select_related("event__community", "event__space", "person__account").filter(pk=pk).first()
    )
    if row is None or not constant_time_compare(code, ticket_code(row)):
        return None
    return row if row.person.erased_at is None else None


def door_code(event: Event) -> str:
    """What hangs at the door of the event."""
    return _code("door", event.pk.hex)


def opens_door(event: Event, code: str) -> bool:
    return constant_time_compare(code, door_code(event))


def door_is_open(event: Event) -> bool:
    """Whether one can check in now: from two hours before the start to two hours after the end."""
    return event.starts_at - DOOR_OPENS <= clock.now() <= event.ends_at + DOOR_OPENS


def calendar_code(key: CalendarKey) -> str:
    return _code("calendar", f"{key.pk.hex}:{key.nonce}")


def calendar(pk: uuid.UUID, code: str) -> CalendarKey | None:
    """The member whose calendar the address opens."""
    key = CalendarKey.objects.select_related("person__community", "person__account").filter(pk=pk).first()
    return key if key is not None and constant_time_compare(code, calendar_code(key)) else None
