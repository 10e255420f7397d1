"""What this app holds of a person: their reactions and words. Moments hold nothing of anyone; awards do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milepost.domain.people.holdings import Subject, erases, moves, portrays
from milepost.domain.people.portrait import rows_of

from .models import Cheer, MomentAward, Word

moves(Cheer, "person", unique=("moment",))
moves(Word, "person")


@erases
def erase(subject: Subject) -> dict[str, int]:
    """What they said to congratulate goes, and that moments told of what they reached."""
    said = Word.objects.filter(person__in=subject.people).delete()[0]
    cheers = Cheer.objects.filter(person__in=subject.people).delete()[0]
    told = MomentAward.objects.filter(award__person__in=subject.people).delete()[0]
    return {"congratulations": said + cheers, "moments": told}


def congratulations(subject: Subject) -> Iterator[dict[str, Any]]:
    yield from rows_of(Word.objects.filter(person__in=subject.people).order_by("at"))
    yield from rows_of(Cheer.objects.filter(person__in=subject.people).order_by("at"))


def moments(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(MomentAward.objects.filter(award__person__in=subject.people))


portrays("congratulations", congratulations)
portrays("moments", moments)
