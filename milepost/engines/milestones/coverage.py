"""What to make next: for each milestone how many people wait before it, and what there is that helps them."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from milepost.domain.paths.models import Milestone
from milepost.foundation.identity.models import Community

from .helping import KINDS, everything
from .waiting import STALLED, Waiting, waiting

SECONDS = 60
"""How old the page's counts may be."""

WAITING = _(
    "Active members who have claimed themselves and have this milestone next: the first that they have not reached on the path "
    "of the persona they chose (of each, if they chose several), or on the whole way. Small steps and secret milestones are "
    "left out."
)
STALLED_MEANS = _(
    "Those of them who have stood there for more than %(days)d days: since the last milestone that they reached, or since they "
    "joined."
)
HELPS_MEANS = _(
    "Published resources, coming events and open ways to take part that say they help with this milestone. What is "
    "withdrawn, over or taken does not count."
)
STALLED_DAYS = STALLED.days


@dataclass(frozen=True, slots=True)
class Covered:
    """One milestone. `helps`: how many things of each kind (`helping.Kind.key`) help with it."""

    id: uuid.UUID
    slug: str
    name: str
    waiting: int
    stalled: int
    helps: dict[str, int] = field(default_factory=dict)

    @property
    def helped(self) -> int:
        return sum(self.helps.values())

    @property
    def is_bare(self) -> bool:
        """Nothing helps with it yet."""
        return self.helped == 0


def coverage(community: Community) -> list[Covered]:
    """Every milestone on the way: where most people wait comes first, and among equals what has least. At most a minute old."""
    key = f"coverage:{community.pk}"
    found: list[Covered] | None = cache.get(key)
    if found is None:
        found = work_out(community)
        cache.set(key, found, SECONDS)
    return found


def forget(community: Community) -> None:
    """Let the next page count anew: whoever just published something wants to see it."""
    cache.delete(f"coverage:{community.pk}")


def work_out(community: Community) -> list[Covered]:
    """From the tables, by two queries and one for each kind of thing that helps."""
    helps: defaultdict[uuid.UUID, Counter[str]] = defaultdict(Counter)
    for stone, one in everything(community):
        helps[stone][one.kind.key] += 1
    people = waiting(community)
    nobody = Waiting(0, 0)
    rows = [
        Covered(
            id=ident,
            slug=slug,
            name=name,
            waiting=people.get(ident, nobody).people,
            stalled=people.get(ident, nobody).stalled,
            helps={kind.key: helps[ident][kind.key] for kind in KINDS},
        )
        for ident, slug, name in Milestone.objects.pursued()
        .of_life()
        .filter(community=community, is_secret=False)
        .order_by("position", "name")
        .values_list("pk", "slug", "name")
    ]
    return sorted(rows, key=lambda row: (-row.waiting, row.helped))


def bare(community: Community) -> list[Covered]:
    """Those that nothing helps with, where most people wait first."""
    return [row for row in coverage(community) if row.is_bare]
