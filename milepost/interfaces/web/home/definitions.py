"""What each figure counts, written once: every figure on a page links to its paragraph."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.engines.milestones.bearings import SECONDS, Bearings, bearings
from milepost.engines.milestones.celebrating import WEEKS
from milepost.engines.milestones.floor import FLOOR, SPLITS_FROM
from milepost.engines.milestones.steps import Step
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home.talk import RECENT, WAITING_DAYS

NEWCOMER_DAYS = 60
"""How long somebody who joined is shown as new."""


def definitions(now: Bearings) -> list[dict[str, Any]]:
    return [
        {
            "key": "members",
            "name": _("Members"),
            "text": _(
                "People and organisations that belong now and claimed themselves by signing in; who is on a break counts too. "
                "People known only from an import do not count until they have claimed what they did."
            ),
        },
        {
            "key": "people",
            "name": _("People in the list"),
            "text": _(
                "People who belong now and claimed themselves; organisations stand in a list of their own. "
                "With filters, those of them that fit all filters."
            ),
        },
        {
            "key": "reached",
            "name": _("Reached a milestone"),
            "text": _(
                "Members who reached it: they said so themselves, somebody awarded it or confirmed it, or what they did here "
                "shows it. The day is the one on which it happened, also where it was before the milestone was written down. "
                "Each counts once, however often they reach it. Former members stay counted; what was taken back or revoked "
                "does not count."
            ),
        },
        {
            "key": "goal",
            "name": _("Progress of a goal"),
            "text": _(
                "How many members ever reached the goal's milestone, also before the goal was adopted, of the number that the "
                "community wants. “On the way” compares it with an even pace from adoption to the deadline; below "
                "six tenths of that, it says “behind”. A goal without a milestone has no number."
            ),
        },
        *_steps(now),
        *_on_home(),
        {
            "key": "floor",
            "name": _("What is not shown"),
            "text": _(
                "Groups of fewer than %(floor)s people are never shown apart, nor where the others are fewer than "
                "%(floor)s. A community of fewer than %(splits)s members shows no such numbers at all. Numbers may be "
                "%(seconds)s seconds old."
            )
            % {"floor": FLOOR, "splits": SPLITS_FROM, "seconds": SECONDS},
        },
    ]


def _on_home() -> list[dict[str, Any]]:
    """What the other parts of a member's home show."""
    return [
        {
            "key": "moments",
            "name": _("Worth celebrating"),
            "text": _(
                "What members reached, and thanks that they gave each other, in the last %(weeks)s weeks, the newest first. "
                "Each member decides whether and by which name they are shown. History that was imported is not announced."
            )
            % {"weeks": WEEKS},
        },
        {
            "key": "next",
            "name": _("Your next milestone"),
            "text": _(
                "The first milestone that you have not reached, in the order of the paths of the personas that you chose; "
                "without a persona, in the order of the whole way. “See it whole” leads to all of your journey."
            ),
        },
        {
            "key": "events",
            "name": _("Come along"),
            "text": _("The next events that all members may see; of a series only its next date. Times are yours."),
        },
        {
            "key": "waiting",
            "name": _("Waiting for an answer"),
            "text": _(
                "Conversations of the last %(days)s days in which only one person has written, among the %(recent)s latest "
                "ones that you may read."
            )
            % {"days": WAITING_DAYS, "recent": RECENT},
        },
        {
            "key": "newcomers",
            "name": _("Joined lately"),
            "text": _("Members who joined in the last %(days)s days, the newest first.") % {"days": NEWCOMER_DAYS},
        },
    ]


def _steps(now: Bearings) -> list[dict[str, Any]]:
    """Small steps as home draws them: the community's own, or those that every community has."""
    if now.steps:
        return [
            {
                "key": f"step-{stone.slug}",
                "name": stone.name,
                "text": stone.why or _("A small step of taking part. It is drawn on one's own way only."),
            }
            for stone in now.steps
        ]
    return [{"key": f"step-{step.value}", "name": step.label, "text": step.definition} for step in Step]


@require_safe
@route("community.view")
def page(request: Request) -> HttpResponse:
    return render(
        request,
        "web/home/definitions.html",
        {"definitions": definitions(bearings(request.actor.community)), "indexed": request.actor.community.is_public},
    )
