"""After an event: recording and notes, what people take along, and how it was for them."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Avg, Count, Q
from django.utils.translation import gettext as _

from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError

from . import details, notices
from .authority import By, may, member
from .models import Event, Notice, Registration
from .registering import identity_of

FLOOR = 5
"""Ratings from which on their mean is shown: fewer could be told apart."""


def wrap_up(*, event: Event, by: By | None, recording: str, notes: str, follow_up: str, tell: bool = False) -> None:
    """A host puts recording, notes and what follows on the page; `tell`: who came gets it by mail, once. Records `event.changed`."""
    person = may(by, "events.host", event.community, event)
    if not event.has_begun:
        raise DomainError(_("“%(event)s” has not begun yet.") % {"event": event.title})
    new = details.cleaned(event.community, follow_up=follow_up, link=recording)
    with transaction.atomic():
        event.recording, event.follow_up = new["link"], new["follow_up"]
        event.notes = notes.replace("\0", "").strip()[:40_000]
        event.wrapped_up_at = event.wrapped_up_at or clock.now()
        event.changed_at = clock.now()
        event.save(update_fields=["recording", "notes", "follow_up", "wrapped_up_at", "changed_at"])
        record("event.changed", community=event.community, by=person, obj=event, space_id=event.space_id)
        if tell:
            kept = event.registrations.came().exists()
            came = Q(came_at__isnull=False) if kept else Q(answer="going", waiting_since__isnull=True)
            notices.tell_all(event, Notice.Kind.FOLLOW_UP, rows=came)


def rate(*, event: Event, by: By, rating: int, words: str = "") -> Registration:
    """Someone who was there says how it was, 1 to 5, and may say it again. Records `feedback.given` once."""
    person = member(by, "events.register", event.community)
    row = Registration.objects.filter(event=event, person=person).select_related("event__community", "person").first()
    if row is None:
        raise DomainError(_("Who was there says how it was."))
    return rated(row, rating, words)


def rated(row: Registration, rating: int, words: str) -> Registration:
    """The same for a registration that the person has shown to be theirs."""
    event = row.event
    if not event.has_begun or event.is_cancelled:
        raise DomainError(_("“%(event)s” has not taken place.") % {"event": event.title})
    if row.came_at is None and (not row.has_place or Registration.objects.came().filter(event=event).exists()):
        raise DomainError(_("Who was there says how it was."), _("If you were, ask a host to put you on the list."))
    if not 1 <= rating <= 5:
        raise DomainError(_("A rating is from 1 to 5."))
    with transaction.atomic():
        row.rating, row.feedback, row.rated_at = rating, words.replace("\0", "").strip()[:2_000], clock.now()
        row.save(update_fields=["rating", "feedback", "rated_at"])
        record(
            "feedback.given",
            community=event.community,
            by=identity_of(row.person),
            obj=event,
            space_id=event.space_id,
            source_key=f"feedback.given:{row.pk}",
        )
    return row


def ratings(event: Event) -> tuple[int, float | None]:
    """How many rated it, and the mean (1 to 5), where enough did."""
    found = Registration.objects.filter(event=event, rating__isnull=False).aggregate(n=Count("pk"), mean=Avg("rating"))
    return found["n"], round(float(found["mean"]), 1) if found["n"] >= FLOOR else None


def words(event: Event) -> list[str]:
    """What people said, without names, in an order that tells nothing."""
    found = Registration.objects.filter(event=event).exclude(feedback="").values_list("feedback", flat=True)
    return sorted(found)
