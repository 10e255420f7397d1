"""Conversations as home shows them: the latest, and those that wait for an answer."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.domain.spaces.models import Thread
from milepost.engines.milestones.bearings import Bearings
from milepost.foundation.common import clock
from milepost.foundation.common.prepared import prepared
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community, Membership
from milepost.interfaces.web.home import links

LATEST, WAITING = 5, 3
RECENT = 40
"""Among so many latest conversations those are looked for that nobody has answered."""
WAITING_DAYS = 60

FIELDS = ("pk", "title", "space__name", "space__slug", "post_count", "last_post_at", "goal_id", "value_id")


def on_home(actor: Actor, now: Bearings) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(latest, waiting) for a member, by one query. Nobody can answer in a space that is read only, so nothing waits there."""
    assert actor.membership is not None
    rows = _recent(community=actor.community.pk, person=actor.membership.person_id)
    since = clock.now() - datetime.timedelta(days=WAITING_DAYS)
    waiting = [row for row in rows if _waits(row, since)][-WAITING:]
    asked = {row["pk"] for row in waiting}
    return (
        [shown(actor, now, row) for row in rows[: LATEST + WAITING] if row["pk"] not in asked][:LATEST],
        [shown(actor, now, row) for row in reversed(waiting)],
    )


@prepared
def _recent(*, community: uuid.UUID, person: uuid.UUID) -> QuerySet[Thread, Any]:
    rows: QuerySet[Thread, Any] = (
        Thread.objects.visible_to(member(community, person))
        .latest_first()
        .values(*FIELDS, "closed_at", "space__read_only_at", "space__archived_at")[:RECENT]
    )
    return rows


def member(community: uuid.UUID, person: uuid.UUID) -> Actor:
    """Some member of the community, for querysets that ask no more about a reader than who they are."""
    home = Community(pk=community)
    return Actor(community=home, membership=Membership(community=home, person_id=person))


def _waits(row: dict[str, Any], since: datetime.datetime) -> bool:
    return (
        row["post_count"] == 1
        and row["last_post_at"] >= since
        and not (row["closed_at"] or row["space__read_only_at"] or row["space__archived_at"])
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
