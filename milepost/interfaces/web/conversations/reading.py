"""The list of conversations, the map of one, and its results as a table to take away."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from milepost.domain.deliberation.mapping.wording import group_name
from milepost.domain.deliberation.models import Conversation, StatementVote
from milepost.domain.deliberation.results import Result, Row, result_of
from milepost.foundation.common import clock
from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Community
from milepost.interfaces.web import times
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links

from .picture import draw_map

SHOWN = 100


def address(community: Community, slug: str, tail: str = "") -> str:
    return f"{links.base(community)}conversations/{slug}/{tail}"


def find(request: Request, slug: str) -> Conversation:
    found = get_object_or_404(
        Conversation.objects.select_related("goal", "opened_by"), community=request.actor.community, slug=slug
    )
    found.community = request.actor.community
    return found


@require_safe
@route("conversations.view")
def index(request: Request) -> HttpResponse:
    actor, now = request.actor, clock.now()
    community = actor.community
    voted = StatementVote.objects.filter(conversation=OuterRef("pk"), person=actor.person)
    rows = (
        Conversation.objects.here(community)
        .select_related("goal")
        .annotate(
            shown=Count(
                "statements",
                filter=Q(statements__approved_at__isnull=False, statements__hidden_at__isnull=True),
            ),
            took_part=Exists(voted),
        )
        .order_by("-opened_at")[:SHOWN]
    )
    found = [_listed(community, one) for one in rows]
    return render(
        request,
        "web/conversations/index.html",
        {
            "open": [one for one in found if one["is_open"]],
            "ended": [one for one in found if not one["is_open"]],
            "may_open": can(actor, "conversations.open"),
            "now": now,
        },
    )


def _listed(community: Community, one: Any) -> dict[str, Any]:
    return {
        "question": one.question,
        "url": address(community, one.slug),
        "map_url": address(community, one.slug, "map/"),
        "is_open": one.is_open,
        "closes_at": one.closes_at,
        "opened_at": one.opened_at,
        "took_part": one.took_part,
        "goal": one.goal,
        "goal_url": links.goal(community, one.goal.slug) if one.goal else "",
        "statements": ngettext("%(count)s statement", "%(count)s statements", one.shown)
        % {"count": times.figure(one.shown)},
    }


@require_safe
@route("conversations.view")
def shown(request: Request, conversation: str) -> HttpResponse:
    found = find(request, conversation)
    result = result_of(found, request.actor.person)
    groups = len(result.picture.data["groups"]) if result.picture else 0
    return render(
        request,
        "web/conversations/map.html",
        {
            "conversation": found,
            "result": result,
            "picture": draw_map(result.picture.data, result.place) if result.picture else "",
            "you": _you(result),
            "says": [{"name": group_name(n), "statements": said} for n, said in enumerate(result.says)],
            "columns": _columns(groups),
            "rows": [_cells(row, groups) for row in _by_agreement(result.rows)],
            "waits": _waits(result),
            "may_tend": can(request.actor, "conversations.tend", found),
            "taking_part": found.is_open and can(request.actor, "conversations.vote"),
        },
    )


def _you(result: Result) -> str:
    if result.picture is None:
        return ""
    if result.place is None:
        return _("Vote on a few statements, and you see where you stand.")
    if result.place.group is None:
        return _("You are on the map, marked “You”. With a few more votes you stand in a group.")
    if len(result.picture.data["groups"]) < 2:
        return _("You are on the map, marked “You”.")
    return _("You stand in %(group)s, marked “You”.") % {"group": group_name(result.place.group)}


def _waits(result: Result) -> str:
    if result.too_small:
        return _("The community is too small for a map that tells nobody apart: it takes twenty members.")
    return ngettext(
        "There is a map when %(count)d more person has voted on at least seven statements.",
        "There is a map when %(count)d more people have voted on at least seven statements.",
        result.missing,
    ) % {"count": result.missing}


def _by_agreement(rows: tuple[Row, ...]) -> list[Row]:
    """What most of those who voted agree with comes first; what cannot be shown yet, last."""
    return sorted(
        rows, key=lambda row: (row.counts is None, -(row.counts[0] / row.seen if row.counts else 0), row.number)
    )


def _columns(groups: int) -> list[dict[str, Any]]:
    names = [_("Statement"), _("Agree"), _("Disagree"), _("Pass")]
    names += [_("%(group)s agrees") % {"group": group_name(n)} for n in range(groups)] if groups > 1 else []
    return [{"label": name, "number": False} for name in names]


def _cells(row: Row, groups: int) -> list[str]:
    if row.counts is None:
        return [row.text, _("fewer than 5 votes"), "–", "–", *(["–"] * groups if groups > 1 else [])]
    shares = [f"{share} %" for share in row.groups] if row.groups else ["–"] * groups
    return [row.text, *map(times.figure, row.counts), *(shares if groups > 1 else [])]


@require_safe
@route("conversations.view")
def table(request: Request, conversation: str) -> HttpResponse:
    """The results that members see, as CSV: a statement a line."""
    found = find(request, conversation)
    result = result_of(found, None)
    groups = len(result.picture.data["groups"]) if result.picture else 0
    groups = groups if groups > 1 else 0
    file = io.StringIO()
    writer = csv.writer(file)
    letters = [f"group_{chr(ord('a') + n)}_agrees_percent" for n in range(groups)]
    writer.writerow(["statement", "text", "agree", "disagree", "pass", *letters])
    for row in result.rows:
        counts = row.counts or ("", "", "")
        writer.writerow([row.number, _plain(row.text), *counts, *(row.groups or [""] * groups)])
    response = HttpResponse("\ufeff" + file.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = (
        f'attachment; filename="{found.slug.encode("ascii", "ignore").decode() or "results"}.csv"'
    )
    return response


def _plain(text: str) -> str:
    """What a spreadsheet would take for a formula stands behind an apostrophe."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
