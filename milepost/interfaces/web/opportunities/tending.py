"""What stewards see: what waits for hands, what was taken long ago; and how much one person takes on."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from milepost.domain.work.models import Commitment, Opportunity, TakingPart
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.trying import accepted

from .forms import LimitForm
from .reading import address, places

LONG = datetime.timedelta(days=14)
"""Who has had something open for longer may be glad to be asked."""
SHOWN = 100


@route("opportunities.tend")
def page(request: Request) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    form = LimitForm(request.POST or None, initial={"open_at_most": TakingPart.limit(community)})
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: TakingPart.agree(community=community, by=by, **form.cleaned_data))
    ):
        messages.success(request, _("From now on."))
        return redirect("opportunities_waiting", community.slug)
    return render(
        request,
        "web/opportunities/waiting.html",
        {"waiting": _waiting(community), "long": _long(community), "form": form, "days": LONG.days},
        status=422 if form.errors else 200,
    )


def _waiting(community: Community) -> list[dict[str, Any]]:
    """Where hands are missing, or the last day is over; those whose day comes first, then the oldest."""
    today = clock.today(community.time_zone)
    found = Opportunity.objects.here(community).filter(closed_at__isnull=True).counted().with_room()
    rows = found.select_related("asked_by").order_by(F("until").asc(nulls_last=True), "created_at")[:SHOWN]
    return [
        {
            "title": one.title,
            "url": address(community, one.slug),
            "places": places(None if one.needed is None else one.needed - one.taken),
            "nobody": one.taken == 0,
            "until": one.until,
            "over": one.until is not None and one.until < today,
            "at": one.created_at,
            "by": one.asked_by.name if one.asked_by else "",
        }
        for one in rows
    ]


def _long(community: Community) -> list[dict[str, Any]]:
    """Taken long ago and not done: a friendly question, no reproach."""
    since = clock.now() - LONG
    found = Commitment.objects.open().filter(community=community, taken_at__lt=since, person__erased_at__isnull=True)
    return [
        {
            "title": one.opportunity.title,
            "url": address(community, one.opportunity.slug),
            "who": one.person.name,
            "at": one.taken_at,
        }
        for one in found.select_related("opportunity", "person").order_by("taken_at")[:SHOWN]
    ]
