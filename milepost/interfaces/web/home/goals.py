"""Where the community is going: its goals, and the forms that write them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.goals.models import Goal
from milepost.domain.resources.models import Resource
from milepost.domain.spaces.models import Space, Thread
from milepost.domain.work.models import Opportunity
from milepost.engines.milestones import bearings
from milepost.engines.milestones.models import Award
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor, can
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links, talk
from milepost.interfaces.web.home.forms import GoalForm
from milepost.interfaces.web.home.goal_rows import goal_row, goal_rows
from milepost.interfaces.web.trying import accepted

THREADS = 10


def _must_be_open(actor: Actor) -> None:
    """A members' community tells strangers its mission, and nothing more."""
    if actor.membership is None and not actor.community.is_public:
        raise Http404


@require_safe
@route("goals.view")
def index(request: Request) -> HttpResponse:
    actor = request.actor
    _must_be_open(actor)
    now = bearings.bearings(actor.community)
    others: list[dict[str, Any]] = []
    if can(actor, "goals.write"):
        rows = Goal.objects.filter(community=actor.community).exclude(adopted_at__isnull=False, retired_at__isnull=True)
        others = [
            {
                "title": goal.title,
                "url": links.goal(actor.community, goal.slug),
                "badge": _("retired") if goal.retired_at else _("draft"),
            }
            for goal in rows[:100]
        ]
    return render(
        request,
        "web/home/goals.html",
        {
            "goals": goal_rows(actor, now, _mine(actor)),
            "others": others,
            "may_write": can(actor, "goals.write"),
            "now": now,
            "indexed": actor.community.is_public,
        },
    )


def _mine(actor: Actor) -> set[Any]:
    if actor.person is None:
        return set()
    return set(Award.objects.standing().filter(person=actor.person).values_list("milestone", flat=True))


@require_safe
@route("goals.view")
def page(request: Request, goal: str) -> HttpResponse:
    """Why, for which value, how far, and what serves it. Drafts and retired goals are the stewards'."""
    actor = request.actor
    _must_be_open(actor)
    community = actor.community
    found = get_object_or_404(Goal.objects.select_related("value", "milestone"), community=community, slug=goal)
    may_write = can(actor, "goals.write")
    if not may_write and found.adopted_at is None:
        raise Http404
    now = bearings.bearings(community)
    row = next((goal_row(actor, now, one, _mine(actor)) for one in now.goals if one.id == found.pk), None)
    serving = Space.objects.visible_to(actor).live().filter(goal=found)
    threads = Thread.objects.visible_to(actor).filter(goal=found).latest_first()[:THREADS]
    stone = now.stone(found.milestone_id)
    return render(
        request,
        "web/home/goal.html",
        {
            "goal": found,
            "row": row,
            "stone": stone,
            "stone_url": links.milestone(community, stone.slug) if stone else "",
            "definition_url": links.definition(community, "goal"),
            "spaces": [
                {"label": name, "url": links.space(community, slug)}
                for slug, name in serving.order_by("name").values_list("slug", "name")
            ],
            "helps": _helps(actor, found),
            "threads": [talk.shown(actor, now, thread) for thread in threads.values(*talk.FIELDS)],
            "may_write": may_write,
            "description": found.why or found.title,
            "indexed": community.is_public and found.adopted_at and not found.retired_at,
        },
    )


def _helps(actor: Actor, goal: Goal) -> list[dict[str, Any]]:
    """Resources that serve it, and where a hand is needed for it."""
    base = links.base(actor.community)
    found: list[dict[str, Any]] = [
        {"label": title, "url": f"{base}resources/{slug}/", "icon": "book-open"}
        for slug, title in Resource.objects.open_to(actor).filter(goals=goal).values_list("slug", "title")[:THREADS]
    ]
    if can(actor, "opportunities.view"):
        open_ones = Opportunity.objects.here(actor.community).open_on(clock.today(actor.community.time_zone))
        asked = open_ones.counted().with_room().filter(goal=goal).order_by("effort").values_list("slug", "title")
        found += [
            {"label": title, "url": f"{base}opportunities/{slug}/", "icon": "hand-helping"}
            for slug, title in asked[:THREADS]
        ]
    return found


@route("goals.write")
def new(request: Request) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    form = GoalForm(request.POST or None, community=community)
    made: list[Goal] = []
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: made.append(Goal.draft(community=community, by=by, **form.values())))
    ):
        messages.success(request, _("The goal is a draft. Talk it over, then let the community adopt it."))
        return redirect(links.goal(community, made[0].slug))
    return render(request, "web/home/write_goal.html", {"form": form}, status=422 if form.errors else 200)


@route("goals.write")
def change(request: Request, goal: str) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    found = get_object_or_404(Goal, community=community, slug=goal)
    # The form writes what was sent into its own copy, so that the change method still sees what was there before.
    form = GoalForm(request.POST or None, community=community, instance=Goal.objects.get(pk=found.pk))
    if request.method == "POST" and form.is_valid() and accepted(form, lambda: found.change(by=by, **form.values())):
        bearings.forget(community)
        return redirect(links.goal(community, found.slug))
    return render(
        request, "web/home/write_goal.html", {"form": form, "goal": found}, status=422 if form.errors else 200
    )


@require_POST
@route("goals.write")
def adopt(request: Request, goal: str) -> HttpResponse:
    found = get_object_or_404(Goal, community=request.actor.community, slug=goal)
    found.adopt(by=request.actor.person)
    bearings.forget(found.community)
    messages.success(request, _("This is our goal now."))
    return redirect(links.goal(request.actor.community, found.slug))


@require_POST
@route("goals.write")
def retire(request: Request, goal: str) -> HttpResponse:
    """No longer pursued; with `back`, taken up again."""
    found = get_object_or_404(Goal, community=request.actor.community, slug=goal)
    if "back" in request.POST:
        found.resume(by=request.actor.person)
        messages.success(request, _("“%(title)s” is pursued again.") % {"title": found.title})
    else:
        found.retire(by=request.actor.person, reason=request.POST.get("reason", "")[:400])
        messages.success(request, _("“%(title)s” is retired. You can take it up again here.") % {"title": found.title})
    bearings.forget(found.community)
    return redirect(links.goal(request.actor.community, found.slug))
