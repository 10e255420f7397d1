"""What this app holds of a person: to which versions they agreed. What they wrote of the charter is the community's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milepost.domain.people.holdings import Subject, erases, moves, portrays
from milepost.domain.people.portrait import rows_of

from .models import Agreement, CharterVersion

moves(Agreement, "person", unique=("version",))


@erases
def erase(subject: Subject) -> dict[str, int]:
    deleted, _rows = Agreement.objects.filter(person__in=subject.people).delete()
    return {"agreements": deleted}


def agreements(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Agreement.objects.filter(person__in=subject.people))


def charters(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(CharterVersion.objects.filter(written_by__in=subject.people))


portrays("agreements", agreements)
portrays("charters-written", charters)
