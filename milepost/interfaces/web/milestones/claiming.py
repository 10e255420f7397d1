"""Saying that one reached a milestone, and verifying what others say."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones.models import Award, MilestoneClaim
from milepost.foundation.identity.access import at_least
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.home import links
from milepost.interfaces.web.trying import accepted
from milepost.outward.badges.models import OutsideBadge

from . import finding
from .forms import ClaimForm, ReasonForm

PAGE = 30


@route("milestones.own")
def claim(request: Request, milestone: str) -> HttpResponse:
    """ "I have done it already": the day, what happened, and what shows it."""
    person, community = finding.me(request), request.actor.community
    found = finding.milestone(request, milestone)
    here = links.milestone(community, found.slug)
    if not found.is_pursued or found.way != Milestone.Way.CLAIM:
        raise Http404
    is_for_good = found.repeats == Milestone.Repeats.ONCE and not found.valid_for_days
    if is_for_good and Award.objects.standing().filter(person=person, milestone=found).exists():
        return redirect(here)
    waiting = MilestoneClaim.objects.waiting().filter(person=person, milestone=found).first()
    if waiting is not None and found.repeats == Milestone.Repeats.ONCE:
        return redirect("milestone_claim_page", slug=community.slug, pk=waiting.pk)
    form = ClaimForm(request.POST or None, request.FILES or None, community=community)
    made: list[MilestoneClaim] = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if accepted(
            form,
            lambda: made.append(
                MilestoneClaim.make(
                    person=person, milestone=found, reached_on=given["reached_on"], text=given["evidence"], link=given["link"],
                    file=given["file"],
                )
            ),
        ):  # fmt: skip
            finding.changed(community)
            if made[0].award_id:
                messages.success(request, _("You reached “%(name)s”. Well done!") % {"name": found.name})
                return redirect(here)
            messages.success(request, _("Somebody will look at it. You find it here until then."))
            return redirect("milestone_claim_page", slug=community.slug, pk=made[0].pk)
    return render(
        request, "web/milestones/claim.html", {"form": form, "milestone": found}, status=422 if form.errors else 200
    )


@require_safe
@route("milestones.verify")
def queue(request: Request) -> HttpResponse:
    """What waits for the reader, the oldest first; and what they said themselves."""
    person = finding.me(request)
    waiting = MilestoneClaim.objects.for_verifier(request.actor).waiting()
    columns = ("pk", "made_at", "reached_on", "text", "person__name", "milestone__name")
    rows = turn(waiting.values(*columns), ("made_at", "pk"), request.GET, PAGE)
    mine = MilestoneClaim.objects.filter(person=person).select_related("milestone").order_by("-made_at")[:PAGE]
    return render(
        request,
        "web/milestones/queue.html",
        {"waiting": rows, "mine": mine, "steward": at_least(request.actor, "steward")},
    )


@route("milestones.own")
def claim_page(request: Request, pk: uuid.UUID) -> HttpResponse:
    """One claim: for who made it, and for who may settle it."""
    found = finding.claim(request, pk)
    own = found.person_id == finding.me(request).pk
    form = ReasonForm(request.POST or None)
    if (
        request.method == "POST"
        and not own
        and form.is_valid()
        and accepted(form, lambda: _settle(request, found, form))
    ):
        finding.changed(request.actor.community)
        return redirect("milestone_verification", slug=request.actor.community.slug)
    context: dict[str, Any] = {
        "claim": found,
        "own": own,
        "form": form,
        "open": found.settled_at is None,
        "brought": OutsideBadge.objects.filter(person=found.person, milestone=found.milestone)[:12],
        "history": Award.objects.standing()
        .filter(person=found.person, milestone__kind="life")
        .select_related("milestone")[:12]
        if not own
        else (),
    }
    return render(request, "web/milestones/claim_page.html", context, status=422 if form.errors else 200)


def _settle(request: Request, found: MilestoneClaim, form: ReasonForm) -> None:
    by, reason = finding.me(request), form.cleaned_data["reason"]
    if request.POST.get("decision") == "confirm":
        found.confirm(by=by, words=reason)
        messages.success(
            request, _("%(name)s reached “%(milestone)s”.") % {"name": found.person.name, "milestone": found.milestone}
        )
    else:
        found.decline(by=by, reason=reason)
        messages.success(request, _("%(name)s reads why, and can say it again.") % {"name": found.person.name})


@require_POST
@route("milestones.own")
def withdraw_claim(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Takes one's own claim back before it was settled."""
    found = finding.claim(request, pk)
    found.withdraw(by=finding.me(request))
    messages.success(request, _("Taken back. You can say it again whenever it is so."))
    return redirect(links.milestone(request.actor.community, found.milestone.slug))


@require_safe
@route("milestones.own")
def claim_file(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    found = finding.claim(request, pk)
    return as_file(str(found.file), found.file_name)


def as_file(name: str, shown: str) -> HttpResponseBase:
    """An uploaded file, to be saved and not run, whatever it holds."""
    if not name or not default_storage.exists(name):
        raise Http404
    response = FileResponse(
        default_storage.open(name),
        as_attachment=True,
        filename=shown or "file",
        content_type="application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
