from __future__ import annotations

from django.core.cache import cache
from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from milepost.engines.milestones.rhythm import Week, weeks
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.charts import bundle
from milepost.interfaces.web.charts import people_a_week as chart

KEPT = 600
"""Seconds. A week's number does not change by the minute."""


def recent(community: Community) -> list[Week]:
    """The weeks of the chart, worked out at most every ten minutes."""
    key = f"weeks:{community.pk}"
    found: list[Week] | None = cache.get(key)
    if found is None:
        found = weeks(community)
        cache.set(key, found, KEPT)
    return found


@require_safe
@route("community.desk")
def people_a_week(request: Request) -> HttpResponse:
    if not bundle.available():
        raise Http404
    return JsonResponse(chart.specification(recent(request.actor.community), dark="dark" in request.GET))


@require_safe
@route("community.desk")
def people_a_week_svg(request: Request) -> HttpResponse:
    """For print and for pages without scripts; drawn once in ten minutes."""
    if not bundle.available():
        raise Http404
    key = f"weeks-svg:{request.actor.community.pk}"
    drawn = cache.get(key)
    if drawn is None:
        drawn = chart.picture(recent(request.actor.community))
        cache.set(key, drawn, KEPT)
    return HttpResponse(drawn, content_type="image/svg+xml")
