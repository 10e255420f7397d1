"""Milestones: the stones on the community's way, who reached them, and taking back that one did so oneself."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import bearings, celebrating, helping
from milepost.engines.milestones.backfilling import explained
from milepost.engines.milestones.models import Award, MilestoneClaim
from milepost.engines.milestones.rules import rule_of
from milepost.engines.milestones.steps import journey
from milepost.foundation.conditions import Invalid
from milepost.foundation.identity.access import at_least, can
from milepost.foundation.identity.models import Person
from milepost.interfaces.web import words
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.home import links, way
from milepost.interfaces.web.home.moments import rows
from milepost.interfaces.web.resources.rows import help_rows

PAGE = 30
A_FEW = 4
"""Things of each kind that help, on a milestone's page."""


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
            "small_steps": way.small_steps(travelled, now) if travelled else (),
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
            "may_propose": can(actor, "paths.propose"),
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
    found = get_object_or_404(Milestone.objects.adopted(), community=community, slug=milestone)
    now = bearings.bearings(community)
    stone = now.stone(found.pk)
    count = stone.reached if stone else 0
    named = celebrating.every_award(actor).filter(milestone=found)
    people = turn(celebrating.columns(named), ("-reached_on", "-id"), request.GET, PAGE)
    steward = at_least(actor, "steward")
    mine = waiting = None
    if actor.person:
        mine = Award.objects.standing().filter(milestone=found, person=actor.person).order_by("-reached_on").first()
        waiting = MilestoneClaim.objects.waiting().filter(milestone=found, person=actor.person).first()
    if found.is_secret and mine is None and not steward:
        raise Http404
    goals = Goal.objects.adopted().filter(community=community, milestone=found)
    return render(
        request,
        "web/home/milestone.html",
        {
            "milestone": found,
            "how_many": words.reached(count, now.members, steward=steward),
            "reached": count,
            "moments": rows(community, celebrating.as_moments(people.rows, actor), of=found.slug),
            "people": people,
            "mine": mine,
            "waiting": waiting,
            "may_withdraw": mine is not None and mine.how == Award.How.CLAIM,
            "rule": _in_words(found),
            "goals": [{"label": goal.title, "url": links.goal(community, goal.slug)} for goal in goals],
            "helps": help_rows(community, helping.helping(actor, [found.pk], at_most=A_FEW)[found.pk]),
            "may_claim": actor.person is not None and waiting is None and _is_open(found, mine),
            "may_write": can(actor, "paths.write"),
            "definition_url": links.definition(community, "reached"),
            "description": found.why or found.name,
            "indexed": community.is_public,
        },
    )


def _is_open(milestone: Milestone, mine: Award | None) -> bool:
    """Whether a member may still say that they reached it: once, again where it repeats, or anew where it runs out."""
    if not milestone.is_pursued or milestone.way != Milestone.Way.CLAIM:
        return False
    return mine is None or milestone.repeats != Milestone.Repeats.ONCE or milestone.valid_for_days is not None


def _in_words(milestone: Milestone) -> list[tuple[str, str]]:
    """How a rule finds it; nothing where none does, or where it names what is not there any more."""
    try:
        rule = rule_of(milestone) if milestone.is_automatic else None
    except Invalid:
        return []
    return explained(rule) if rule else []


@route("milestones.own")
def withdraw(request: Request, milestone: str) -> HttpResponse:
    """Asks once, then takes one's own word back."""
    person = _own(request)
    community = request.actor.community
    mine = Award.objects.standing().filter(person=person, community=community, how=Award.How.CLAIM)
    found = mine.select_related("milestone").filter(milestone__slug=milestone).order_by("-reached_on").first()
    if found is None:
        raise Http404
    back = links.milestone(community, milestone)
    if request.method == "POST":
        found.withdraw(by=person)
        bearings.forget(community)
        celebrating.forget(community)
        messages.success(request, _("Taken back. You can say it again whenever it is so."))
        return redirect(back)
    return render(request, "web/home/withdraw.html", {"award": found, "back": back})
