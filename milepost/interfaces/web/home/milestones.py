"""Milestones: the stones on the community's way, who reached them, and saying that one did so oneself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import bearings, celebrating
from milepost.engines.milestones.models import Award
from milepost.engines.milestones.steps import journey
from milepost.foundation.identity.access import at_least, can
from milepost.foundation.identity.models import Person
from milepost.interfaces.web import words
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.home import links, way
from milepost.interfaces.web.home.forms import ClaimForm, MilestoneForm
from milepost.interfaces.web.home.moments import rows
from milepost.interfaces.web.trying import accepted

PAGE = 30


def _own(request: Request) -> Person:
    person = request.actor.person
    assert person is not None
    person.community = request.actor.community
    return person


@require_safe
@route("paths.view")
def index(request: Request) -> HttpResponse:
    """The whole way: one's own, drawn, and every stone with how many reached it."""
    actor = request.actor
    now = bearings.bearings(actor.community)
    steward = at_least(actor, "steward")
    travelled = journey(_own(request)) if actor.person else None
    return render(
        request,
        "web/home/way.html",
        {
            "stones": way.drawn(actor.community, now, travelled).stones if travelled else (),
            "small_steps": way.small_steps(travelled) if travelled else (),
            "milestones": [
                {
                    "title": stone.name,
                    "url": links.milestone(actor.community, stone.slug),
                    "text": stone.why,
                    "meta": words.reached(stone.reached, now.members, steward=steward),
                }
                for stone in now.stones
            ],
            "may_write": can(actor, "paths.write"),
            "definitions_url": links.definition(actor.community, "reached"),
            "indexed": actor.community.is_public,
        },
    )


@require_safe
@route("paths.view")
def page(request: Request, milestone: str) -> HttpResponse:
    """One stone: why it matters, how many of us reached it, and those who let themselves be named."""
    actor = request.actor
    community = actor.community
    found = get_object_or_404(Milestone, community=community, slug=milestone)
    now = bearings.bearings(community)
    stone = now.stone(found.pk)
    count = stone.reached if stone else 0
    named = celebrating.every_award(actor).filter(milestone=found)
    people = turn(celebrating.columns(named), ("-reached_on", "-id"), request.GET, PAGE)
    mine = Award.objects.filter(milestone=found, person=actor.person).first() if actor.person else None
    goals = Goal.objects.adopted().filter(community=community, milestone=found)
    return render(
        request,
        "web/home/milestone.html",
        {
            "milestone": found,
            "how_many": words.reached(count, now.members, steward=at_least(actor, "steward")),
            "reached": count,
            "moments": rows(community, celebrating.as_moments(people.rows, actor), of=found.slug),
            "people": people,
            "mine": mine,
            "goals": [{"label": goal.title, "url": links.goal(community, goal.slug)} for goal in goals],
            "may_claim": actor.person is not None and mine is None and found.retired_at is None,
            "may_write": can(actor, "paths.write"),
            "definition_url": links.definition(community, "reached"),
            "description": found.why or found.name,
            "indexed": community.is_public,
        },
    )


@route("milestones.own")
def claim(request: Request, milestone: str) -> HttpResponse:
    """ "I have done it already": the day, and what happened."""
    person = _own(request)
    community = request.actor.community
    found = get_object_or_404(Milestone.objects.pursued(), community=community, slug=milestone)
    if Award.objects.filter(person=person, milestone=found).exists():
        return redirect(links.milestone(community, found.slug))
    form = ClaimForm(request.POST or None, community=community)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if accepted(
            form,
            lambda: Award.claim(
                person=person, milestone=found, reached_on=given["reached_on"], evidence=given["evidence"]
            ),
        ):
            bearings.forget(community)
            celebrating.forget(community)
            messages.success(request, _("You reached “%(name)s”. Well done!") % {"name": found.name})
            return redirect(links.milestone(community, found.slug))
    return render(
        request, "web/home/claim.html", {"form": form, "milestone": found}, status=422 if form.errors else 200
    )


@route("milestones.own")
def withdraw(request: Request, milestone: str) -> HttpResponse:
    """Asks once, then takes one's own word back."""
    person = _own(request)
    community = request.actor.community
    found = get_object_or_404(
        Award.objects.select_related("milestone"), person=person, milestone__slug=milestone, community=community
    )
    back = links.milestone(community, milestone)
    if request.method == "POST":
        found.withdraw(by=person)
        bearings.forget(community)
        celebrating.forget(community)
        messages.success(request, _("Taken back. You can say it again whenever it is so."))
        return redirect(back)
    return render(request, "web/home/withdraw.html", {"award": found, "back": back})


# --- stewards write -----------------------------------------------------------------------------------


@route("paths.write")
def new(request: Request) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    form = MilestoneForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: Milestone.define(community=community, by=by, **form.cleaned_data))
    ):
        bearings.forget(community)
        messages.success(request, _("One more stone on the way."))
        return redirect(f"{links.base(community)}milestones/")
    return render(request, "web/home/write_milestone.html", {"form": form}, status=422 if form.errors else 200)


@route("paths.write")
def change(request: Request, milestone: str) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    found = get_object_or_404(Milestone, community=community, slug=milestone)
    form = MilestoneForm(request.POST or None, initial={"name": found.name, "why": found.why})
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: found.change(by=by, **form.cleaned_data))
    ):
        bearings.forget(community)
        return redirect(links.milestone(community, found.slug))
    return render(
        request,
        "web/home/write_milestone.html",
        {"form": form, "milestone": found},
        status=422 if form.errors else 200,
    )


@require_POST
@route("paths.write")
def retire(request: Request, milestone: str) -> HttpResponse:
    """Off the way; with `back`, on it again. Who reached it keeps it."""
    found = get_object_or_404(Milestone, community=request.actor.community, slug=milestone)
    if "back" in request.POST:
        found.pursue(by=request.actor.person)
        messages.success(request, _("“%(name)s” is on the way again.") % {"name": found.name})
    else:
        found.retire(by=request.actor.person)
        messages.success(request, _("“%(name)s” is off the way. You can put it back here.") % {"name": found.name})
    bearings.forget(request.actor.community)
    return redirect(links.milestone(request.actor.community, found.slug))
