"""Who the people of an attendance file are here, and how that is known: by a few queries, however many they are."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.db.models.functions import Lower
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from milepost.domain.events.models import Event, Registration
from milepost.domain.people.erasure import is_erased_many
from milepost.foundation.identity.models import Identity, Person

from .reading import Attendee, folded

REASONS: dict[str, str | Promise] = {
    "confirmed_mail": _("the same confirmed mail address"),
    "known_mail": _("the same mail address, as known here"),
    "registered_name": _("the same name as someone who is registered"),
    "member_name": _("the same name as one member: look whether it is them"),
    "guest": _("nobody here yet: comes in as a guest"),
    "nobody": _("nobody here has this name, and there is no address"),
    "several": _("several people here have this name"),
    "erased": _("was erased here and is not brought back"),
}
SURE = frozenset({"confirmed_mail", "known_mail", "registered_name", "guest"})
"""What is taken without a steward's tick."""


@dataclass(frozen=True, slots=True)
class Match:
    person: uuid.UUID | None
    reason: str

    @property
    def is_sure(self) -> bool:
        return self.reason in SURE


def match(event: Event, attendees: list[Attendee], source: str) -> list[Match]:
    """For each attendee, in their order. One person of the community is matched by one attendee at most; the surest has them."""
    community = event.community_id
    mails = [a.mail for a in attendees if a.mail]
    names = {a.name for a in attendees}
    confirmed = by_confirmed_mail(community, mails)
    known = by_known_mail(community, mails)
    registered = by_name(Registration.objects.filter(event=event).values_list("person__name", "person"))
    members = by_name(
        Person.objects.claimed()
        .listed()
        .filter(community=community)
        .annotate(low=Lower("name"))
        .filter(low__in={name.lower() for name in names} | {folded(name) for name in names})
        .values_list("name", "pk")
    )
    erased = is_erased_many(event.community, source, mails) | is_erased_many(event.community, "guest", mails)
    found = [_one(a, confirmed, known, registered, members, erased) for a in attendees]
    # Two names on one screen are two people, but never the same one twice.
    taken = Counter(m.person for m in found if m.person is not None)
    return [
        Match(None, "several") if m.person and taken[m.person] > 1 and m.reason.endswith("_name") else m for m in found
    ]


def _one(
    attendee: Attendee,
    confirmed: dict[str, uuid.UUID],
    known: dict[str, uuid.UUID],
    registered: dict[str, set[uuid.UUID]],
    members: dict[str, set[uuid.UUID]],
    erased: set[str],
) -> Match:
    if attendee.mail in erased:
        return Match(None, "erased")
    if attendee.mail in confirmed:
        return Match(confirmed[attendee.mail], "confirmed_mail")
    if attendee.mail in known:
        return Match(known[attendee.mail], "known_mail")
    name = folded(attendee.name)
    for reason, people in (("registered_name", registered), ("member_name", members)):
        same = people.get(name, set())
        if len(same) == 1:
            return Match(next(iter(same)), reason)
        if len(same) > 1:
            return Match(None, "several")
    return Match(None, "guest" if attendee.mail else "nobody")


def by_confirmed_mail(community: uuid.UUID, mails: list[str]) -> dict[str, uuid.UUID]:
    """Lower-case address -> the member who signs in with it, for those that they have confirmed."""
    found: dict[str, uuid.UUID] = {}
    for some in _pieces(mails):
        accounts = EmailAddress.objects.annotate(low=Lower("email")).filter(low__in=some, verified=True)
        rows = Person.objects.present().filter(community=community, account__in=accounts.values("user"))
        people = {account: pk for account, pk in rows.values_list("account", "pk") if account is not None}
        for low, user in accounts.values_list("low", "user"):
            if user in people:
                found[low] = people[user]
    return found


def by_known_mail(community: uuid.UUID, mails: list[str]) -> dict[str, uuid.UUID]:
    """Lower-case address -> whom an identity from some system has it for."""
    found: dict[str, uuid.UUID] = {}
    for some in _pieces(mails):
        rows = Identity.objects.filter(
            community=community, mail__in=some, is_bot=False, person__erased_at__isnull=True,
            person__merged_into__isnull=True,
        ).order_by("-created_at")  # fmt: skip
        found.update(rows.values_list("mail", "person"))
    return found


def by_name(rows: object) -> dict[str, set[uuid.UUID]]:
    """Folded name -> everyone of these (name, person) who has it."""
    found: dict[str, set[uuid.UUID]] = {}
    for name, person in rows:  # type: ignore[attr-defined]
        found.setdefault(folded(name), set()).add(person)
    return found


def _pieces(words: list[str]) -> list[list[str]]:
    # SQLite allows 32,766 variables.
    return [words[n : n + 10_000] for n in range(0, len(words), 10_000)]
