"""Who comes: answers, places, the waiting list, guests and invitations.

Every change of who has a place holds the event's row to the end of its transaction, so that two who want the last place at once
come one after the other, and the waiting list moves up exactly as far as there is room.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping, Sequence

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from milepost.domain.people.erasure import is_erased_many
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import local_identity, record, retract
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.identity.models import Community, Identity, Membership, Person

from . import notices
from .authority import By, actor_of, may, member
from .models import Event, Notice, Registration

GUEST = "guest"
"""The source of identities of those who registered without an account; their key is the mail address."""
Answer = Registration.Answer
Kind = Notice.Kind
ASKED_AT_ONCE = 100
"""Addresses in one invitation."""
MEMBERS_AT_ONCE = 500
"""Whose invitations are written down by one statement."""


def locked(event: Event) -> Event:
    """The event as it is now, held until the end of the transaction."""
    return Event.objects.select_for_update(of=("self",)).select_related("community").get(pk=event.pk)


def register(
    *, event: Event, by: By, answer: str = Answer.GOING, replies: Mapping[str, str] | None = None
) -> Registration:
    """A member says that they come, may come, or do not. Going to a full event is waiting for a place.

    Records `event.registered` when they have a place. Raises DomainError for an event that is over, cancelled, not announced
    or not theirs to see, and for questions left open.
    """
    actor = actor_of(by)
    person = member(actor, "events.register", event.community)
    if not Event.objects.visible_to(actor).filter(pk=event.pk).exists():
        raise NotAllowed(_("You cannot see this event."))
    return answered(event, person, answer, replies)


def answered(
    event: Event, person: Person, answer: str, replies: Mapping[str, str] | None = None, *, quietly: bool = False
) -> Registration:
    """The person's answer, however it came; permission was asked before."""
    if answer not in {Answer.GOING, Answer.MAYBE, Answer.DECLINED}:
        raise DomainError(_("Say whether you come, may come, or do not come."))
    with transaction.atomic():
        event = locked(event)
        must_take_registrations(event)
        checked = _replies(event, replies) if answer == Answer.GOING and replies is not None else None
        if answer == Answer.GOING:
            return place(event, person, replies=checked, quietly=quietly)
        row = Registration.objects.select_for_update().filter(event=event, person=person).first()
        if row is None:
            if answer == Answer.DECLINED:
                raise DomainError(_("You are not registered."))
            row = Registration(event=event, person=person, community_id=event.community_id)
        _give_up(event, row, answer)
        return row


def must_take_registrations(event: Event) -> None:
    if event.is_cancelled:
        raise DomainError(_("“%(event)s” is cancelled.") % {"event": event.title}, event.cancel_reason)
    if event.is_over or event.backfilled:
        raise DomainError(_("“%(event)s” is over.") % {"event": event.title}, _("Look at what comes next."))
    if not event.is_published:
        raise DomainError(_("“%(event)s” is not announced yet.") % {"event": event.title})


def _replies(event: Event, given: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for question in event.questions:
        words = str(given.get(question["key"], "")).replace("\0", "").strip()[:2_000]
        if question["required"] and not words:
            raise DomainError(_("Please answer: %(question)s") % {"question": question["question"]})
        if words:
            found[question["key"]] = words
    return found


def place(
    event: Event, person: Person, *, replies: dict[str, str] | None = None, quietly: bool = False
) -> Registration:
    """Give the person a place, or one on the waiting list. The caller's transaction holds the event's row, or has just made it.

    `quietly`: no mail, as for the events of a series after the first. Who has a place keeps it.
    """
    row = Registration.objects.select_for_update().filter(event=event, person=person).first()
    if row is None:
        row = Registration(event=event, person=person, community_id=event.community_id, answer=Answer.INVITED)
    if replies is not None:
        row.replies = replies
    if row.answer == Answer.GOING:
        row.save()
        return row
    full = event.capacity is not None and (
        event.registrations.placed().count() >= event.capacity or event.registrations.waiting().exists()
    )
    row.answer, row.answered_at = Answer.GOING, clock.now()
    row.waiting_since, row.placed_at = (clock.now(), None) if full else (None, clock.now())
    row.save()
    if full:
        notices.tell(row, Kind.WAITING, about=_stamp(row), quietly=quietly)
    else:
        _tell_log(row)
        notices.tell(row, Kind.REGISTERED, about=_stamp(row), quietly=quietly)
    return row


def _stamp(row: Registration) -> str:
    """Someone who comes back hears of it again."""
    return f"{row.answered_at:%Y%m%d%H%M%S%f}"


def identity_of(person: Person) -> Identity:
    """Under which identity the person acts: guests as guests, others as they are here."""
    if person.account_id is None:
        found = Identity.objects.filter(person=person).order_by("source", "pk").first()
        if found is not None:
            return found
    return local_identity(person)


def _key(row: Registration) -> str:
    return f"event.registered:{row.pk}"


def _tell_log(row: Registration) -> None:
    record(
        "event.registered",
        community=row.event.community,
        by=identity_of(row.person),
        obj=row.event,
        space_id=row.event.space_id,
        source_key=_key(row),
    )


def _take_back(row: Registration) -> None:
    """The registration's activities that stand are taken back: it counts no longer."""
    keys = Activity.objects.filter(community_id=row.community_id, source="milepost", source_key__startswith=_key(row))
    for activity in keys.filter(verb="event.registered", retraction__isnull=True).select_related(
        "identity", "community"
    ):
        retract(activity, by=activity.identity, reason="unregistered")


def _give_up(event: Event, row: Registration, answer: str) -> None:
    """Another answer than going: a place that was held is free, and whoever waits longest has it."""
    held = row.has_place and row.answer == Answer.GOING and row.placed_at is not None
    row.answer, row.answered_at = answer, clock.now()
    row.waiting_since = row.placed_at = None
    row.save()
    if held:
        _take_back(row)
        record(
            "event.unregistered",
            community=event.community,
            by=identity_of(row.person),
            obj=event,
            space_id=event.space_id,
        )
    fill_places(event)


def unregister(*, event: Event, person: Person, by: By | None) -> None:
    """Take a registration back: one's own, or as a host anyone's. Who waits longest moves up. Twice changes nothing.

    Records `event.unregistered`, and takes `event.registered` back.
    """
    asking = actor_of(by).person if by is not None else None
    if asking is None or asking.pk != person.pk:
        may(by, "events.host", event.community, event)
    withdrawn(event, person)


def withdrawn(event: Event, person: Person) -> None:
    """The same, for whoever was asked before."""
    with transaction.atomic():
        event = locked(event)
        row = Registration.objects.select_for_update().filter(event=event, person=person).first()
        if row is None or row.answer == Answer.DECLINED:
            return
        if event.has_begun:
            raise DomainError(_("“%(event)s” has begun.") % {"event": event.title})
        _give_up(event, row, Answer.DECLINED)


def fill_places(event: Event) -> list[Registration]:
    """Move the waiting list up as far as there is room; returns who has a place now. The caller holds the event's row.

    Where there are fewer places than people (the number was lowered), nobody loses theirs and nobody moves up.
    """
    if event.is_cancelled or event.has_begun:
        return []
    waiting = event.registrations.waiting().select_related("person", "event", "event__community")
    if event.capacity is not None:
        waiting = waiting[: max(0, event.capacity - event.registrations.placed().count())]
    moved = list(waiting)
    for row in moved:
        row.waiting_since, row.placed_at = None, clock.now()
        row.save(update_fields=["waiting_since", "placed_at"])
        _tell_log(row)
        notices.tell(row, Kind.PLACED, about=_stamp(row))
    return moved


# --- guests -----------------------------------------------------------------------------------------


def register_guest(*, event: Event, name: str, mail: str, replies: Mapping[str, str] | None = None) -> Registration:
    """Someone without an account comes to a public event. The mail that they get lets them change their mind.

    The address is not proven: a second registration with it changes nothing but for the mail sent again, so that nobody
    reads or changes another's answers. Members are told to sign in, by that mail. Raises DomainError as `register` does.
    """
    if event.audience != Event.Audience.PUBLIC or not event.community.is_public or event.space_id is not None:
        raise NotAllowed(_("This event is for members."))
    with transaction.atomic():
        event = locked(event)
        must_take_registrations(event)
        person = guest(event.community, name=name, mail=mail)
        there = Registration.objects.filter(event=event, person=person).exclude(answer=Answer.INVITED).first()
        if there is not None and there.answer == Answer.GOING:
            kind = Kind.WAITING if there.is_waiting else Kind.REGISTERED
            notices.tell(there, kind, about=f"{clock.now():%Y%m%d%H}")
            return there
        return place(event, person, replies=_replies(event, replies or {}))


def guest(community: Community, *, name: str, mail: str, source: str = GUEST) -> Person:
    """The person with this address here: a member with a confirmed one, a guest known before, or a new guest."""
    name, mail = " ".join(name.replace("\0", "").split())[:120], mail.strip().lower()
    try:
        validate_email(mail)
    except ValidationError as error:
        raise DomainError(_("“%(mail)s” is no mail address.") % {"mail": mail[:80]}) from error
    if not name:
        raise DomainError(_("Please say your name."))
    if (known := known_by_mail(community, mail)) is not None:
        return known
    person = Person.objects.create(community=community, name=name)
    Identity.objects.create(community=community, person=person, source=source, source_key=mail, name=name, mail=mail)
    return person


def known_by_mail(community: Community, mail: str) -> Person | None:
    """The member whose confirmed address it is, or else whoever is known here under it."""
    account = EmailAddress.objects.filter(email__iexact=mail, verified=True).values("user")
    members = Person.objects.present().filter(community=community, account__in=account)
    if (found := members.first()) is not None:
        return found
    known = Identity.objects.filter(community=community, mail=mail.lower(), is_bot=False).order_by("created_at")
    row = (
        known.filter(person__erased_at__isnull=True, person__merged_into__isnull=True).select_related("person").first()
    )
    return row.person if row else None


# --- invitations ------------------------------------------------------------------------------------


def invite_members(*, event: Event, by: By, people: QuerySet[Person]) -> int:
    """A host asks members to come, as many as they are; each with an account gets one invitation. Returns to how many it goes.

    Whoever has answered or was asked already is left in peace; who does not belong to the event's community now, is not asked.
    """
    may(by, "events.host", event.community, event)
    must_take_registrations(event)
    belong = Membership.objects.active().filter(community=event.community_id, paused_at__isnull=True)
    asked = (
        people.filter(community=event.community_id, kind=Person.Kind.HUMAN, account__isnull=False)
        .filter(pk__in=belong.values("person"))
        .values_list("pk", flat=True)
    )
    # Each some hundred in a transaction of their own: short, and cut off in between it is done again for the rest.
    return sum(_invite_some(event, some) for some in itertools.batched(list(asked), MEMBERS_AT_ONCE))


def _invite_some(event: Event, people: Sequence[uuid.UUID]) -> int:
    with transaction.atomic():
        event = locked(event)
        must_take_registrations(event)
        known = set(Registration.objects.filter(event=event, person__in=people).values_list("person", flat=True))
        new = [person for person in people if person not in known]
        Registration.objects.bulk_create(
            Registration(event=event, person_id=person, community_id=event.community_id, answer=Answer.INVITED)
            for person in new
        )
        notices.tell_all(event, Kind.INVITED, rows=Q(person__in=new))
    return len(new)


def invite(*, event: Event, by: By, mails: list[str]) -> list[Registration]:
    """A host asks people to come, by mail, members or not; each gets an invitation that calendars understand.

    Whoever has answered already is left in peace. Raises DomainError for an address that is none, and more than a hundred.
    """
    may(by, "events.host", event.community, event)
    wanted = list(dict.fromkeys(mail.strip().lower() for mail in mails if mail.strip()))
    if len(wanted) > ASKED_AT_ONCE:
        raise DomainError(_("At most %(most)d addresses at once.") % {"most": ASKED_AT_ONCE})
    # Who was erased here is not brought back by others; they may come by themselves.
    erased = is_erased_many(event.community, GUEST, wanted)
    with transaction.atomic():
        event = locked(event)
        must_take_registrations(event)
        asked = []
        for mail in (mail for mail in wanted if mail not in erased):
            person = guest(event.community, name=mail.partition("@")[0], mail=mail)
            row, new = Registration.objects.get_or_create(
                event=event,
                person=person,
                defaults={"community_id": event.community_id, "answer": Answer.INVITED},
            )
            if new:
                notices.tell(row, Kind.INVITED)
                asked.append(row)
        return asked


def mail_of(person: Person) -> str:
    """Where mail about events goes: the account's address, or the one a guest gave. Empty for who has neither, or left."""
    if person.erased_at is not None or person.merged_into_id is not None:
        return ""
    if person.account is not None:
        belongs = Membership.objects.active().filter(person=person).exists()
        return person.account.email if belongs and person.account.is_active else ""
    row = Identity.objects.filter(person=person).exclude(mail="").order_by("created_at").first()
    return row.mail if row else ""
