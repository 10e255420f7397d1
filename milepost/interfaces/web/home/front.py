"""The installation's first page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from milepost.foundation.identity.models import Community
from milepost.interfaces.web.access import open_route

SHOWN = 60


@require_safe
@open_route("lists public communities and one's own; the only one is where everyone wants to go")
def front(request: HttpRequest) -> HttpResponse:
    live = Community.objects.filter(archived_at__isnull=True)
    first = list(live.values_list("slug", flat=True)[:2])
    if len(first) == 1:
        return redirect(f"/c/{first[0]}/")
    mine: list[dict[str, Any]] = []
    if request.user.is_authenticated:
        belongs = live.filter(people__account=request.user.pk, people__membership__left_at__isnull=True)
        mine = [
            _card(row) for row in belongs.filter(people__membership__isnull=False).values("slug", "name", "tagline")
        ]
    public = live.filter(Q(visibility=Community.Visibility.PUBLIC), parent__isnull=True)
    known = {row["url"] for row in mine}
    others = [
        card
        for card in map(_card, public.order_by("name").values("slug", "name", "tagline")[:SHOWN])
        if card["url"] not in known
    ]
    return render(
        request,
        "web/home/front.html",
        {"mine": mine, "others": others, "empty": not first, "address": settings.MILEPOST_URL},
    )


def _card(row: Mapping[str, Any]) -> dict[str, str]:
    return {"title": row["name"], "text": row["tagline"], "url": f"/c/{row['slug']}/"}
