"""Which resources can be found: those that members can use, with what their version in force says."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, QuerySet, TextField, UUIDField, Value, When
from django.db.models.functions import Concat, Left
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.ids import NO_ID
from milepost.foundation.search.registry import LONGEST, searchable

from .models import Resource

_NONE = Value(NO_ID, output_field=UUIDField())
# Visitors search only what is in no space, or in spaces that they may read; members all but what is hidden from them. What is for
# members only is in a space of its own, under the community's own id, which the search hides from everyone else.
_FOR_MEMBERS = Case(When(access=Resource.Access.OPEN, then=_NONE), default=F("community_id"), output_field=UUIDField())


def _resources() -> QuerySet[Any, Any]:
    return (
        Resource.objects.published()
        .filter(versions__number=F("version_number"))
        .values_list(
            "community_id",
            "pk",
            _NONE,
            _FOR_MEMBERS,
            _NONE,
            "title",
            Left(Concat("summary", Value(" "), "versions__text", output_field=TextField()), LONGEST),
            "published_at",
        )
    )


searchable(
    "resource",
    _("Resources"),
    permission="resources.view",
    rows=_resources,
    touched={
        ("resource.published", "resource.changed", "resource.withdrawn"): (
            "SELECT a.object_id FROM activity_activity a WHERE {where}"
        ),
    },
)
