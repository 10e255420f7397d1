"""What helps with a milestone: everything of the community that says so of itself, whatever app it lives in.

Pages show it beside the next stone, coverage counts it, and lift asks what came of using it. A further kind is one more entry
of `KINDS`.
"""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from milepost.domain.events.models import Event
from milepost.domain.resources.models import Completion, Resource
from milepost.domain.work.models import Opportunity
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Community

type Rows = QuerySet[Any, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that can help.

    `rows` of an actor (or, for counting, of the whole community) have: milestone, id, key, title, text, minutes, starts_at.
    `ever` is all that people may have used, also what is over or withdrawn; its `whole` is the same for what belongs together,
    such as the dates of a series.
    """

    key: str
    label: str | Promise
    """Of one."""
    plural: str | Promise
    permission: str
    """Whoever lacks it is shown none of them."""
    used: str
    """The verb that somebody's using it writes to the log, with the thing as its object."""
    url_name: str
    """The page of one, by the community's slug and the thing's `key`."""
    rows: Callable[[Community, Actor | None], Rows]
    ever: Callable[[Community], Rows]


@dataclass(frozen=True, slots=True)
class Used:
    """Something that people used, or could have: with the ids under which the log knows it."""

    kind: Kind
    key: str
    title: str
    objects: tuple[uuid.UUID, ...]


@dataclass(frozen=True, slots=True)
class Help:
    """One thing that helps with a milestone, as the reader may see it."""

    kind: Kind
    id: uuid.UUID
    key: str
    title: str
    text: str = ""
    minutes: int | None = None
    starts_at: datetime.datetime | None = None
    """Of a gathering."""


def helping(
    actor: Actor, milestones: Collection[uuid.UUID], *, at_most: int | None = None
) -> dict[uuid.UUID, list[Help]]:
    """For each milestone what helps with it and the actor may use, `at_most` so much of each kind. One query a kind."""
    found: dict[uuid.UUID, list[Help]] = {ident: [] for ident in milestones}
    if not found:
        return found
    for kind in KINDS:
        if not can(actor, kind.permission):
            continue
        given: defaultdict[uuid.UUID, int] = defaultdict(int)
        for row in kind.rows(actor.community, actor).filter(milestone__in=list(found)):
            given[row["milestone"]] += 1
            if at_most is None or given[row["milestone"]] <= at_most:
                found[row["milestone"]].append(_help(kind, row))
    return found


def everything(community: Community) -> Iterator[tuple[uuid.UUID, Help]]:
    """(milestone, what helps with it) of the whole community, whoever may use it. One query a kind."""
    for kind in KINDS:
        for row in kind.rows(community, None):
            yield row["milestone"], _help(kind, row)


def ever(community: Community, milestone: uuid.UUID) -> list[Used]:
    """What helps or helped with a milestone, by title. One query a kind."""
    found: dict[tuple[str, uuid.UUID], Used] = {}
    for kind in KINDS:
        for row in kind.ever(community).filter(milestone=milestone):
            place = (kind.key, row["whole"])
            before = found.get(place)
            objects = (*(before.objects if before else ()), row["id"])
            # The last one gives the name and the page.
            found[place] = Used(kind, str(row["key"]), row["title"], objects)
    return sorted(found.values(), key=lambda used: used.title)


def kind_of(key: str) -> Kind | None:
    return next((kind for kind in KINDS if kind.key == key), None)


def _help(kind: Kind, row: dict[str, Any]) -> Help:
    return Help(
        kind=kind,
        id=row["id"],
        key=str(row["key"]),
        title=row["title"],
        text=row.get("text", ""),
        minutes=row.get("minutes"),
        starts_at=row.get("starts_at"),
    )


def _resources(community: Community, actor: Actor | None) -> Rows:
    """Published ones; what most people finished comes first."""
    found = Resource.objects.open_to(actor) if actor else Resource.objects.published().filter(community=community)
    finished = Completion.objects.filter(resource=OuterRef("pk")).order_by().values("resource").annotate(n=Count("*"))
    return (
        found.annotate(milestone=F("milestones"), finished=Coalesce(Subquery(finished.values("n")), 0))
        .filter(milestone__isnull=False)
        .order_by("-finished", "title")
        .values("milestone", "id", "title", "minutes", key=F("slug"), text=F("summary"))
    )


def _resources_ever(community: Community) -> Rows:
    found = Resource.objects.filter(community=community, published_at__isnull=False)
    return (
        found.annotate(milestone=F("milestones"))
        .filter(milestone__isnull=False)
        .order_by("pk")
        .values("milestone", "id", "title", key=F("slug"), whole=F("pk"))
    )


def _opportunities(community: Community, _actor: Actor | None) -> Rows:
    """Open ones with room; the next to end comes first."""
    found = Opportunity.objects.here(community).open_on(clock.today(community.time_zone)).counted().with_room()
    return (
        found.filter(milestone__isnull=False)
        .order_by(F("until").asc(nulls_last=True), "title")
        .values("milestone", "id", "title", "text", key=F("slug"), minutes=F("effort"))
    )


def _opportunities_ever(community: Community) -> Rows:
    found = Opportunity.objects.here(community).filter(milestone__isnull=False).order_by("pk")
    return found.values("milestone", "id", "title", key=F("slug"), whole=F("pk"))


def _events(community: Community, actor: Actor | None) -> Rows:
    """Those to come, the next one first; of a series only the next."""
    found = Event.objects.visible_to(actor) if actor else Event.objects.filter(community=community)
    coming = Event.objects.taking_place().to_come()
    sooner = coming.filter(series=OuterRef("series"), starts_at__lt=OuterRef("starts_at"))
    return (
        found.taking_place()
        .to_come()
        .filter(~Exists(sooner))
        .annotate(milestone=F("milestone_links__milestone"))
        .filter(milestone__isnull=False)
        .order_by("starts_at", "title")
        .values("milestone", "id", "title", "starts_at", key=F("pk"), text=F("summary"))
    )


def _events_ever(community: Community) -> Rows:
    found = Event.objects.taking_place().filter(community=community).order_by("starts_at")
    return (
        found.annotate(milestone=F("milestone_links__milestone"))
        .filter(milestone__isnull=False)
        .values("milestone", "id", "title", key=F("pk"), whole=Coalesce("series_id", "pk"))
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        key="event",
        label=_("event"),
        plural=_("Events"),
        permission="events.view",
        used="event.attended",
        url_name="event",
        rows=_events,
        ever=_events_ever,
    ),
    Kind(
        key="resource",
        label=_("resource"),
        plural=_("Resources"),
        permission="resources.view",
        used="resource.finished",
        url_name="resource",
        rows=_resources,
        ever=_resources_ever,
    ),
    Kind(
        key="opportunity",
        label=_("way to take part"),
        plural=_("Ways to take part"),
        permission="opportunities.view",
        used="opportunity.finished",
        url_name="opportunity",
        rows=_opportunities,
        ever=_opportunities_ever,
    ),
)
