"""One thing to do this week: small, and of what is there now."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.domain.work.models import Opportunity
from milepost.engines.milestones import helping
from milepost.engines.milestones.bearings import Bearings
from milepost.engines.milestones.journeys import Journey
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor, can
from milepost.interfaces.web.home import links, talk
from milepost.interfaces.web.paths import links as here

MOST = 4


def things(actor: Actor, now: Bearings, walked: Journey) -> list[dict[str, Any]]:
    """What helps with the next milestone, something small that somebody asks for, a question that waits, or a hello."""
    found = [*_for_the_next(actor, walked), *_small(actor), *_waiting(actor, now), _hello(actor)]
    return [one for one in found if one["url"]][:MOST]


def _for_the_next(actor: Actor, walked: Journey) -> list[dict[str, Any]]:
    stone = walked.next_stone
    if stone is None:
        return []
    found = helping.helping(actor, [stone.id], at_most=1)[stone.id]
    # What has a time comes first: it does not wait.
    found.sort(key=lambda one: (one.starts_at is None, one.starts_at or clock.now()))
    return [
        {
            "title": one.title,
            "text": _("It helps with “%(milestone)s”.") % {"milestone": stone.name},
            "url": here.thing(actor.community, one.kind.url_name, one.key),
            "at": one.starts_at,
            "icon": "calendar" if one.starts_at else "book-open",
        }
        for one in found[:2]
    ]


def _small(actor: Actor) -> list[dict[str, Any]]:
    if not can(actor, "opportunities.view"):
        return []
    community = actor.community
    rows = Opportunity.objects.here(community).open_on(clock.today(community.time_zone)).counted().with_room()
    one = rows.order_by("effort", "title").first()
    if one is None:
        return []
    minutes = ngettext("About %(count)s minute.", "About %(count)s minutes.", one.effort) % {"count": one.effort}
    return [
        {
            "title": one.title,
            "text": minutes,
            "url": here.thing(community, "opportunity", one.slug),
            "at": None,
            "icon": "hand-helping",
        }
    ]


def _waiting(actor: Actor, now: Bearings) -> list[dict[str, Any]]:
    if actor.membership is None or not can(actor, "spaces.view"):
        return []
    _latest, waiting = talk.on_home(actor, now)
    return [
        {
            "title": row["title"],
            "text": _("Nobody has answered yet. A sentence is enough."),
            "url": row["url"],
            "at": None,
            "icon": "message-circle",
        }
        for row in waiting[:1]
    ]


def _hello(actor: Actor) -> dict[str, Any]:
    return {
        "title": _("Say hello"),
        "text": _("Tell the others what brought you. Everyone here began with a first sentence."),
        "url": f"{links.base(actor.community)}spaces/",
        "at": None,
        "icon": "hand",
    }
