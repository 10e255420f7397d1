"""A member's own moments: all of them, taking one back, and the one post of what they had already reached."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.domain.people.models import Profile
from milepost.engines.milestones.models import Award
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.trying import accepted
from milepost.outward.badges.models import OutsideBadge
from milepost.outward.celebrations import reading, streaks, taking_back
from milepost.outward.celebrations.models import Moment

from .feed import found_or_404
from .forms import CatchUpForm
from .rows import address, base, rows

MOST = 60


def me(request: Request) -> Person:
    person = request.actor.person
    assert person is not None
    person.community = request.actor.community
    return person


@require_safe
@route("celebrations.own")
def page(request: Request) -> HttpResponse:
    person = me(request)
    actor = request.actor
    own = reading.visible(actor).filter(told__award__person=person).select_related("landmark").distinct()
    awards = Award.objects.standing().filter(person=person).select_related("milestone", "badge").order_by("-reached_on")
    choice = Profile.objects.filter(person=person).values_list("celebration", flat=True).first()
    home = links.base(actor.community)
    context = {
        "moments": rows(reading.shown(list(own[:MOST]), actor), actor),
        "awards": [
            {
                "name": award.milestone.name,
                "url": links.milestone(actor.community, award.milestone.slug),
                "day": award.reached_on,
                "badge": getattr(award, "badge", None) is not None,
                "badge_url": f"{home}badges/of/{award.pk}/",
            }
            for award in awards[:MOST]
        ],
        "brought": OutsideBadge.objects.filter(person=person)[:MOST],
        "rhythm": streaks.rhythm_of(person),
        "choice": Profile.Celebration(choice or Profile.Celebration.COMMUNITY).label,
        "may_catch_up": taking_back.may_catch_up(person),
    }
    return render(request, "web/celebrations/mine.html", context)


@route("celebrations.own")
def take_back(request: Request, moment: uuid.UUID) -> HttpResponse:
    """Asks once, then takes what is theirs out of a moment; with `again`, shows it again."""
    person = me(request)
    one = found_or_404(request, moment)
    if not any(r.mine for r in one.reached):
        raise Http404
    if request.method == "POST":
        if "again" in request.POST:
            taking_back.show_again(moment=moment, by=person)
            messages.success(request, _("It is shown again, as you chose to be celebrated."))
        else:
            taking_back.take_back(moment=moment, by=person)
            messages.success(request, _("Taken back. Only you see it now."))
        return redirect(address(request.actor.community, moment))
    return render(
        request, "web/celebrations/take_back.html", {"moment": one, "back": address(request.actor.community, moment)}
    )


@route("celebrations.own")
def catch_up(request: Request) -> HttpResponse:
    """What was reached before anyone could celebrate it: chosen, looked at, published once."""
    return catch_up_of(request, me(request))


def catch_up_of(request: Request, person: Person) -> HttpResponse:
    """For the member, and for a steward on their behalf."""
    by = me(request)
    community = request.actor.community
    if not taking_back.may_catch_up(person):
        messages.info(request, _("There is nothing to catch up on: it was told before, or there is nothing."))
        return redirect(base(community))
    choices = [(str(award.pk), _label(award)) for award in taking_back.unannounced(person)]
    form = CatchUpForm(request.POST or None, choices=choices)
    made: list[Moment] = []
    if request.method == "POST" and form.is_valid():
        chosen = [uuid.UUID(key) for key in form.cleaned_data["awards"]]
        if accepted(form, lambda: made.append(taking_back.catch_up(person=person, by=by, awards=chosen))):
            messages.success(request, _("Published. There is one such post for each person."))
            return redirect(address(community, made[0].pk) if person.pk == by.pk else base(community))
    context: dict[str, Any] = {"form": form, "person": person, "own": person.pk == by.pk}
    return render(request, "web/celebrations/catch_up.html", context, status=422 if form.errors else 200)


def _label(award: Award) -> str:
    return f"{award.milestone.name}, {date_format(award.reached_on, 'DATE_FORMAT')}"
