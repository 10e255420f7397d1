"""Channels become spaces: read only, and private ones for their members alone."""

from __future__ import annotations

from django.utils.text import slugify

from milepost.domain.spaces.models import Space, SpaceMember
from milepost.foundation.common.clock import now
from milepost.foundation.identity.models import Community
from milepost.outward.connectors.records import ChannelRecord

from .people import People

SLUG = 80


class Spaces:
    """The spaces of one source in one community, by the channels' keys. Holds one short entry a channel."""

    def __init__(self, community: Community, source: str) -> None:
        self.community, self.source = community, source
        self.ids: dict[str, str] = {}
        self.created = 0
        rows = Space.objects.filter(community=community, source=source).values_list("source_key", "id")
        self.ids.update((key, pk.hex) for key, pk in rows)
        self.next: dict[str, int] = {}
        self.slugs = set(Space.objects.filter(community=community).values_list("slug", flat=True))

    def meet(self, records: list[ChannelRecord], people: People) -> None:
        """Make the spaces that are new and add the members of private ones."""
        fresh = [r for r in {r.key: r for r in records}.values() if r.key not in self.ids]
        made = [self._space(record) for record in fresh]
        Space.objects.bulk_create(made)
        for space in made:
            self.ids[space.source_key] = space.pk.hex
        self.created += len(made)
        inside = [
            SpaceMember(community=self.community, space_id=self.ids[record.key], person_id=known.person)
            for record in records
            if record.kind != "open" and record.members
            for known in (people.get(key) for key in dict.fromkeys(record.members))
            if known
        ]
        if inside:
            SpaceMember.objects.bulk_create(inside, ignore_conflicts=True)

    def _space(self, record: ChannelRecord) -> Space:
        return Space(
            community=self.community,
            slug=self._slug(record.name or record.key),
            name=(record.name or record.key)[:120],
            purpose=record.purpose[:400],
            kind=Space.Kind.MEMBERS if record.kind == "open" else Space.Kind.PRIVATE,
            source=self.source,
            source_key=record.key[:200],
            read_only_at=now(),
            created_at=record.created_at or now(),
        )

    def _slug(self, name: str) -> str:
        base = slugify(name)[: SLUG - 8] or "space"
        slug = base
        while slug in self.slugs:
            # Of 100,000 channels with one name, each is tried once.
            self.next[base] = n = self.next.get(base, 1) + 1
            slug = f"{base}-{n}"
        self.slugs.add(slug)
        return slug
