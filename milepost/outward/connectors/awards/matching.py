"""Who the members that a file of awards names are here, and how that is known: by a few queries, however many they are."""

from __future__ import annotations

import string
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models.functions import Lower
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from milepost.domain.people.erasure import is_erased_many
from milepost.foundation.identity.models import Community, Identity, Person
from milepost.outward.connectors.attendance.matching import by_confirmed_mail, by_known_mail, by_name
from milepost.outward.connectors.attendance.reading import folded

REASONS: dict[str, str | Promise] = {
    "confirmed_mail": _("the same confirmed mail address"),
    "known_mail": _("the same mail address, as known here"),
    "handle": _("the same @name"),
    "identity": _("the same account in another system"),
    "chosen": _("chosen by a steward"),
    "member_name": _("the same name as one member: look whether it is them"),
    "several": _("several people here have this name"),
    "nobody": _("nobody here is known by this"),
    "erased": _("was erased here and is not brought back"),
}
SURE = frozenset({"confirmed_mail", "known_mail", "handle", "identity", "chosen"})
"""What is taken without a steward's tick."""
_MAIL_SOURCES = ("guest", "mbox", "mail")
AT_ONCE = 5_000
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Match:
    person: uuid.UUID | None
    reason: str

    @property
    def is_sure(self) -> bool:
        return self.reason in SURE


def match(community: Community, words: Iterable[str]) -> dict[str, Match]:
    """For each way in which a member is named (mail address, @name, source:key, name): who that is. Some seven queries."""
    found: dict[str, Match] = {}
    wanted = sorted(set(words))
    for start in range(0, len(wanted), AT_ONCE):
        found |= _Matching(community, wanted[start : start + AT_ONCE]).all()
    return found


class _Matching:
    def __init__(self, community: Community, words: Sequence[str]) -> None:
        self.community, self.words = community, words
        mails = [word.lower() for word in words if _is_mail(word)]
        self.confirmed, self.known = by_confirmed_mail(community.pk, mails), by_known_mail(community.pk, mails)
        self.erased = {mail for source in _MAIL_SOURCES for mail in is_erased_many(community, source, mails)}
        self.identities = self._identities([word for word in words if ":" in word])
        others = [word for word in words if not _is_mail(word)]
        self.handles = self._handles(others)
        self.names = self._names(others)

    def all(self) -> dict[str, Match]:
        return {word: self._one(word) for word in self.words}

    def _one(self, word: str) -> Match:
        if _is_mail(word):
            mail = word.lower()
            if mail in self.erased:
                return Match(None, "erased")
            for reason, people in (("confirmed_mail", self.confirmed), ("known_mail", self.known)):
                if mail in people:
                    return Match(people[mail], reason)
            return Match(None, "nobody")
        if word in self.identities:
            person = self.identities[word]
            return Match(person, "identity" if person else "erased")
        if (person := self.handles.get(word.removeprefix("@").lower())) is not None:
            return Match(person, "handle")
        same = self.names.get(folded(word), set())
        if len(same) == 1:
            return Match(next(iter(same)), "member_name")
        return Match(None, "several" if same else "nobody")

    def _identities(self, words: list[str]) -> dict[str, uuid.UUID | None]:
        """`source:key` -> person; None for one who was erased."""
        by_source: dict[str, list[str]] = {}
        for word in words:
            source, _colon, key = word.partition(":")
            by_source.setdefault(source, []).append(key)
        found: dict[str, uuid.UUID | None] = {}
        for source, keys in by_source.items():
            erased = is_erased_many(self.community, source, keys)
            found |= {f"{source}:{key}": None for key in erased}
            rows = Identity.objects.filter(
                community=self.community, source=source, source_key__in=keys, is_bot=False,
                person__erased_at__isnull=True, person__merged_into__isnull=True,
            )  # fmt: skip
            found |= {f"{source}:{key}": person for key, person in rows.values_list("source_key", "person")}
        return found

    def _handles(self, words: list[str]) -> dict[str, uuid.UUID]:
        wanted = {word.removeprefix("@").lower() for word in words}
        people = Person.objects.present().filter(community=self.community).annotate(low=Lower("handle"))
        return dict(people.filter(low__in=wanted).exclude(handle="").values_list("low", "pk"))

    def _names(self, words: list[str]) -> dict[str, set[uuid.UUID]]:
        # SQLite makes only the letters of ASCII small.
        wanted = {form for word in words for form in (word.lower(), word.translate(_SMALL), folded(word))}
        people = Person.objects.present().filter(community=self.community).annotate(low=Lower("name"))
        return by_name(people.filter(low__in=wanted).values_list("name", "pk"))


def _is_mail(word: str) -> bool:
    return "@" in word[1:] and not word.startswith("@")
