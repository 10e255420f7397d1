"""Opening a conversation, and looking after it: what was written, and its end."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.deliberation.models import Conversation, Statement
from milepost.foundation.identity.access import require
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.trying import accepted

from .forms import OpeningForm
from .reading import address, find


@route("conversations.open")
def new(request: Request) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    form = OpeningForm(request.POST or None, community=community)
    made: list[Conversation] = []
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: made.append(Conversation.open(community=community, by=by, opening=form.opening())))
    ):
        messages.success(request, _("Open. Invite people who see it differently: the map needs them."))
        return redirect(address(community, made[0].slug))
    return render(request, "web/conversations/new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@route("conversations.tend")
def moderation(request: Request, conversation: str) -> HttpResponse:
    found = find(request, conversation)
    require(request.actor, "conversations.tend", found)
    every = Statement.objects.filter(conversation=found).select_related("written_by", "hidden_by")
    context = {
        "conversation": found,
        "waiting": every.waiting(),
        "shown": every.shown().order_by("-number"),
        "hidden": every.filter(hidden_at__isnull=False),
    }
    return render(request, "web/conversations/moderation.html", context)


@require_POST
@route("conversations.tend")
def moderate(request: Request, conversation: str, number: int) -> HttpResponse:
    """Let a statement in, or with `reason` take it out."""
    found, by = find(request, conversation), request.actor.person
    require(request.actor, "conversations.tend", found)
    statement = get_object_or_404(Statement, conversation=found, number=number)
    if "hide" in request.POST:
        statement.hide(by=by, reason=request.POST.get("reason", ""))
        messages.success(request, _("Taken out. Its votes are kept; you can let it in again."))
    else:
        statement.approve(by=by)
        messages.success(request, _("Let in: it is voted on now."))
    return redirect(address(request.actor.community, found.slug, "moderation/"))


@require_POST
@route("conversations.tend")
def closure(request: Request, conversation: str) -> HttpResponse:
    """End it; with `back`, go on."""
    found, by = find(request, conversation), request.actor.person
    require(request.actor, "conversations.tend", found)
    if "back" in request.POST:
        found.reopen(by=by)
        messages.success(request, _("It goes on."))
        return redirect(address(request.actor.community, found.slug))
    found.close(by=by)
    messages.success(request, _("Ended. The map and its results stay."))
    return redirect(address(request.actor.community, found.slug, "map/"))
