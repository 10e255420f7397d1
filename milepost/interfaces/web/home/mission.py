"""Why the community exists: the mission page, its history, and the forms that write it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.charter.models import CharterVersion, Value
from milepost.domain.goals.models import Goal
from milepost.domain.spaces.models import Space
from milepost.engines.milestones import bearings
from milepost.foundation.common import markdown
from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.home.forms import CharterForm, ValueForm
from milepost.interfaces.web.trying import accepted


@require_safe
@route("charter.view")
def page(request: Request) -> HttpResponse:
    """What is in force; values with what points to them."""
    actor = request.actor
    community = actor.community
    charter = CharterVersion.objects.select_related("written_by").in_force(community)
    open_to_reader = actor.membership is not None or community.is_public
    return render(
        request,
        "web/home/mission.html",
        {
            "charter": charter,
            "vision": markdown.render(charter.vision) if charter else "",
            "agreements": markdown.render(charter.agreements) if charter else "",
            "values": _values(request) if open_to_reader else _plain_values(community),
            "agreed": charter.agreed.count() if charter and actor.membership else 0,
            "may_write": can(actor, "charter.write"),
            "description": charter.mission if charter else community.tagline,
            "indexed": community.is_public,
        },
    )


def _plain_values(community: Community) -> list[dict[str, Any]]:
    return [dict(row) for row in Value.objects.held().filter(community=community).values("slug", "name", "meaning")]


def _values(request: Request) -> list[dict[str, Any]]:
    """Each value with the goals and spaces that point to it, as far as the reader sees them. Three queries."""
    community = request.actor.community
    goals: dict[Any, list[dict[str, str]]] = {}
    for goal in (
        Goal.objects.adopted().filter(community=community, value__isnull=False).values("value", "slug", "title")
    ):
        goals.setdefault(goal["value"], []).append({"label": goal["title"], "url": links.goal(community, goal["slug"])})
    spaces: dict[Any, list[dict[str, str]]] = {}
    visible = Space.objects.visible_to(request.actor).live().filter(value__isnull=False)
    for space in visible.order_by("name").values("value", "slug", "name"):
        spaces.setdefault(space["value"], []).append(
            {"label": space["name"], "url": links.space(community, space["slug"])}
        )
    return [
        {**value, "goals": goals.get(value["pk"], ()), "spaces": spaces.get(value["pk"], ())}
        for value in Value.objects.held().filter(community=community).values("pk", "slug", "name", "meaning")
    ]


@require_safe
@route("charter.view")
def history(request: Request) -> HttpResponse:
    """Every version that was ever in force, the newest first, with why it was written."""
    versions = (
        CharterVersion.objects.filter(community=request.actor.community, ratified_at__isnull=False)
        .select_related("written_by")
        .annotate(count=Count("agreed", filter=Q(agreed__person__erased_at__isnull=True)))
        .order_by("-number")
    )
    return render(request, "web/home/history.html", {"versions": versions[:100]})


@route("charter.write")
def write(request: Request) -> HttpResponse:
    """The next version, starting from the one in force."""
    community = request.actor.community
    last = CharterVersion.objects.in_force(community)
    start = {name: getattr(last, name) for name in ("mission", "vision", "agreements")} if last else {}
    form = CharterForm(request.POST or None, initial={**start, "after": last.number if last else 0})
    if request.method == "POST" and form.is_valid():
        by, given = request.actor.person, form.cleaned_data
        if accepted(form, lambda: CharterVersion.write(community=community, by=by, **given)):
            bearings.forget(community)
            messages.success(request, _("This is what we live by from now on."))
            return redirect(f"{links.base(community)}mission/")
    return render(
        request, "web/home/write_mission.html", {"form": form, "last": last}, status=422 if form.errors else 200
    )


# --- values -----------------------------------------------------------------------------------------


@route("charter.write")
def add_value(request: Request) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    form = ValueForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: Value.add(community=community, by=by, **form.cleaned_data))
    ):
        bearings.forget(community)
        return redirect(f"{links.base(community)}mission/#values")
    return render(request, "web/home/write_value.html", {"form": form}, status=422 if form.errors else 200)


@route("charter.write")
def change_value(request: Request, value: str) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    found = get_object_or_404(Value, community=community, slug=value)
    form = ValueForm(request.POST or None, initial={"name": found.name, "meaning": found.meaning})
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: found.change(by=by, **form.cleaned_data))
    ):
        bearings.forget(community)
        return redirect(f"{links.base(community)}mission/#{found.slug}")
    return render(
        request, "web/home/write_value.html", {"form": form, "value": found}, status=422 if form.errors else 200
    )


@require_POST
@route("charter.write")
def retire_value(request: Request, value: str) -> HttpResponse:
    """Away with it, or back: `back` is what the undo on its page sends."""
    community = request.actor.community
    found = get_object_or_404(Value, community=community, slug=value)
    if "back" in request.POST:
        found.hold(by=request.actor.person)
        messages.success(request, _("“%(name)s” is among your values again.") % {"name": found.name})
    else:
        found.retire(by=request.actor.person)
        messages.success(
            request, _("“%(name)s” is no longer among your values. Its page brings it back.") % {"name": found.name}
        )
    bearings.forget(community)
    return redirect(f"{links.base(community)}values/{found.slug}/")
