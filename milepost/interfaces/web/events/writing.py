"""Proposing, announcing, changing and calling off."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from milepost.domain.events import changing, proposing, settling
from milepost.domain.events.models import Event, EventSettings
from milepost.engines.milestones import bearings
from milepost.foundation.identity.access import can, require
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.ratelimits import limited
from milepost.interfaces.web.trying import accepted

from . import showing
from .forms import CancelForm, EventForm, SettingsForm


@route("events.propose")
@limited("events", "60/h/user")
@showing.in_own_zone
def new(request: Request) -> HttpResponse:
    actor = request.actor
    initial = {"day": request.GET.get("day") or None}
    form = EventForm(request.POST or None, actor=actor, initial=initial)
    made: list[Event] = []
    if request.method == "POST" and form.is_valid() and accepted(form, lambda: made.append(_propose(request, form))):
        event = made[0]
        bearings.forget(actor.community)
        if event.is_published:
            messages.success(request, _("It is announced. Invite those whom you would like to see there."))
        else:
            messages.success(request, _("Your proposal is with the stewards. You see it here until they have looked."))
        return redirect(showing.url(actor.community, event.pk))
    context = {"form": form, "index_url": showing.base(actor.community), "waits": _waits(request)}
    return render(request, "web/events/write.html", context, status=422 if form.errors else 200)


def _waits(request: Request) -> bool:
    return EventSettings.of(request.actor.community).approval and not can(request.actor, "events.approve")


def _propose(request: Request, form: EventForm) -> Event:
    actor, when, links = request.actor, form.when(), form.links()
    values = form.values()
    over = when.rule is None and proposing.is_past(when)
    if over and can(actor, "events.approve"):
        return proposing.note(
            community=actor.community, by=actor, when=when, hosts=links.hosts, speakers=links.speakers,
            milestones=links.milestones, tags=links.tags, **values,
        )  # fmt: skip
    return proposing.propose(
        community=actor.community, by=actor, when=when, hosts=links.hosts or None, speakers=links.speakers or (),
        milestones=links.milestones or (), tags=links.tags or (), room=form.cleaned_data["room"], **values,
    )  # fmt: skip


@route("events.host")
@limited("events", "60/h/user")
@showing.in_own_zone
def change(request: Request, event: str) -> HttpResponse:
    actor = request.actor
    found = showing.find(request, event)
    require(actor, "events.host", found)
    form = EventForm(request.POST or None, actor=actor, event=found)
    if request.method == "POST" and form.is_valid() and accepted(form, lambda: _change(request, form, found)):
        bearings.forget(actor.community)
        messages.success(request, _("Changed. Whoever comes hears of it, if when or where has changed."))
        return redirect(showing.url(actor.community, found.pk))
    context = {"form": form, "event": found, "index_url": showing.base(actor.community)}
    return render(request, "web/events/write.html", context, status=422 if form.errors else 200)


def _change(request: Request, form: EventForm, event: Event) -> None:
    which = form.cleaned_data.get("which", "one")
    options = {"event": event, "by": request.actor, "when": form.when(), "links": form.links(), **form.values()}
    if which == "one":
        changing.change(**options)
    else:
        changing.change_series(which=which, **options)


@require_POST
@route("events.host")
def publish(request: Request, event: str) -> HttpResponse:
    found = showing.find(request, event)
    proposing.publish(event=found, by=request.actor)
    bearings.forget(request.actor.community)
    messages.success(request, _("It is announced."))
    return redirect(showing.url(request.actor.community, found.pk))


@require_POST
@route("events.approve")
def decline(request: Request, event: str) -> HttpResponse:
    found = showing.find(request, event)
    proposing.decline(event=found, by=request.actor, reason=request.POST.get("reason", ""))
    messages.success(request, _("Not taken. Whoever proposed it reads why."))
    return redirect(showing.url(request.actor.community, found.pk))


@route("events.host")
def cancel(request: Request, event: str) -> HttpResponse:
    found = showing.find(request, event)
    require(request.actor, "events.host", found)
    form = CancelForm(request.POST or None, event=found)
    if request.method == "POST" and form.is_valid() and accepted(form, lambda: _cancel(request, form, found)):
        bearings.forget(request.actor.community)
        messages.success(request, _("It is called off. Whoever wanted to come gets a mail."))
        return redirect(showing.url(request.actor.community, found.pk))
    context = {"form": form, "event": found, "back": showing.url(request.actor.community, found.pk)}
    return render(request, "web/events/cancel.html", context)


def _cancel(request: Request, form: CancelForm, event: Event) -> None:
    data = form.cleaned_data
    call = changing.cancel_series if data.get("following") else changing.cancel
    call(event=event, by=request.actor, reason=data["reason"])


@route("events.approve")
def settings(request: Request) -> HttpResponse:
    community = request.actor.community
    now = EventSettings.of(community)
    form = SettingsForm(request.POST or None, initial={"approval": now.approval, "video_server": now.video_server})
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: settling.settle(community=community, by=request.actor, **form.cleaned_data))
    ):
        messages.success(request, _("Kept."))
        return redirect(showing.base(community))
    return render(request, "web/events/settings.html", {"form": form, "index_url": showing.base(community)})
