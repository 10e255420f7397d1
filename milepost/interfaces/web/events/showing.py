"""Events as pages show them: rows of lists, and times in the zone of whoever reads."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Concatenate
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.domain.events.models import Event, Registration
from milepost.engines.milestones.bearings import Gathering
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.access import Request
from milepost.interfaces.web.home import links

COLUMNS = (
    "pk",
    "title",
    "kind",
    "mode",
    "summary",
    "place",
    "starts_at",
    "ends_at",
    "zone",
    "cancelled_at",
    "series_id",
)


def zone_of(actor: Actor) -> str:
    """The reader's own time zone, or else the community's."""
    return (actor.account.time_zone if actor.account else "") or actor.community.time_zone


def in_own_zone[**P](
    view: Callable[Concatenate[Request, P], HttpResponseBase],
) -> Callable[Concatenate[Any, P], HttpResponseBase]:
    """Stands below `@route`: the page's times are the reader's."""

    @functools.wraps(view)
    def shown(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        with timezone.override(ZoneInfo(zone_of(request.actor))):
            return view(request, *args, **kwargs)

    return shown


def base(community: Community) -> str:
    return f"{links.base(community)}events/"


def url(community: Community, pk: object) -> str:
    return f"{links.base(community)}events/{pk}/"


def find(request: Request, pk: uuid.UUID | str) -> Event:
    """The event, if whoever asks may see it; else there is none."""
    rows = Event.objects.visible_to(request.actor).select_related("series", "space", "goal", "value", "created_by")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such event here."))
    found.community = request.actor.community
    return found


# --- times ------------------------------------------------------------------------------------------


def span(start: datetime, end: datetime, *, day: bool = True) -> SafeString:
    """`<time>` from start to end, in the present zone: "Thursday 26 November, 19:00 – 21:00"."""
    first, last = timezone.localtime(start), timezone.localtime(end)
    begins = date_format(first, "TIME_FORMAT")
    if day:
        begins = f"{_day(first)}, {begins}"
    ends = date_format(last, "TIME_FORMAT")
    if first.date() != last.date():
        ends = f"{_day(last)}, {ends}"
    return mark_safe(  # noqa: S308 (dates as Django writes them)
        f'<time datetime="{first.isoformat(timespec="minutes")}">{escape(begins)}</time> – '
        f'<time datetime="{last.isoformat(timespec="minutes")}">{escape(ends)}</time>'
    )


def _day(moment: datetime) -> str:
    this_year = moment.year == timezone.localdate().year
    return f"{date_format(moment, 'l')} {date_format(moment, 'MONTH_DAY_FORMAT' if this_year else 'DATE_FORMAT')}"


def both_times(event: Event) -> list[dict[str, Any]]:
    """When it is where it takes place, and for the reader where that is another time."""
    own = timezone.get_current_timezone()
    with timezone.override(ZoneInfo(event.zone)):
        rows = [{"span": span(event.starts_at, event.ends_at), "zone": event.zone.replace("_", " "), "own": False}]
    if event.starts_at.astimezone(own).utcoffset() != event.local_start.utcoffset():
        rows.append({"span": span(event.starts_at, event.ends_at), "zone": str(own).replace("_", " "), "own": True})
    return rows


# --- rows -------------------------------------------------------------------------------------------


def rows(actor: Actor, events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """For the component `events`, from values of COLUMNS; by one more query."""
    found = list(events)
    mine = _mine(actor, [row["pk"] for row in found])
    return [_row(actor, row, mine.get(row["pk"])) for row in found]


def _mine(actor: Actor, ids: list[Any]) -> dict[Any, dict[str, Any]]:
    if actor.person is None or not ids:
        return {}
    rows = Registration.objects.filter(person=actor.person, event__in=ids)
    return {row["event"]: dict(row) for row in rows.values("event", "answer", "waiting_since", "came_at")}


def _row(actor: Actor, row: dict[str, Any], mine: dict[str, Any] | None) -> dict[str, Any]:
    parts = [span(row["starts_at"], row["ends_at"], day=False), str(Event.Kind(row["kind"]).label)]
    parts.append(row["place"] if row["place"] and row["mode"] == "in_person" else str(Event.Mode(row["mode"]).label))
    if row["series_id"]:
        parts.append(_("comes round again"))
    if row["cancelled_at"]:
        parts = [_("Cancelled"), *parts]
    elif mine and (
        state := state_words(mine["answer"], waiting=bool(mine["waiting_since"]), came=bool(mine["came_at"]))
    ):
        parts.append(state)
    address = url(actor.community, row["pk"])
    found = {
        "title": row["title"],
        "url": address,
        "starts_at": timezone.localtime(row["starts_at"]),
        "text": mark_safe(" · ".join(conditional_escape(part) for part in parts)),  # noqa: S308 (escaped but for our own <time>)
    }
    offers = row["ends_at"] > clock.now() and not row["cancelled_at"] and (mine is None or mine["answer"] == "invited")
    if offers and actor.person is not None:
        found |= {"action_label": _("Take part"), "action_url": f"{address}#part"}
    return found


def state_words(answer: str, *, waiting: bool, came: bool) -> str:
    if came:
        return _("you were there")
    if waiting:
        return _("you are on the waiting list")
    return {
        "going": _("you are coming"),
        "maybe": _("you may come"),
        "invited": _("you are invited"),
    }.get(answer, "")


def next_events(actor: Actor, gatherings: Iterable[Gathering], limit: int = 3) -> list[dict[str, Any]]:
    """The next ones for the home page, from what it has read already: by no query."""
    now = clock.now()
    coming = [one for one in gatherings if one.ends_at > now][:limit]
    with timezone.override(ZoneInfo(zone_of(actor))):
        return [_row(actor, asdict(one) | {"pk": one.id, "cancelled_at": None}, None) for one in coming]


# --- who comes --------------------------------------------------------------------------------------


def counts(event: Event) -> dict[str, int]:
    going = Q(answer="going", waiting_since__isnull=True)
    found = Registration.objects.filter(event=event).aggregate(
        placed=Count("pk", filter=going),
        waiting=Count("pk", filter=Q(waiting_since__isnull=False)),
        maybe=Count("pk", filter=Q(answer="maybe")),
        came=Count("pk", filter=Q(came_at__isnull=False)),
    )
    return dict(found)


def places_words(event: Event, placed: int) -> str:
    if event.capacity is None:
        return ngettext("%(count)d person is coming", "%(count)d people are coming", placed) % {"count": placed}
    left = event.capacity - placed
    if left <= 0:
        return _("All %(count)d places are taken") % {"count": event.capacity}
    return ngettext("%(left)d of %(count)d places is free", "%(left)d of %(count)d places are free", left) % {
        "left": left,
        "count": event.capacity,
    }


def faces(community: Community, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """People with a link where they have a page."""
    return [
        {
            "name": row["person__name"],
            "url": links.person(community, row["person"], row["person__handle"]) if row["person__account"] else "",
            "photo": links.photo(community, row["person"], row["person__profile__photo"]),
        }
        for row in rows
    ]


FACE = ("person", "person__name", "person__handle", "person__account", "person__profile__photo")


def rendered_in(zone: str, request: Any, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page outside of any community, in that time zone; a function in the context is asked there."""
    with timezone.override(ZoneInfo(zone)):
        return render(
            request, template, {name: value() if callable(value) else value for name, value in context.items()}
        )
