"""Attendance from Zoom and Eventbrite: a file, a look at who that is, and then it counts."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.uploads import clean_name
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.ratelimits import limited
from milepost.interfaces.web.trying import accepted
from milepost.outward.connectors.attendance import importing
from milepost.outward.connectors.attendance.matching import REASONS, SURE
from milepost.outward.connectors.attendance.reading import LARGEST
from milepost.outward.connectors.models import AttendanceImport, AttendanceRow

from . import showing

MOST = 3_000
"""People that one page shows and counts at once; larger files go by the command line."""


class FileForm(forms.Form):
    upload = forms.FileField(
        label=_("The file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=_("Zoom: Reports, Usage, Participants, Export. Eventbrite: Reports, Attendees, as CSV."),
    )  # fmt: skip

    def clean_upload(self) -> Any:
        upload = self.cleaned_data["upload"]
        if upload.size > LARGEST:
            raise forms.ValidationError(_now("This file is too large for a list of attendees."))
        return upload


@route("events.import")
@limited("attendance-files", "60/h/user")
@showing.in_own_zone
def page(request: Request, event: str) -> HttpResponse:
    found = showing.find(request, event)
    form = FileForm(request.POST or None, request.FILES or None)
    made: list[AttendanceImport] = []
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["upload"]
        if accepted(
            form,
            lambda: made.append(
                importing.begin(event=found, content=upload.read(), file_name=clean_name(upload.name), by=request.actor)
            ),
        ):
            return redirect(f"{made[0].pk}/")
    context = {
        "event": found,
        "form": form,
        "base": showing.url(request.actor.community, found.pk),
        "files": AttendanceImport.objects.filter(event=found).order_by("-begun_at")[:20],
    }
    return render(request, "web/events/attendance.html", context, status=422 if form.errors else 200)


@route("events.import")
def one(request: Request, event: str, run: uuid.UUID) -> HttpResponse:
    """Who the people of the file are taken for; a tick decides where that is not sure."""
    found = showing.find(request, event)
    file = get_object_or_404(AttendanceImport, pk=run, event=found)
    if request.method == "POST":
        choices = {
            uuid.UUID(name[2:]): value
            for name, value in request.POST.items()
            if name.startswith("r-")
            and value in {importing.TAKE, importing.LEAVE, importing.GUEST}
            and _is_id(name[2:])
        }
        counts = importing.apply(run=file, choices=choices, by=request.actor)
        told = _now("%(new)d were there and count now, %(same)d had been counted, %(left)d were left out.")
        messages.success(request, told % {key: counts.get(key, 0) for key in ("new", "same", "left")})
        return redirect(request.path)
    rows = list(file.rows.filter(problem="").select_related("person").order_by("reason", "name")[: MOST + 1])
    return render(
        request,
        "web/events/attendance_file.html",
        {
            "event": found,
            "file": file,
            "base": showing.url(request.actor.community, found.pk),
            "rows": [_shown(row) for row in rows[:MOST]],
            "too_many": len(rows) > MOST,
            "bad": file.rows.exclude(problem="").order_by("line")[:200],
            "sure": sum(row.reason in SURE for row in rows),
            "total": len(rows),
        },
    )


def _is_id(words: str) -> bool:
    try:
        uuid.UUID(words)
    except ValueError:
        return False
    return True


def _shown(row: AttendanceRow) -> dict[str, Any]:
    options = []
    if row.person is not None:
        options.append((importing.TAKE, _now("Count as %(name)s") % {"name": row.person.name}))
    if row.mail and row.reason not in {"erased", "confirmed_mail", "known_mail"}:
        options.append((importing.GUEST, _now("Bring in as a guest")))
    options.append((importing.LEAVE, _now("Leave out")))
    if row.reason not in SURE:
        chosen = importing.LEAVE
    else:
        chosen = importing.TAKE if row.person is not None else importing.GUEST
    return {
        "id": row.pk,
        "name": row.name,
        "mail": row.mail,
        "minutes": row.minutes,
        "times": row.times,
        "came": row.came,
        "reason": REASONS.get(row.reason, ""),
        "options": options,
        "chosen": chosen,
        "taken": row.taken_at is not None,
    }
