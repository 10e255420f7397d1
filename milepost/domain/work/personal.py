"""What this app holds of a person: what they asked for, and what they took on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milepost.domain.people.holdings import Subject, erases, moves, portrays
from milepost.domain.people.portrait import rows_of

from .models import Commitment, Opportunity

moves(Opportunity, "asked_by")
moves(Commitment, "person", unique=("opportunity",))


@erases
def erase(subject: Subject) -> dict[str, int]:
    """What they did stays, without their words; what they had taken on is free again; what nobody took goes."""
    theirs = Commitment.objects.filter(person__in=subject.people)
    asked = Opportunity.objects.filter(asked_by__in=subject.people)
    counts = {"commitments": theirs.filter(finished_at__isnull=True).delete()[0]}
    theirs.exclude(words="").update(words="")
    nobody = asked.filter(commitments__isnull=True)
    counts["opportunities"] = Opportunity.objects.filter(pk__in=list(nobody.values_list("pk", flat=True))).delete()[0]
    counts["opportunities"] += asked.exclude(text="").update(text="")
    return counts


def asked(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Opportunity.objects.filter(asked_by__in=subject.people))


def taken(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Commitment.objects.filter(person__in=subject.people))


portrays("opportunities-asked", asked)
portrays("commitments", taken)
