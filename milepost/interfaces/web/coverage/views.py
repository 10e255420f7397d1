"""What to make next, and what came of what was made: for stewards."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import coverage, helping
from milepost.engines.milestones.coverage import Covered
from milepost.engines.milestones.floor import FLOOR
from milepost.engines.milestones.helping import KINDS, Used
from milepost.engines.milestones.lift import DEFINITION, WARNING, WINDOWS, Lift, lifts
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.resources.rows import FOLDERS, help_rows
from milepost.interfaces.web.times import figure

from .drawing import draw_difference


@require_safe
@route("coverage.view")
def index(request: Request) -> HttpResponse:
    """Every milestone with how many wait before it and what helps: where most people wait first."""
    community = request.actor.community
    found = coverage.coverage(community)
    base = links.base(community)
    return render(
        request,
        "web/coverage/index.html",
        {
            "milestones": [
                {
                    "name": row.name,
                    "url": f"{base}coverage/{row.slug}/",
                    "write_url": f"{base}resources/new/?milestone={row.slug}",
                    "waiting": row.waiting,
                    "stalled": row.stalled,
                    "helps": [
                        {"label": str(kind.plural), "count": row.helps[kind.key], "none": not row.helps[kind.key]}
                        for kind in KINDS
                    ],
                    "bare": row.is_bare,
                    "kinds_missing": not (row.helps["event"] and row.helps["resource"]),
                }
                for row in found
            ],
            "most": max((row.waiting for row in found), default=0),
            "finding": _finding(found),
            "waiting_means": coverage.WAITING,
            "stalled_means": coverage.STALLED_MEANS % {"days": coverage.STALLED_DAYS},
            "helps_means": coverage.HELPS_MEANS,
        },
    )


def _finding(found: list[Covered]) -> str:
    """The sentence above the list."""
    bare = next((row for row in found if row.is_bare and row.waiting), None)
    if bare is not None:
        return ngettext(
            "%(count)s person waits before “%(name)s”, and nothing helps with it yet.",
            "%(count)s people wait before “%(name)s”, and nothing helps with it yet.",
            bare.waiting,
        ) % {"count": figure(bare.waiting), "name": bare.name}
    halted = max(found, key=lambda row: row.stalled, default=None)
    if halted is not None and halted.stalled:
        return ngettext(
            "Most come to a halt before “%(name)s”: %(count)s person for more than %(days)d days.",
            "Most come to a halt before “%(name)s”: %(count)s people for more than %(days)d days.",
            halted.stalled,
        ) % {"count": figure(halted.stalled), "name": halted.name, "days": coverage.STALLED_DAYS}
    return ""


@require_safe
@route("coverage.view")
def page(request: Request, milestone: str) -> HttpResponse:
    """One milestone: what helps with it now, and of those who used something how many reached it soon after."""
    community = request.actor.community
    stone = get_object_or_404(Milestone, community=community, slug=milestone)
    row = next((one for one in coverage.coverage(community) if one.id == stone.pk), None)
    now = helping.helping(request.actor, [stone.pk])[stone.pk]
    base = links.base(community)
    came = [_came_of(base, used, lifts(community, used, stone.pk)) for used in helping.ever(community, stone.pk)]
    return render(
        request,
        "web/coverage/milestone.html",
        {
            "milestone": stone,
            "row": row,
            "helps": help_rows(community, now),
            # What can be said comes first.
            "used": sorted(came, key=lambda one: not one["enough"]),
            "windows": WINDOWS,
            "definition": DEFINITION % {"days": WINDOWS[0]},
            "warning": WARNING,
            "floor": FLOOR,
            "stalled_days": coverage.STALLED_DAYS,
            "write_url": f"{base}resources/new/?milestone={stone.slug}",
        },
    )


def _came_of(base: str, used: Used, found: list[Lift]) -> dict[str, Any]:
    """A thing with what is known of it in each window; None where a group is under the privacy floor."""
    return {
        "title": used.title,
        "kind": str(used.kind.label),
        "url": f"{base}{FOLDERS[used.kind.key]}/{used.key}/",
        "windows": [_window(one) for one in found],
        "enough": any(one.is_enough for one in found),
    }


def _window(one: Lift) -> dict[str, Any]:
    if not one.is_enough:
        return {"days": one.days, "enough": False}
    low, high = one.interval
    return {
        "days": one.days,
        "enough": True,
        "used": one.used,
        "others": one.others,
        "used_words": _share(one.used.reached, one.used.size),
        "others_words": _share(one.others.reached, one.others.size),
        "difference": _points(one.difference),
        "range": _("%(low)s to %(high)s") % {"low": _points(low), "high": _points(high)},
        "clear": one.is_clear,
        "picture": draw_difference(one.difference, low, high),
    }


def _share(reached: int, size: int) -> str:
    return _("%(reached)s of %(size)s (%(percent)s %%)") % {
        "reached": figure(reached),
        "size": figure(size),
        "percent": figure(round(100 * reached / size)),
    }


def _points(difference: float) -> str:
    """In percentage points, with its sign."""
    points = round(100 * difference)
    return f"+{figure(points)}" if points > 0 else figure(points).replace("-", "−")
