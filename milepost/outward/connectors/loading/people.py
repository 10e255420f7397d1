"""Who the records speak of: identities that are known, those that are new, and those that were erased."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from milepost.foundation.common.bulk import insert_prepared, moment
from milepost.foundation.common.clock import now
from milepost.foundation.common.ids import new_hexes
from milepost.foundation.identity.models import Community, ErasedIdentity, Identity, Membership
from milepost.outward.connectors.records import PersonRecord

KEPT = 200_000
"""Identities held in memory, some 60 MB at the most; beyond that they are asked for again."""


@dataclass(slots=True)
class Known:
    """An identity as the loader needs it: ids in hexadecimal."""

    identity: str
    person: str


@dataclass(slots=True)
class NewPeople:
    """Rows to write for a batch's new people."""

    people: list[tuple[object, ...]] = field(default_factory=list)
    identities: list[tuple[object, ...]] = field(default_factory=list)
    memberships: list[tuple[object, ...]] = field(default_factory=list)
    joined: list[tuple[str, PersonRecord]] = field(default_factory=list)
    """(identity, record) of those who say when they joined."""

    def write(self) -> None:
        insert_prepared("identity_person", _PERSON, self.people)
        insert_prepared("identity_identity", _IDENTITY, self.identities)
        insert_prepared("identity_membership", _MEMBERSHIP, self.memberships)


_PERSON = ("id", "community_id", "kind", "name", "handle", "created_at")
_IDENTITY = (
    "id", "community_id", "person_id", "source", "source_key", "name", "handle", "mail", "is_bot", "attributes", "created_at",
)  # fmt: skip
_MEMBERSHIP = ("id", "community_id", "person_id", "role", "audience", "joined_at", "came_from")


class People:
    """The identities of one source in one community, by their keys there."""

    def __init__(self, community: Community, source: str, *, members: bool) -> None:
        self.community, self.source, self.members = community, source, members
        self.known: dict[str, Known | None] = {}
        self.audiences = set(Membership.Audience.values)

    def get(self, key: str) -> Known | None:
        """None: erased, or never seen."""
        return self.known.get(key)

    def is_erased(self, key: str) -> bool:
        return key in self.known and self.known[key] is None

    def meet(self, records: Iterable[PersonRecord], acted: Iterable[str], named: Iterable[str] = ()) -> NewPeople:
        """Look up everyone a batch names; returns the rows for those who are new. A few queries a batch, whatever its size.

        `acted` did something: without a record they are made from the key alone. `named` were only mentioned: known or not.
        """
        wanted = {r.key: r for r in records}
        for key in acted:
            if key and key not in wanted and key not in self.known:
                wanted[key] = PersonRecord(key)
        only_named = [key for key in named if key not in self.known and key not in wanted]
        unknown = [key for key in wanted if key not in self.known]
        if len(self.known) + len(unknown) > KEPT:
            self.known.clear()
            unknown = list(wanted)
        asked = [*unknown, *only_named]
        found = Identity.objects.filter(community=self.community, source=self.source, source_key__in=asked)
        for key, identity, person in found.values_list("source_key", "id", "person_id"):
            self.known[key] = Known(identity.hex, person.hex)
        missing = [key for key in unknown if key not in self.known]
        erased = self._erased(missing)
        for key in erased:
            self.known[key] = None
        made = {key for key in missing if key not in erased}
        new = self._make([wanted[key] for key in missing if key in made])
        self._belong([r for r in wanted.values() if r.belongs and r.key not in made], new)
        return new

    def _erased(self, keys: list[str]) -> set[str]:
        if not keys or not ErasedIdentity.objects.filter(community=self.community).exists():
            return set()
        digests = {ErasedIdentity.digest_of(self.community, self.source, key): key for key in keys}
        hits = ErasedIdentity.objects.filter(community=self.community, digest__in=list(digests))
        return {digests[digest] for digest in hits.values_list("digest", flat=True)}

    def _belong(self, records: list[PersonRecord], new: NewPeople) -> None:
        """Those who are known from what they did, and whom the source now lists as members."""
        known = {r.key: found for r in records if (found := self.known.get(r.key))}
        if not known:
            return
        people = {found.person for found in known.values()}
        inside = Membership.objects.filter(community=self.community, person__in=[UUID(person) for person in people])
        people -= {pk.hex for pk in inside.values_list("person_id", flat=True)}
        for record in records:
            found = known.get(record.key)
            if found and found.person in people:
                people.discard(found.person)
                new.memberships.append(self._membership(new_hexes(1)[0], found.person, record, moment(now())))
            if found and record.joined_at:
                new.joined.append((found.identity, record))

    def _membership(self, pk: str, person: str, record: PersonRecord, at: str) -> tuple[object, ...]:
        audience = record.audience if record.audience in self.audiences else "member"
        joined = moment(record.joined_at) if record.joined_at else at
        return (pk, self.community.pk.hex, person, "member", audience, joined, self.source)

    def _make(self, records: list[PersonRecord]) -> NewPeople:
        new, community, at = NewPeople(), self.community.pk.hex, moment(now())
        ids = new_hexes(3 * len(records))
        for n, record in enumerate(records):
            person, identity, membership = ids[3 * n : 3 * n + 3]
            name = (record.name or record.handle or record.key)[:120]
            kind = "bot" if record.is_bot else "human"
            new.people.append((person, community, kind, name, "", at))
            attributes = dict(record.attributes, **({"deleted": True} if record.is_deleted else {}))
            new.identities.append(
                (identity, community, person, self.source, record.key[:200], name, record.handle[:120],
                 record.mail[:254].lower(), record.is_bot, json.dumps(attributes), at)
            )  # fmt: skip
            if record.joined_at or record.audience:
                new.joined.append((identity, record))
            if self.members or record.belongs:
                new.memberships.append(self._membership(membership, person, record, at))
            self.known[record.key] = Known(identity, person)
        return new
