"""What this app holds of a person: the milestones that they reached, with their evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milepost.domain.people.holdings import Subject, erases, moves, portrays
from milepost.domain.people.portrait import rows_of

from .models import Award

moves(Award, "person", unique=("milestone",))


@erases
def erase(subject: Subject) -> dict[str, int]:
    """That someone reached it stays and counts toward goals; what they told of it goes."""
    told = Award.objects.filter(person__in=subject.people).exclude(evidence="")
    return {"evidence": told.update(evidence="")}


def awards(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Award.objects.filter(person__in=subject.people))


portrays("milestones", awards)
