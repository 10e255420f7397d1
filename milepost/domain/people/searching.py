"""Who can be found: listed people, by their name and what they say about themselves."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet, TextField, UUIDField, Value
from django.db.models.functions import Coalesce, Concat
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.models import Person
from milepost.foundation.search.registry import id_in_data, searchable

_NONE = Value(NO_ID, output_field=UUIDField())


def _people() -> QuerySet[Any, Any]:
    said: list[Any] = ["handle"]
    for column in ("headline", "place", "about"):
        said += [Value(" "), Coalesce(f"profile__{column}", Value(""), output_field=TextField())]
    return Person.objects.listed().values_list(
        "community_id",
        "pk",
        _NONE,
        _NONE,
        _NONE,
        "name",
        Concat(*said, output_field=TextField()),
        "membership__joined_at",
    )


_OWN = "SELECT i.person_id FROM activity_activity a JOIN identity_identity i ON i.id = a.identity_id WHERE {where}"
_GONE = id_in_data("gone")
_BOTH = (
    "SELECT a.object_id FROM activity_activity a WHERE {where} UNION SELECT "
    + _GONE
    + (" FROM activity_activity a WHERE {where}")
)
_NAMED = "SELECT a.object_id FROM activity_activity a WHERE {where}"

searchable(
    "person",
    _("People"),
    permission="people.view",
    rows=_people,
    touched={
        ("member.joined", "member.left", "member.returned", "profile.changed"): _OWN,
        ("person.merged", "person.split"): _BOTH,
        ("person.erased",): _NAMED,
    },
)
