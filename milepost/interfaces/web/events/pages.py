"""One event's page."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.domain.events import codes, following_up, recurrence
from milepost.domain.events.models import Event, Registration, SeriesMember
from milepost.foundation.common import markdown
from milepost.foundation.identity.access import Actor, can
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links

from . import showing
from .forms import FeedbackForm

FACES = 12
NEXT = 4


@require_safe
@route("events.view")
@showing.in_own_zone
def page(request: Request, event: str) -> HttpResponse:
    actor = request.actor
    found = showing.find(request, event)
    mine = Registration.objects.filter(event=found, person=actor.person).first() if actor.person else None
    hosts = found.hosted_by(actor)
    counts = showing.counts(found)
    context: dict[str, Any] = {
        "event": found,
        "base": showing.url(actor.community, found.pk),
        "index_url": showing.base(actor.community),
        "times": showing.both_times(found),
        "text": markdown.render(found.description) if found.description else "",
        "notes": markdown.render(found.notes) if found.notes else "",
        "agenda_minutes": sum(item["minutes"] for item in found.agenda),
        "link": found.link if found.is_online and (hosts or (mine is not None and mine.has_place)) else "",
        "serves": _serves(found),
        "parts": _parts(found),
        "tags": [{"label": name} for name in found.tags.values_list("name", flat=True)],
        "hosts": hosts,
        "may_approve": can(actor, "events.approve"),
        "series": _series(actor, found),
        "mine": mine,
        "state": _state(found, mine),
        "counts": counts,
        "places": showing.places_words(found, counts["placed"]),
        "faces": _faces(actor, found),
        "others": max(0, counts["placed"] - FACES),
        "may_register": actor.person is not None and can(actor, "events.register"),
        "guests_welcome": _guests_welcome(actor, found),
        "feedback": _feedback(found, mine),
        "description": found.summary or found.title,
        "indexed": actor.community.is_public and found.audience == "public",
    }
    if hosts:
        context |= {"ratings": following_up.ratings(found), "words": following_up.words(found)}
    return render(request, "web/events/event.html", context)


def _guests_welcome(actor: Actor, event: Event) -> bool:
    public = event.audience == Event.Audience.PUBLIC and event.space_id is None and actor.community.is_public
    return actor.person is None and public and event.takes_registrations


def _serves(event: Event) -> dict[str, Any]:
    community = event.community
    stones = event.milestone_links.select_related("milestone").order_by("milestone__position")
    return {
        "goal": {"label": event.goal.title, "url": links.goal(community, event.goal.slug)} if event.goal else None,
        "value": {"label": event.value.name, "url": f"{links.base(community)}mission/#{event.value.slug}"}
        if event.value
        else None,
        "milestones": [
            {"label": link.milestone.name, "url": links.milestone(community, link.milestone.slug)} for link in stones
        ],
    }


def _parts(event: Event) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"host": [], "speaker": []}
    for part in event.parts.select_related("person__profile"):
        person = part.person
        found[part.role].append(
            {
                "name": str(part),
                "url": links.person(event.community, person.pk, person.handle) if person and person.is_public else "",
                "photo": links.photo(event.community, person.pk, person.profile.photo.name)
                if person and hasattr(person, "profile") and person.profile.photo
                else "",
            }
        )
    return found


def _series(actor: Actor, event: Event) -> dict[str, Any] | None:
    if event.series is None:
        return None
    coming = Event.objects.visible_to(actor).taking_place().to_come().filter(series=event.series)
    others: QuerySet[Event] = coming.exclude(pk=event.pk).order_by("starts_at")
    joined = actor.person is not None and SeriesMember.objects.filter(series=event.series, person=actor.person).exists()
    return {
        "rule": recurrence.in_words(event.series.recurrence),
        "joined": joined,
        "goes_on": event.series.ended_at is None,
        "may_join": not any(question["required"] for question in event.questions),
        "next": [
            {"url": showing.url(actor.community, pk), "span": showing.span(start, end)}
            for pk, start, end in others.values_list("pk", "starts_at", "ends_at")[:NEXT]
        ],
    }


def _state(event: Event, mine: Registration | None) -> dict[str, Any]:
    if mine is None:
        return {}
    found = {
        "answer": mine.answer,
        "place": mine.has_place,
        "waiting": mine.is_waiting,
        "came": mine.came_at is not None,
    }
    if mine.is_waiting:
        ahead = event.registrations.waiting().filter(waiting_since__lt=mine.waiting_since).count()
        found["ahead"] = ahead
        found["words"] = (
            _("You are the first on the waiting list.")
            if not ahead
            else _("You are number %(number)d on the waiting list.") % {"number": ahead + 1}
        )
    if mine.has_place and not event.is_over:
        found["ticket_url"] = f"/tickets/{mine.pk}/{codes.ticket_code(mine)}/"
    return found


def _faces(actor: Actor, event: Event) -> list[dict[str, Any]]:
    """Members see who comes; others how many."""
    if actor.person is None:
        return []
    rows = event.registrations.placed().filter(person__account__isnull=False).order_by("placed_at", "pk")
    return showing.faces(actor.community, rows.values(*showing.FACE)[:FACES])


def _feedback(event: Event, mine: Registration | None) -> FeedbackForm | None:
    if mine is None or not event.is_over or event.is_cancelled:
        return None
    kept = event.registrations.came().exists()
    if mine.came_at is None and (kept or not mine.has_place):
        return None
    return FeedbackForm(initial={"rating": mine.rating, "words": mine.feedback})
