"""Milestones from a file: upload it, look at who is meant, and bring it in. Who is not known is matched here later."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones.bringing import Fate
from milepost.foundation.common.uploads import clean_name
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.ratelimits import limited
from milepost.interfaces.web.times import figure
from milepost.interfaces.web.trying import accepted
from milepost.outward.connectors.awards import importing
from milepost.outward.connectors.awards.matching import REASONS, SURE, match
from milepost.outward.connectors.models import AwardImport, AwardRow

LARGEST = 2 * 2**20
"""Bytes of a file that a page takes; larger ones go by the command line."""
SHOWN = 500
"""Lines of each kind that one page shows."""
STATES = {
    Fate.NEW: _("new"),
    Fate.EARLIER: _("an earlier day"),
    Fate.AGAIN: _("stands again"),
    Fate.SAME: _("there already"),
    Fate.REVOKED: _("revoked here: stays so"),
}


class FileForm(forms.Form):
    upload = forms.FileField(
        label=_("The file"),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.jsonl,text/csv"}),
        help_text=_("A table saved as CSV. One line is one milestone of one member."),
    )

    def clean_upload(self) -> Any:
        upload = self.cleaned_data["upload"]
        if upload.size > LARGEST:
            raise forms.ValidationError(
                _now(
                    "This file is too large for a page. Split it, or use the command line: milepost milestones import."
                )
            )
        return upload


@route("milestones.award")
@limited("award-files", "60/h/user")
def page(request: Request) -> HttpResponse:
    """Upload a file; and the files so far."""
    community, by = request.actor.community, request.actor.person
    form = FileForm(request.POST or None, request.FILES or None)
    made: list[AwardImport] = []
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["upload"]
        if accepted(
            form,
            lambda: made.append(
                importing.begin(community=community, file=upload.file, file_name=clean_name(upload.name), by=by)
            ),
        ):
            return redirect("milestone_import_file", slug=community.slug, pk=made[0].pk)
    files = AwardImport.objects.filter(community=community, read_at__isnull=False).order_by("-begun_at")[:20]
    slugs = Milestone.objects.pursued().of_life().filter(community=community).values_list("slug", "name")
    context = {"form": form, "files": files, "example": next(iter(slugs), ("first-gig", "")), "slugs": slugs}
    return render(request, "web/milestones/import.html", context, status=422 if form.errors else 200)


@route("milestones.award")
def one(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Who the people of the file are taken for, and why; a tick or a name decides where that is not sure."""
    community = request.actor.community
    found = get_object_or_404(AwardImport, pk=pk, community=community)
    found.community = community
    wrong: dict[uuid.UUID, str] = {}
    if request.method == "POST":
        wrong = _carry_out(request, found)
        if not wrong:
            return redirect("milestone_import_file", slug=community.slug, pk=pk)
    good = found.rows.filter(problem="").select_related("person", "milestone").order_by("line")
    sure = good.filter(person__isnull=False, reason__in=SURE)
    unsure = [
        _shown(row, wrong) for row in good.exclude(pk__in=sure.values("pk")).filter(taken_at__isnull=True)[:SHOWN]
    ]
    bad = found.rows.exclude(problem="").order_by("line")
    new = sure.filter(taken_at__isnull=True).exclude(fate__in=(Fate.SAME, Fate.REVOKED)).count()
    return render(
        request,
        "web/milestones/import_file.html",
        {
            "file": found,
            "rows": [_shown(row, {}) for row in good.filter(pk__in=sure.values("pk"))[:SHOWN]],
            "unsure": unsure,
            "bad": bad[:SHOWN],
            "facts": _facts(new, sure.count(), good.count() - sure.count(), bad.count()),
            "new": new,
            "shown": SHOWN,
        },
        status=422 if wrong else 200,
    )


def _facts(new: int, sure: int, unsure: int, bad: int) -> list[str]:
    """The file in numbers, each a phrase."""
    told = [
        ngettext("%(n)s line is sure", "%(n)s lines are sure", sure) % {"n": figure(sure)},
        ngettext("%(n)s of them is new", "%(n)s of them are new", new) % {"n": figure(new)},
    ]
    if unsure:
        told.append(ngettext("%(n)s waits for you", "%(n)s wait for you", unsure) % {"n": figure(unsure)})
    if bad:
        told.append(ngettext("%(n)s cannot be read", "%(n)s cannot be read", bad) % {"n": figure(bad)})
    return told


def _carry_out(request: Request, found: AwardImport) -> dict[uuid.UUID, str]:
    """What the steward asked for; what they typed where nobody has that name."""
    by = request.actor.person
    if request.POST.get("do") == "match":
        n = importing.match_again(run=found, by=by)
        messages.success(
            request, ngettext("%(n)s more is known now.", "%(n)s more are known now.", n) % {"n": figure(n)}
        )
        return {}
    people, wrong = _named(request, found)
    if wrong:
        return wrong
    importing.choose(run=found, people=people, by=by)
    ticked = dict.fromkeys(_ids(request, "t-"), importing.TAKE)
    counts = importing.apply(run=found, choices=ticked, by=by)
    told = _now(
        "%(new)s milestones are new here, %(same)s were there already, %(left)s lines wait. Nothing is announced."
    )
    new = sum(counts.get(fate, 0) for fate in (Fate.NEW, Fate.EARLIER, Fate.AGAIN))
    numbers = {"new": new, "same": counts.get(Fate.SAME, 0), "left": counts["unmatched"] + counts["unread"]}
    messages.success(request, told % {name: figure(n) for name, n in numbers.items()})
    return {}


def _ids(request: Request, prefix: str) -> dict[uuid.UUID, str]:
    found = {}
    for name, value in request.POST.items():
        if name.startswith(prefix) and str(value).strip():
            try:
                found[uuid.UUID(name[len(prefix) :])] = str(value).strip()
            except ValueError:
                continue
    return found


def _named(request: Request, found: AwardImport) -> tuple[dict[uuid.UUID, uuid.UUID], dict[uuid.UUID, str]]:
    """Whom the steward wrote beside which line, as @name or full name; and what names nobody, or several."""
    typed = _ids(request, "w-")
    known = match(found.community, typed.values())
    people = {row: person for row, words in typed.items() if (person := known[words].person) is not None}
    return people, {row: words for row, words in typed.items() if row not in people}


def _shown(row: AwardRow, wrong: dict[uuid.UUID, str]) -> dict[str, Any]:
    return {
        "id": row.pk,
        "line": row.line,
        "who": row.who or _now("someone who was erased"),
        "person": row.person,
        "milestone": row.milestone,
        "day": row.reached_on,
        "reason": REASONS.get(row.reason, ""),
        "state": STATES.get(Fate(row.fate), "") if row.fate else "",
        "is_new": row.fate in {Fate.NEW, Fate.EARLIER, Fate.AGAIN},
        "taken": row.taken_at is not None,
        "is_erased": row.reason == "erased",
        "typed": wrong.get(row.pk, ""),
    }
