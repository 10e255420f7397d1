"""Mails about events: written down with the change that they tell of, sent by a job, each once.

Nobody is mailed about an event that was written down afterwards, or that is over (but for what follows it).
"""

from __future__ import annotations

import smtplib
import uuid
from datetime import timedelta

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from milepost.foundation.common import clock

from .models import Event, Notice, Registration

Kind = Notice.Kind
REMINDED = timedelta(hours=24)
"""Before the event."""
ATTEMPTS = 5
AGAIN_AFTER = timedelta(minutes=10)
STALE = timedelta(days=2)
"""A mail that could not be sent for so long is of no use any more."""
BATCH = 200


def tell(row: Registration, kind: str, *, about: str = "", quietly: bool = False) -> None:
    """Have a mail of this kind sent, in the caller's transaction; the same one twice is one."""
    if quietly or row.event.backfilled:
        return
    Notice.objects.get_or_create(registration=row, kind=kind, about=about, defaults={"community_id": row.community_id})
    send_soon()


def tell_all(event: Event, kind: str, *, about: str = "", rows: Q | None = None) -> int:
    """The same for everyone who is going, waiting, may come or was invited; returns to how many."""
    if event.backfilled:
        return 0
    found = Registration.objects.filter(event=event).exclude(answer=Registration.Answer.DECLINED)
    if rows is not None:
        found = found.filter(rows)
    notices = [
        Notice(community_id=event.community_id, registration_id=pk, kind=kind, about=about)
        for pk in found.values_list("pk", flat=True)
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    if notices:
        send_soon()
    return len(notices)


def send_soon() -> None:
    """Once what is told of stands; many of one transaction ask for one run."""
    asked = transaction.get_connection().run_on_commit
    if not any(entry[1] is _ask for entry in asked):
        transaction.on_commit(_ask)


def _ask() -> None:
    from .tasks import send_notices

    send_notices.enqueue()


def remind() -> int:
    """Write down the reminders that are due: a day before, once for each person and event; returns how many.

    Whoever got their place within that day has just had a mail that says the same.
    """
    now = clock.now()
    rows = (
        Registration.objects.placed()
        .filter(
            event__starts_at__gt=now,
            event__starts_at__lte=now + REMINDED,
            event__published_at__isnull=False,
            event__cancelled_at__isnull=True,
            event__backfilled=False,
        )
        .filter(~Exists(Notice.objects.filter(registration=OuterRef("pk"), kind=Kind.REMINDER)))
        .select_related("event")
    )
    due = [
        row
        for row in rows.iterator(chunk_size=500)
        if max(row.answered_at, row.placed_at or row.answered_at) <= row.event.starts_at - REMINDED
    ]
    Notice.objects.bulk_create(
        [Notice(community_id=row.community_id, registration=row, kind=Kind.REMINDER) for row in due],
        ignore_conflicts=True,
    )
    return len(due)


def send() -> int:
    """Send what waits; returns how many mails went out. Each is claimed first: a crash loses one, and never doubles one."""
    now, sent = clock.now(), 0
    Notice.objects.filter(sent_at__isnull=True, dropped_at__isnull=True, made_at__lt=now - STALE).update(dropped_at=now)
    waiting = Notice.objects.filter(sent_at__isnull=True, dropped_at__isnull=True).filter(
        Q(claimed_at__isnull=True) | Q(error__gt="", attempts__lt=ATTEMPTS, claimed_at__lt=now - AGAIN_AFTER)
    )
    for pk in list(waiting.order_by("made_at", "pk").values_list("pk", flat=True)[:BATCH]):
        if waiting.filter(pk=pk).update(claimed_at=now, error=""):
            sent += _send(pk)
    return sent


def _send(pk: uuid.UUID) -> int:
    from .letters import letter

    notice = Notice.objects.select_related(
        "registration__event__community", "registration__event__space", "registration__person__account"
    ).get(pk=pk)
    mail: EmailMultiAlternatives | None = letter(notice)
    rows = Notice.objects.filter(pk=notice.pk)
    if mail is None:
        rows.update(dropped_at=clock.now())
        return 0
    try:
        mail.send()
    except (OSError, smtplib.SMTPException) as error:
        rows.update(attempts=notice.attempts + 1, error=f"{type(error).__name__}: {error}"[:400])
        return 0
    rows.update(sent_at=clock.now())
    return 1
