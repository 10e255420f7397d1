"""What each figure counts, written once: every figure on a page links to its paragraph."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.engines.milestones.bearings import SECONDS
from milepost.engines.milestones.floor import FLOOR, SPLITS_FROM
from milepost.engines.milestones.steps import Step
from milepost.interfaces.web.access import Request, route


def definitions() -> list[dict[str, Any]]:
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
                "Members who said that they reached it, with the day on which they did. Each counts once. It counts from "
                "their first day on, not from when the milestone was written down; former members stay counted; "
                "who takes it back does not count."
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
        *({"key": f"step-{step.value}", "name": step.label, "text": step.definition} for step in Step),
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


@require_safe
@route("community.view")
def page(request: Request) -> HttpResponse:
    return render(
        request,
        "web/home/definitions.html",
        {"definitions": definitions(), "indexed": request.actor.community.is_public},
    )
