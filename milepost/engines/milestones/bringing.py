"""Awards that another system knows of: brought in as history, so they count and are never announced.

All of it is set-based, for some hundred at a time, each in a short transaction, and finds the same again when it is done twice.
"""

from __future__ import annotations

import datetime
import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from milepost.domain.paths.models import Milestone
from milepost.domain.people.authority import check
from milepost.foundation.activity.epochs import current_epoch
from milepost.foundation.activity.recording import existing_keys, record_many
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.bulk import insert_rows
from milepost.foundation.common.ids import NO_ID, new_id
from milepost.foundation.identity.models import Community, Person

from .giving import give, giving_ones
from .models import Award
from .models.award import noon, source_key, what_is_told
from .settling import CHUNK, identities

type Key = tuple[uuid.UUID, uuid.UUID, str]
"""Person, milestone, occurrence."""
_COLUMNS = (
    "id", "community_id", "person_id", "milestone_id", "occurrence", "reached_on", "how", "rule_version", "awarded_by_id",
    "evidence", "link", "file", "file_name", "activities", "brought_from", "claimed_at", "backfilled", "expires_on",
    "revoked_how", "revoked_because",
)  # fmt: skip


class Fate(enum.StrEnum):
    """What became, or would become, of one that is brought."""

    NEW = "new"
    EARLIER = "earlier"
    """It was brought before with a later day, which moves back."""
    AGAIN = "again"
    """It fell because what it stood on was taken back, and stands again."""
    SAME = "same"
    """There already."""
    REVOKED = "revoked"
    """A steward revoked it here; an import does not overrule that."""


@dataclass(frozen=True, slots=True)
class Brought:
    """That another system says a person reached a milestone. `source` says where: a file and the line in it."""

    person: uuid.UUID
    milestone: Milestone
    reached_on: datetime.date
    occurrence: str = ""
    words: str = ""
    link: str = ""
    source: str = ""

    @property
    def key(self) -> Key:
        return self.person, self.milestone.pk, self.occurrence


def foretell(brought: Sequence[Brought]) -> list[Fate]:
    """What would become of each, in their order. Changes nothing; one query for some hundred."""
    found: list[Fate] = []
    for start in range(0, len(brought), CHUNK):
        some = brought[start : start + CHUNK]
        found += _fates(some, _there(some))
    return found


def bring_in(brought: Sequence[Brought], *, community: Community, by: Person | None) -> list[Fate]:
    """Keep them, and say what became of each, in their order. Records `milestone.reached` as history, for those that are new.

    What a person, a steward or a rule has said already stays as it is. Prerequisites are not asked for: it has happened.
    Asks for the permission to award. Killed in between, it is done again and finds the rest.
    """
    check(by, "milestones.award", community)
    found: list[Fate] = []
    for start in range(0, len(brought), CHUNK):
        some = brought[start : start + CHUNK]
        try:
            found += _bring(some, community, by)
        except IntegrityError:
            # A reader came to the same result in the same moment; now it is there to be seen.
            found += _bring(some, community, by)
    return found


def _bring(brought: Sequence[Brought], community: Community, by: Person | None) -> list[Fate]:
    with transaction.atomic():
        there = _there(brought)
        fates = _fates(brought, there)
        by_fate: dict[Fate, list[Brought]] = {fate: [] for fate in Fate}
        for one, fate in zip(brought, fates, strict=True):
            by_fate[fate].append(one)
        _keep(by_fate[Fate.NEW], community, by)
        _move([(there[one.key], one) for one in by_fate[Fate.EARLIER]])
        _stand_again(by_fate[Fate.AGAIN], by)
    return fates


def _there(brought: Sequence[Brought]) -> dict[Key, Award]:
    rows = Award.objects.filter(
        person__in={one.person for one in brought}, milestone__in={one.milestone.pk for one in brought}
    ).defer("activities")
    return {(award.person_id, award.milestone_id, award.occurrence): award for award in rows}


def _fates(brought: Sequence[Brought], there: dict[Key, Award]) -> list[Fate]:
    """The earliest day of each counts; whatever says the same besides is there already."""
    first: dict[Key, int] = {}
    for n in sorted(range(len(brought)), key=lambda n: (brought[n].reached_on, n)):
        first.setdefault(brought[n].key, n)
    return [_fate(one, there.get(one.key)) if first[one.key] == n else Fate.SAME for n, one in enumerate(brought)]


def _fate(one: Brought, award: Award | None) -> Fate:
    if award is None:
        return Fate.NEW
    if award.revoked_at is not None:
        return Fate.AGAIN if award.revoked_how == Award.Revoked.EVIDENCE else Fate.REVOKED
    return Fate.EARLIER if award.how == Award.How.IMPORT and one.reached_on < award.reached_on else Fate.SAME


def _keep(new: Sequence[Brought], community: Community, by: Person | None) -> None:
    if not new:
        return
    now = clock.now()
    rows: list[tuple[Any, ...]] = [
        (
            new_id(), community.pk, one.person, one.milestone.pk, one.occurrence, one.reached_on, Award.How.IMPORT, 0,
            by.pk if by else None, one.words, one.link, "", "", [], one.source, now, True,
            one.milestone.expiry(one.reached_on), "", "",
        )
        for one in new
    ]  # fmt: skip
    insert_rows(Award, _COLUMNS, rows)
    _tell(new, community)
    milestones = {one.milestone.pk: one.milestone for one in new}
    for milestone in giving_ones(milestones.values()):
        people = [one.person for one in new if one.milestone.pk == milestone.pk]
        for award in Award.objects.filter(milestone=milestone, person__in=people).select_related(
            "person__community", "milestone"
        ):
            give(award)


def _tell(new: Sequence[Brought], community: Community) -> None:
    now, epoch = clock.now(), current_epoch()
    keys = {source_key(one.milestone.pk, one.person, one.occurrence): one for one in new}
    said = existing_keys(community, "milepost", keys)
    who = identities({one.person for one in new})
    record_many(
        [
            (
                epoch, community.pk, who[one.person], "milestone.reached", "milestone", one.milestone.pk, NO_ID, None, None,
                min(noon(one.reached_on), now), now, "milepost", key, what_is_told(one.words, one.occurrence), True,
            )
            for key, one in keys.items()
            if key not in said
        ]
    )  # fmt: skip
    for key in said:
        # Said once and taken back: it is said again, under the next key.
        one = keys[key]
        Award.objects.select_related("person__community", "milestone").get(
            person=one.person, milestone=one.milestone, occurrence=one.occurrence
        ).tell()


def _move(moved: Sequence[tuple[Award, Brought]]) -> None:
    entries = []
    for award, one in moved:
        changes = {"reached_on": [award.reached_on.isoformat(), one.reached_on.isoformat()]}
        if award.expires_on and award.renewed_on is None:
            award.expires_on = one.milestone.expiry(one.reached_on)
        award.reached_on, award.brought_from = one.reached_on, one.source
        entries.append(
            AuditEntry(
                community_id=award.community_id, action="milestone.day_moved", object_kind="award", object_id=award.pk,
                object_name=one.milestone.name, changes=changes, reason=_("Another file knows of an earlier day."),
            )
        )  # fmt: skip
    Award.objects.bulk_update([a for a, _one in moved], ["reached_on", "brought_from", "expires_on"], batch_size=200)
    AuditEntry.objects.bulk_create(entries)


def _stand_again(again: Sequence[Brought], by: Person | None) -> None:
    people = {p.pk: p for p in Person.objects.filter(pk__in={o.person for o in again}).select_related("community")}
    for one in again:
        Award.grant(
            person=people[one.person], milestone=one.milestone, reached_on=one.reached_on, how=Award.How.IMPORT, by=by,
            occurrence=one.occurrence, backfilled=True, evidence=one.words, link=one.link, brought_from=one.source,
        )  # fmt: skip
