"""One page an import: look and choose, watch, read the report. Works by reload; HTMX asks every two seconds while it runs."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from milepost.foundation.common.errors import DomainError
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.trying import accepted
from milepost.outward.connectors import intake
from milepost.outward.connectors.models import ImportRun, TableMapping

from . import report
from .forms import ChoicesForm, UploadForm
from .guides import FORMATS, guide_to

HISTORY = 20


# The token is checked by the inner view, after permission and size: checking it means reading the whole upload.
@csrf_exempt
@route("imports.run")
def page(request: Request) -> HttpResponseBase:
    if request.method == "POST":
        try:
            intake.must_fit(_length(request))
        except DomainError as error:
            form = UploadForm()
            form.errors["__all__"] = form.error_class([str(error)])
            return _page(request, form, status=413)
        return _upload(request)
    return _page(request, UploadForm())


def _length(request: Request) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise BadRequest from error


@csrf_protect
def _upload(request: Request) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    made: list[ImportRun] = []
    if form.is_valid():
        given = form.cleaned_data

        def take() -> None:
            made.append(
                intake.receive(
                    community=request.actor.community,
                    by=request.actor.person,
                    kind=given["kind"],
                    upload=given["upload"],
                    label=given["label"],
                )
            )

        if accepted(form, take):
            return redirect("import", request.actor.community.slug, made[0].pk)
    return _page(request, form, status=422)


def _page(request: Request, form: UploadForm, status: int = 200) -> HttpResponse:
    runs = ImportRun.objects.filter(community=request.actor.community).newest_first()[:HISTORY]
    context = {
        "form": form,
        "formats": FORMATS,
        "history": [report.in_history(run) for run in runs],
    }
    return render(request, "web/imports/imports.html", context, status=status)


def find(request: Request, pk: uuid.UUID) -> ImportRun:
    found = get_object_or_404(ImportRun, pk=pk, community=request.actor.community)
    found.community = request.actor.community
    return found


@require_safe
@route("imports.run")
def one(request: Request, pk: uuid.UUID) -> HttpResponse:
    run = find(request, pk)
    if run.state == "chosen":
        return _choose(request, run, _form(run))
    context: dict[str, Any] = {"run": run, **report.of(request.actor, run)}
    if run.state == "running" and request.htmx:
        return render(request, "web/imports/running.html#watch", context)
    response = render(request, f"web/imports/{PAGES[run.state]}.html", context)
    if request.htmx:
        # It ended while somebody watched: the whole page is another one now.
        response["HX-Refresh"] = "true"
    return response


PAGES = {"running": "running", "failed": "stopped", "cancelled": "stopped", "finished": "report"}


def _form(run: ImportRun, *args: Any) -> ChoicesForm:
    kept = TableMapping.objects.filter(community=run.community).order_by("name") if run.kind == "table" else []
    return ChoicesForm(run, list(kept), *args)


def _choose(request: Request, run: ImportRun, form: ChoicesForm, status: int = 200) -> HttpResponse:
    context = {"run": run, "seen": run.preview, "form": form, "guide": guide_to(run.kind), **report.seen(run)}
    return render(request, "web/imports/choose.html", context, status=status)


@require_POST
@route("imports.run")
def choices(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Keep the choices; with the button “start”, begin as well."""
    run = find(request, pk)
    if run.state != "chosen":
        return redirect("import", request.actor.community.slug, run.pk)
    form = _form(run, request.POST)
    if not form.is_valid():
        return _choose(request, run, form, status=422)
    saved = intake.mapping_named(run.community, form.cleaned_data["saved"]) if form.cleaned_data.get("saved") else None
    person = request.actor.person

    def keep() -> None:
        intake.choose(run, by=person, options=form.options(saved), save_as=form.cleaned_data.get("save_as", ""))
        if "start" in request.POST:
            intake.let_in(run, by=person)

    if not accepted(form, keep):
        return _choose(request, run, form, status=422)
    return redirect("import", request.actor.community.slug, run.pk)


@require_POST
@route("imports.run")
def start(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Go on after a failure or a stop."""
    run = find(request, pk)
    intake.let_in(run, by=request.actor.person)
    return redirect("import", request.actor.community.slug, run.pk)


@require_POST
@route("imports.run")
def stop(request: Request, pk: uuid.UUID) -> HttpResponse:
    run = find(request, pk)
    intake.stop(run, by=request.actor.person)
    messages.info(request, _("The import stops after the part that it is storing. What is stored stays."))
    return redirect("import", request.actor.community.slug, run.pk)


@require_POST
@route("imports.run")
def discard(request: Request, pk: uuid.UUID) -> HttpResponse:
    run = find(request, pk)
    intake.discard(run, by=request.actor.person)
    messages.info(request, _("“%(name)s” was thrown away.") % {"name": run.file_name})
    return redirect("imports", request.actor.community.slug)
