"""What rules may ask about events.

    {"attended": "<id of an event or a series>"}                          and when, as for a deed
    {"did": "event.attended", "at_least": 3, "in": {"tag": "workshop"}}
    {"did": "event.attended", "in": {"object": "event:<id>"}}

Tags are the events' own words, their kinds (`workshop`, `meetup`, `call`, `conference`), and `milestone:<slug>` for all that
help with a milestone: so a milestone that is reached by attendance asks for its own tag, and whoever links an event to it
need not touch the rule.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from milepost.domain.paths.models import Milestone
from milepost.foundation.conditions.registry import Choices, object_finder, reference, tag_resolver
from milepost.foundation.conditions.sql import Sql, key

from .models import Event, EventTag, Series

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community

OFFERED = 200
"""Events and series that the editor offers by name, the latest first."""
_HELPS = "milestone:"


def _id(words: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(words)
    except ValueError:
        return None


# --- tags -------------------------------------------------------------------------------------------


def _tagged(community: Community, slug: str) -> Sql | None:
    if slug.startswith(_HELPS):
        stone = Milestone.objects.filter(community=community, slug=slug.removeprefix(_HELPS)).values_list(
            "pk", flat=True
        )
        if (found := stone.first()) is None:
            return None
        return Sql("SELECT l.event_id FROM events_eventmilestone l WHERE l.milestone_id = %s", (key(found),))
    if slug in Event.Kind.values:
        return Sql(
            "SELECT e.id FROM events_event e WHERE e.community_id = %s AND e.kind = %s", (key(community.pk), slug)
        )
    name = slug.casefold()
    if not EventTag.objects.filter(community=community, name=name).exists():
        return None
    return Sql(
        "SELECT t.event_id FROM events_eventtag t WHERE t.community_id = %s AND t.name = %s", (key(community.pk), name)
    )


def _tags(community: Community) -> Choices:
    yield from Event.Kind.choices
    yield from (
        (name, name) for name in EventTag.objects.filter(community=community).values_list("name", flat=True).distinct()
    )
    stones = Milestone.objects.pursued().filter(community=community)
    for slug, name in stones.values_list("slug", "name"):
        yield f"{_HELPS}{slug}", _("helps with “%(milestone)s”") % {"milestone": name}


tag_resolver(_tagged, _tags)


# --- one event, one series --------------------------------------------------------------------------


def _event(community: Community, slug: str) -> uuid.UUID | None:
    ident = _id(slug)
    return Event.objects.filter(community=community, pk=ident).values_list("pk", flat=True).first() if ident else None


object_finder("event", _event)


def _gathering(community: Community, slug: str) -> Event | Series | None:
    ident = _id(slug)
    if ident is None:
        return None
    return (
        Event.objects.filter(community=community, pk=ident).first()
        or Series.objects.filter(community=community, pk=ident).first()
    )


def _attended(gathering: Event | Series) -> Sql:
    which = "= %s" if isinstance(gathering, Event) else "IN (SELECT e.id FROM events_event e WHERE e.series_id = %s)"
    return Sql(
        "SELECT d.person_id, d.day FROM activity_memberobjectday d"
        f" WHERE d.verb = 'event.attended' AND d.object_id {which}",
        (key(gathering.pk),),
    )


def _gatherings(community: Community) -> Choices:
    for ident, title in (
        Series.objects.filter(community=community).order_by("-created_at").values_list("pk", "title")[:OFFERED]
    ):
        yield str(ident), _("%(series)s, any of them") % {"series": title}
    single = Event.objects.published().filter(community=community, series__isnull=True)
    for ident, title, start in single.order_by("-starts_at").values_list("pk", "title", "starts_at")[:OFFERED]:
        yield str(ident), f"{title}, {start:%Y-%m-%d}"


reference(
    "attended",
    label=_("attended"),
    unlabel=_("has not attended"),
    noun=_("event"),
    find=_gathering,
    rows=_attended,
    choices=_gatherings,
    dated=True,
    verbs=("event.attended",),
)
