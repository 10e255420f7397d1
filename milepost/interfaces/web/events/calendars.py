"""Events in calendar programs: addresses to subscribe to, and single files."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.events import calendars, codes, places, settling
from milepost.domain.spaces.models import Space
from milepost.foundation.identity.access import Actor
from milepost.interfaces.web.access import Request, open_route, route

from . import showing

SPACES = 100


def _answer(request: Any, content: bytes, name: str) -> HttpResponse:
    """The file, or nothing new: programs ask every hour."""
    mark = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == mark:
        return HttpResponseNotModified()
    answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    answer.headers["ETag"] = mark
    answer.headers["Cache-Control"] = "private, max-age=300"
    answer.headers["Content-Disposition"] = f'inline; filename="{slugify(name) or "events"}.ics"'
    return answer


@require_safe
@route("events.view")
def public(request: Request) -> HttpResponse:
    """What everyone may see, as a calendar that needs no key."""
    community = request.actor.community
    return _answer(request, calendars.feed(Actor(community=community), name=community.name), community.slug)


@require_safe
@route("events.view")
def single(request: Request, event: str) -> HttpResponse:
    found = showing.find(request, event)
    link = found.link if found.is_online and found.shows_link_to(request.actor) else ""
    return _answer(request, calendars.calendar([calendars.component(found, link=link)], method="PUBLISH"), found.title)


@require_safe
@open_route("Calendar programs cannot sign in: the secret in the address stands for the member who made it.")
def subscribed(request: Any, key: uuid.UUID, code: str, which: str) -> HttpResponse:
    """A member's calendar. Whoever left, or made a new key, has nothing here any more."""
    found = codes.calendar(key, code)
    if found is None:
        raise Http404
    actor = Actor.of(found.person)
    if actor.membership is None or not actor.membership.is_active or actor.community.archived_at is not None:
        raise Http404
    name = actor.community.name
    if which == "mine":
        return _answer(request, calendars.feed(actor, name=_("%(name)s: mine") % {"name": name}, which="mine"), "mine")
    if which == "all":
        return _answer(request, calendars.feed(actor, name=name), "all")
    try:
        space = Space.objects.visible_to(actor).filter(pk=uuid.UUID(which)).first()
    except ValueError as error:
        raise Http404 from error
    if space is None:
        raise Http404
    return _answer(request, calendars.feed(actor, name=f"{name}: {space.name}", space=space), space.slug)


@require_safe
@route("events.register")
def subscribe(request: Request) -> HttpResponse:
    """The member's own addresses."""
    actor = request.actor
    key = settling.calendar_key(by=actor, community=actor.community)
    rows = [
        {"label": _("All events that you may see"), "url": places.calendar(key, "all")},
        {"label": _("Those that you come to or host"), "url": places.calendar(key, "mine")},
    ]
    spaces = Space.objects.visible_to(actor).live().filter(events__isnull=False).distinct().order_by("name")
    rows += [{"label": space.name, "url": places.calendar(key, str(space.pk))} for space in spaces[:SPACES]]
    return render(request, "web/events/subscribe.html", {"rows": rows, "index_url": showing.base(actor.community)})


@require_POST
@route("events.register")
def renew(request: Request) -> HttpResponse:
    settling.calendar_key(by=request.actor, community=request.actor.community, renew=True)
    messages.success(request, _("New addresses. The old ones open nothing any more."))
    return redirect(f"{showing.base(request.actor.community)}subscribe/")
