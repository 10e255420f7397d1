"""Search over everything that the reader may see."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from milepost.domain.goals.models import Goal
from milepost.domain.spaces.models import Space
from milepost.foundation.common import clock
from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Identity, Person
from milepost.foundation.search.finding import Found, Result, Wanted, find
from milepost.foundation.search.marking import BEGIN, END
from milepost.foundation.search.registry import searchables
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.times import figure

SIZE = 20
CHOICES = 200
"""Spaces in the filter."""
PERIODS = {"week": 7, "month": 31, "year": 366}
# What Markdown uses to shape, and an excerpt does not need.
_SHAPING = re.compile(r"[*_`~#|]+|\[([^\]]*)\]\([^)]*\)")


@require_safe
@route("search.use")
def search(request: Request) -> HttpResponseBase:
    actor, query = request.actor, request.GET
    text, kind = query.get("q", "").strip(), query.get("kind", "")
    readable = Space.objects.visible_to(actor)
    found = find(actor, _wanted(request, text, kind, readable), after=query.get("after", ""), size=SIZE)
    kept = query.copy()
    kept.pop("after", None)
    context = {
        "search_query": text,
        "kinds": _kinds(request, found, kind),
        "results": _shown(request, found),
        "found": found,
        "asked": bool(found.question),
        "total": sum(found.counts.values()),
        "more": f"{figure(1000)}+",
        "next_url": f"?{kept.urlencode()}&after={found.next}" if found.next else "",
        "previous_url": f"?{kept.urlencode()}" if query.get("after") else "",
        "filters": _filters(request, readable),
        "description": "",
    }
    return render(request, "web/search/search.html", context)


def _wanted(request: Request, text: str, kind: str, readable: QuerySet[Space]) -> Wanted:
    query, actor = request.GET, request.actor
    days = PERIODS.get(query.get("period", ""))
    who = query.get("by", "").strip()
    slug = query.get("space", "")
    # Members may read nearly all spaces, visitors few: the shorter list is given.
    belongs = actor.membership is not None and actor.membership.is_active
    return Wanted(
        text=text,
        kind=kind if kind in searchables() else "",
        space=readable.filter(slug=slug).values_list("pk", flat=True).first() if slug else None,
        identities=_written_by(request, who) if who else None,
        since=clock.now() - datetime.timedelta(days=days) if days else None,
        hidden=Space.objects.ids_hidden_from(actor) if belongs else (),
        shown=None if belongs else list(readable.values_list("pk", flat=True)),
    )


def _written_by(request: Request, words: str) -> list[uuid.UUID]:
    """The identities of the people whom the words name: a handle, or a part of the name. For members only."""
    if not can(request.actor, "people.view"):
        return []
    people: QuerySet[Person] = Person.objects.present().filter(community=request.actor.community)
    exact = people.filter(handle=words.removeprefix("@").lower())
    named = exact if exact.exists() else people.filter(name__icontains=words)[:50]
    return list(
        Identity.objects.filter(person__in=list(named.values_list("pk", flat=True))).values_list("pk", flat=True)
    )


def _kinds(request: Request, found: Found, kind: str) -> list[dict[str, Any]]:
    kept = request.GET.copy()
    for key in ("kind", "after"):
        kept.pop(key, None)
    tabs = [
        {
            "label": _("Everything"),
            "url": f"?{kept.urlencode()}",
            "current": not kind,
            "count": sum(found.counts.values()),
        }
    ]
    for one in searchables().values():
        if count := found.counts.get(one.kind):
            kept["kind"] = one.kind
            tabs.append(
                {"label": str(one.label), "url": f"?{kept.urlencode()}", "current": kind == one.kind, "count": count}
            )
    return tabs


def _filters(request: Request, readable: QuerySet[Space]) -> list[dict[str, Any]]:
    query = request.GET
    known = readable.order_by("name").values_list("name", "slug")[:CHOICES]
    places = [{"value": "", "label": _("All spaces")}] + [{"value": slug, "label": name} for name, slug in known]
    periods = [
        ("", _("Any time")),
        ("week", _("The last week")),
        ("month", _("The last month")),
        ("year", _("The last year")),
    ]
    filters: list[dict[str, Any]] = [
        {"name": "space", "label": _("Where"), "value": query.get("space", ""), "options": places},
        {
            "name": "period",
            "label": _("When"),
            "value": query.get("period", ""),
            "options": [{"value": key, "label": label} for key, label in periods],
        },
    ]
    if can(request.actor, "people.view"):
        filters.append({"name": "by", "label": _("Who wrote it"), "value": query.get("by", ""), "type": "text"})
    return filters


# --- results ----------------------------------------------------------------------------------------


def _shown(request: Request, found: Found) -> list[dict[str, Any]]:
    named = _names(found.results)
    labels = {key: str(one.label) for key, one in searchables().items()}
    return [_result(request, row, named, labels) for row in found.results]


def _names(results: list[Result]) -> dict[uuid.UUID, tuple[str, str]]:
    """Names and addresses of writers, spaces, goals: {id: (name, slug)}, in one query."""
    if not results:
        return {}
    spaces = {r.space_id for r in results}
    goals = [r.object_id for r in results if r.kind == "goal"]
    nothing = Value("", output_field=CharField())
    writers: QuerySet[Any, Any] = Identity.objects.filter(pk__in={r.identity_id for r in results}).values_list(
        "pk", "person__name", nothing
    )
    others: list[QuerySet[Any, Any]] = [Space.objects.filter(pk__in=spaces).values_list("pk", "name", "slug")]
    if goals:
        others.append(Goal.objects.filter(pk__in=goals).order_by().values_list("pk", "title", "slug"))
    return {pk: (name, slug) for pk, name, slug in writers.union(*others, all=True)}


def _result(
    request: Request,
    row: Result,
    named: dict[uuid.UUID, tuple[str, str]],
    labels: dict[str, str],
) -> dict[str, Any]:
    community = request.actor.community
    base = links.base(community)
    meta: list[str] = []
    url = {
        "mission": f"{base}mission/",
        "value": f"{base}mission/",
        "person": f"{base}people/{row.object_id}/",
        "event": f"{base}events/{row.object_id}/",
        "resource": f"{base}resources/{row.object_id}/",
        "opportunity": f"{base}opportunities/{row.object_id}/",
    }.get(row.kind, "")
    match row.kind:
        case "post":
            url = f"{base}posts/{row.object_id}/"
            meta = [named.get(row.identity_id, ("", ""))[0], named.get(row.space_id, ("", ""))[0]]
            if row.more:
                meta.append(
                    ngettext("%(count)s more here", "%(count)s more here", row.more) % {"count": figure(row.more)}
                )
        case "space":
            url = links.space(community, named.get(row.object_id, ("", ""))[1])
        case "goal":
            url = links.goal(community, named.get(row.object_id, ("", ""))[1])
    return {
        "url": url,
        "kind": row.kind,
        "label": labels[row.kind],
        "title": marked(row.title) or _("Untitled"),
        "excerpt": marked(row.excerpt),
        "meta": [word for word in meta if word],
        "at": row.at if row.kind == "post" else None,
    }


def marked(text: str) -> SafeString:
    """Text with its matches in <mark>, everything else escaped."""
    plain = " ".join(_SHAPING.sub(r"\1", text).split())
    safe = escape(plain).replace(BEGIN, "<mark>").replace(END, "</mark>")
    return mark_safe(safe)  # noqa: S308 - just escaped
