"""Congratulating: a reaction, or words; and taking away what should not have been said."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.trying import accepted
from milepost.outward.celebrations import congratulating
from milepost.outward.celebrations.models import Word

from .feed import found_or_404, moment_page
from .forms import WordsForm
from .rows import address, row


def _me(request: Request) -> Person:
    person = request.actor.person
    assert person is not None
    person.community = request.actor.community
    return person


@require_POST
@route("celebrations.congratulate")
def cheer(request: Request, moment: uuid.UUID) -> HttpResponse:
    """React; the same reaction once more takes it back. For HTMX the reactions alone, anew."""
    one = found_or_404(request, moment)
    emoji = request.POST.get("emoji", "")
    if one.my_cheer == emoji:
        congratulating.uncheer(moment=moment, by=_me(request))
    else:
        congratulating.cheer(moment=moment, by=_me(request), emoji=emoji)
    if request.htmx:
        return render(
            request,
            "web/celebrations/parts/reactions.html",
            {"moment": row(found_or_404(request, moment), request.actor)},
        )
    return redirect(address(request.actor.community, moment))


@require_POST
@route("celebrations.congratulate")
def say(request: Request, moment: uuid.UUID) -> HttpResponse:
    one = found_or_404(request, moment)
    form = WordsForm(request.POST)
    me = _me(request)
    if form.is_valid() and accepted(
        form, lambda: congratulating.say(moment=moment, by=me, text=form.cleaned_data["text"])
    ):
        return redirect(f"{address(request.actor.community, moment)}#words")
    return moment_page(request, one, form)


@route("celebrations.congratulate")
def remove(request: Request, moment: uuid.UUID, word: uuid.UUID) -> HttpResponse:
    """Asks once, then takes words away."""
    one = found_or_404(request, moment)
    found = get_object_or_404(
        Word.objects.select_related("community", "person", "moment"),
        community=request.actor.community,
        moment=moment,
        pk=word,
    )
    me = _me(request)
    if not (
        me.pk == found.person_id or any(r.mine for r in one.reached) or can(request.actor, "celebrations.moderate")
    ):
        raise Http404
    back = f"{address(request.actor.community, moment)}#words"
    if request.method == "POST":
        congratulating.remove(word=found, by=me)
        messages.success(request, _("The words are taken away."))
        return redirect(back)
    return render(request, "web/celebrations/remove.html", {"word": found, "back": back})
