"""What can be found of the charter: the mission in force, and the values."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, TextField, UUIDField, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.ids import NO_ID
from milepost.foundation.search.registry import searchable

from .models import CharterVersion
from .models import Value as CharterValue

_NONE = Value(NO_ID, output_field=UUIDField())


def _missions() -> QuerySet[Any, Any]:
    newest = CharterVersion.objects.filter(community=OuterRef("community"), ratified_at__isnull=False).order_by(
        "-number"
    )
    return CharterVersion.objects.filter(pk=Subquery(newest.values("pk")[:1])).values_list(
        "community_id",
        "pk",
        _NONE,
        _NONE,
        _NONE,
        "mission",
        Concat("vision", Value("\n"), "agreements", output_field=TextField()),
        "ratified_at",
    )


def _values() -> QuerySet[Any, Any]:
    # Values have no day of their own; they stand since the community does.
    return CharterValue.objects.filter(retired_at__isnull=True).values_list(
        "community_id", "pk", _NONE, _NONE, _NONE, "name", "meaning", "community__created_at"
    )


def _all_of(table: str) -> str:
    """A new version may change each of them, and there are few."""
    return f"SELECT t.id FROM {table} t WHERE t.community_id IN (SELECT a.community_id FROM activity_activity a WHERE {{where}})"


searchable(
    "mission",
    _("Mission"),
    permission="charter.view",
    rows=_missions,
    touched={("charter.ratified",): _all_of("charter_charterversion")},
)
searchable(
    "value",
    _("Values"),
    permission="charter.view",
    rows=_values,
    touched={
        ("charter.ratified", "goal.adopted", "value.added", "value.changed", "value.retired", "value.held"): _all_of(
            "charter_value"
        )
    },
)
