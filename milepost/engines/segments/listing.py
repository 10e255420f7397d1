"""Lists that are kept by hand: adding, taking off, and bringing in a list of names or addresses."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.foundation.activity.models import ReaderCursor
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.ids import new_id
from milepost.foundation.identity.models import Identity, Membership, Person

from .keeping import READER, keep
from .models import ListEntry, Segment

MOST = 100_000
"""Lines of one list."""
WIDEST = 400
"""Letters of one line that are looked at."""


@dataclass(slots=True)
class Brought:
    """What became of each line of a list."""

    added: int = 0
    there: int = 0
    unknown: list[tuple[int, str, str]] = field(default_factory=list)
    """(line number, line, why nobody was added)"""


def add(*, segment: Segment, people: Iterable[Person], by: Person | None) -> int:
    """Put members on a list; those who are on it stay. Audited. Returns how many are new.

    Raises NotAllowed, and DomainError for a segment by rule or for who does not belong.
    """
    check(by, "segments.write", segment.community)
    return _add(segment, [_member(segment, person) for person in people], by)


def take_off(*, segment: Segment, people: Iterable[Person], by: Person | None) -> int:
    """Take people off a list; audited. Returns how many were on it."""
    check(by, "segments.write", segment.community)
    _must_be_list(segment)
    ids = [person.pk for person in people]
    with transaction.atomic():
        gone, _rows = ListEntry.objects.filter(segment=segment, person__in=ids).delete()
        if gone:
            trace(
                "segment.list_changed",
                community=segment.community,
                by=by,
                obj=segment,
                changes={"taken_off": [gone, 0]},
            )
            _moved(segment, ids)
    return gone


def bring(*, segment: Segment, text: str, by: Person | None) -> Brought:
    """Put everyone on the list whom the text names, a line each: a mail address, an @name, a source and key, an id, or a name.

    Of a table with commas, semicolons or tabs, the first cell of a line that finds somebody counts. Whoever cannot be found, or
    not without doubt, is in the answer with the reason. Twice changes nothing.
    """
    check(by, "segments.write", segment.community)
    _must_be_list(segment)
    lines = text.splitlines()
    if len(lines) > MOST:
        raise DomainError(
            _("This list has %(n)d lines.") % {"n": len(lines)}, _("Bring it in parts of %(n)d.") % {"n": MOST}
        )
    known = _Directory(segment)
    found: dict[uuid.UUID, int] = {}
    brought = Brought()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        person, why = known.find(_cells(line[:WIDEST]))
        if person is None:
            brought.unknown.append((number, line.strip()[:120], why))
        else:
            found.setdefault(person, number)
    brought.added = _add(segment, list(found), by)
    brought.there = len(found) - brought.added
    return brought


def _cells(line: str) -> list[str]:
    between = next((mark for mark in ("\t", ";", ",") if mark in line), ",")
    cells = next(csv.reader(io.StringIO(line), delimiter=between), [])
    return [cell.strip() for cell in cells if cell.strip()][:20]


class _Directory:
    """By what the members of a community are known."""

    def __init__(self, segment: Segment) -> None:
        self.members: set[uuid.UUID] = set()
        self.by: dict[str, set[uuid.UUID]] = {}
        active = Membership.objects.active().filter(community=segment.community_id)
        people = active.values_list("person_id", "person__name", "person__handle", "person__account__email")
        for person, name, handle, mail in people.iterator(chunk_size=2_000):
            self.members.add(person)
            for word in (str(person), name, f"@{handle}" if handle else "", mail or ""):
                self._know(word, person)
        identities = Identity.objects.filter(community=segment.community_id)
        rows = identities.values_list("person_id", "source", "source_key", "mail")
        for person, source, key, mail in rows.iterator(chunk_size=2_000):
            if person in self.members:
                self._know(f"{source}:{key}", person)
                self._know(mail, person)

    def _know(self, word: str, person: uuid.UUID) -> None:
        if word:
            self.by.setdefault(word.casefold(), set()).add(person)

    def find(self, cells: list[str]) -> tuple[uuid.UUID | None, str]:
        for cell in cells:
            people = self.by.get(cell.casefold(), set())
            if len(people) == 1:
                return next(iter(people)), ""
            if people:
                return None, _("%(n)d members are known by this.") % {"n": len(people)}
        return None, _("No member is known by this.")


def _add(segment: Segment, people: list[uuid.UUID], by: Person | None) -> int:
    _must_be_list(segment)
    with transaction.atomic():
        Segment.objects.select_for_update().get(pk=segment.pk)
        there = set(ListEntry.objects.filter(segment=segment).values_list("person_id", flat=True))
        new = [person for person in dict.fromkeys(people) if person not in there]
        now = clock.now()
        ListEntry.objects.bulk_create(
            (
                ListEntry(
                    id=new_id(),
                    community_id=segment.community_id,
                    segment=segment,
                    person_id=person,
                    added_at=now,
                    added_by=by,
                )
                for person in new
            ),
            batch_size=2_000,
        )
        if new:
            trace(
                "segment.list_changed",
                community=segment.community,
                by=by,
                obj=segment,
                changes={"added": [0, len(new)]},
            )
            _moved(segment, new)
    return len(new)


def _moved(segment: Segment, people: list[uuid.UUID]) -> None:
    ReaderCursor.objects.select_for_update().filter(reader=READER).first()
    keep(segment, segment.condition(), people, mark=str(new_id()))


def _must_be_list(segment: Segment) -> None:
    if not segment.is_list:
        raise DomainError(
            _("“%(name)s” follows a rule, so nobody is put into it by hand.") % {"name": segment.name},
            _("Change the rule, or begin a list."),
        )


def _member(segment: Segment, person: Person) -> uuid.UUID:
    belongs = Membership.objects.active().filter(community=segment.community_id, person=person).exists()
    if person.community_id != segment.community_id or not belongs:
        raise DomainError(_("%(name)s does not belong to the community now.") % {"name": person})
    return person.pk
