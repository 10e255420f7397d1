"""Which people may be one: the same confirmed-looking mail, the same name in two sources, the same handle.

Set-based: the database compares mails and handles; names are folded in Python (accents, case, spaces), streamed once to
count and once to keep what is neither alone nor too common. At most `MOST` suggestions stand, the strongest.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from hashlib import blake2b
from itertools import combinations
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict
from milepost.foundation.identity.models import Community, Identity, MergeSuggestion, Person

from .authority import check

MOST = 1_000
SHARED_MAIL = 3
"""An address that more people share is a role's (info@, board@), not a person's."""
COMMON_NAME = 3
"""A name that more people bear says nothing."""
ALIKE = 0.6
"""How alike two names must be (Ratcliff/Obershelp, 0 to 1) for the same handle to count."""

WEIGHT = {"mail": 90, "name": 55, "handle": 40}
"""Of each reason; a suggestion's score is their sum, at most 99. They rank, and are no probabilities."""

type Pair = tuple[uuid.UUID, uuid.UUID]


def suggest(community: Community) -> int:
    """Work out the suggestions anew; returns how many stand. Run after an import; safe to repeat.

    Only pairs that could be merged: at least one has no sign-in, both are human and present. What a steward dismissed stays
    dismissed; what no longer holds goes.
    """
    reasons: defaultdict[Pair, dict[str, list[str]]] = defaultdict(dict)
    for kind, pairs in (
        ("mail", _by_mail(community)),
        ("name", _by_name(community)),
        ("handle", _by_handle(community)),
    ):
        for pair, sources in pairs:
            reasons[pair][kind] = sources
    scored = sorted(((min(99, sum(WEIGHT[k] for k in found)), pair) for pair, found in reasons.items()), reverse=True)
    dismissed = set(
        MergeSuggestion.objects.filter(community=community, dismissed_at__isnull=False).values_list(
            "one_id", "other_id"
        )
    )
    best = [entry for entry in scored if entry[1] not in dismissed][:MOST]
    now = clock.now()
    with transaction.atomic():
        open_ones = MergeSuggestion.objects.filter(community=community, dismissed_at__isnull=True)
        wanted = {pair for _score, pair in best}
        stale = [s.pk for s in open_ones.only("pk", "one_id", "other_id") if (s.one_id, s.other_id) not in wanted]
        MergeSuggestion.objects.filter(pk__in=stale).delete()
        MergeSuggestion.objects.bulk_create(
            [
                MergeSuggestion(
                    community=community,
                    one_id=pair[0],
                    other_id=pair[1],
                    score=score,
                    reasons=[{"kind": kind, "sources": sources} for kind, sources in reasons[pair].items()],
                    made_at=now,
                )
                for score, pair in best
            ],
            update_conflicts=True,
            unique_fields=["one", "other"],
            update_fields=["reasons", "score"],
            batch_size=500,
        )
    return len(best)


def suggestions(community: Community) -> QuerySet[MergeSuggestion]:
    """What a steward may look at, the strongest first: both still present, not dismissed, still to be merged."""
    present = {
        f"{side}__{field}": True for side in ("one", "other") for field in ("merged_into__isnull", "erased_at__isnull")
    }
    return (
        MergeSuggestion.objects.filter(community=community, dismissed_at__isnull=True, **present)
        .exclude(one__account__isnull=False, other__account__isnull=False)
        .select_related("one", "other")
        .order_by("-score", "pk")
    )


def in_words(suggestion: MergeSuggestion) -> list[str]:
    """Its reasons, as sentences."""
    words = {
        "mail": _("The same mail address in %(sources)s."),
        "name": _("The same name in %(sources)s."),
        "handle": _("The same handle and a similar name in %(sources)s."),
    }
    return [words[r["kind"]] % {"sources": ", ".join(r["sources"])} for r in suggestion.reasons]


def dismiss(*, suggestion: MergeSuggestion, by: Person) -> None:
    """A steward says that the two are not one; it is not suggested again."""
    check(by, "people.link", suggestion.community)
    with transaction.atomic():
        if not MergeSuggestion.objects.filter(pk=suggestion.pk, dismissed_at__isnull=True).update(
            dismissed_at=clock.now()
        ):
            raise Conflict(_("Another steward has decided this meanwhile."))
        people = {"one": ["", str(suggestion.one_id)], "other": ["", str(suggestion.other_id)]}
        trace("suggestion.dismissed", community=suggestion.community, by=by, changes=people)


# --- what is alike ----------------------------------------------------------------------------------


def _identities(community: Community) -> QuerySet[Identity]:
    return Identity.objects.filter(
        community=community,
        is_bot=False,
        person__kind=Person.Kind.HUMAN,
        person__merged_into__isnull=True,
        person__erased_at__isnull=True,
    )


type Seen = tuple[uuid.UUID, bool, str]
"""A person, whether they have a sign-in, and the source of one of their identities."""


def _pairs(alike: Iterable[Seen], most: int, *, across: bool) -> Iterator[tuple[Pair, list[str]]]:
    """The pairs among people who are alike; none where more than `most` are. `across`: only from different sources."""
    people: defaultdict[uuid.UUID, set[str]] = defaultdict(set)
    claimed = {}
    for person, has_account, source in alike:
        people[person].add(source)
        claimed[person] = has_account
    if not 2 <= len(people) <= most:
        return
    for one, other in combinations(sorted(people), 2):
        if claimed[one] and claimed[other]:
            continue
        if across and people[one] & people[other]:
            continue
        yield (one, other), sorted(people[one] | people[other])


def _grouped(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Rows that stand in the order of their first value, those with the same together."""
    group: list[tuple[Any, ...]] = []
    for row in rows:
        if group and group[0][0] != row[0]:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _by_mail(community: Community) -> Iterator[tuple[Pair, list[str]]]:
    identities = _identities(community).exclude(mail="").annotate(low=Lower("mail"))
    known = EmailAddress.objects.filter(verified=True, user__people__community=community).annotate(low=Lower("email"))
    people: defaultdict[str, list[Seen]] = defaultdict(list)
    shared = (
        identities.values("low")
        .annotate(n=Count("person", distinct=True))
        .filter(Q(n__gte=2, n__lte=SHARED_MAIL) | Q(low__in=known.values("low")))
        .values("low")
    )
    for low, person, account, source in (
        identities.filter(low__in=shared).values_list("low", "person_id", "person__account_id", "source").iterator()
    ):
        people[low].append((person, account is not None, source))
    if people:
        mine = known.filter(user__people__merged_into__isnull=True, user__people__erased_at__isnull=True)
        for low, person in mine.values_list("low", "user__people__pk").iterator():
            if low in people:
                people[low].append((person, True, "milepost"))
    for alike in people.values():
        yield from _pairs(alike, SHARED_MAIL, across=False)


def folded(name: str) -> str:
    """A name without accents, case, punctuation; words in alphabetical order, since sources differ in which comes first."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(sorted(letters.split()))


def _telling(name: str) -> bool:
    """Whether a folded name says who someone is: two words, or one that is long or not of an alphabet."""
    return " " in name or len(name) >= 12 or (len(name) >= 2 and not name.isascii())


def _by_name(community: Community) -> Iterator[tuple[Pair, list[str]]]:
    identities = _identities(community).exclude(name="")
    seen: Counter[bytes] = Counter()
    for (name,) in identities.values_list("name").iterator(chunk_size=5_000):
        if _telling(plain := folded(name)):
            seen[_hash(plain)] += 1
    several = {key for key, count in seen.items() if count > 1}
    del seen
    people: defaultdict[bytes, list[Seen]] = defaultdict(list)
    rows = identities.values_list("name", "person_id", "person__account_id", "source")
    for name, person, account, source in rows.iterator(chunk_size=5_000):
        if (key := _hash(folded(name))) in several:
            people[key].append((person, account is not None, source))
    for alike in people.values():
        yield from _pairs(alike, COMMON_NAME, across=True)


def _hash(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=8).digest()


def _by_handle(community: Community) -> Iterator[tuple[Pair, list[str]]]:
    identities = _identities(community).exclude(handle="").annotate(low=Lower("handle"))
    shared = (
        identities.values("low")
        .annotate(n=Count("person", distinct=True))
        .filter(n__gte=2, n__lte=COMMON_NAME)
        .values("low")
    )
    rows = (
        identities.filter(low__in=shared)
        .order_by("low")
        .values_list("low", "person_id", "person__account_id", "source", "name")
    )
    for group in _grouped(rows.iterator()):
        if len(group[0][0]) < 4:
            continue
        names = {person: folded(name) for _low, person, _account, _source, name in group}
        alike = [(person, account is not None, source) for _low, person, account, source, _name in group]
        for pair, sources in _pairs(alike, COMMON_NAME, across=True):
            if _similar(names[pair[0]], names[pair[1]]):
                yield pair, sources


def _similar(one: str, other: str) -> bool:
    if not one or not other:
        return True
    return set(one.split()) & set(other.split()) != set() or SequenceMatcher(None, one, other).ratio() >= ALIKE
