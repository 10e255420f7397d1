"""Stewards' pages: the milestones that are there and proposed, writing one, and how it is reached."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import backfilling, bearings, telling
from milepost.engines.milestones.backfilling import put_in_force
from milepost.engines.milestones.giving import serve
from milepost.engines.milestones.models import Dispute, MilestoneClaim
from milepost.engines.milestones.rules import rule_of
from milepost.engines.milestones.tasks import go_through_history
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.access import can
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.times import figure
from milepost.interfaces.web.trying import accepted

from . import finding
from .forms import DefinitionForm, ProposalForm, ReasonForm

TABS = ("", "steps", "proposed", "retired")


@require_safe
@route("paths.write")
def desk(request: Request) -> HttpResponse:
    """All that members can reach, with how they do, and what waits for a steward."""
    community, shown = request.actor.community, request.GET.get("show", "")
    shown = shown if shown in TABS else ""
    rows = telling.definitions(community)
    proposals = (
        Milestone.objects.proposed().filter(community=community).select_related("proposed_by").order_by("created_at")
    )
    by_tab = {
        "": [r for r in rows if r["kind"] == "life" and not r["retired"]],
        "steps": [r for r in rows if r["kind"] == "step" and not r["retired"]],
        "retired": [r for r in rows if r["retired"]],
    }
    base = f"{links.base(community)}desk/milestones/"
    labels = {"": _("On the way"), "steps": _("Small steps"), "proposed": _("Proposed"), "retired": _("Off the way")}
    counts = {tab: len(found) for tab, found in by_tab.items()} | {"proposed": proposals.count()}
    return render(
        request,
        "web/milestones/desk.html",
        {
            "tabs": [
                {"label": labels[tab], "url": f"{base}?show={tab}" if tab else base, "current": tab == shown, "count": counts[tab]}
                for tab in TABS
            ],
            "shown": shown,
            "rows": [_row(request, row) for row in by_tab.get(shown, [])],
            "columns": [
                {"label": _("Milestone")}, {"label": _("How it is reached")}, {"label": _("Rule")},
                {"label": _("Reached by"), "number": True},
            ],
            "proposals": proposals if shown == "proposed" else (),
            "form": ReasonForm(),
            "waiting": MilestoneClaim.objects.for_verifier(request.actor).waiting().count(),
            "disputes": Dispute.objects.open().filter(community=community).count(),
        },
    )  # fmt: skip


def _row(request: Request, row: dict[str, Any]) -> list[Any]:
    url = f"{links.milestone(request.actor.community, row['slug'])}awards/"
    name = format_html('<a href="{}">{}</a>', url, row["name"])
    way = str(Milestone.Way(row["reached_by"]).label)
    if row["reached_by"] == Milestone.Way.CLAIM and row["verified_by"] != Milestone.Verifier.NOBODY:
        way = _("a member says so, %(who)s verifies") % {"who": Milestone.Verifier(row["verified_by"]).label}
    if not row["version"]:
        rule: Any = "–"
    elif row["in_force"] == row["version"]:
        rule = _("in force")
    else:
        preview = f"{links.milestone(request.actor.community, row['slug'])}preview/"
        waits = _("waits for you") if not row["in_force"] else _("a newer one waits")
        rule = format_html('<a href="{}">{}</a>', preview, waits)
    return [name, way, rule, row["reached"]]


@route("paths.write")
def new(request: Request) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    form = DefinitionForm(request.POST or None, community=community)
    made: list[Milestone] = []

    def write() -> None:
        with transaction.atomic():
            given = form.cleaned_data
            one = Milestone.define(
                community=community, name=given["name"], why=given["why"], icon=given["icon"] or "milestone", by=by,
                details=_without_a_rule_yet(form),
            )  # fmt: skip
            serve(milestone=one, goal=given["goal"], spaces=list(given.get("spaces") or ()), by=by)
            made.append(one)

    if request.method == "POST" and form.is_valid() and accepted(form, write):
        bearings.forget(community)
        messages.success(request, _("One more stone on the way."))
        return redirect(_next_page(request, made[0], form))
    return render(request, "web/milestones/write.html", {"form": form}, status=422 if form.errors else 200)


def _without_a_rule_yet(form: DefinitionForm) -> Any:
    """A milestone that a rule finds has no rule before its next page: until then, stewards award it."""
    from dataclasses import replace

    details = form.details()
    return (
        replace(details, way="award") if details.way == "rule" and not details.rule and not details.levels else details
    )


def _next_page(request: Request, milestone: Milestone, form: DefinitionForm) -> str:
    """The rule, where one is wanted; what it would change, where there is one; else the milestone."""
    base = links.milestone(request.actor.community, milestone.slug)
    if form.cleaned_data["way"] == Milestone.Way.RULE and not milestone.is_automatic:
        return f"{base}rule/"
    if milestone.is_automatic:
        return f"{base}preview/"
    return base if form.milestone else f"{links.base(request.actor.community)}milestones/"


@route("paths.write")
def change(request: Request, milestone: str) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    found = finding.milestone(request, milestone)
    form = DefinitionForm(
        request.POST or None, community=community, milestone=found, initial=DefinitionForm.start(found)
    )

    def write() -> None:
        given = form.cleaned_data
        with transaction.atomic():
            found.change(
                name=given["name"], why=given["why"], icon=given["icon"], by=by, details=_without_a_rule_yet(form)
            )
            serve(milestone=found, goal=given["goal"], spaces=list(given.get("spaces") or ()), by=by)

    if request.method == "POST" and form.is_valid() and accepted(form, write):
        bearings.forget(community)
        return redirect(_next_page(request, found, form))
    return render(
        request, "web/milestones/write.html", {"form": form, "milestone": found}, status=422 if form.errors else 200
    )


@require_POST
@route("paths.write")
def retire(request: Request, milestone: str) -> HttpResponse:
    """Off the way; with `back`, on it again. Who reached it keeps it."""
    found = finding.milestone(request, milestone)
    if "back" in request.POST:
        found.pursue(by=request.actor.person)
        messages.success(request, _("“%(name)s” is on the way again.") % {"name": found.name})
    else:
        found.retire(by=request.actor.person)
        messages.success(request, _("“%(name)s” is off the way. You can put it back here.") % {"name": found.name})
    bearings.forget(request.actor.community)
    return redirect(links.milestone(request.actor.community, found.slug))


# --- proposals ----------------------------------------------------------------------------------------


@route("paths.propose")
def propose(request: Request) -> HttpResponse:
    """A member says which stone is missing."""
    community, by = request.actor.community, finding.me(request)
    form = ProposalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if accepted(form, lambda: Milestone.propose(community=community, name=given["name"], why=given["why"], by=by)):
            messages.success(request, _("Thank you. The stewards will look at “%(name)s”.") % {"name": given["name"]})
            return redirect(f"{links.base(community)}milestones/new/proposal/")
    mine = Milestone.objects.filter(community=community, proposed_by=by).order_by("-created_at")
    return render(
        request, "web/milestones/propose.html", {"form": form, "mine": mine}, status=422 if form.errors else 200
    )


@require_POST
@route("paths.write")
def decide(request: Request, milestone: str) -> HttpResponse:
    """Adopts a proposal, or declines it with a reason."""
    found, by = finding.milestone(request, milestone), request.actor.person
    if request.POST.get("decision") == "adopt":
        found.adopt(by=by)
        bearings.forget(request.actor.community)
        messages.success(request, _("“%(name)s” is on the way now. Say how it is reached.") % {"name": found.name})
        return redirect(f"{links.milestone(request.actor.community, found.slug)}change/")
    found.decline(by=by, reason=request.POST.get("reason", ""))
    messages.success(request, _("“%(name)s” is declined. Whoever proposed it reads why.") % {"name": found.name})
    return redirect(f"{links.base(request.actor.community)}desk/milestones/?show=proposed")


# --- what a rule would change ---------------------------------------------------------------------------


@route("paths.write")
def preview(request: Request, milestone: str) -> HttpResponse:
    """Who would gain it, and who no longer fits; puts the rule in force, and lets people go where a steward chooses so."""
    found = finding.milestone(request, milestone)
    here = f"{links.milestone(request.actor.community, found.slug)}preview/"
    if request.method == "POST":
        _carry_out(request, found)
        return redirect(here)
    try:
        seen = backfilling.preview(found, by=request.actor.person)
    except DomainError as refusal:
        return render(request, "web/milestones/preview.html", {"milestone": found, "trouble": refusal}, status=200)
    in_force = rule_of(found, seen.in_force) if seen.in_force and seen.in_force != seen.version else None
    force = getattr(found, "in_force", None)
    return render(
        request,
        "web/milestones/preview.html",
        {
            "milestone": found,
            "seen": seen,
            "now": backfilling.explained(in_force) if in_force else (),
            "is_new": seen.in_force != seen.version,
            "going_on": force is not None and seen.in_force == seen.version and force.backfilled_at is None,
            "gaining": ngettext("%(n)s person would gain it", "%(n)s people would gain it", seen.gaining)
            % {"n": figure(seen.gaining)},
            "losing": ngettext("%(n)s person no longer fits", "%(n)s people no longer fit", seen.unfit)
            % {"n": figure(seen.unfit)},
            "people": [
                {"name": g.name, "url": links.person(request.actor.community, g.person), "day": g.day}
                for g in seen.gains
            ],
            "form": ReasonForm(),
            "rule_url": f"{links.milestone(request.actor.community, found.slug)}rule/" if found.way == "rule" else "",
            "may_revoke": can(request.actor, "milestones.award"),
        },
    )


def _carry_out(request: Request, milestone: Milestone) -> None:
    by = request.actor.person
    if request.POST.get("do") == "start":
        put_in_force(milestone, by=by)
        go_through_history.enqueue(str(milestone.pk))
        messages.success(
            request, _("The rule is in force. Everyone's history is gone through now; nothing of it is announced.")
        )
        return
    chosen = request.POST.getlist("award")
    gone = backfilling.let_go(milestone, awards=backfilling.ids(chosen), by=by, reason=request.POST.get("reason", ""))
    finding.changed(request.actor.community)
    messages.success(
        request, ngettext("%(n)s award is revoked.", "%(n)s awards are revoked.", gone) % {"n": figure(gone)}
    )
