"""The log, with filters: what happened, who did it, where, when."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.resources.models import Resource
from milepost.domain.spaces.models import Space, Thread
from milepost.domain.work.models import Opportunity
from milepost.engines.milestones.discretion import discreet
from milepost.foundation.activity import registry
from milepost.foundation.activity.models import Activity
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.access import Actor, at_least
from milepost.foundation.identity.models import Identity
from milepost.foundation.identity.models.person import LOCAL
from milepost.interfaces.web import times
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.home import links
from milepost.interfaces.web.icons import icon_svg

PAGE = 50
_ROW = (
    "id", "happened_at", "verb", "object_kind", "object_id", "space_id", "source", "backfilled", "identity_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; whatever it cannot mean is left out."""

    q: str
    verb: str
    space: str
    since: datetime.date | None
    until: datetime.date | None

    @classmethod
    def read(cls, query: QueryDict) -> Filters:
        return cls(
            q=" ".join(query.get("q", "").replace("\0", "").split())[:80],
            verb=verb if (verb := query.get("verb", "")) in registry.verbs() else "",
            space=query.get("space", "").replace("\0", "")[:80],
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
        )

    @property
    def narrow(self) -> bool:
        return any((self.q, self.verb, self.space, self.since, self.until))


def _day(text: str) -> datetime.date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


@require_safe
@route("log.view")
def page(request: Request) -> HttpResponse:
    actor, filters = request.actor, Filters.read(request.GET)
    found = turn(_found(actor, filters).values(*_ROW), ("-happened_at", "-id"), request.GET, PAGE)
    things = _Things(actor, found.rows)
    context = {
        "entries": _written(things, found.rows),
        "page": found,
        "filters": _toolbar(actor, filters),
        "clear_url": request.path if filters.narrow else "",
        "narrow": filters.narrow,
        "steward": at_least(actor, "steward"),
    }
    template = "web/desk/log.html#found" if request.htmx and not request.htmx.boosted else "web/desk/log.html"
    return render(request, template, context)


def _found(actor: Actor, filters: Filters) -> QuerySet[Activity]:
    found = discreet(Activity.objects.visible_to(actor, Space.objects.ids_hidden_from(actor)).standing(), actor)
    if filters.verb:
        found = found.filter(verb=filters.verb)
    if filters.space:
        found = found.filter(space_id__in=Space.objects.visible_to(actor).filter(slug=filters.space).values("pk"))
    zone = actor.community.time_zone
    if filters.since:
        found = found.filter(happened_at__gte=_midnight(filters.since, zone))
    if filters.until:
        found = found.filter(happened_at__lt=_midnight(filters.until + datetime.timedelta(days=1), zone))
    if filters.q:
        people = Identity.objects.filter(community=actor.community, person__name__icontains=filters.q)
        if not at_least(actor, "steward"):
            people = people.filter(person__account__isnull=False)
        found = found.filter(identity__in=people.values("pk")[:2_000])
    return found


def _midnight(day: datetime.date, zone: str) -> datetime.datetime:
    from zoneinfo import ZoneInfo

    return datetime.datetime.combine(day, datetime.time(), ZoneInfo(zone))


class _Things:
    """Whom and what a page of rows names, each kind by one query."""

    def __init__(self, actor: Actor, page: list[dict[str, Any]]) -> None:
        self.actor, self.base = actor, f"/c/{actor.community.slug}/"
        self.people: dict[uuid.UUID, dict[str, Any]] = {
            row["pk"]: dict(row)
            for row in Identity.objects.filter(pk__in={r["identity_id"] for r in page if r["identity_id"]}).values(
                "pk", "person_id", "person__name", "person__handle", claimed=Q(person__account__isnull=False)
            )
        }
        wanted: dict[str, set[uuid.UUID]] = {}
        for row in page:
            wanted.setdefault(row["object_kind"], set()).add(row["object_id"])
        self.objects = dict(self._objects(wanted))
        spaces = {r["space_id"] for r in page} - {NO_ID}
        self.spaces = (
            dict(Space.objects.visible_to(actor).filter(pk__in=spaces).values_list("pk", "name")) if spaces else {}
        )

    def _objects(self, wanted: dict[str, set[uuid.UUID]]) -> Iterable[tuple[uuid.UUID, tuple[str, str]]]:
        if ids := wanted.get("thread"):
            threads = Thread.objects.visible_to(self.actor).filter(pk__in=ids).values_list("pk", "title", "space__slug")
            yield from ((pk, (title, f"{self.base}spaces/{space}/{pk}/")) for pk, title, space in threads)
        if ids := wanted.get("space"):
            spaces = Space.objects.visible_to(self.actor).filter(pk__in=ids).values_list("pk", "name", "slug")
            yield from ((pk, (name, f"{self.base}spaces/{slug}/")) for pk, name, slug in spaces)
        if ids := wanted.get("goal"):
            goals = Goal.objects.filter(community=self.actor.community, pk__in=ids).values_list("pk", "title", "slug")
            yield from ((pk, (title, f"{self.base}goals/{slug}/")) for pk, title, slug in goals)
        if ids := wanted.get("milestone"):
            stones = Milestone.objects.filter(community=self.actor.community, pk__in=ids)
            yield from (
                (pk, (name, f"{self.base}milestones/{slug}/"))
                for pk, name, slug in stones.values_list("pk", "name", "slug")
            )

        if ids := wanted.get("resource"):
            found = Resource.objects.visible_to(self.actor).filter(pk__in=ids).values_list("pk", "title", "slug")
            yield from ((pk, (title, f"{self.base}resources/{slug}/")) for pk, title, slug in found)
        if ids := wanted.get("opportunity"):
            asked = Opportunity.objects.here(self.actor.community).filter(pk__in=ids)
            if self.actor.membership is not None:
                yield from (
                    (pk, (title, f"{self.base}opportunities/{slug}/"))
                    for pk, title, slug in asked.values_list("pk", "title", "slug")
                )

    def who(self, identity: uuid.UUID | None) -> SafeString:
        row = self.people.get(identity or NO_ID)
        if row is None:
            return format_html("<b>{}</b>", _("The site"))
        name = row["person__name"]
        if not row["claimed"]:
            return format_html("<b>{}</b>", name)
        url = links.person(self.actor.community, row["person_id"], row["person__handle"])
        return format_html('<a href="{}"><b>{}</b></a>', url, name)

    def what(self, row: dict[str, Any]) -> SafeString:
        found = self.objects.get(row["object_id"])
        return format_html(' <a href="{}">{}</a>', found[1], found[0]) if found else SafeString("")


def _written(things: _Things, page: list[dict[str, Any]]) -> SafeString:
    """The rows of the log as list items. Written in Python, as other long lists are."""
    lines = []
    for row in page:
        verb = registry.verbs().get(row["verb"])
        more = [str(things.spaces[row["space_id"]])] if row["space_id"] in things.spaces else []
        if row["source"] != LOCAL:
            more.append(_("from %(source)s") % {"source": row["source"]})
        lines.append(
            (
                icon_svg(verb.icon if verb else "dot"),
                things.who(row["identity_id"]),
                verb.label if verb else row["verb"],
                things.what(row),
                times.clock(row["happened_at"]),
                "".join(f" · {part}" for part in more),
            )
        )
    return format_html_join(
        "",
        '<li><span class="timeline-dot">{}</span><div><p>{} {}{}</p><p class="timeline-when">{}{}</p></div></li>',
        lines,
    )


def _toolbar(actor: Actor, filters: Filters) -> list[dict[str, Any]]:
    steward = at_least(actor, "steward")
    verbs = sorted(
        ((v.name, str(v.label)) for v in registry.verbs().values() if steward or v.public),
        key=lambda pair: pair[1].lower(),
    )
    spaces = Space.objects.visible_to(actor).order_by("name").values_list("slug", "name")[:200]
    return [
        {"name": "q", "label": _("Who"), "type": "search", "value": filters.q, "placeholder": _("A name")},
        {
            "name": "verb",
            "label": _("What"),
            "value": filters.verb,
            "options": [{"value": "", "label": _("Everything")}, *({"value": n, "label": label} for n, label in verbs)],
        },
        {
            "name": "space",
            "label": _("Where"),
            "value": filters.space,
            "options": [
                {"value": "", "label": _("Everywhere")},
                *({"value": slug, "label": name} for slug, name in spaces),
            ],
        },
        {
            "name": "since",
            "label": _("From"),
            "type": "date",
            "value": filters.since.isoformat() if filters.since else "",
        },
        {
            "name": "until",
            "label": _("To"),
            "type": "date",
            "value": filters.until.isoformat() if filters.until else "",
        },
    ]
