"""What moderators and stewards do: decide on proposals, withdraw, look who finished."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.resources.models import Completion, ResourceVersion
from milepost.engines.milestones import coverage
from milepost.foundation.common.markdown import render as markdown
from milepost.foundation.identity.access import require
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.home import links
from milepost.interfaces.web.trying import accepted

from . import rows
from .forms import DeclineForm
from .reading import find

PAGE = 60


@require_safe
@route("resources.tend")
def waiting(request: Request) -> HttpResponse:
    """Proposals and changes that nobody has decided on, those that wait longest first."""
    community = request.actor.community
    found = ResourceVersion.objects.waiting().filter(community=community).select_related("resource", "by")
    return render(
        request,
        "web/resources/waiting.html",
        {
            "versions": [
                {
                    "title": one.title,
                    "text": one.summary,
                    "note": one.note,
                    "url": f"{rows.address(community, one.resource.slug)}decision/",
                    "by": one.by.name if one.by else "",
                    "at": one.written_at,
                    "kind": one.resource.get_kind_display(),
                    "change": one.resource.published_at is not None,
                }
                for one in found.order_by("written_at")[:100]
            ]
        },
    )


@route("resources.publish")
def decide(request: Request, resource: str) -> HttpResponse:
    """Read what waits; publish it, or say what is missing."""
    found = find(request, resource)
    require(request.actor, "resources.publish", found)
    version = found.waiting_version()
    here, by = rows.address(request.actor.community, found.slug), request.actor.person
    if version is None:
        messages.info(request, _("Nothing waits for a decision here any more."))
        return redirect(here)
    form = DeclineForm(request.POST if "decline" in request.POST else None)
    if request.method == "POST":
        if "decline" not in request.POST:
            found.publish(by=by)
            coverage.forget(request.actor.community)
            messages.success(request, _("“%(title)s” is published.") % {"title": found.title})
            return redirect(here)
        if form.is_valid() and accepted(form, lambda: found.decline(by=by, reason=form.cleaned_data["reason"])):
            messages.success(request, _("Its writer can read what is missing, and propose it again."))
            return redirect("resources_waiting", request.actor.community.slug)
    return render(
        request,
        "web/resources/decide.html",
        {
            "resource": found,
            "version": version,
            "before": found.version_in_force(),
            "text": markdown(version.text, top=2) if version.text else "",
            "lessons": [{"title": one["title"], "text": markdown(one["text"], top=3)} for one in version.lessons],
            **rows.chips(request.actor.community, found),
            "form": form,
        },
        status=422 if form.errors else 200,
    )


@require_POST
@route("resources.publish")
def restore(request: Request, resource: str, number: int) -> HttpResponse:
    found = find(request, resource)
    found.restore(number=number, by=request.actor.person)
    messages.success(request, _("It says again what it said in version %(number)d.") % {"number": number})
    return redirect(rows.address(request.actor.community, found.slug))


@route("resources.tend")
def withdraw(request: Request, resource: str) -> HttpResponse:
    """Asks once, then nobody is offered it any more; with `back`, it is offered again."""
    found = find(request, resource)
    here, by = rows.address(request.actor.community, found.slug), request.actor.person
    if request.method == "POST":
        if "back" in request.POST:
            found.bring_back(by=by)
            messages.success(request, _("“%(title)s” is offered again.") % {"title": found.title})
        else:
            found.withdraw(by=by, reason=request.POST.get("reason", "")[:400])
            messages.success(
                request, _("“%(title)s” is withdrawn. You can bring it back here.") % {"title": found.title}
            )
        coverage.forget(request.actor.community)
        return redirect(here)
    return render(request, "web/resources/withdraw.html", {"resource": found, "back": here})


@require_POST
@route("resources.tend")
def unrate(request: Request, resource: str, person: uuid.UUID) -> HttpResponse:
    """Takes away a rating whose words should not have been written; audited."""
    found, by = find(request, resource), request.actor.person
    assert by is not None
    of = get_object_or_404(Person, community=request.actor.community, pk=person)
    found.unrate(by=by, of=of)
    messages.success(request, _("The rating is gone."))
    return redirect(rows.address(request.actor.community, found.slug))


@require_safe
@route("resources.tend")
def people(request: Request, resource: str) -> HttpResponse:
    """Who finished it, the last ones first."""
    community, found = request.actor.community, find(request, resource)
    done: QuerySet[Any, Any] = Completion.objects.filter(resource=found, person__erased_at__isnull=True).values(
        "finished_at", "pk", "number", ident=F("person_id"), name=F("person__name"), handle=F("person__handle"),
        photo=F("person__profile__photo"),
    )  # fmt: skip
    turned = turn(done, ("-finished_at", "-pk"), request.GET, PAGE)
    return render(
        request,
        "web/resources/people.html",
        {
            "resource": found,
            "turned": turned,
            "people": [
                {
                    "name": one["name"],
                    "url": links.person(community, one["ident"], one["handle"]),
                    "photo": links.photo(community, one["ident"], one["photo"]),
                    "at": one["finished_at"],
                    "number": one["number"],
                }
                for one in turned.rows
            ],
        },
    )
