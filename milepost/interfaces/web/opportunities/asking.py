"""Asking for a hand, saying it differently, closing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from milepost.domain.work.models import Opportunity
from milepost.engines.milestones import coverage
from milepost.foundation.identity.access import require
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.trying import accepted

from .forms import AskForm, as_asked
from .reading import address, find


@route("opportunities.ask")
def new(request: Request) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    form = AskForm(request.POST or None, community=community)
    made: list[Opportunity] = []
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: made.append(Opportunity.ask(community=community, by=by, asked=form.asked())))
    ):
        coverage.forget(community)
        messages.success(request, _("Asked. Whoever has the time for it sees it under “Take part”."))
        return redirect(address(community, made[0].slug))
    return render(request, "web/opportunities/ask.html", {"form": form}, status=422 if form.errors else 200)


@route("opportunities.change")
def change(request: Request, opportunity: str) -> HttpResponse:
    found = find(request, opportunity)
    require(request.actor, "opportunities.change", found)
    community, by = request.actor.community, request.actor.person
    form = AskForm(request.POST or None, community=community, initial=as_asked(found))
    if request.method == "POST" and form.is_valid() and accepted(form, lambda: found.change(by=by, asked=form.asked())):
        coverage.forget(community)
        return redirect(address(community, found.slug))
    context = {"form": form, "opportunity": found}
    return render(request, "web/opportunities/ask.html", context, status=422 if form.errors else 200)


@require_POST
@route("opportunities.change")
def close(request: Request, opportunity: str) -> HttpResponse:
    """No more hands are needed; with `back`, they are again."""
    found, by = find(request, opportunity), request.actor.person
    if "back" in request.POST:
        found.reopen(by=by)
        messages.success(request, _("“%(title)s” is open again.") % {"title": found.title})
    else:
        found.close(by=by, reason=request.POST.get("reason", "")[:400])
        messages.success(request, _("“%(title)s” is closed. You can open it again here.") % {"title": found.title})
    coverage.forget(request.actor.community)
    return redirect(address(request.actor.community, found.slug))
