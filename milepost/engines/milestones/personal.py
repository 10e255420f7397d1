"""What this app holds of a person: what they reached and claimed, with its evidence, and what was doubted about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from milepost.domain.people.holdings import Subject, encloses, erases, moves, portrays
from milepost.domain.people.portrait import rows_of
from milepost.foundation.audit.models import AuditEntry

from .models import Award, Dispute, MilestoneClaim, NextLook

moves(Award, "person", unique=("milestone", "occurrence"))
moves(MilestoneClaim, "person")
moves(NextLook, "person", unique=("milestone",))


@erases
def erase(subject: Subject) -> dict[str, int]:
    """That someone reached it stays and counts toward goals; what they told of it, and what was said about it, goes."""
    theirs = Award.objects.filter(person__in=subject.people)
    claims = MilestoneClaim.objects.filter(person__in=subject.people)
    disputes = Dispute.objects.filter(Q(award__person__in=subject.people) | Q(opened_by__in=subject.people))
    _empty_trail([theirs, claims, disputes])
    for name in set(_files(subject)):
        # After the commit: a file that is deleted does not come back with a transaction that fails.
        transaction.on_commit(partial(default_storage.delete, name), robust=True)
    told = theirs.exclude(evidence="", link="", file="", revoked_because="", activities=[], brought_from="")
    emptied = told.update(
        evidence="", link="", file="", file_name="", revoked_because="", activities=[], brought_from=""
    )
    claims.delete()
    disputes.update(reason="", answer="")
    NextLook.objects.filter(person__in=subject.people).delete()
    Award.objects.filter(awarded_by__in=subject.people, how=Award.How.AWARD).update(evidence="")
    MilestoneClaim.objects.filter(settled_by__in=subject.people).update(reason="")
    return {"evidence": emptied}


def _empty_trail(rows: Iterable[Any]) -> None:
    for found in rows:
        AuditEntry.objects.filter(object_id__in=found.values("pk")).update(object_name="", changes={}, reason="")


def _files(subject: Subject) -> Iterator[str]:
    for model in (Award, MilestoneClaim):
        yield from model.objects.filter(person__in=subject.people).exclude(file="").values_list("file", flat=True)


@encloses
def files(subject: Subject) -> Iterator[str]:
    yield from sorted(set(_files(subject)))


def awards(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Award.objects.filter(person__in=subject.people))


def claims(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(MilestoneClaim.objects.filter(person__in=subject.people))


def disputes(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Dispute.objects.filter(Q(award__person__in=subject.people) | Q(opened_by__in=subject.people)))


portrays("milestones", awards)
portrays("milestone-claims", claims)
portrays("milestone-disputes", disputes)
