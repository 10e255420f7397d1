"""Conversations as home shows them: the latest, and those that wait for an answer."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.domain.spaces.models import Thread
from milepost.engines.milestones.bearings import Bearings
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor
from milepost.interfaces.web.home import links

LATEST, WAITING = 5, 3
RECENT = 200
"""Among so many latest conversations those are looked for that nobody has answered."""
WAITING_DAYS = 60

FIELDS = ("pk", "title", "space__name", "space__slug", "post_count", "last_post_at", "goal_id", "value_id")


def on_home(actor: Actor, now: Bearings) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(latest, waiting), by one query. Nobody can answer in a space that is read only, so nothing waits there."""
    visible = Thread.objects.visible_to(actor)
    latest = visible.latest_first().values("pk")[:LATEST]
    recent = Thread.objects.filter(community=actor.community).latest_first().values("pk")[:RECENT]
    since = clock.now() - datetime.timedelta(days=WAITING_DAYS)
    unanswered = visible.filter(
        pk__in=recent,
        post_count=1,
        closed_at__isnull=True,
        space__read_only_at__isnull=True,
        space__archived_at__isnull=True,
        last_post_at__gte=since,
    )
    waiting = unanswered.order_by("last_post_at", "pk").values("pk")[:WAITING]
    found = Thread.objects.filter(Q(pk__in=latest) | Q(pk__in=waiting)).latest_first()
    rows = list(found.values(*FIELDS, "closed_at", "space__read_only_at"))
    alone = [
        row
        for row in rows
        if row["post_count"] == 1
        and not row["closed_at"]
        and not row["space__read_only_at"]
        and row["last_post_at"] >= since
    ]
    waits = {row["pk"] for row in sorted(alone, key=lambda row: row["last_post_at"])[:WAITING]}
    return (
        [shown(actor, now, row) for row in rows if row["pk"] not in waits][:LATEST],
        [shown(actor, now, row) for row in reversed(rows) if row["pk"] in waits],
    )


def shown(actor: Actor, now: Bearings, row: dict[str, Any]) -> dict[str, Any]:
    """One row for the component `threads`."""
    return {
        "title": row["title"],
        "url": links.thread(actor.community, row["space__slug"], row["pk"]),
        "meta": [*_serves(now, row), row["space__name"], replies(row["post_count"])],
        "at": row["last_post_at"],
    }


def replies(posts: int) -> str:
    if posts <= 1:
        return _("no reply yet")
    return ngettext("%(count)d reply", "%(count)d replies", posts - 1) % {"count": posts - 1}


def _serves(now: Bearings, row: dict[str, Any]) -> list[str]:
    goal = next((goal for goal in now.goals if goal.id == row["goal_id"]), None)
    if goal:
        return [_("for %(what)s") % {"what": goal.title}]
    value = now.value(row["value_id"])
    return [_("for %(what)s") % {"what": value.name}] if value else []
