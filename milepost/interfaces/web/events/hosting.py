"""For hosts: who comes, who came, invitations, the door, and what remains."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.events import attending, codes, following_up, places, registering
from milepost.domain.events.models import Event, Registration
from milepost.engines.segments import looking
from milepost.engines.segments.models import Segment
from milepost.foundation.identity.access import can, require
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.ratelimits import limited
from milepost.interfaces.web.trying import accepted

from . import drawing, showing
from .forms import AfterwardsForm, InvitationsForm, SegmentInvitationForm, WalkInForm

PAGE = 100


def hosted(request: Request, pk: uuid.UUID | str) -> Event:
    """The event, where whoever asks hosts it."""
    found = showing.find(request, pk)
    require(request.actor, "events.host", found)
    return found


@require_safe
@route("events.host")
@showing.in_own_zone
def people(request: Request, event: str) -> HttpResponse:
    """The list at the door, also for phones."""
    found = hosted(request, event)
    community = request.actor.community
    show, q = request.GET.get("show", ""), " ".join(request.GET.get("q", "").replace("\0", "").split())[:80]
    rows = _rows(found, show)
    for word in q.split()[:5]:
        rows = rows.filter(person__name__icontains=word)
    columns = (*showing.FACE, "pk", "answer", "waiting_since", "came_at", "came_by", "minutes", "walked_in", "replies")
    leaf = turn(rows.values(*columns), ("person__name", "pk"), request.GET, PAGE)
    counts = showing.counts(found)
    return render(
        request,
        "web/events/people.html",
        {
            "event": found,
            "base": showing.url(community, found.pk),
            "counts": counts,
            "places": showing.places_words(found, counts["placed"]),
            "missing": Registration.objects.missing().filter(event=found).count(),
            "tabs": _tabs(found, show, counts),
            "show": show,
            "q": q,
            "rows": [_shown(community, found, row) for row in leaf.rows],
            "leaf": leaf,
            "door_open": codes.door_is_open(found) or found.is_over,
            "walk_in": WalkInForm(actor=request.actor),
            "invitations": InvitationsForm(),
            "to_segment": SegmentInvitationForm(segments=segments) if (segments := _segments(request)) else None,
            "may_import": can(request.actor, "events.import") and found.has_begun,
        },
    )


def _rows(event: Event, show: str) -> Any:
    rows = Registration.objects.filter(event=event)
    if show == "waiting":
        return rows.filter(waiting_since__isnull=False)
    if show == "other":
        return rows.filter(answer__in=["maybe", "invited", "declined"])
    if show == "missing":
        return Registration.objects.missing().filter(event=event)
    return rows.placed()


def _tabs(event: Event, show: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    tabs: list[tuple[str, str, int | None]] = [("", _("Coming"), counts["placed"])]
    if counts["waiting"] or show == "waiting":
        tabs.append(("waiting", _("Waiting"), counts["waiting"]))
    if event.is_over and counts["came"]:
        tabs.append(("missing", _("Did not come"), Registration.objects.missing().filter(event=event).count()))
    tabs.append(("other", _("Other answers"), None))
    return [
        {"label": label, "url": f"?show={name}" if name else "./", "current": show == name, "count": count}
        for name, label, count in tabs
    ]


def _shown(community: Any, event: Event, row: dict[str, Any]) -> dict[str, Any]:
    (face,) = showing.faces(community, [row])
    questions = {question["key"]: question["question"] for question in event.questions}
    return row | {
        "name": row["person__name"],
        "face": face,
        "guest": not row["person__account"],
        "answer_words": str(Registration.Answer(row["answer"]).label),
        "how": str(Registration.CameBy(row["came_by"]).label) if row["came_by"] else "",
        "said": [(questions[key], words) for key, words in row["replies"].items() if key in questions],
    }


@require_POST
@route("events.host")
def attendance(request: Request, event: str, person: uuid.UUID) -> HttpResponse:
    """By the list: this person is here, or was not."""
    found = hosted(request, event)
    who = get_object_or_404(Person, pk=person, community=request.actor.community)
    if request.POST.get("absent"):
        attending.was_not_there(event=found, person=who, by=request.actor)
        messages.success(request, _("%(name)s was not there.") % {"name": who.name})
    else:
        attending.check_in(event=found, person=who, by=request.actor)
        messages.success(request, _("%(name)s is here.") % {"name": who.name})
    kept = request.POST.get("back", "")
    return redirect(f"../../?{kept}" if kept else "../../")


@require_POST
@route("events.host")
def walk_in(request: Request, event: str) -> HttpResponse:
    found = hosted(request, event)
    form = WalkInForm(request.POST, actor=request.actor)
    if form.is_valid():
        who = form.cleaned_data["who"]
        attending.check_in(event=found, person=who, by=request.actor)
        messages.success(request, _("%(name)s is here.") % {"name": who.name})
    else:
        messages.error(request, " ".join(str(error) for error in form.errors["who"]))
    return redirect("../people/")


@require_POST
@route("events.host")
def remove(request: Request, event: str, person: uuid.UUID) -> HttpResponse:
    found = hosted(request, event)
    who = get_object_or_404(Person, pk=person, community=request.actor.community)
    registering.unregister(event=found, person=who, by=request.actor)
    messages.success(request, _("%(name)s is not registered any more.") % {"name": who.name})
    return redirect("../../")


@require_POST
@route("events.host")
@limited("event-invitations", "20/h/user")
def invite(request: Request, event: str) -> HttpResponse:
    found = hosted(request, event)
    form = InvitationsForm(request.POST)
    if form.is_valid():
        count = len(registering.invite(event=found, by=request.actor, mails=form.addresses()))
        told = ngettext("%(count)d invitation is on its way.", "%(count)d invitations are on their way.", count)
        messages.success(request, told % {"count": count})
    else:
        messages.error(request, _("Write at least one mail address."))
    return redirect("../people/")


@require_POST
@route("segments.view")
@limited("event-invitations", "20/h/user")
def invite_segment(request: Request, event: str) -> HttpResponse:
    """The members of a segment, by whoever may see who is in it."""
    found = hosted(request, event)
    form = SegmentInvitationForm(request.POST, segments=_segments(request))
    if form.is_valid():
        segment = get_object_or_404(_open_segments(request), slug=form.cleaned_data["segment"])
        count = registering.invite_members(event=found, by=request.actor, people=looking.people_of(segment))
        told = ngettext("%(count)d invitation is on its way.", "%(count)d invitations are on their way.", count)
        messages.success(request, told % {"count": count})
    else:
        messages.error(request, _("Choose a segment or a list."))
    return redirect("../people/")


def _open_segments(request: Request) -> QuerySet[Segment]:
    return Segment.objects.kept().filter(community=request.actor.community, is_sensitive=False, size__gt=0)


def _segments(request: Request) -> list[tuple[str, str, int]]:
    if not can(request.actor, "segments.view"):
        return []
    return list(_open_segments(request).order_by("name").values_list("slug", "name", "size"))


@route("events.host")
def check_in(request: Request, event: str, registration: uuid.UUID, code: str) -> HttpResponse:
    """What a host's phone opens when it reads the code on a guest's phone."""
    found = hosted(request, event)
    row = codes.ticket(registration, code)
    if row is None or row.event_id != found.pk:
        raise Http404
    if request.method == "POST":
        attending.check_in(event=found, person=row.person, by=request.actor, way=Registration.CameBy.CODE)
        messages.success(request, _("%(name)s is here.") % {"name": row.person.name})
        return redirect(request.path)
    (face,) = showing.faces(request.actor.community, [_face_of(row)])
    context = {"event": found, "row": row, "face": face, "base": showing.url(request.actor.community, found.pk)}
    return render(request, "web/events/check_in.html", context)


def _face_of(row: Registration) -> dict[str, Any]:
    return dict(Registration.objects.filter(pk=row.pk).values(*showing.FACE).get())


@require_safe
@route("events.host")
@showing.in_own_zone
def door(request: Request, event: str) -> HttpResponse:
    """A sheet for the door: whoever reads its code says that they are here."""
    found = hosted(request, event)
    context = {"event": found, "qr": drawing.code(places.door(found)), "url": places.door(found)}
    return render(request, "web/events/door.html", context | {"base": showing.url(request.actor.community, found.pk)})


@route("events.host")
def afterwards(request: Request, event: str) -> HttpResponse:
    found = hosted(request, event)
    now = {"recording": found.recording, "notes": found.notes, "follow_up": found.follow_up}
    form = AfterwardsForm(request.POST or None, initial=now)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: following_up.wrap_up(event=found, by=request.actor, **form.cleaned_data))
    ):
        messages.success(request, _("Kept on the event's page."))
        return redirect(showing.url(request.actor.community, found.pk))
    context = {"form": form, "event": found, "back": showing.url(request.actor.community, found.pk)}
    return render(request, "web/events/afterwards.html", context, status=422 if form.errors else 200)
