"""Cohorts: members who walk a path together between two days, with check-ins and what they reach together."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.paths.models import CheckIn, Cohort, CohortMember, Milestone
from milepost.domain.paths.models.cohort import QUIET_DAYS
from milepost.engines.milestones.finishing import finishing, make_milestone
from milepost.engines.milestones.tasks import go_through_history
from milepost.foundation.common import clock
from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Community, Person
from milepost.interfaces.web import words
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.paths import links as here
from milepost.interfaces.web.paths.forms import CheckInForm, CohortForm, FinishingForm
from milepost.interfaces.web.paths.personas import own
from milepost.interfaces.web.times import day
from milepost.interfaces.web.trying import accepted

OVER, SAID = 12, 30
"""Cohorts that are over, and check-ins, that a page shows."""


@require_safe
@route("cohorts.view")
def index(request: Request) -> HttpResponse:
    actor = request.actor
    community = actor.community
    today = clock.today(community.time_zone)
    walking = Q(members__left_at__isnull=True)
    rows = (
        Cohort.objects.filter(community=community)
        .select_related("persona", "milestone")
        .annotate(walkers=Count("members", filter=walking))
    )
    mine = set(
        CohortMember.objects.filter(person=actor.membership.person_id, left_at__isnull=True).values_list(
            "cohort", flat=True
        )
        if actor.membership
        else ()
    )
    return render(
        request,
        "web/paths/cohorts.html",
        {
            "on": [_card(community, one, mine) for one in rows.on(today)],
            "to_come": [_card(community, one, mine) for one in rows.to_come(today)],
            "over": [_card(community, one, mine) for one in rows.over(today).order_by("-ends_on")[:OVER]],
            "may_start": can(actor, "cohorts.start"),
        },
    )


def _card(community: Community, cohort: Any, mine: set[uuid.UUID]) -> dict[str, Any]:
    walkers = ngettext("%(count)s walks along", "%(count)s walk along", cohort.walkers) % {"count": cohort.walkers}
    return {
        "title": cohort.name,
        "url": here.cohort(community, cohort.slug),
        "text": cohort.why[:160],
        "badge": _("cancelled") if cohort.cancelled_at else _("you walk along") if cohort.pk in mine else "",
        "badge_kind": "" if cohort.cancelled_at else "accent",
        "starts_on": cohort.starts_on,
        "ends_on": cohort.ends_on,
        "walkers": walkers,
    }


def _found(request: Request, slug: str) -> Cohort:
    rows = Cohort.objects.select_related("persona", "milestone", "organiser__profile")
    found = get_object_or_404(rows, community=request.actor.community, slug=slug)
    found.community = request.actor.community
    return found


@require_safe
@route("cohorts.view")
def page(request: Request, cohort: str) -> HttpResponse:
    return _page(request, _found(request, cohort), None)


def _page(request: Request, cohort: Cohort, form: CheckInForm | None) -> HttpResponse:
    actor = request.actor
    community = actor.community
    today = clock.today(community.time_zone)
    members = list(
        CohortMember.objects.filter(cohort=cohort)
        .walking()
        .with_progress()
        .select_related("person__profile")
        .order_by("joined_at")
    )
    me = next((m for m in members if actor.membership and m.person_id == actor.membership.person_id), None)
    is_on = cohort.cancelled_at is None and cohort.starts_on <= today <= cohort.ends_on
    counted = cohort.target is not None or bool(cohort.unit)
    done = cohort.done() if cohort.target is not None else None
    return render(
        request,
        "web/paths/cohort.html",
        {
            "cohort": cohort,
            "is_on": is_on,
            "is_over": cohort.cancelled_at is not None or cohort.ends_on < today,
            "days_left": (cohort.ends_on - today).days if is_on else None,
            "progress": _progress(cohort, done, today) if done is not None else None,
            "members": [_member(community, cohort, one, today, is_on) for one in members],
            "said": [_said(community, one, me.person_id if me else None) for one in _last(cohort)],
            "me": me,
            "form": form or (CheckInForm(unit=cohort.unit, counted=counted) if me and is_on else None),
            "may_join": me is None and cohort.cancelled_at is None and cohort.ends_on >= today,
            "may_organise": cohort.may_organise(actor),
            "finishing": (stone := finishing(cohort)),
            "finishing_url": links.milestone(community, stone.slug) if stone else "",
            "may_make_milestone": stone is None and cohort.cancelled_at is None and can(actor, "paths.write"),
            "persona_url": here.persona(community, cohort.persona.slug) if cohort.persona else "",
            "stone_url": links.milestone(community, cohort.milestone.slug) if cohort.milestone else "",
        },
        status=422 if form is not None and form.errors else 200,
    )


def _progress(cohort: Cohort, done: Decimal, today: datetime.date) -> dict[str, Any]:
    """Together so far, and where an even pace would be."""
    assert cohort.target is not None
    length = (cohort.ends_on - cohort.starts_on).days + 1
    passed = min(length, max(0, (today - cohort.starts_on).days + 1))
    return {
        "value": float(done),
        "max": float(cohort.target),
        "expected": float(cohort.target) * passed / length,
        "line": f"{words.of(float(done), float(cohort.target))} {cohort.unit}".strip(),
    }


def _last(cohort: Cohort) -> list[CheckIn]:
    return list(
        CheckIn.objects.filter(cohort=cohort, person__erased_at__isnull=True)
        .select_related("person__profile")
        .order_by("-made_at")[:SAID]
    )


def _face(community: Community, person: Person) -> dict[str, str]:
    profile = getattr(person, "profile", None)
    photo = profile.photo.name if profile and profile.photo else None
    return {
        "name": person.name,
        "url": links.person(community, person.pk, person.handle),
        "photo": links.photo(community, person.pk, photo),
    }


def _member(community: Community, cohort: Cohort, one: Any, today: datetime.date, is_on: bool) -> dict[str, Any]:
    """Where one member is: finished, stuck, quiet for a while, or on the way. Nobody is ranked."""
    last: datetime.date | None = one.last_day
    quiet = is_on and (today - (last or max(cohort.starts_on, one.joined_at.date()))).days >= QUIET_DAYS
    if one.finished_at:
        state, kind = _("finished"), "reached"
    elif one.said_stuck:
        state, kind = _("is stuck"), "risk"
    elif quiet:
        state, kind = _("quiet for a while"), "going"
    else:
        state, kind = "", ""
    return _face(community, one.person) | {
        "state": state,
        "kind": kind,
        "last": day(last) if last else "",
        "stuck": bool(not one.finished_at and (one.said_stuck or quiet)),
        "thank_url": f"{links.base(community)}thanks/new/?to={one.person.handle or one.person_id}",
    }


def _said(community: Community, one: CheckIn, me: uuid.UUID | None) -> dict[str, Any]:
    return {
        "id": one.pk,
        "who": _face(community, one.person),
        "words": one.words,
        "quantity": one.quantity,
        "stuck": one.stuck,
        "at": one.made_at,
        "mine": one.person_id == me,
    }


@route("cohorts.start")
def new(request: Request) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    today = clock.today(community.time_zone)
    form = CohortForm(request.POST or None, community=community, initial={"starts_on": today})
    made: list[Cohort] = []
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: made.append(Cohort.start(community=community, by=by, **form.cleaned_data)))
    ):
        messages.success(
            request, _("“%(name)s” is there, and you are the first to walk along.") % {"name": made[0].name}
        )
        return redirect(here.cohort(community, made[0].slug))
    return render(request, "web/paths/write_cohort.html", {"form": form}, status=422 if form.errors else 200)


@route("cohorts.own")
def change(request: Request, cohort: str) -> HttpResponse:
    """By whoever organises it, and stewards."""
    found, by = _found(request, cohort), request.actor.person
    if not found.may_organise(request.actor):
        return redirect(here.cohort(request.actor.community, found.slug))
    fields = ("name", "why", "starts_on", "ends_on", "milestone", "persona", "target", "unit")
    start = {name: getattr(found, name) for name in fields}
    form = CohortForm(request.POST or None, community=request.actor.community, initial=start)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: found.change(by=by, **form.cleaned_data))
    ):
        return redirect(here.cohort(request.actor.community, found.slug))
    context = {"form": form, "cohort": found}
    return render(request, "web/paths/write_cohort.html", context, status=422 if form.errors else 200)


@route("paths.write")
def milestone(request: Request, cohort: str) -> HttpResponse:
    """Finishing it becomes a milestone, for whoever has finished already too."""
    found, community = _found(request, cohort), request.actor.community
    form = FinishingForm(request.POST or None, initial={"name": found.name, "why": found.why[:500]})
    made: list[Milestone] = []
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: made.append(make_milestone(found, by=request.actor.person, **form.cleaned_data)))
    ):
        go_through_history.enqueue(str(made[0].pk))
        messages.success(request, _("Whoever finishes it reaches “%(name)s”.") % {"name": made[0].name})
        return redirect(here.cohort(community, found.slug))
    context = {"form": form, "cohort": found}
    return render(request, "web/paths/finishing.html", context, status=422 if form.errors else 200)


@require_POST
@route("cohorts.own")
def cancel(request: Request, cohort: str) -> HttpResponse:
    found = _found(request, cohort)
    found.cancel(by=request.actor.person)
    messages.success(request, _("“%(name)s” does not take place.") % {"name": found.name})
    return redirect(here.cohort(request.actor.community, found.slug))


@require_POST
@route("cohorts.own")
def membership(request: Request, cohort: str) -> HttpResponse:
    """Walk along; with `leave`, no longer."""
    found, person = _found(request, cohort), own(request)
    if "leave" in request.POST:
        found.leave(by=person)
        messages.success(request, _("You no longer walk along. What you checked in stays."))
    else:
        found.join(by=person)
        messages.success(request, _("You walk along now."))
    return redirect(here.cohort(request.actor.community, found.slug))


@require_POST
@route("cohorts.own")
def finish(request: Request, cohort: str) -> HttpResponse:
    """Done what one set out to do; with `back`, not after all."""
    found, person = _found(request, cohort), own(request)
    if "back" in request.POST:
        found.unfinish(by=person)
    else:
        found.finish(by=person)
        messages.success(request, _("You finished “%(name)s”. Well done!") % {"name": found.name})
    return redirect(here.cohort(request.actor.community, found.slug))


@require_POST
@route("cohorts.own")
def check_in(request: Request, cohort: str) -> HttpResponse:
    found, person = _found(request, cohort), own(request)
    counted = found.target is not None or bool(found.unit)
    form = CheckInForm(request.POST, unit=found.unit, counted=counted)
    if form.is_valid() and accepted(form, lambda: found.check_in(by=person, **form.cleaned_data)):
        messages.success(request, _("Checked in."))
        return redirect(f"{here.cohort(request.actor.community, found.slug)}#said")
    return _page(request, found, form)


@require_POST
@route("cohorts.own")
def take_back(request: Request, checkin: uuid.UUID) -> HttpResponse:
    person = own(request)
    rows = CheckIn.objects.select_related("cohort")
    found = get_object_or_404(rows, pk=checkin, person=person, community=request.actor.community)
    found.withdraw(by=person)
    messages.success(request, _("Taken back."))
    return redirect(f"{here.cohort(request.actor.community, found.cohort.slug)}#said")
