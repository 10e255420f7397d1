"""A member's journey: the drawn path with what they reached, the next stone and what helps with it, and stones of their own."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.paths import choosing
from milepost.domain.paths.models import JourneySharing, OwnStone
from milepost.engines.milestones import helping, journeys
from milepost.engines.milestones.bearings import Bearings, bearings
from milepost.engines.milestones.celebrating import Celebration, shows_milestones
from milepost.engines.milestones.journeys import Evidence, Helper, Journey, JourneyStone, may_see
from milepost.engines.milestones.models import Award
from milepost.foundation.common.prepared import columns, made
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community, Person
from milepost.interfaces.web import words
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.paths import links as here
from milepost.interfaces.web.paths.forms import OwnStoneForm, ReachedForm, SharingForm
from milepost.interfaces.web.paths.personas import own
from milepost.interfaces.web.times import day
from milepost.interfaces.web.trying import accepted

A_FEW = 3
"""Of each kind that helps with the next milestone."""


@require_safe
@route("journey.own")
def mine(request: Request) -> HttpResponse:
    person = own(request)
    return redirect(here.journey(request.actor.community, person.pk, person.handle))


@require_safe
@route("community.home")
def page(request: Request, person: str) -> HttpResponseBase:
    """By handle or id; for others where the person opened it, and as they are celebrated."""
    actor = request.actor
    community = actor.community
    found, own_stones = _person(community, person)
    if found is None:
        raise Http404(_("There is no such journey here."))
    audience = found.journey_sharing.audience if hasattr(found, "journey_sharing") else JourneySharing.Audience.PRIVATE
    celebration = found.profile.celebration if hasattr(found, "profile") else Celebration.COMMUNITY
    if not may_see(actor, found.pk, audience, celebration):
        raise Http404(_("There is no such journey here."))
    is_own = actor.membership is not None and actor.membership.person_id == found.pk
    now = bearings(community)
    walked = journeys.walk(found, now, own=is_own, own_stones=own_stones)
    photo = found.profile.photo.name if hasattr(found, "profile") and found.profile.photo else None
    context: dict[str, Any] = {
        "who": found,
        "own": is_own,
        "photo": links.photo(community, found.pk, photo),
        "person_url": links.person(community, found.pk, found.handle),
        "personas": walked.personas,
        "stones": drawn(community, now, walked, own=is_own),
        "so_far": _so_far(walked),
        "reached": [
            _reached(community, stone, own=is_own) for stone in reversed(walked.stones) if stone.state == "reached"
        ],
        "steps": [{"name": stone.name, "day": stone.reached_on} for stone in walked.steps] if is_own else (),
    }
    if is_own:
        context |= _own_context(request, found, now, walked, audience, celebration)
    return render(request, "web/paths/journey.html", context)


def _person(community: Community, key: str) -> tuple[Person | None, list[OwnStone]]:
    """With how they are celebrated, to whom the journey is open, and what they set for themselves: by one query."""
    people = (
        Person.objects.present()
        .claimed()
        .select_related("profile", "journey_sharing")
        .filter(community=community, kind=Person.Kind.HUMAN)
        .order_by("own_stones__set_at", "own_stones__pk")
    )
    asked = [(name, F(f"own_stones__{name}")) for name in columns(OwnStone)]
    people = people.annotate(**{f"stone_{name}": column for name, column in asked})
    try:
        rows = list(people.filter(pk=uuid.UUID(key)))
    except ValueError:
        rows = list(people.filter(handle=key.lower())) if 0 < len(key) <= 60 and "\0" not in key else []
    if not rows:
        return None, []
    rows[0].community = community
    return rows[0], [made(OwnStone, vars(row), "stone_") for row in rows if vars(row)["stone_id"]]


def _own_context(
    request: Request, person: Person, now: Bearings, walked: Journey, audience: str, celebration: str
) -> dict[str, Any]:
    return {
        "next": next_stone(request.actor, now, walked),
        "own_stones": [_own_stone(stone) for stone in walked.own],
        "let_go": [_own_stone(stone) for stone in walked.let_go],
        "sharing": SharingForm(initial={"audience": audience}),
        "audience_label": JourneySharing.Audience(audience).label,
        # Opened, and yet nobody sees it: how one is celebrated comes first.
        "held_back": audience != JourneySharing.Audience.PRIVATE
        and not shows_milestones(celebration, own=False, member=audience == JourneySharing.Audience.COMMUNITY),
    }


def drawn(community: Community, now: Bearings, walked: Journey, *, own: bool) -> list[dict[str, Any]]:
    """The stones for the drawing: reached, next, later, and those of one's own."""
    stones: list[dict[str, Any]] = []
    for stone in walked.stones:
        detail: Any = day(stone.reached_on) if stone.reached_on else ""
        if stone.state != "reached" and own:
            known = now.stone(stone.id)
            count = known.reached if known else 0
            detail = words.reached(count, now.members) if count and now.may_show(count) else ""
        stones.append(
            {
                "label": stone.name,
                "state": stone.state,
                "detail": detail,
                "url": links.milestone(community, stone.slug),
            }
        )
    for one in walked.own:
        reached = one.reached_on
        stones.append(
            {
                "label": one.name,
                "state": "reached" if reached else "own",
                "detail": day(reached) if reached else _("your own"),
                "url": f"#own-{one.pk}",
            }
        )
    return stones


def _so_far(walked: Journey) -> str:
    count = walked.reached
    if not count:
        return _("Every way begins before its first stone.")
    return ngettext("%(count)s milestone so far.", "%(count)s milestones so far.", count) % {"count": count}


def _reached(community: Community, stone: JourneyStone, *, own: bool) -> dict[str, Any]:
    return {
        "name": stone.name,
        "url": links.milestone(community, stone.slug),
        "evidence": [_evidence(one, own=own) for one in stone.evidence],
    }


def _evidence(one: Evidence, *, own: bool) -> dict[str, Any]:
    counted = (
        ngettext("%(count)s thing done here counts for it", "%(count)s things done here count for it", one.activities)
        % {"count": one.activities}
        if one.activities
        else ""
    )
    return {
        "day": one.day,
        # Who said it themselves knows that.
        "how": "" if own and one.how == Award.How.CLAIM else Award.How(one.how).label,
        "words": one.words,
        "link": one.link,
        "file": one.file,
        "counted": counted,
        "expires_on": one.expires_on,
    }


def next_stone(actor: Actor, now: Bearings, walked: Journey) -> dict[str, Any] | None:
    """The next milestone, and what helps with it: what is made for it, and people who reached it and offered to help."""
    stone = walked.next_stone
    if stone is None:
        return None
    community = actor.community
    me = actor.membership.person_id if actor.membership else None
    people = journeys.helpers(community, [stone.id], without=me).get(stone.id, [])
    return {
        "name": stone.name,
        "why": stone.why,
        "url": links.milestone(community, stone.slug),
        "claim_url": f"{links.milestone(community, stone.slug)}claim/",
        "personas": stone.personas,
        "helps": _helps(community, helping.helping(actor, [stone.id], at_most=A_FEW)[stone.id]),
        "people": [_helper(community, one, stone.slug) for one in people],
        "none": not people,
    }


def _helps(community: Community, found: list[helping.Help]) -> list[dict[str, Any]]:
    """By kind, in the order in which the kinds come."""
    kinds: dict[str, dict[str, Any]] = {}
    for one in found:
        kind = kinds.setdefault(one.kind.key, {"label": one.kind.plural, "items": []})
        kind["items"].append(
            {
                "title": one.title,
                "url": here.thing(community, one.kind.url_name, one.key),
                "text": one.text,
                "at": one.starts_at,
                "minutes": one.minutes,
            }
        )
    return list(kinds.values())


def _helper(community: Community, one: Helper, about: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "url": links.person(community, one.id, one.handle),
        "photo": links.photo(community, one.id, one.photo),
        "words": one.words,
        "meet_url": here.meet(community, one.id, about),
    }


def _own_stone(stone: OwnStone) -> dict[str, Any]:
    return {
        "id": stone.pk,
        "name": stone.name,
        "why": stone.why,
        "by_when": stone.by_when,
        "reached_on": stone.reached_on,
    }


@require_safe
@route("personas.own")
def suggested(request: Request) -> HttpResponse:
    """ "Is that you?", asked for after the page is there: each persona's rule is a question of its own to the database."""
    found = choosing.suggestions(own(request))
    return render(request, "web/paths/parts/suggested.html", {"suggested": found})


@require_POST
@route("journey.own")
def share(request: Request) -> HttpResponse:
    form = SharingForm(request.POST)
    if form.is_valid():
        JourneySharing.choose(by=own(request), audience=form.cleaned_data["audience"])
        messages.success(request, _("Your choice is kept."))
    return redirect("my_journey", slug=request.actor.community.slug)


@route("journey.own")
def new_stone(request: Request) -> HttpResponse:
    """A milestone that one sets for oneself."""
    person = own(request)
    form = OwnStoneForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: OwnStone.lay(by=person, **form.cleaned_data))
    ):
        messages.success(request, _("It lies on your way now. Only you see it."))
        return redirect("my_journey", slug=request.actor.community.slug)
    return render(request, "web/paths/own_stone.html", {"form": form}, status=422 if form.errors else 200)


@route("journey.own")
def reached(request: Request, stone: uuid.UUID) -> HttpResponse:
    """One's own milestone is reached; with `back`, not after all."""
    person = own(request)
    found = get_object_or_404(OwnStone, pk=stone, person=person)
    form = ReachedForm(request.POST or None, community=request.actor.community)
    if request.method == "POST" and "back" in request.POST:
        found.unreach(by=person)
        return redirect("my_journey", slug=request.actor.community.slug)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: found.reach(by=person, on=form.cleaned_data["reached_on"]))
    ):
        messages.success(request, _("You reached “%(name)s”. Well done!") % {"name": found.name})
        return redirect("my_journey", slug=request.actor.community.slug)
    context = {"form": form, "stone": found}
    return render(request, "web/paths/own_stone_reached.html", context, status=422 if form.errors else 200)


@require_POST
@route("journey.own")
def let_go(request: Request, stone: uuid.UUID) -> HttpResponse:
    """Off one's way; with `back`, on it again."""
    person = own(request)
    found = get_object_or_404(OwnStone, pk=stone, person=person)
    if "back" in request.POST:
        found.take_up(by=person)
        messages.success(request, _("“%(name)s” lies on your way again.") % {"name": found.name})
    else:
        found.let_go(by=person)
        messages.success(request, _("“%(name)s” is off your way.") % {"name": found.name})
    return redirect("my_journey", slug=request.actor.community.slug)
