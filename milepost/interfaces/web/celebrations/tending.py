"""What stewards tend: words, landmarks, walls, and whom nobody has noticed for long."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import celebrating
from milepost.foundation.activity import registry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Community, Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.home import links
from milepost.interfaces.web.times import figure
from milepost.interfaces.web.trying import accepted
from milepost.outward.celebrations import keeping, landmarks, taking_back, unseen, walls, wordings
from milepost.outward.celebrations.models import Landmark, Moment, Wall

from .forms import LandmarkForm, WallForm, WordingForm
from .mine import catch_up_of
from .rows import base

Kind = Moment.Kind
PAGE = 30
WAITING = 100


@require_safe
@route("celebrations.write")
def index(request: Request) -> HttpResponse:
    community = request.actor.community
    said = wordings.of(community)
    address = f"{base(community)}wordings/"
    context = {
        "kinds": [
            {"name": Kind(kind).label, "says": said.get((kind, None), ""), "url": f"{address}{kind}/"}
            for kind in wordings.NAMES
        ],
        "milestones": [
            {
                "name": stone.name,
                "says": said.get((Kind.REACHED, stone.pk), ""),
                "url": f"{address}reached/{stone.slug}/",
            }
            for stone in Milestone.objects.pursued().filter(community=community)
        ],
        "waiting": taking_back.waiting(community).count(),
        "unseen": unseen.unseen(community).count(),
        "walls": Wall.objects.filter(community=community, revoked_at__isnull=True).count(),
        "landmarks": Landmark.objects.filter(keeping.open_landmarks(), community=community).count(),
    }
    return render(request, "web/celebrations/tending.html", context)


# --- words ---------------------------------------------------------------------------------------------


@route("celebrations.write")
def wording(request: Request, kind: str, milestone: str = "") -> HttpResponse:
    """The words for a milestone or a kind of moment, with what they would say beside them."""
    community, by = request.actor.community, request.actor.person
    if kind not in wordings.NAMES or (milestone and kind != Kind.REACHED):
        raise Http404
    stone = get_object_or_404(Milestone, community=community, slug=milestone) if milestone else None
    now = wordings.of(community).get((kind, stone.pk if stone else None), "")
    form = WordingForm(request.POST or None, kind=kind, initial={"text": now})
    example = _example(community, kind, stone)
    preview = ""
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        if "preview" in request.POST:
            preview = _previewed(form, kind, example)
        elif accepted(form, lambda: wordings.write(community=community, kind=kind, text=text, by=by, milestone=stone)):
            celebrating.forget(community)
            messages.success(request, _("It is said like that from now on, and of what was reached before."))
            return redirect(f"{base(community)}tending/")
    elif now:
        preview = wordings.say(now, example)
    context = {
        "form": form,
        "title": stone.name if stone else Kind(kind).label,
        "preview": preview,
        "ours": wordings.ours(kind, example),
    }
    return render(request, "web/celebrations/wording.html", context, status=422 if form.errors else 200)


def _previewed(form: WordingForm, kind: str, example: dict[str, Any]) -> str:
    text = form.cleaned_data["text"]
    if not text.strip():
        return wordings.ours(kind, example)
    try:
        return wordings.preview(text, kind, example)
    except DomainError as error:
        form.add_error("text", str(error))
        return ""


def _example(community: Community, kind: str, stone: Milestone | None) -> dict[str, Any]:
    """What a moment might be filled with."""
    first = stone or Milestone.objects.pursued().filter(community=community).first()
    every = {
        "name": _("Amara"),
        "count": 1,
        "milestone": f"“{first.name if first else _('First gig')}”",
        "day": _("21 March"),
        "years": 2,
        "community": community.name,
        "landmark": _("Our 100th workshop"),
        "number": "100",
        "unit": "",
    }
    return {name: every[name] for name in wordings.NAMES[kind]}


# --- landmarks ------------------------------------------------------------------------------------------


@route("celebrations.write")
def landmark_index(request: Request) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    form = LandmarkForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: landmarks.define(community=community, by=by, **form.cleaned_data))
    ):
        messages.success(request, _("It will be celebrated when you get there."))
        return redirect(request.path)
    rows = [_landmark(one) for one in Landmark.objects.filter(community=community, retired_at__isnull=True)[:PAGE]]
    context = {"form": form, "landmarks": rows}
    return render(request, "web/celebrations/landmarks.html", context, status=422 if form.errors else 200)


def _landmark(one: Landmark) -> dict[str, Any]:
    now = one.target if one.reached_on else keeping.so_far(one)
    verb = registry.verbs().get(one.verb)
    return {
        "id": one.pk,
        "name": one.name,
        "value": float(min(now, one.target)),
        "max": float(one.target),
        "line": _("%(now)s of %(target)s %(unit)s")
        % {"now": figure(float(now)), "target": figure(float(one.target)), "unit": one.unit},
        "what": f"{verb.label if verb else one.verb}: {one.get_measure_display()}",
        "reached_on": one.reached_on,
    }


@require_POST
@route("celebrations.write")
def retire_landmark(request: Request, landmark: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(
        Landmark.objects.select_related("community"), community=request.actor.community, pk=landmark
    )
    landmarks.retire(landmark=found, by=request.actor.person)
    messages.success(request, _("“%(name)s” is no longer looked for.") % {"name": found.name})
    return redirect(f"{base(request.actor.community)}landmarks/")


# --- walls ---------------------------------------------------------------------------------------------


@route("celebrations.write")
def wall_index(request: Request) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    form = WallForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: walls.open_wall(community=community, name=form.cleaned_data["name"], by=by))
    ):
        messages.success(request, _("The wall is open. Give its address to the screen."))
        return redirect(request.path)
    rows = [
        {
            "id": wall.pk,
            "name": wall.name,
            "since": wall.opened_at,
            "url": f"{settings.MILEPOST_URL}/wall/{wall.token}/",
        }
        for wall in Wall.objects.filter(community=community, revoked_at__isnull=True)
    ]
    context = {
        "form": form,
        "walls": rows,
        "embed_url": f"{settings.MILEPOST_URL}{base(community)}badge.svg",
        "home": f"{settings.MILEPOST_URL}{links.base(community)}",
        "public": community.is_public,
    }
    return render(request, "web/celebrations/walls.html", context, status=422 if form.errors else 200)


@require_POST
@route("celebrations.write")
def revoke_wall(request: Request, wall: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Wall.objects.select_related("community"), community=request.actor.community, pk=wall)
    walls.revoke(wall=found, by=request.actor.person)
    messages.success(request, _("The wall “%(name)s” shows nothing any more.") % {"name": found.name})
    return redirect(f"{base(request.actor.community)}walls/")


# --- who waits for recognition --------------------------------------------------------------------------


@require_safe
@route("celebrations.write")
def unseen_index(request: Request) -> HttpResponse:
    """Whoever takes part and was not recognised for long, longest first."""
    community = request.actor.community
    found: QuerySet[Any, Any] = unseen.unseen(community).values(
        "pk", "seen_at", ident=F("person_id"), name=F("person__name"), handle=F("person__handle"),
        photo=F("person__profile__photo"), celebration=F("person__profile__celebration"),
    )  # fmt: skip
    turned = turn(found, ("seen_at", "pk"), request.GET, PAGE)
    done = unseen.done_lately(community, [row["ident"] for row in turned.rows])
    people = [
        {
            "name": row["name"],
            "url": links.person(community, row["ident"], row["handle"]),
            "photo": links.photo(community, row["ident"], row["photo"]),
            "since": row["seen_at"],
            "done": done.get(row["ident"], 0),
            "quiet": row["celebration"] in celebrating.QUIET,
            "thank_url": f"{links.base(community)}thanks/new/?to={row['handle'] or row['ident']}",
        }
        for row in turned.rows
    ]
    context = {
        "people": people,
        "page": turned,
        "definition": unseen.DEFINITION,
        "today": clock.today(community.time_zone),
    }
    return render(request, "web/celebrations/unseen.html", context)


# --- what members had already reached -------------------------------------------------------------------


@require_safe
@route("celebrations.write")
def catch_ups(request: Request) -> HttpResponse:
    community = request.actor.community
    people = [
        {
            "name": person.name,
            "url": f"{base(community)}catch-up/{person.pk}/",
            "detail": _("something to tell"),
            "photo": "",
        }
        for person in taking_back.waiting(community)[:WAITING]
    ]
    return render(request, "web/celebrations/catch_ups.html", {"people": people})


@route("celebrations.write")
def catch_up(request: Request, person: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(
        taking_back.waiting(request.actor.community).select_related("community", "profile"), pk=person
    )
    assert isinstance(found, Person)
    return catch_up_of(request, found)
