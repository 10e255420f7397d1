"""What who began a conversation, and moderators, do with it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from milepost.domain.spaces.models import Space
from milepost.engines.milestones.bearings import bearings
from milepost.foundation.common.errors import NotAllowed
from milepost.foundation.identity.access import at_least
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.trying import accepted

from .forms import MoveForm, ThreadEditForm, served, serving
from .threads import address, crumbs, find_thread


@route("posts.write")
def edit(request: Request, space: str, pk: uuid.UUID) -> HttpResponseBase:
    thread = find_thread(request, pk)
    if not (thread.begun_by(request.actor) or at_least(request.actor, "moderator")):
        raise NotAllowed(_("Who began a conversation, and moderators, change its title."))
    initial = {
        "title": thread.title,
        "tags": ", ".join(tag.name for tag in thread.tags.all()),
        "serves": serving(thread.goal_id, thread.value_id),
    }
    form = ThreadEditForm(request.POST or None, initial=initial, now=bearings(request.actor.community))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if accepted(
            form,
            lambda: thread.change(
                by=request.actor,
                title=data["title"],
                tags=data["tags"],
                **served(data["serves"], request.actor.community),
            ),
        ):
            return redirect(address(thread))
    context = {"form": form, "thread": thread, "crumbs": crumbs(request, thread.space, thread), "here": address(thread)}
    return render(request, "web/spaces/edit_thread.html", context, status=422 if form.errors else 200)


@require_POST
@route("threads.manage")
def pin(request: Request, space: str, pk: uuid.UUID) -> HttpResponseBase:
    thread = find_thread(request, pk)
    (thread.unpin if thread.pinned_at else thread.pin)(by=request.actor)
    return redirect(address(thread))


@require_POST
@route("threads.manage")
def close(request: Request, space: str, pk: uuid.UUID) -> HttpResponseBase:
    thread = find_thread(request, pk)
    (thread.reopen if thread.closed_at else thread.close)(by=request.actor)
    return redirect(address(thread))


@route("threads.manage")
def move(request: Request, space: str, pk: uuid.UUID) -> HttpResponseBase:
    thread = find_thread(request, pk)
    others = Space.objects.visible_to(request.actor).live().exclude(pk=thread.space_id).order_by("name")[:500]
    form = MoveForm(request.POST or None, spaces=others)
    if request.method == "POST" and form.is_valid():
        to = Space.objects.visible_to(request.actor).get(pk=form.cleaned_data["to"])
        if accepted(form, lambda: thread.move(to=to, by=request.actor)):
            messages.success(request, _("Moved into “%(space)s”.") % {"space": to.name})
            thread.space = to
            return redirect(address(thread))
    context = {"form": form, "thread": thread, "crumbs": crumbs(request, thread.space, thread), "here": address(thread)}
    return render(request, "web/spaces/move.html", context, status=422 if form.errors else 200)
