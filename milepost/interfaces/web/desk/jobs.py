"""Background work of the community: what runs, what failed and why, and asking for it again."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.foundation.jobs.models import JobRun
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn

PAGE = 30
STATES = ("failed", "unended", "finished", "cancelled")


@require_safe
@route("jobs.view")
def page(request: Request) -> HttpResponse:
    state = request.GET.get("state", "failed")
    state = state if state in STATES else "failed"
    found = getattr(JobRun.objects.for_community(request.actor.community.pk), state)()
    turned = turn(found.values("pk", "queued_at"), ("-queued_at", "-pk"), request.GET, PAGE)
    by_id = {run.pk: run for run in JobRun.objects.filter(pk__in=[row["pk"] for row in turned.rows]).defer("arguments")}
    labels = {
        "failed": _("Failed"),
        "unended": _("Waiting and running"),
        "finished": _("Finished"),
        "cancelled": _("Cancelled"),
    }
    context: dict[str, Any] = {
        "runs": [by_id[row["pk"]] for row in turned.rows if row["pk"] in by_id],
        "page": turned,
        "tabs": [{"label": labels[name], "url": f"?state={name}", "current": name == state} for name in STATES],
        "failed": state == "failed",
    }
    return render(request, "web/desk/work.html", context)


@require_POST
@route("jobs.view")
def again(request: Request, run: uuid.UUID) -> HttpResponse:
    """Ask for a failed job once more; twice asks once."""
    found = JobRun.objects.for_community(request.actor.community.pk).filter(pk=run).first()
    if found is None:
        raise Http404
    found.again(by=request.actor.account.pk if request.actor.account else None)
    messages.success(request, _("“%(job)s” is on its way again.") % {"job": found.title})
    return redirect("jobs", request.actor.community.slug)
