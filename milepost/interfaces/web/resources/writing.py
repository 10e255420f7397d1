"""Proposing a resource, and changing one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from milepost.domain.paths.models import Milestone
from milepost.domain.resources.drafting import LessonDraft, Serving
from milepost.domain.resources.models import Resource, ResourceVersion
from milepost.engines.milestones import coverage
from milepost.foundation.identity.access import can, require
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.trying import accepted

from . import rows
from .forms import LessonForm, LessonForms, ResourceForm, as_written
from .reading import find

AROUND = 4 * 2**20
"""Bytes that a form may have around its file: texts, and what a browser puts between them."""


def _is_too_large(request: Request) -> bool:
    """By what the browser announces, before a byte of it is read."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0) > settings.UPLOAD_LIMIT + AROUND
    except ValueError as error:
        raise BadRequest from error


def _too_large(request: Request) -> HttpResponse:
    limit = filesizeformat(settings.UPLOAD_LIMIT)
    response = render(request, "web/resources/too_large.html", {"limit": limit}, status=413)
    # Nobody will read what is still on its way.
    response["Connection"] = "close"
    return response


# The token is checked by the inner view, after permission and size: checking it means reading the whole upload.
@csrf_exempt
@route("resources.propose")
def new(request: Request) -> HttpResponseBase:
    """First which kind, then its form."""
    if request.method == "POST" and _is_too_large(request):
        return _too_large(request)
    kind = request.GET.get("kind", "")
    if kind not in Resource.Kind.values:
        return render(
            request, "web/resources/choose.html", {"kinds": _kinds(request), "milestone": _milestone(request)}
        )
    return _new(request, Resource.Kind(kind))


def _kinds(request: Request) -> list[dict[str, Any]]:
    said = {
        Resource.Kind.GUIDE: (_("A guide"), _("How you do it, in your own words.")),
        Resource.Kind.LINK: (_("A link"), _("A page or film elsewhere that helped you.")),
        Resource.Kind.FILE: (_("A file"), _("A sheet, a recording, a picture, a document.")),
        Resource.Kind.TEMPLATE: (_("A template"), _("Something to fill in: a letter, a contract, a checklist.")),
        Resource.Kind.COURSE: (_("A course"), _("Several lessons, done one after the other.")),
    }
    stone = request.GET.get("milestone", "")
    tail = f"&milestone={stone}" if stone.isascii() and stone.replace("-", "").isalnum() else ""
    return [
        {"title": title, "text": text, "icon": rows.ICONS[kind], "url": f"?kind={kind.value}{tail}"}
        for kind, (title, text) in said.items()
    ]


def _milestone(request: Request) -> Milestone | None:
    slug = request.GET.get("milestone", "").replace("\0", "")[:80]
    return Milestone.objects.pursued().filter(community=request.actor.community, slug=slug).first() if slug else None


@csrf_protect
def _new(request: Request, kind: Resource.Kind) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    assert by is not None
    stone = _milestone(request)
    initial = {"authors": f"@{by.handle}" if by.handle else "", "milestones": [stone.pk] if stone else []}
    form = ResourceForm(request.POST or None, request.FILES or None, community=community, kind=kind, initial=initial)
    lessons = _lessons(request, kind, [])
    made: list[Resource] = []
    if _is_sent(request, form, lessons):
        publish = "publish" in request.POST

        def propose() -> None:
            serving = form.serving() or Serving()
            draft = form.draft(_drafts(lessons))
            made.append(Resource.propose(community=community, by=by, draft=draft, serving=serving, publish=publish))

        if accepted(form, propose):
            coverage.forget(community)
            if publish:
                messages.success(request, _("“%(title)s” is published.") % {"title": made[0].title})
            else:
                messages.success(request, _("Proposed. A steward reads it, then everyone can use it."))
            return redirect(rows.address(community, made[0].slug))
    context = {"form": form, "lessons": lessons, "kind": kind, "may_publish": can(request.actor, "resources.publish")}
    return render(request, "web/resources/write.html", context, status=_status(form, lessons))


@csrf_exempt
@route("resources.change")
def change(request: Request, resource: str) -> HttpResponseBase:
    if request.method == "POST" and _is_too_large(request):
        return _too_large(request)
    found = find(request, resource)
    require(request.actor, "resources.change", found)
    return _change(request, found)


@csrf_protect
def _change(request: Request, found: Resource) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    before = found.waiting_version() or found.version_in_force() or found.versions.order_by("-number").first()
    assert before is not None
    decides = can(request.actor, "resources.publish", found)
    form = ResourceForm(
        request.POST or None,
        request.FILES or None,
        community=community,
        kind=found.kind,
        before=before,
        serving=decides or found.published_at is None,
        initial=as_written(found, before),
    )
    lessons = _lessons(request, found.kind, _as_initial(before))
    at_once: list[bool] = []
    if _is_sent(request, form, lessons):

        def say() -> None:
            draft = form.draft(_drafts(lessons))
            at_once.append(found.change(by=by, draft=draft, serving=form.serving(), after=form.cleaned_data["after"]))

        if accepted(form, say):
            coverage.forget(community)
            messages.success(
                request,
                _("Changed. What it said before stands in the history.")
                if at_once[0]
                else _("Your change waits for a steward, then everyone sees it."),
            )
            return redirect(rows.address(community, found.slug))
    context = {"form": form, "lessons": lessons, "kind": found.kind, "resource": found, "at_once": decides}
    return render(request, "web/resources/write.html", context, status=_status(form, lessons))


# --- lessons ------------------------------------------------------------------------------------------


def _lessons(request: Request, kind: str, initial: list[dict[str, Any]]) -> Any:
    """The lessons' forms of a course, two empty ones at first; None for any other kind."""
    if kind != Resource.Kind.COURSE:
        return None
    if request.method != "POST":
        made = LessonForms(initial=initial or [{}, {}], prefix="lessons")
        return made
    if "more" not in request.POST:
        return LessonForms(request.POST, initial=initial, prefix="lessons")
    longer = request.POST.copy()
    total = longer.get("lessons-TOTAL_FORMS", "0")
    longer["lessons-TOTAL_FORMS"] = str(min(int(total) if total.isdecimal() else 0, 59) + 1)
    return LessonForms(longer, initial=initial, prefix="lessons")


def _as_initial(version: ResourceVersion) -> list[dict[str, Any]]:
    return [{key: lesson[key] for key in ("id", "title", "text", "minutes")} for lesson in version.lessons]


def _is_sent(request: Request, form: ResourceForm, lessons: Any) -> bool:
    """Whether all of it can go to the domain. With `more`, one more lesson is wanted first."""
    if request.method != "POST":
        return False
    if "more" in request.POST:
        # They are still writing: what is not there yet is no mistake.
        form.without_errors()
        return False
    valid = [form.is_valid(), lessons is None or lessons.is_valid()]
    return all(valid)


def _drafts(lessons: Any) -> list[LessonDraft]:
    """In the order of their numbers; what is empty or marked to go is left out."""
    if lessons is None:
        return []
    kept: list[LessonForm] = [form for form in lessons.ordered_forms if not form.is_blank]
    return [LessonDraft(one["title"], one["text"], one["minutes"], one["id"]) for one in (f.cleaned_data for f in kept)]


def _status(form: ResourceForm, lessons: Any) -> int:
    wrong = form.is_bound and (bool(form.errors) or (lessons is not None and not lessons.is_valid()))
    return 422 if wrong else 200
