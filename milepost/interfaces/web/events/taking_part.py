"""Saying that one comes: members, guests, a series at once; being there, and how it was."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from milepost.domain.events import attending, codes, filling, following_up, places, registering
from milepost.domain.events.models import Event, Registration
from milepost.foundation.identity.access import Actor
from milepost.interfaces.web.access import Request, open_route, route
from milepost.interfaces.web.ratelimits import limited
from milepost.interfaces.web.trying import accepted

from . import drawing, showing
from .forms import FeedbackForm, RegistrationForm


@route("events.register")
@limited("registrations", "120/h/user")
@showing.in_own_zone
def register(request: Request, event: str) -> HttpResponse:
    """Answer at once, or after the event's questions."""
    found = showing.find(request, event)
    back = showing.url(request.actor.community, found.pk)
    answer = request.POST.get("answer", "going")
    if request.method == "POST" and answer in {"maybe", "declined"}:
        registering.register(event=found, by=request.actor, answer=answer)
        messages.success(
            request, _("Your answer is kept.") if answer == "maybe" else _("You are not registered any more.")
        )
        return redirect(f"{back}#part")
    if request.method == "POST" and not found.questions:
        _tell(request, registering.register(event=found, by=request.actor))
        return redirect(f"{back}#part")
    form = RegistrationForm(request.POST if "asked" in request.POST else None, event=found)
    rows: list[Registration] = []
    if form.is_bound and form.is_valid():
        replies = form.replies()
        if accepted(form, lambda: rows.append(registering.register(event=found, by=request.actor, replies=replies))):
            _tell(request, rows[0])
            return redirect(f"{back}#part")
    return render(request, "web/events/register.html", {"form": form, "event": found, "back": back})


def _tell(request: Request, row: Registration) -> None:
    if row.is_waiting:
        messages.success(request, _("All places are taken: you are on the waiting list, and move up by yourself."))
    else:
        messages.success(request, _("You have a place. A mail with an entry for your calendar is on its way."))


@require_POST
@route("events.register")
def withdraw(request: Request, event: str) -> HttpResponse:
    found = showing.find(request, event)
    assert request.actor.person is not None
    registering.unregister(event=found, person=request.actor.person, by=request.actor)
    messages.success(request, _("You are not registered any more. Whoever waited longest has your place."))
    return redirect(f"{showing.url(request.actor.community, found.pk)}#part")


@require_POST
@route("events.register")
def series(request: Request, event: str) -> HttpResponse:
    """Join the series once, or leave it."""
    found = showing.find(request, event)
    if found.series is None:
        raise Http404
    if request.POST.get("leave"):
        filling.leave_series(series=found.series, by=request.actor)
        messages.success(request, _("You left the series."))
    else:
        filling.join_series(series=found.series, by=request.actor)
        messages.success(request, _("You joined the series: you are registered each time it comes round."))
    return redirect(f"{showing.url(request.actor.community, found.pk)}#part")


@route("events.view")
@limited("guests", "20/h/ip")
@showing.in_own_zone
def guest(request: Request, event: str) -> HttpResponse:
    """A visitor registers without an account."""
    found = showing.find(request, event)
    back = showing.url(request.actor.community, found.pk)
    if request.actor.person is not None:
        return redirect(f"{back}#part")
    form = RegistrationForm(request.POST or None, event=found, guest=True)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if accepted(
            form,
            lambda: registering.register_guest(
                event=found, name=data["name"], mail=data["mail"], replies=form.replies()
            ),
        ):
            return render(request, "web/events/guest_done.html", {"event": found, "back": back, "mail": data["mail"]})
    return render(
        request, "web/events/register.html", {"form": form, "event": found, "back": back, "guest": True},
        status=422 if form.errors else 200,
    )  # fmt: skip


@route("events.register")
def here(request: Request, event: str, code: str) -> HttpResponse:
    """What the code at the door opens: "I am here"."""
    found = showing.find(request, event)
    if not codes.opens_door(found, code):
        raise Http404
    back = showing.url(request.actor.community, found.pk)
    if request.method == "POST":
        attending.say_here(event=found, by=request.actor, code=code)
        messages.success(request, _("Good that you are here."))
        return redirect(back)
    came = Registration.objects.came().filter(event=found, person=request.actor.person).exists()
    context = {"event": found, "back": back, "open": codes.door_is_open(found), "came": came}
    return render(request, "web/events/here.html", context)


@require_POST
@route("events.register")
def feedback(request: Request, event: str) -> HttpResponse:
    found = showing.find(request, event)
    form = FeedbackForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        following_up.rate(event=found, by=request.actor, rating=data["rating"], words=data["words"])
        messages.success(request, _("Thank you. The hosts read it without your name."))
    else:
        messages.error(request, _("Choose one of the five answers."))
    return redirect(showing.url(request.actor.community, found.pk))


# --- with a ticket, and no sign-in ------------------------------------------------------------------


@open_route(
    "The code in the address is the registration's own; whoever has it may answer, as in the mail that it came with."
)
def ticket(request: Request, pk: uuid.UUID, code: str) -> HttpResponse:
    """A registration's own page: its code for the door, the answer, how it was, and the way to become a member."""
    row = codes.ticket(pk, code)
    if row is None:
        raise Http404
    event = row.event
    form = FeedbackForm(
        request.POST if "rating" in request.POST else None, initial={"rating": row.rating, "words": row.feedback}
    )
    if request.method == "POST":
        return _with_ticket(request, row, form)
    account = row.person.account
    zone = (account.time_zone if account else "") or event.zone
    return showing.rendered_in(
        zone, request, "web/events/ticket.html",
        {
            "row": row,
            "event": event,
            "here": event.community,
            "times": lambda: showing.both_times(event),
            "qr": drawing.code(places.check_in(row)) if row.has_place and not event.is_over and not event.is_cancelled else "",
            "link": event.link if row.has_place and event.is_online else "",
            "feedback": form if event.is_over and row.has_place and not event.is_cancelled else None,
            "takes": event.takes_registrations and not event.has_begun,
            "guest": row.person.account_id is None,
            "event_url": showing.url(event.community, event.pk) if _may_see(request, event) else "",
            "join_url": f"/c/{event.community.slug}/join/",
        },
    )  # fmt: skip


def _may_see(request: Request, event: Event) -> bool:
    return Event.objects.visible_to(Actor(community=event.community)).filter(pk=event.pk).exists()


def _with_ticket(request: Request, row: Registration, form: FeedbackForm) -> HttpResponse:
    from milepost.foundation.common.errors import DomainError

    try:
        if form.is_bound and form.is_valid():
            following_up.rated(row, form.cleaned_data["rating"], form.cleaned_data["words"])
            messages.success(request, _("Thank you. The hosts read it without your name."))
        elif request.POST.get("answer") == "declined":
            registering.withdrawn(row.event, row.person)
            messages.success(request, _("You are not registered any more."))
        elif request.POST.get("answer") in {"going", "maybe"}:
            registering.answered(row.event, row.person, request.POST["answer"])
            messages.success(request, _("Your answer is kept."))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect(request.path)
