"""Answers that come back by mail: iMIP REPLY (RFC 6047) from the calendar programs of those who were invited.

A mail proves little. It counts only for the address that it is from, at an event where that address is registered or was
invited, and only if it is newer than the last answer. The worst that a forged one does is another answer to one event, which
the real person sees and can change.
"""

from __future__ import annotations

import email
import email.policy
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

import icalendar
from django.db import transaction
from django.utils.translation import gettext as _

from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError

from . import registering
from .models import Event, Registration

LARGEST = 2 * 2**20
"""Bytes of a mail that is read."""
ANSWERS = {"ACCEPTED": "going", "TENTATIVE": "maybe", "DECLINED": "declined"}


class NoReply(DomainError):
    """The mail holds no answer that can be taken."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one answer."""

    event: str
    mail: str
    answer: str
    state: str
    """going, waiting, maybe, declined; or ignored."""
    reason: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def take(content: bytes) -> list[Taken]:
    """Take the answers of a mail, or of a calendar file. The same mail twice changes nothing. Raises NoReply."""
    if len(content) > LARGEST:
        raise NoReply(_("This mail is too large for an answer."))
    senders, text = _calendar_of(content)
    try:
        whole = icalendar.Calendar.from_ical(text)
    except (ValueError, IndexError, KeyError) as error:
        raise NoReply(_("The calendar part of this mail cannot be read.")) from error
    if str(whole.get("method", "")).upper() != "REPLY":
        raise NoReply(_("This is no answer to an invitation."), _("Answers have the method REPLY."))
    found = [taken for part in whole.walk("VEVENT") for taken in _answers(part, senders)]
    if not found:
        raise NoReply(_("Nobody answers in this mail."))
    return found


def _calendar_of(content: bytes) -> tuple[set[str] | None, str]:
    """(who sent it, the calendar in it); a bare file says nobody."""
    if content.lstrip().upper().startswith(b"BEGIN:VCALENDAR"):
        return None, content.decode("utf-8", "replace")
    mail = email.message_from_bytes(content, policy=email.policy.default)
    senders = {address.lower() for _name, address in getaddresses([str(mail.get("From", ""))])}
    for part in mail.walk():
        if part.get_content_type() in {"text/calendar", "application/ics"} and isinstance(part, EmailMessage):
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                return senders, payload.decode(part.get_content_charset() or "utf-8", "replace")
    raise NoReply(_("There is no calendar in this mail."))


def _answers(part: Any, senders: set[str] | None) -> list[Taken]:
    uid = str(part.get("uid", ""))
    given = part.get("attendee") or []
    found = []
    for attendee in given if isinstance(given, list) else [given]:
        mail = str(attendee).lower().removeprefix("mailto:").strip()
        status = str(getattr(attendee, "params", {}).get("PARTSTAT", "")).upper()
        answer = ANSWERS.get(status, "")
        state, reason, title = _take_one(uid, mail, answer, _stamp(part), senders)
        found.append(Taken(event=title or uid[:100], mail=mail, answer=status, state=state, reason=reason))
    return found


def _stamp(part: Any) -> datetime | None:
    try:
        stamp = part.decoded("dtstamp")
    except (KeyError, ValueError):
        return None
    if not isinstance(stamp, datetime):
        return None
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def _take_one(
    uid: str, mail: str, answer: str, stamp: datetime | None, senders: set[str] | None
) -> tuple[str, str, str]:
    """(state, why it was ignored, the event's name)"""
    pk = Event.uid_of(uid)
    event = Event.objects.filter(pk=pk).select_related("community").first() if pk else None
    if event is None:
        return "ignored", _("There is no such event here."), ""
    if senders is not None and mail not in senders:
        return "ignored", _("The answer is not from whoever sent the mail."), event.title
    if not answer:
        return "ignored", _("Neither yes, nor perhaps, nor no."), event.title
    person = registering.known_by_mail(event.community, mail)
    row = Registration.objects.filter(event=event, person=person).first() if person else None
    if row is None or person is None:
        return "ignored", _("Nobody with this address was invited."), event.title
    # A clock that runs ahead must not shut later answers out.
    said = min(stamp, clock.now()) if stamp else clock.now()
    invited = row.answer == Registration.Answer.INVITED
    # Calendars write whole seconds.
    if not invited and said < row.answered_at.replace(microsecond=0):
        return "ignored", _("There is a newer answer."), event.title
    if row.answer == answer:
        return _state(row), "", event.title
    try:
        with transaction.atomic():
            row = registering.answered(event, person, answer)
            # So that the order of answers is the order in which they were given.
            Registration.objects.filter(pk=row.pk).update(answered_at=said)
    except DomainError as refusal:
        return "ignored", str(refusal), event.title
    return _state(row), "", event.title


def _state(row: Registration) -> str:
    return "waiting" if row.is_waiting else str(row.answer)
