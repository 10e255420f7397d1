"""Awards: who has a milestone, giving it by hand, one award with its evidence, revoking, and doubts."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.engines.milestones import evidence
from milepost.engines.milestones.backfilling import explained
from milepost.engines.milestones.models import Award, Dispute, RuleInForce
from milepost.engines.milestones.rules import rule_of
from milepost.foundation.activity import registry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.access import at_least, can
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.home import links
from milepost.interfaces.web.trying import accepted
from milepost.outward.badges.models import OutsideBadge

from . import finding
from .claiming import as_file
from .forms import BestowForm, DoubtForm, ReasonForm

PAGE = 50


@route("milestones.award")
def index(request: Request, milestone: str) -> HttpResponse:
    """For stewards: everyone who has it, and a form that gives it to someone."""
    community = request.actor.community
    found = finding.milestone(request, milestone)
    form = BestowForm(
        request.POST or None, community=community, initial={"reached_on": clock.today(community.time_zone)}
    )
    if request.method == "POST" and form.is_valid():
        given, by = form.cleaned_data, request.actor.person
        if accepted(
            form,
            lambda: Award.bestow(
                person=given["who"], milestone=found, reached_on=given["reached_on"], by=by, words=given["words"]
            ),
        ):
            finding.changed(community)
            messages.success(request, _("%(name)s has it now.") % {"name": given["who"].name})
            return redirect(request.path)
    every = Award.objects.filter(milestone=found)
    columns = (
        "pk",
        "reached_on",
        "occurrence",
        "how",
        "rule_version",
        "revoked_at",
        "backfilled",
        "person__name",
        "person_id",
    )
    rows = turn(every.values(*columns), ("-reached_on", "-pk"), request.GET, PAGE)
    labels = dict(Award.How.choices)
    for row in rows.rows:
        row["how_label"] = labels[row["how"]]
    return render(
        request,
        "web/milestones/awards.html",
        {
            "milestone": found,
            "awards": rows,
            "form": form,
            "in_force": RuleInForce.objects.filter(milestone=found).first(),
            "rule": _in_words(found),
        },
        status=422 if form.errors else 200,
    )


def _in_words(milestone: object) -> list[tuple[str, str]]:
    try:
        rule = rule_of(milestone)  # type: ignore[arg-type]
    except DomainError as refusal:
        return [("", str(refusal))]
    return explained(rule) if rule else []


@require_safe
@route("paths.view")
def page(request: Request, pk: uuid.UUID) -> HttpResponse:
    """One award: when, how, by whom, on what evidence."""
    found = finding.award(request, pk)
    actor = request.actor
    own = actor.person is not None and actor.person.pk == found.person_id
    steward = at_least(actor, "steward")
    dispute = (
        Dispute.objects.filter(award=found).select_related("opened_by", "settled_by").order_by("-opened_at").first()
    )
    verbs = registry.verbs()
    return render(
        request,
        "web/milestones/award.html",
        {
            "award": found,
            "own": own,
            "steward": steward,
            "person_url": links.person(actor.community, found.person_id, found.person.handle),
            "milestone_url": links.milestone(actor.community, found.milestone.slug),
            "how": found.get_how_display(),
            "lines": [
                {"text": verbs[a.verb].label if a.verb in verbs else a.verb, "at": a.happened_at, "icon": "dot"}
                for a in evidence.activities(found)
            ]
            if own or steward
            else (),
            "brought": OutsideBadge.objects.filter(person=found.person, milestone=found.milestone)[:12]
            if own or steward
            else (),
            "badge_url": f"{links.base(actor.community)}badges/of/{found.pk}/" if own and not found.revoked_at else "",
            "may_open_file": bool(found.file) and (own or steward),
            "dispute": dispute if own or steward else None,
            "may_doubt": can(actor, "milestones.dispute")
            and (dispute is None or dispute.settled_at is not None)
            and (found.revoked_at is None or own),
            "may_revoke": found.revoked_at is None and can(actor, "milestones.award"),
            "is_over": bool(found.expires_on and found.expires_on < clock.today(actor.community.time_zone)),
        },
    )


@require_safe
@route("paths.view")
def file(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    """For the person themselves and for stewards."""
    found = finding.award(request, pk)
    own = isinstance(request.actor.person, Person) and request.actor.person.pk == found.person_id
    if not own and not at_least(request.actor, "steward"):
        raise Http404
    return as_file(str(found.file), found.file_name)


@route("milestones.award")
def revoke(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Asks once, with the reason."""
    found = finding.award(request, pk)
    form, by = ReasonForm(request.POST or None), request.actor.person
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: found.revoke(by=by, reason=form.cleaned_data["reason"]))
    ):
        finding.changed(request.actor.community)
        messages.success(request, _("It is revoked, and the reason stands beside it."))
        return redirect("award", slug=request.actor.community.slug, pk=found.pk)
    return render(
        request, "web/milestones/revoke.html", {"award": found, "form": form}, status=422 if form.errors else 200
    )


@route("milestones.dispute")
def doubt(request: Request, pk: uuid.UUID) -> HttpResponse:
    found, by = finding.award(request, pk), finding.me(request)
    form = DoubtForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: Dispute.open(award=found, by=by, reason=form.cleaned_data["reason"]))
    ):
        messages.success(request, _("A steward will look at it."))
        return redirect("award", slug=request.actor.community.slug, pk=found.pk)
    return render(
        request, "web/milestones/doubt.html", {"award": found, "form": form}, status=422 if form.errors else 200
    )


@require_safe
@route("milestones.award")
def disputes(request: Request) -> HttpResponse:
    """The doubts that wait for a steward, and the last that were settled."""
    rows = Dispute.objects.filter(community=request.actor.community).select_related(
        "award__person", "award__milestone", "opened_by", "settled_by"
    )
    return render(
        request,
        "web/milestones/disputes.html",
        {
            "open": rows.open().order_by("opened_at")[:PAGE],
            "settled": rows.filter(settled_at__isnull=False).order_by("-settled_at")[:PAGE],
        },
    )


@route("milestones.award")
def settle(request: Request, pk: uuid.UUID) -> HttpResponse:
    found, by = finding.dispute(request, pk), finding.me(request)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        stands = request.POST.get("decision") == "stands"
        if accepted(form, lambda: found.settle(by=by, stands=stands, answer=form.cleaned_data["reason"])):
            finding.changed(request.actor.community)
            messages.success(request, _("It is settled, and both can read why."))
            return redirect("milestone_disputes", slug=request.actor.community.slug)
    return render(
        request, "web/milestones/dispute.html", {"dispute": found, "form": form}, status=422 if form.errors else 200
    )
