"""What this app holds of a person: the badges that were made of what they reached, and those that they brought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milepost.domain.people.holdings import Subject, erases, moves, portrays
from milepost.domain.people.portrait import rows_of

from .models import Badge, OutsideBadge

moves(Badge, "person")
moves(OutsideBadge, "person", unique=("digest",))


@erases
def erase(subject: Subject) -> dict[str, int]:
    """What a badge says of them goes from here. Its bit stays: the one in their pocket goes on telling the truth."""
    made = Badge.objects.filter(person__in=subject.people).exclude(token="").update(token="")
    brought = OutsideBadge.objects.filter(person__in=subject.people).delete()[0]
    return {"badges": made + brought}


def badges(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Badge.objects.filter(person__in=subject.people))


def brought(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(OutsideBadge.objects.filter(person__in=subject.people))


portrays("badges", badges)
portrays("badges-brought", brought)
