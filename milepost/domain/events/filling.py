"""Making a series' events ahead of time, and joining a series once."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed

from . import details, notices, wall
from .authority import By, actor_of, member
from .models import Event, Notice, Registration, Series, SeriesMember

AHEAD = timedelta(days=400)
"""How far ahead events are made: a year's gathering and the next one."""
MOST = 60
"""Events to come of one series; a daily one reaches two months ahead."""
COPIED = (*details.FIELDS, "zone", "published_at", "declined_at", "created_by")


def fill(series: Series) -> list[Event]:
    """Make what the rule gives and is not there yet: at most `MOST` to come within `AHEAD`, but always a next one.

    In the caller's transaction. New ones are as the last that nobody changed alone; who joined the series is registered.
    """
    if series.ended_at is not None:
        return []
    pattern = pattern_of(series)
    if pattern is None:
        return []
    today = clock.today(series.zone)
    after = max(series.filled_until or series.first_day, pattern.occurrence or series.first_day)
    coming = series.events.filter(occurrence__gte=today).count()
    room = max(0, MOST - coming)
    days = series.days(after=after, to=today + AHEAD, most=room) if room else []
    if not days and not coming:
        days = series.days(after=max(after, today - timedelta(days=1)), most=1)
    made = [_occurrence(series, pattern, day) for day in days]
    Event.objects.bulk_create(made)
    details.copy_links(pattern, made)
    if days:
        series.filled_until = days[-1]
        series.save(update_fields=["filled_until"])
        for person in SeriesMember.objects.filter(series=series).select_related("person"):
            _register_for(person, made)
    return made


def pattern_of(series: Series) -> Event | None:
    """The last event that was not changed alone, or the last one at all."""
    rows = series.events.select_related("community").order_by("-occurrence")
    return rows.filter(own_fields=[], cancelled_at__isnull=True).first() or rows.first()


def _occurrence(series: Series, pattern: Event, day: date) -> Event:
    start = wall.moment(day, series.time, series.zone)
    copied = {name: getattr(pattern, name) for name in COPIED if name not in details.OBJECTS and name != "created_by"}
    copied |= {f"{name}_id": getattr(pattern, f"{name}_id") for name in (*details.OBJECTS, "created_by")}
    copied["zone"] = series.zone
    return Event(
        community_id=series.community_id,
        series=series,
        occurrence=day,
        starts_at=start,
        ends_at=start + timedelta(minutes=series.minutes),
        **copied,
    )


def fill_all() -> int:
    """Make what is missing of every series that goes on; returns how many events. Safe to repeat."""
    made = 0
    live = Series.objects.filter(ended_at__isnull=True, community__archived_at__isnull=True).select_related("community")
    today = clock.now().date()
    # Those whose last event is far enough ahead have nothing to do.
    due = live.annotate(last=Max("events__occurrence")).filter(
        Q(last__lt=today + AHEAD - timedelta(days=31)) | Q(filled_until__isnull=True)
    )
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            series = Series.objects.select_for_update().get(pk=pk)
            made += len(fill(series))
    return made


# --- joining once -----------------------------------------------------------------------------------


def join_series(*, series: Series, by: By) -> int:
    """Register for every event to come that can be registered for, and for those that will be made; returns for how many.

    Where an event is full, one waits. Answers that were given before stay. Raises DomainError for a series with questions,
    which are answered for each event, and NotAllowed for one that they may not see.
    """
    person = member(by, "events.register", series.community)
    seen = Event.objects.visible_to(actor_of(by)).filter(series=series)
    if not seen.exists():
        raise NotAllowed("Nobody joins what they cannot see.")
    if any(question["required"] for event in seen.to_come()[:1] for question in event.questions):
        raise DomainError(
            _("This series asks questions at registration."),
            _("Register for each event by itself, so that you can answer them."),
        )
    with transaction.atomic():
        row, _new = SeriesMember.objects.get_or_create(
            series=series, person=person, defaults={"community_id": series.community_id}
        )
        count = _register_for(row, list(seen.taking_place().to_come().order_by("starts_at")))
        first = (
            Registration.objects.standing().filter(event__in=seen.to_come(), person=person).order_by("event__starts_at")
        )
        if count and (one := first.select_related("event__community").first()):
            notices.tell(one, Notice.Kind.WAITING if one.is_waiting else Notice.Kind.REGISTERED, about="series")
        return count


def _register_for(row: SeriesMember, events: list[Event]) -> int:
    from .registering import place

    there = set(Registration.objects.filter(person=row.person, event__in=events).values_list("event", flat=True))
    count = 0
    for event in events:
        if event.pk not in there and event.published_at and not event.is_cancelled:
            place(event, row.person, quietly=True)
            count += 1
    return count


def leave_series(*, series: Series, by: By, keep: bool = False) -> None:
    """No longer registered for what will be made; and, unless `keep`, for none of those to come either."""
    person = member(by, "events.register", series.community)
    from .registering import unregister

    with transaction.atomic():
        SeriesMember.objects.filter(series=series, person=person).delete()
        if keep:
            return
        coming = Registration.objects.standing().filter(event__series=series, person=person)
        for row in coming.filter(event__starts_at__gt=clock.now()).select_related("event", "event__community"):
            unregister(event=row.event, person=person, by=by)
