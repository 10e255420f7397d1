"""What this app holds of a person."""

from __future__ import annotations

from collections.abc import Iterator

from milepost.foundation.identity.models import Representative

from .holdings import Subject, encloses, moves
from .models import Praise, Profile

moves(Praise, "giver", apart="receiver")
moves(Praise, "receiver", apart="giver")
moves(Representative, "person", unique=("organisation",), apart="organisation")
moves(Representative, "organisation", unique=("person",), apart="person")


@encloses
def photos(subject: Subject) -> Iterator[str]:
    yield from Profile.objects.filter(person__in=subject.people).exclude(photo="").values_list("photo", flat=True)
