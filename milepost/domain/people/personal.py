"""What this app holds of a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milepost.foundation.identity.models import Representative

from .attributes import AttributeValue
from .holdings import Subject, encloses, erases, moves, portrays
from .models import Praise, Profile

moves(Praise, "giver", apart="receiver")
moves(Praise, "receiver", apart="giver")
moves(Representative, "person", unique=("organisation",), apart="organisation")
moves(Representative, "organisation", unique=("person",), apart="person")
# What the kept one said stays; only what they never said comes along.
moves(AttributeValue, "person", unique=("definition",))


@erases
def attributes(subject: Subject) -> dict[str, int]:
    return {"attributes": AttributeValue.objects.filter(person__in=subject.people).delete()[0]}


def told(subject: Subject) -> Iterator[dict[str, Any]]:
    for row in AttributeValue.objects.filter(person__in=subject.people).select_related("definition"):
        yield {"attribute": row.definition.label, "value": str(row)}


portrays("attributes", told)


@encloses
def photos(subject: Subject) -> Iterator[str]:
    yield from Profile.objects.filter(person__in=subject.people).exclude(photo="").values_list("photo", flat=True)
