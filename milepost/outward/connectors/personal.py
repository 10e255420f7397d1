"""What connectors hold of a person: lines of attendance files that name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q

from milepost.domain.people.holdings import Subject, erases, moves, portrays
from milepost.domain.people.portrait import rows_of
from milepost.foundation.identity.models import Identity

from .models import AttendanceRow

moves(AttendanceRow, "person")


def _theirs(subject: Subject) -> Q:
    mails = list(Identity.objects.filter(pk__in=subject.identities).exclude(mail="").values_list("mail", flat=True))
    if subject.person.account is not None:
        mails.append(subject.person.account.email.lower())
    here = Q(mail__in=mails) & Q(community=subject.person.community_id)
    return Q(person__in=subject.people) | here


@erases
def erase(subject: Subject) -> dict[str, int]:
    deleted, _rows = AttendanceRow.objects.filter(_theirs(subject)).delete()
    return {"attendance lines": deleted}


def attendance_lines(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(AttendanceRow.objects.filter(_theirs(subject)))


portrays("attendance-lines", attendance_lines)
