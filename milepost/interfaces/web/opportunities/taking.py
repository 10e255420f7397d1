"""Taking something on, saying that it is done, giving it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from milepost.engines.milestones import coverage
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.trying import accepted

from .forms import FinishForm
from .reading import address, commitment_of, find


def _member(request: Request) -> Person:
    person = request.actor.person
    assert person is not None
    person.community = request.actor.community
    return person


@require_POST
@route("opportunities.take")
def take(request: Request, opportunity: str) -> HttpResponse:
    found = find(request, opportunity)
    found.take(by=_member(request))
    coverage.forget(request.actor.community)
    messages.success(request, _("It is yours. If something comes in between, give it back: that is fine."))
    return redirect(address(request.actor.community, found.slug))


@route("opportunities.take")
def finish(request: Request, opportunity: str) -> HttpResponse:
    found = find(request, opportunity)
    commitment, by = commitment_of(request, found), _member(request)
    here = address(request.actor.community, found.slug)
    if commitment.finished_at is not None:
        return redirect(here)
    form = FinishForm(request.POST or None, initial={"minutes": found.effort})
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: commitment.finish(by=by, **form.cleaned_data))
    ):
        messages.success(request, _("Done. Thank you!"))
        return redirect(here)
    context = {"form": form, "opportunity": found}
    return render(request, "web/opportunities/finish.html", context, status=422 if form.errors else 200)


@require_POST
@route("opportunities.take")
def give_back(request: Request, opportunity: str) -> HttpResponse:
    found = find(request, opportunity)
    commitment_of(request, found).give_back(by=_member(request))
    coverage.forget(request.actor.community)
    messages.success(request, _("Given back. Somebody else can take it now."))
    return redirect(address(request.actor.community, found.slug))
