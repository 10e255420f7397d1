"""Which goals can be found: those that the community pursues."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet, UUIDField, Value
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.ids import NO_ID
from milepost.foundation.search.registry import searchable

from .models import Goal

_NONE = Value(NO_ID, output_field=UUIDField())


def _goals() -> QuerySet[Any, Any]:
    return Goal.objects.adopted().values_list("community_id", "pk", _NONE, _NONE, _NONE, "title", "why", "adopted_at")


searchable(
    "goal",
    _("Goals"),
    permission="goals.view",
    rows=_goals,
    touched={
        ("goal.adopted", "goal.changed", "goal.retired", "goal.resumed"): (
            "SELECT a.object_id FROM activity_activity a WHERE {where}"
        ),
    },
)
