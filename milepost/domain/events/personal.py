"""What this app holds of a person: where they registered and came, what they said about it, what they host, their calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Q

from milepost.domain.people.holdings import Subject, erases, moves, portrays
from milepost.domain.people.portrait import rows_of

from .models import CalendarKey, Event, EventPart, Notice, Registration, SeriesMember
from .registering import fill_places, locked

moves(Registration, "person", unique=("event",))
moves(SeriesMember, "person", unique=("series",))
moves(EventPart, "person", unique=("event", "role"))
moves(CalendarKey, "person", unique=())


@erases
def erase(subject: Subject) -> dict[str, int]:
    """That someone came stays, as it does in the log; a place to come is free for whoever waits."""
    rows = Registration.objects.filter(person__in=subject.people)
    coming = list(rows.filter(came_at__isnull=True).values_list("event", flat=True).distinct())
    Notice.objects.filter(registration__in=rows).delete()
    gone, _each = rows.filter(came_at__isnull=True).delete()
    kept = rows.update(replies={}, feedback="", rating=None, rated_at=None)
    for event in Event.objects.filter(pk__in=coming).to_come():
        fill_places(locked(event))
    SeriesMember.objects.filter(person__in=subject.people).delete()
    parts, _each = EventPart.objects.filter(person__in=subject.people).delete()
    CalendarKey.objects.filter(person__in=subject.people).delete()
    return {"registrations": gone + kept, "event parts": parts}


def registrations(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Registration.objects.filter(person__in=subject.people))


def event_mails(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Notice.objects.filter(registration__person__in=subject.people))


def series_joined(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(SeriesMember.objects.filter(person__in=subject.people))


def events_made(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(
        Event.objects.filter(Q(created_by__in=subject.people) | Q(parts__person__in=subject.people)).distinct()
    )


def calendar_key(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(CalendarKey.objects.filter(person__in=subject.people), leave_out=["nonce"])


FILES: dict[str, Callable[[Subject], Iterator[dict[str, Any]]]] = {
    "event-registrations": registrations,
    "event-mails": event_mails,
    "event-series": series_joined,
    "events-made": events_made,
    "calendar-key": calendar_key,
}
for _name, _rows in FILES.items():
    portrays(_name, _rows)
