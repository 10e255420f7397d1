"""Which opportunities can be found: those that are not closed."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet, UUIDField, Value
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.ids import NO_ID
from milepost.foundation.search.registry import searchable

from .models import Opportunity

_NONE = Value(NO_ID, output_field=UUIDField())


def _opportunities() -> QuerySet[Any, Any]:
    return Opportunity.objects.filter(closed_at__isnull=True).values_list(
        "community_id", "pk", _NONE, _NONE, _NONE, "title", "text", "created_at"
    )


searchable(
    "opportunity",
    _("Ways to take part"),
    permission="opportunities.view",
    rows=_opportunities,
    touched={
        ("opportunity.opened", "opportunity.changed", "opportunity.closed"): (
            "SELECT a.object_id FROM activity_activity a WHERE {where}"
        ),
    },
)
