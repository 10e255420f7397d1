"""What comes: as an agenda, by month, one's own, and what is over."""

from __future__ import annotations

import calendar
import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format, get_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.domain.events.models import Event, EventPart, Registration
from milepost.foundation.identity.access import Actor, can
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn

from . import showing

PAGE = 25
IN_MONTH = 400
"""Events that one month shows at most."""


@require_safe
@route("events.view")
@showing.in_own_zone
def index(request: Request) -> HttpResponse:
    actor = request.actor
    show = request.GET.get("show", "")
    kind = request.GET.get("kind", "")
    found, order = _chosen(actor, show)
    if kind in Event.Kind.values:
        found = found.filter(kind=kind)
    leaf = turn(found.values(*showing.COLUMNS), order, request.GET, PAGE)
    return render(
        request,
        "web/events/index.html",
        {
            "tabs": _tabs(actor, show),
            "filters": [_kinds(kind)],
            "show": show,
            "kind": kind,
            "months": _by_month(showing.rows(actor, leaf.rows)),
            "leaf": leaf,
            "may_propose": can(actor, "events.propose"),
            "may_settle": can(actor, "events.approve"),
            "member": actor.person is not None,
            "indexed": actor.community.is_public,
        },
    )


def _chosen(actor: Actor, show: str) -> tuple[QuerySet[Event], tuple[str, str]]:
    """(events, in which order)"""
    found = Event.objects.visible_to(actor)
    coming, latest = ("starts_at", "pk"), ("-starts_at", "-pk")
    if show == "past":
        return found.published().over(), latest
    if show == "mine" and actor.person is not None:
        answered = Registration.objects.filter(person=actor.person, answer__in=["going", "maybe", "invited"])
        hosted = EventPart.objects.filter(person=actor.person)
        either = found.filter(pk__in=answered.values("event")) | found.filter(pk__in=hosted.values("event"))
        return either.to_come(), coming
    if show == "waiting" and actor.person is not None:
        return found.waiting_for_approval().to_come().next_of_each(), coming
    return found.published().to_come().next_of_each(), coming


def _tabs(actor: Actor, show: str) -> list[dict[str, Any]]:
    tabs = [("", _("To come"), "./"), ("past", _("What was"), "?show=past")]
    if actor.person is not None:
        tabs.insert(1, ("mine", _("Mine"), "?show=mine"))
        waiting = Event.objects.visible_to(actor).waiting_for_approval().to_come()
        if show == "waiting" or waiting.exists():
            tabs.append(("waiting", _("Not announced yet"), "?show=waiting"))
    found: list[dict[str, Any]] = [{"label": label, "url": url, "current": show == name} for name, label, url in tabs]
    found.insert(1, {"label": _("By month"), "url": "month/", "current": False})
    return found


def _kinds(kind: str) -> dict[str, Any]:
    options = [
        {"value": "", "label": _("All kinds")},
        *({"value": v, "label": label} for v, label in Event.Kind.choices),
    ]
    return {"name": "kind", "label": _("What kind"), "value": kind, "options": options}


def _by_month(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    months: list[dict[str, Any]] = []
    for row in rows:
        name = date_format(row["starts_at"], "YEAR_MONTH_FORMAT")
        if not months or months[-1]["name"] != name:
            months.append({"name": name, "events": []})
        months[-1]["events"].append(row)
    return months


# --- by month ---------------------------------------------------------------------------------------


@require_safe
@route("events.view")
@showing.in_own_zone
def month(request: Request) -> HttpResponse:
    actor = request.actor
    first = _month_asked(request.GET.get("month", ""))
    week_begins = (int(get_format("FIRST_DAY_OF_WEEK")) - 1) % 7
    days = list(calendar.Calendar(week_begins).itermonthdates(first.year, first.month))
    zone = timezone.get_current_timezone()
    start, end = (
        datetime.datetime.combine(day, datetime.time(), zone)
        for day in (days[0], days[-1] + datetime.timedelta(days=1))
    )
    rows = Event.objects.visible_to(actor).published().between(start, end).order_by("starts_at", "pk")
    by_day: dict[datetime.date, list[dict[str, Any]]] = {}
    for row in rows.values(*showing.COLUMNS)[:IN_MONTH]:
        local = timezone.localtime(row["starts_at"])
        by_day.setdefault(max(local.date(), days[0]), []).append(
            {
                "title": row["title"],
                "url": showing.url(actor.community, row["pk"]),
                "at": local,
                "cancelled": row["cancelled_at"] is not None,
            }
        )
    today = timezone.localdate()
    before, after = (first - datetime.timedelta(days=1)).replace(day=1), _next_month(first)
    return render(
        request,
        "web/events/month.html",
        {
            "tabs": [{"label": _("To come"), "url": "../"}, {"label": _("By month"), "url": "./", "current": True}],
            "name": date_format(first, "YEAR_MONTH_FORMAT"),
            "weekdays": [WEEKDAYS_ABBR[(week_begins + n) % 7] for n in range(7)],
            "days": [
                {
                    "day": day,
                    "inside": day.month == first.month,
                    "today": day == today,
                    "events": by_day.get(day, []),
                }
                for day in days
            ],
            "leaf": {
                "previous_url": f"?month={before:%Y-%m}" if before.year > 1970 else "",
                "next_url": f"?month={after:%Y-%m}" if after.year < 2200 else "",
            },
            "before": date_format(before, "YEAR_MONTH_FORMAT"),
            "after": date_format(after, "YEAR_MONTH_FORMAT"),
            "any": any(by_day.values()),
            "may_propose": can(actor, "events.propose"),
        },
    )


def _month_asked(words: str) -> datetime.date:
    try:
        asked = datetime.datetime.strptime(words, "%Y-%m").date()  # noqa: DTZ007 (a month has no zone)
    except ValueError:
        asked = timezone.localdate()
    if not 1970 < asked.year < 2200:
        asked = timezone.localdate()
    return asked.replace(day=1)


def _next_month(first: datetime.date) -> datetime.date:
    return (first + datetime.timedelta(days=32)).replace(day=1)
