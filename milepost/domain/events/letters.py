"""The words of mails about events: in the language and the time zone of whoever reads them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from milepost.foundation.common.markdown import excerpt

from . import calendars, places
from .models import Event, Notice, Registration
from .registering import mail_of

Kind = Notice.Kind


def letter(notice: Notice) -> EmailMultiAlternatives | None:
    """The mail, or None where there is nobody to send it to, or nothing to say any more."""
    row = notice.registration
    event, address = row.event, mail_of(row.person)
    if not address or not _still_true(notice.kind, row):
        return None
    account = row.person.account
    language = (account.language if account else "") or event.community.language
    zone = (account.time_zone if account else "") or event.zone
    with translation.override(language), timezone.override(ZoneInfo(zone)):
        subject, lead = _words(notice, event)
        context = _context(row, zone) | {"subject": subject, "lead": lead, "kind": notice.kind}
        mail = EmailMultiAlternatives(
            " ".join(subject.split()), render_to_string("events/mail/letter.txt", context).strip() + "\n", to=[address]
        )
        mail.attach_alternative(render_to_string("events/mail/letter.html", context), "text/html")
        if notice.kind not in {Kind.REMINDER, Kind.FOLLOW_UP}:
            method = "CANCEL" if event.is_cancelled else "REQUEST"
            mail.attach_alternative(calendars.invitation(row).decode(), f"text/calendar; method={method}")
    return mail


def _still_true(kind: str, row: Registration) -> bool:
    """What was to be told may be over before the mail goes out."""
    event = row.event
    if kind == Kind.FOLLOW_UP:
        return not event.is_cancelled
    if event.is_over:
        return False
    if kind == Kind.CANCELLED:
        return event.is_cancelled
    if event.is_cancelled:
        return False
    return {
        Kind.INVITED: row.answer == Registration.Answer.INVITED,
        Kind.REGISTERED: row.has_place,
        Kind.WAITING: row.is_waiting,
        Kind.PLACED: row.has_place,
        Kind.REMINDER: row.has_place,
    }.get(Kind(kind), row.answer != Registration.Answer.DECLINED)


def _words(notice: Notice, event: Event) -> tuple[str, str]:
    """(subject, first sentence)"""
    name = {"event": event.title, "community": event.community.name}
    whole = notice.about.startswith("series")
    found = {
        Kind.INVITED: (_("You are invited: %(event)s"), _("%(community)s would like to see you at “%(event)s”.")),
        Kind.REGISTERED: (
            _("You are coming: %(event)s"),
            _("You joined the series. This is the next one; you have a place at those that follow, too.")
            if whole
            else _("You have a place. We look forward to seeing you."),
        ),
        Kind.WAITING: (
            _("You are on the waiting list: %(event)s"),
            _("All places are taken for now. When one is free, it is yours by itself, and you will get a mail."),
        ),
        Kind.PLACED: (_("You have a place: %(event)s"), _("A place came free, and it is yours.")),
        Kind.CHANGED: (
            _("Changed: %(event)s"),
            _("This and the events that follow have changed. Look at when and where they are now.")
            if whole
            else _("Something has changed. Look at when and where it is now."),
        ),
        Kind.CANCELLED: (
            _("Cancelled: %(event)s"),
            _("This and the events that follow do not take place.") if whole else _("This event does not take place."),
        ),
        Kind.REMINDER: (_("Soon: %(event)s"), _("“%(event)s” begins within a day.")),
        Kind.FOLLOW_UP: (
            _("What remains of %(event)s"),
            _("Thank you for being there. Here is what you can take along."),
        ),
    }[Kind(notice.kind)]
    return found[0] % name, found[1] % name


def _context(row: Registration, zone: str) -> dict[str, Any]:
    event = row.event
    return {
        "event": event,
        "community": event.community,
        "name": row.person.name,
        "when": in_words(event),
        "zone": zone.replace("_", " "),
        "where": event.place,
        "link": event.link if row.has_place else "",
        "url": places.event(event),
        "ticket_url": places.ticket(row),
        "notes": excerpt(event.notes, 600),
    }


def in_words(event: Event) -> str:
    """Start and end in the present time zone and language: "Thursday 26 November 2026, 19:00 to 21:00"."""
    start, end = timezone.localtime(event.starts_at), timezone.localtime(event.ends_at)
    first = f"{date_format(start, 'l')} {date_format(start, 'DATE_FORMAT')}, {date_format(start, 'TIME_FORMAT')}"
    if start.date() == end.date():
        last = date_format(end, "TIME_FORMAT")
    else:
        last = f"{date_format(end, 'DATE_FORMAT')}, {date_format(end, 'TIME_FORMAT')}"
    return _("%(start)s to %(end)s") % {"start": first, "end": last}
