"""What can be found of events: those that stand for themselves, and of a series its first and those that are unlike it."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet, TextField, UUIDField, Value
from django.db.models.functions import Coalesce, Concat, Left
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.ids import NO_ID
from milepost.foundation.search.registry import LONGEST, searchable

from .models import Event

_NONE = Value(NO_ID, output_field=UUIDField())
_LINE = Value("\n")
_WORDS = Concat("summary", _LINE, "description", _LINE, "place", _LINE, "notes", output_field=TextField())
_ITSELF = Q(series__isnull=True) | Q(occurrence=F("series__first_day")) | ~Q(own_fields=[])


def _events() -> QuerySet[Any, Any]:
    return (
        Event.objects.taking_place()
        .filter(_ITSELF)
        .values_list(
            "community_id",
            "pk",
            _NONE,
            Coalesce("space_id", _NONE),
            _NONE,
            "title",
            Left(_WORDS, LONGEST),
            "starts_at",
        )
    )


# Of a series, a change of one may be a change of all.
_TOUCHED = (
    "SELECT e.id FROM activity_activity a JOIN events_event o ON o.id = a.object_id"
    " JOIN events_event e ON e.id = o.id OR e.series_id = o.series_id WHERE {where}"
)

searchable(
    "event",
    _("Events"),
    # Visitors may see public events, but the index does not know which those are.
    permission="events.register",
    rows=_events,
    touched={("event.published", "event.changed", "event.cancelled"): _TOUCHED},
)
