"""Mails about people who are to meet, and about what is proposed: one for each fact and person, sent by a job."""

from __future__ import annotations

import smtplib
import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Membership, Person

from .models import Introduction, Mentoring, Milestone, Notice, Persona

Kind = Notice.Kind
TOLD_OF = ("introduction.asked", "introduction.made", "mentoring.begun", "persona.proposed", "milestone.proposed")
ATTEMPTS = 5
AGAIN_AFTER = timedelta(minutes=10)
STALE_HOURS = 48
"""A mail that could not be sent for so long is of no use any more."""
BATCH = 200
_DECIDES = ("steward", "owner")


class Fact(NamedTuple):
    """An activity that somebody is told of."""

    verb: str
    community: uuid.UUID
    about: uuid.UUID
    by: uuid.UUID | None
    other: uuid.UUID | None
    data: dict[str, Any]


def write_down(facts: list[Fact]) -> None:
    """In the caller's transaction; the same fact twice is one notice."""
    asked = {fact.community for fact in facts if fact.verb.endswith(".proposed")}
    stewards: defaultdict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    if asked:
        held = Membership.objects.active().filter(community__in=asked, role__in=_DECIDES, person__account__isnull=False)
        for community, person in held.values_list("community", "person"):
            stewards[community].append(person)
    rows = [
        Notice(community_id=fact.community, person_id=person, kind=kind, about=fact.about)
        for fact in facts
        for person, kind in _whom(fact, stewards[fact.community])
    ]
    if rows:
        Notice.objects.bulk_create(rows, ignore_conflicts=True)
        transaction.on_commit(_send_soon)


def _whom(fact: Fact, stewards: list[uuid.UUID]) -> Iterable[tuple[uuid.UUID, Kind]]:
    match fact.verb:
        case "introduction.asked":
            told = [(fact.other, Kind.ASKED)]
        case "introduction.made":
            told = [(fact.other, Kind.AGREED)]
        case "mentoring.begun":
            # Whoever began it knows.
            told = [(fact.other if fact.data.get("begun_by") == "mentor" else fact.by, Kind.MENTORING)]
        case "persona.proposed":
            told = [(steward, Kind.PERSONA) for steward in stewards if steward != fact.by]
        case _:
            told = [(steward, Kind.MILESTONE) for steward in stewards if steward != fact.by]
    return [(person, kind) for person, kind in told if person is not None]


def _send_soon() -> None:
    from .tasks import send_notices

    send_notices.enqueue()


def send() -> int:
    """Send what waits; returns how many mails went out. Each is claimed first: a crash loses one, and never doubles one."""
    now, sent = clock.now(), 0
    open_ones = Notice.objects.filter(sent_at__isnull=True, dropped_at__isnull=True)
    open_ones.filter(made_at__lt=now - timedelta(hours=STALE_HOURS)).update(dropped_at=now)
    waiting = open_ones.filter(
        Q(claimed_at__isnull=True) | Q(error__gt="", attempts__lt=ATTEMPTS, claimed_at__lt=now - AGAIN_AFTER)
    )
    for pk in list(waiting.order_by("made_at", "pk").values_list("pk", flat=True)[:BATCH]):
        if waiting.filter(pk=pk).update(claimed_at=now, error=""):
            sent += _send(pk)
    return sent


def _send(pk: uuid.UUID) -> int:
    notice = Notice.objects.select_related("person__account", "person__community").get(pk=pk)
    mail = letter(notice)
    rows = Notice.objects.filter(pk=pk)
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


def letter(notice: Notice) -> EmailMultiAlternatives | None:
    """The mail in its reader's language, or None where it has nobody to go to, or what it tells of is over."""
    person = notice.person
    account = person.account
    belongs = Membership.objects.active().filter(person=person, paused_at__isnull=True).first()
    if account is None or not account.is_active or belongs is None:
        return None
    community = person.community
    with translation.override(account.language or community.language):
        words = _words(notice, person)
        if words is None:
            return None
        subject, lead, quote, tail = words
        context = {
            "subject": subject,
            "lead": lead,
            "quote": quote,
            "name": person.name,
            "community": community,
            "url": f"{settings.MILEPOST_URL}/c/{community.slug}/{tail}",
        }
        mail = EmailMultiAlternatives(
            " ".join(subject.split()),
            render_to_string("paths/mail/notice.txt", context).strip() + "\n",
            to=[account.email],
        )
        mail.attach_alternative(render_to_string("paths/mail/notice.html", context), "text/html")
    return mail


def _words(notice: Notice, person: Person) -> tuple[str, str, str, str] | None:
    """(subject, first sentence, what the other wrote, where it is done), while it is still so."""
    if notice.kind in {Kind.ASKED, Kind.AGREED}:
        return _of_meeting(notice)
    if notice.kind == Kind.MENTORING:
        return _of_mentoring(notice, person)
    return _of_proposal(notice, person)


def _of_meeting(notice: Notice) -> tuple[str, str, str, str] | None:
    found = Introduction.objects.filter(pk=notice.about).select_related("asker", "asked").first()
    if found is None:
        return None
    if notice.kind == Kind.ASKED:
        if found.agreed_at or found.declined_at:
            return None
        return (
            _("%(name)s would like to meet you") % {"name": found.asker.name},
            _("You can say yes or no. Only if you say yes, you see each other's mail address."),
            found.words,
            "meetings/",
        )
    return (
        _("%(name)s would like to meet you, too") % {"name": found.asked.name},
        _("You asked, and the answer is yes. You find each other's mail address on the page of your meetings."),
        "",
        "meetings/",
    )


def _of_mentoring(notice: Notice, person: Person) -> tuple[str, str, str, str] | None:
    found = Mentoring.objects.going().filter(pk=notice.about).select_related("mentor", "mentee").first()
    if found is None:
        return None
    if found.mentor_id == person.pk:
        subject = _("%(name)s would like your help for a while")
    else:
        subject = _("%(name)s would like to help you for a while")
    return (
        subject % {"name": found.other_than(person).name},
        _("Choose together when you talk next, and put it on your calendar."),
        "",
        "meetings/",
    )


def _of_proposal(notice: Notice, person: Person) -> tuple[str, str, str, str] | None:
    actor = Actor.of(person)
    if notice.kind == Kind.PERSONA:
        persona = Persona.objects.proposed().filter(pk=notice.about).first()
        if persona is None or not can(actor, "personas.write"):
            return None
        return (
            _("Proposed: the persona “%(name)s”") % {"name": persona.name},
            _("A member described someone whom the community is for. Read it, and adopt it or say why not."),
            persona.story[:400],
            f"personas/{persona.slug}/",
        )
    stone = Milestone.objects.proposed().filter(pk=notice.about).first()
    if stone is None or not can(actor, "paths.write"):
        return None
    return (
        _("Proposed: the milestone “%(name)s”") % {"name": stone.name},
        _("A member said which milestone is missing. Adopt it, or decline it and say why."),
        stone.why[:400],
        "desk/milestones/?show=proposed",
    )
