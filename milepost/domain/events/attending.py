"""Who came: by a code on a phone, by the list, by themselves at the door, or by what another tool counted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.identity.models import Person

from . import codes
from .authority import By, may, member
from .models import Event, EventPart, Registration
from .registering import identity_of

CameBy = Registration.CameBy
FRESH = timedelta(days=14)
"""Attendance of older events is history: it counts, and is not announced."""


def check_in(*, event: Event, person: Person, by: By | None, way: str = CameBy.LIST) -> Registration:
    """A host says that someone is there; who was not registered walks in, whatever the number of places. Twice is once.

    Records `event.attended`. Raises NotAllowed, and DomainError before the door opens or where the event was cancelled.
    """
    may(by, "events.host", event.community, event)
    return arrived(event, person, way)


def say_here(*, event: Event, by: By, code: str) -> Registration:
    """A member at the event says so, with the code that hangs there. Records `event.attended`."""
    person = member(by, "events.register", event.community)
    if not codes.opens_door(event, code):
        raise NotAllowed(_("This code belongs to another event."))
    if not codes.door_is_open(event):
        raise DomainError(
            _("One checks in while the event goes on."), _("Afterwards, ask a host to put you on the list.")
        )
    return arrived(event, person, CameBy.SELF)


def arrived(event: Event, person: Person, way: str, *, minutes: int | None = None) -> Registration:
    """Note that the person came; permission was asked before. `minutes`: how long, where that is known."""
    if event.is_cancelled or not event.is_published:
        raise DomainError(_("“%(event)s” does not take place.") % {"event": event.title})
    if event.starts_at - codes.DOOR_OPENS > clock.now():
        raise DomainError(_("“%(event)s” has not begun yet.") % {"event": event.title})
    if person.community_id != event.community_id:
        raise NotAllowed(_("%(name)s belongs to another community.") % {"name": person.name})
    with transaction.atomic():
        Event.objects.select_for_update().get(pk=event.pk)
        row = Registration.objects.select_for_update().filter(event=event, person=person).first()
        if row is None:
            row = Registration(event=event, person=person, community_id=event.community_id, walked_in=True)
            row.answer, row.placed_at = Registration.Answer.GOING, clock.now()
        elif not row.has_place:
            # Whoever is in the room has a place there, whatever the list said.
            row.walked_in, row.answer, row.waiting_since = True, Registration.Answer.GOING, None
            row.placed_at = clock.now()
        row.came_at = row.came_at or max(event.starts_at, min(clock.now(), event.ends_at))
        row.came_by = row.came_by or way
        if minutes is not None:
            row.minutes = minutes
        row.save()
        _record(row)
    return row


def was_expected(event: Event, person: Person) -> Registration:
    """Note that the person had a place, as another tool says; whether they came is not known. Permission was asked before."""
    if person.community_id != event.community_id:
        raise NotAllowed(_("%(name)s belongs to another community.") % {"name": person.name})
    row, _new = Registration.objects.get_or_create(
        event=event,
        person=person,
        defaults={"community_id": event.community_id, "placed_at": clock.now()},
    )
    return row


def _record(row: Registration) -> None:
    event = row.event
    record(
        "event.attended",
        community=event.community,
        by=identity_of(row.person),
        obj=event,
        space_id=event.space_id,
        quantity=hours(row.minutes) if row.minutes is not None else None,
        happened_at=min(event.starts_at, clock.now()),
        source_key=f"event.attended:{row.pk}",
        backfilled=event.backfilled or event.starts_at < clock.now() - FRESH,
        data={"way": row.came_by},
    )


def hours(minutes: int) -> Decimal:
    return (Decimal(minutes) / 60).quantize(Decimal("0.01"))


def was_not_there(*, event: Event, person: Person, by: By | None) -> None:
    """A host corrects the list: the person did not come. Takes `event.attended` back; twice changes nothing."""
    may(by, "events.host", event.community, event)
    with transaction.atomic():
        row = Registration.objects.select_for_update().filter(event=event, person=person, came_at__isnull=False).first()
        if row is None:
            return
        standing = Activity.objects.filter(
            community_id=event.community_id,
            source="milepost",
            source_key__startswith=f"event.attended:{row.pk}",
            retraction__isnull=True,
        )
        for activity in standing.select_related("community", "identity"):
            retract(activity, by=activity.identity, reason="was not there")
        if row.walked_in:
            row.delete()
            return
        row.came_at, row.came_by, row.minutes = None, "", None
        row.save(update_fields=["came_at", "came_by", "minutes"])


def count_hosts() -> int:
    """Tell the log, once an event is over, who hosted it and who spoke; returns of how many events. Safe to repeat.

    Records `event.hosted` and `talk.given` for members; names from outside are no one here.
    """
    over = Event.objects.taking_place().over().filter(counted_at__isnull=True).select_related("community")
    done = 0
    for event in list(over.order_by("ends_at")[:500]):
        with transaction.atomic():
            if not Event.objects.filter(pk=event.pk, counted_at__isnull=True).update(counted_at=clock.now()):
                continue
            for part in EventPart.objects.filter(event=event, person__isnull=False).select_related("person"):
                _record_part(event, part)
        done += 1
    return done


def _record_part(event: Event, part: EventPart) -> None:
    assert part.person is not None
    if part.person.erased_at is not None or part.person.merged_into_id is not None:
        return
    verb = "event.hosted" if part.role == EventPart.Role.HOST else "talk.given"
    record(
        verb,
        community=event.community,
        by=identity_of(part.person),
        obj=event,
        space_id=event.space_id,
        happened_at=event.starts_at,
        source_key=f"{verb}:{event.pk}:{part.person_id}",
        backfilled=event.backfilled or event.starts_at < clock.now() - FRESH,
    )
