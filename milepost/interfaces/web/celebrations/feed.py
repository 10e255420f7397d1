"""The celebrations of a community, one moment, and the round-up of a week."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.domain.people.models import Profile
from milepost.engines.milestones import celebrating
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.home import links, moments
from milepost.outward.celebrations import reading, taking_back
from milepost.outward.celebrations.models import Moment, Word

from .forms import WordsForm
from .rows import base, row, rows

PAGE = 20
KINDS: dict[str, tuple[str, ...]] = {
    "milestones": (Moment.Kind.REACHED, Moment.Kind.CATCH_UP, Moment.Kind.STEPS),
    "together": (Moment.Kind.LANDMARK,),
    "weeks": (Moment.Kind.ROUND_UP,),
}
THANKS = 12


@require_safe
@route("celebrations.view")
def index(request: Request) -> HttpResponse:
    """Newest first, page by page; for a member with what is theirs to do beside it."""
    actor = request.actor
    kind = request.GET.get("kind", "") if request.GET.get("kind", "") in KINDS else ""
    found = reading.visible(actor)
    if kind:
        found = found.filter(kind__in=KINDS[kind])
    rows_of: QuerySet[Moment, Any] = found.values("posted_at", "pk")
    turned = turn(rows_of, ("-posted_at", "-pk"), request.GET, PAGE)
    idents = [one["pk"] for one in turned.rows]
    by_id = Moment.objects.select_related("landmark").in_bulk(idents)
    shown = reading.shown([by_id[ident] for ident in idents], actor)
    context = {
        "moments": rows(shown, actor),
        "page": turned,
        "tabs": _tabs(actor, kind),
        "first_page": not turned.previous_url,
        "may_thank": can(actor, "praise.give"),
        "may_tend": can(actor, "celebrations.write"),
        "feeds": actor.community.is_public,
        "indexed": actor.community.is_public,
        **_own(actor),
    }
    return render(request, "web/celebrations/index.html", context)


def _tabs(actor: Actor, kind: str) -> list[dict[str, Any]]:
    address = base(actor.community)
    every = [
        ("", _("All")),
        ("milestones", _("Milestones")),
        ("together", _("Together")),
        *([("weeks", _("Weeks"))] if actor.membership else []),
    ]
    found = [
        {"label": label, "url": address + (f"?kind={key}" if key else ""), "current": kind == key}
        for key, label in every
    ]
    if actor.membership is not None:
        found.append(
            {"label": _("Thanks"), "url": f"{links.base(actor.community)}moments/?kind=thanks", "current": False}
        )
    return found


def _own(actor: Actor) -> dict[str, Any]:
    """How the member is celebrated, and whether there is something to catch up on."""
    person = actor.person
    if person is None:
        return {}
    choice = Profile.objects.filter(person=person).values_list("celebration", flat=True).first()
    return {
        "choice": Profile.Celebration(choice or Profile.Celebration.COMMUNITY).label,
        "may_catch_up": taking_back.may_catch_up(person),
    }


def found_or_404(request: Request, moment: uuid.UUID) -> reading.Shown:
    one = reading.find(request.actor, moment)
    if one is None:
        raise Http404(_("There is no such moment, or it is not for you to see."))
    return one


@require_safe
@route("celebrations.view")
def page(request: Request, moment: uuid.UUID) -> HttpResponse:
    return moment_page(request, found_or_404(request, moment), WordsForm())


def moment_page(request: Request, one: reading.Shown, form: WordsForm) -> HttpResponse:
    """A moment with all that was said; what members said is for members."""
    actor = request.actor
    if one.kind == Moment.Kind.ROUND_UP:
        return redirect(f"{base(actor.community)}weeks/{one.day.isoformat()}/")
    member = actor.membership is not None
    context = {
        "moment": row(one, actor),
        "reached": [
            {
                "who": r.who.name,
                "who_url": links.who(actor.community, r.who),
                "photo": links.photo(actor.community, r.who.id, r.who.photo),
                "milestone": r.milestone,
                "url": links.milestone(actor.community, r.slug),
                "day": r.day,
                "words": r.words,
                "badge_url": f"{links.base(actor.community)}badges/of/{r.award}/" if r.mine else "",
            }
            for r in one.reached
        ],
        "words": _words(actor, one) if member else (),
        "form": form if member and can(actor, "celebrations.congratulate") and not one.mine else None,
        "own": any(r.mine for r in one.reached),
        "taken_back": any(r.mine and r.taken_back for r in one.reached),
        "indexed": actor.community.is_public,
        "description": one.says,
    }
    return render(request, "web/celebrations/moment.html", context, status=422 if form.errors else 200)


def _words(actor: Actor, one: reading.Shown) -> list[dict[str, Any]]:
    me = celebrating.reader_id(actor)
    about_me = any(r.mine for r in one.reached)
    moderates = can(actor, "celebrations.moderate")
    found = Word.objects.filter(moment=one.id).select_related("person", "person__profile")
    said = []
    for word in found:
        person, profile = word.person, getattr(word.person, "profile", None)
        said.append(
            {
                "who": person.name,
                "who_url": links.person(actor.community, person.pk, person.handle) if person.is_public else "",
                "photo": links.photo(actor.community, person.pk, profile.photo.name if profile else ""),
                "text": word.text,
                "at": word.at,
                "remove_url": f"{base(actor.community)}{one.id}/words/{word.pk}/removal/"
                if moderates or about_me or person.pk == me
                else "",
            }
        )
    return said


@require_safe
@route("celebrations.view")
def of_award(request: Request, award: uuid.UUID) -> HttpResponse:
    """From what someone reached to the moment that tells of it."""
    told = reading.told(request.actor).filter(award=award).exclude(moment__kind=Moment.Kind.ANNIVERSARY)
    found = told.values_list("moment_id", flat=True).first()
    return redirect(f"{base(request.actor.community)}{found}/" if found else base(request.actor.community))


@require_safe
@route("celebrations.view")
def week(request: Request, monday: str) -> HttpResponse:
    """What a week brought, as the reader may see it. Members only, like the round-up itself."""
    actor = request.actor
    day = parse_date_or_404(monday)
    there = reading.visible(actor).filter(kind=Moment.Kind.ROUND_UP, day=day).first()
    if there is None:
        raise Http404(_("There is no round-up of that week."))
    end = day + datetime.timedelta(weeks=1)
    found = reading.visible(actor).filter(day__gte=day, day__lt=end).exclude(kind=Moment.Kind.ROUND_UP)
    shown = reading.shown(list(found.select_related("landmark")[:60]), actor)
    given = celebrating.thanks(actor).filter(given_at__date__gte=day, given_at__date__lt=end)
    context = {
        "monday": day,
        "sunday": end - datetime.timedelta(days=1),
        "moments": rows(shown, actor),
        "thanks": moments.rows(actor.community, celebrating.thanked(given[:THANKS], actor)),
        "newcomers": _newcomers(actor, day, end),
    }
    return render(request, "web/celebrations/week.html", context)


def parse_date_or_404(text: str) -> datetime.date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise Http404
    return day


def _newcomers(actor: Actor, day: datetime.date, end: datetime.date) -> list[dict[str, Any]]:
    people = (
        Person.objects.claimed()
        .listed()
        .filter(community=actor.community, membership__joined_at__date__gte=day, membership__joined_at__date__lt=end)
        .select_related("profile")
        .order_by("membership__joined_at")[:12]
    )
    found = []
    for person in people:
        profile = getattr(person, "profile", None)
        found.append(
            {
                "name": person.name,
                "url": links.person(actor.community, person.pk, person.handle),
                "detail": profile.headline if profile else "",
                "photo": links.photo(actor.community, person.pk, profile.photo.name if profile else ""),
            }
        )
    return found
