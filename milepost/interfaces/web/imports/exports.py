"""Everything of a community as one file, for its owners."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from milepost.foundation.common import clock
from milepost.interfaces.web.access import Request, route
from milepost.outward.connectors import outgoing


@require_http_methods(["GET", "HEAD", "POST"])
@route("community.export")
def page(request: Request) -> HttpResponse:
    community = request.actor.community
    if request.method == "POST":
        outgoing.ask(community=community, by=request.actor.person)
        messages.success(
            request, _("The export is being made. It appears here when it is done; you may leave this page.")
        )
        return redirect("export", community.slug)
    job = outgoing.under_way(community)
    context = {
        "exports": outgoing.finished(community),
        "job": job,
        "failed": None if job else outgoing.failed(community),
        "days": outgoing.KEPT.days,
    }
    if request.htmx and job is not None:
        return render(request, "web/imports/export.html#watch", context)
    response = render(request, "web/imports/export.html", context)
    if request.htmx:
        response["HX-Refresh"] = "true"
    return response


@require_safe
@route("community.export")
def download(request: Request, name: str) -> HttpResponseBase:
    community = request.actor.community
    place = outgoing.file_of(community, name)
    if place is None:
        raise Http404
    day = clock.today(community.time_zone)
    response = FileResponse(place.open("rb"), as_attachment=True, filename=f"{community.slug}-{day:%Y-%m-%d}.zip")
    response["Cache-Control"] = "private, no-store"
    return response
