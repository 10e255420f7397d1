"""From a file to attendance: looked at first, then counted. Twice changes nothing."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.events import attending, registering
from milepost.domain.events.authority import By, may
from milepost.domain.events.models import Event
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Person
from milepost.outward.connectors.models import AttendanceImport, AttendanceRow

from .matching import SURE, match
from .reading import read

TAKE, LEAVE, GUEST = "take", "leave", "guest"
AT_ONCE = 200
"""People whose attendance is written by one transaction, so that others need not wait."""
KEPT = timedelta(days=90)
"""How long names and addresses of a file wait for somebody to decide about them."""


def begin(*, event: Event, content: bytes, file_name: str, by: By | None) -> AttendanceImport:
    """Read the file and match its people; nothing counts yet. The same file again is the same import, matched anew.

    Raises ConnectorError for a file of neither tool, DomainError for an event that has not begun.
    """
    person = may(by, "events.import", event.community)
    if not event.has_begun or event.is_cancelled:
        raise DomainError(_("“%(event)s” has not taken place yet.") % {"event": event.title})
    found = read(content)
    matches = match(event, found.attendees, found.kind)
    mark = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        run, _new = AttendanceImport.objects.update_or_create(
            event=event,
            fingerprint=mark,
            defaults={
                "community_id": event.community_id,
                "kind": found.kind,
                "file_name": file_name[:255],
                "skipped": found.skipped,
                "begun_by": person,
            },
        )
        run.rows.all().delete()
        rows = [
            AttendanceRow(
                community_id=event.community_id, run=run, line=a.line, name=a.name, mail=a.mail, came=a.came,
                minutes=a.minutes, times=a.times, person_id=m.person, reason=m.reason,
            )
            for a, m in zip(found.attendees, matches, strict=True)
        ]  # fmt: skip
        rows += [
            AttendanceRow(
                community_id=event.community_id,
                run=run,
                line=b.line,
                name="",
                excerpt=b.excerpt,
                problem=b.why,
                came=False,
            )
            for b in found.bad
        ]
        AttendanceRow.objects.bulk_create(rows, batch_size=500)
    return run


def apply(*, run: AttendanceImport, choices: Mapping[uuid.UUID, str] | None = None, by: By | None) -> dict[str, int]:
    """Count those who were there. `choices`: by row, take, leave or guest; without one, what is sure is taken.

    Records `event.attended` for each, once however often. What is left out stays listed with its reason. Audited.
    """
    actor = may(by, "events.import", run.community)
    event = Event.objects.select_related("community").get(pk=run.event_id)
    chosen, counts = choices or {}, Counter[str]()
    rows = list(run.rows.filter(problem="").select_related("person").order_by("line"))
    for start in range(0, len(rows), AT_ONCE):
        with transaction.atomic():
            for row in rows[start : start + AT_ONCE]:
                counts[_take(event, run, row, chosen.get(row.pk, TAKE if row.reason in SURE else LEAVE))] += 1
    counts["unread"] = run.rows.exclude(problem="").count()
    with transaction.atomic():
        run.applied_at, run.counts = clock.now(), dict(counts)
        run.save(update_fields=["applied_at", "counts"])
        # Who was counted is in the event's own list; here only those stay who were not.
        run.rows.filter(taken_at__isnull=False).update(mail="")
        trace(
            "attendance.imported", community=run.community, by=actor, obj=event,
            changes={name: ["", str(n)] for name, n in sorted(counts.items())},
        )  # fmt: skip
    return dict(counts)


def _take(event: Event, run: AttendanceImport, row: AttendanceRow, choice: str) -> str:
    """What became of the row: new, same, expected, left."""
    if choice == LEAVE or row.reason == "erased":
        return "left"
    person = row.person
    if person is None or choice == GUEST:
        if not row.mail:
            return "left"
        person = registering.guest(event.community, name=row.name, mail=row.mail, source=run.kind)
    return _count(event, run, row, person)


def _count(event: Event, run: AttendanceImport, row: AttendanceRow, person: Person) -> str:
    if row.came:
        before = event.registrations.came().filter(person=person).exists()
        attending.arrived(event, person, run.kind, minutes=row.minutes)
        state = "same" if before else "new"
    else:
        attending.was_expected(event, person)
        state = "expected"
    row.person, row.taken_at = person, clock.now()
    row.save(update_fields=["person", "taken_at"])
    return state


def forget_lines() -> int:
    """Delete the lines of files that were read long ago; returns how many. What counted stays in the events' lists."""
    return AttendanceRow.objects.filter(run__begun_at__lt=clock.now() - KEPT).delete()[0]
