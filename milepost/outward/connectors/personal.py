"""What connectors hold of a person: lines of files about attendance and about milestones that name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q

from milepost.domain.people.holdings import Subject, erases, moves, portrays
from milepost.domain.people.portrait import rows_of
from milepost.foundation.identity.models import Identity

from .models import AttendanceRow, AwardRow

moves(AttendanceRow, "person")
moves(AwardRow, "person")


def _mails(subject: Subject) -> list[str]:
    mails = list(Identity.objects.filter(pk__in=subject.identities).exclude(mail="").values_list("mail", flat=True))
    if subject.person.account is not None:
        mails.append(subject.person.account.email.lower())
    return mails


def _theirs(subject: Subject) -> Q:
    here = Q(mail__in=_mails(subject)) & Q(community=subject.person.community_id)
    return Q(person__in=subject.people) | here


def _about_them(subject: Subject) -> Q:
    """Lines taken for them, and those that name an address or an account of theirs."""
    known = Identity.objects.filter(pk__in=subject.identities).values_list("source", "source_key")
    words = [*_mails(subject), *(f"{source}:{key}" for source, key in known)]
    return Q(person__in=subject.people) | (Q(who__in=words) & Q(community=subject.person.community_id))


@erases
def erase(subject: Subject) -> dict[str, int]:
    deleted, _rows = AttendanceRow.objects.filter(_theirs(subject)).delete()
    lines, _rows = AwardRow.objects.filter(_about_them(subject)).delete()
    return {"attendance lines": deleted, "award lines": lines}


def attendance_lines(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(AttendanceRow.objects.filter(_theirs(subject)))


def award_lines(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(AwardRow.objects.filter(_about_them(subject)))


portrays("attendance-lines", attendance_lines)
portrays("award-lines", award_lines)
