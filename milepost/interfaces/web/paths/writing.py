"""Proposing and writing personas, and laying their paths."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from milepost.domain.paths.models import Persona
from milepost.engines.milestones import bearings
from milepost.engines.milestones import map as mapping
from milepost.foundation.identity.access import can
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.paths import links as here
from milepost.interfaces.web.paths.forms import AnswerForm, PathForm, PersonaForm
from milepost.interfaces.web.segments.editor import RuleEditor
from milepost.interfaces.web.trying import accepted
from milepost.outward.starting import personas as templates


def _forget(request: Request) -> None:
    mapping.forget(request.actor.community)
    bearings.forget(request.actor.community)


def _found(request: Request, slug: str) -> Persona:
    return get_object_or_404(Persona, community=request.actor.community, slug=slug)


def _form(request: Request, form: Any, template: str, **more: Any) -> HttpResponse:
    return render(request, f"web/paths/{template}.html", {"form": form, **more}, status=422 if form.errors else 200)


@route("personas.propose")
def new(request: Request) -> HttpResponse:
    """A member proposes; what a steward writes is the community's at once."""
    actor = request.actor
    community, by = actor.community, actor.person
    assert by is not None
    may_write = can(actor, "personas.write")
    form = PersonaForm(request.POST or None)
    made: list[Persona] = []

    def write() -> None:
        if may_write:
            made.append(Persona.write(community=community, by=by, **form.texts()))
        else:
            made.append(Persona.propose(community=community, by=by, **form.texts()))

    if request.method == "POST" and form.is_valid() and accepted(form, write):
        _forget(request)
        if may_write:
            messages.success(request, _("“%(name)s” is there. Now lay their path.") % {"name": made[0].name})
            return redirect("persona_path", slug=community.slug, persona=made[0].slug)
        messages.success(request, _("Thank you. The stewards read it, and answer on its page."))
        return redirect(here.persona(community, made[0].slug))
    return _form(request, form, "write_persona", may_write=may_write)


@route("personas.write")
def change(request: Request, persona: str) -> HttpResponse:
    found, by = _found(request, persona), request.actor.person
    start = {name: getattr(found, name) for name in ("name", "story", "needs", "success", "seed")}
    form = PersonaForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid() and accepted(form, lambda: found.change(by=by, **form.texts())):
        _forget(request)
        return redirect(here.persona(request.actor.community, found.slug))
    return _form(request, form, "write_persona", persona=found, may_write=True)


@route("personas.write")
def lay(request: Request, persona: str) -> HttpResponse:
    """A place for each milestone, by numbers: works everywhere, and by keyboard."""
    found, by = _found(request, persona), request.actor.person
    form = PathForm(request.POST or None, persona=found)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: found.lay(milestones=form.path(), by=by))
    ):
        _forget(request)
        messages.success(request, _("The path of “%(name)s” is laid.") % {"name": found.name})
        return redirect(here.persona(request.actor.community, found.slug))
    return _form(request, form, "lay_path", persona=found)


@route("personas.write")
def asked(request: Request, persona: str) -> HttpResponse:
    """Whom the site asks whether that is them: a rule, or nobody."""
    found, by = _found(request, persona), request.actor.person
    community = request.actor.community
    options: dict[str, Any] = {"optional": True, "label": _("Ask members who")}
    if request.method == "POST":
        editor = RuleEditor.posted(request.POST, community, **options)
        if not editor.is_acting and editor.is_valid:
            found.change(by=by, suggests=editor.tree)
            messages.success(request, _("Kept. Whoever it fits is asked on their journey, and may say no."))
            return redirect(here.persona(community, found.slug))
    else:
        editor = RuleEditor(community, found.suggests, **options)
    return editor.answer(request, "web/paths/asked.html", {"editor": editor, "persona": found})


@require_POST
@route("personas.write")
def adopt(request: Request, persona: str) -> HttpResponse:
    """What a member proposed, or what was retired, is the community's (again)."""
    found = _found(request, persona)
    form = AnswerForm(request.POST)
    found.adopt(by=request.actor.person, answer=form.cleaned_data["answer"] if form.is_valid() else "")
    _forget(request)
    messages.success(request, _("“%(name)s” is one of ours now.") % {"name": found.name})
    return redirect(here.persona(request.actor.community, found.slug))


@require_POST
@route("personas.write")
def retire(request: Request, persona: str) -> HttpResponse:
    found = _found(request, persona)
    form = AnswerForm(request.POST)
    found.retire(by=request.actor.person, answer=form.cleaned_data["answer"] if form.is_valid() else "")
    _forget(request)
    messages.success(
        request, _("“%(name)s” is no longer offered. You can take it up again here.") % {"name": found.name}
    )
    return redirect(here.persona(request.actor.community, found.slug))


@route("personas.write")
def from_template(request: Request) -> HttpResponse:
    """Begin with personas and milestones that others wrote; everything can be changed afterwards."""
    community, by = request.actor.community, request.actor.person
    offered = templates.offered()
    if request.method == "POST":
        chosen = next((one for one in offered if one.key == request.POST.get("template")), None)
        if chosen is None:
            return redirect(request.path)
        report = templates.load(community=community, data=templates.read(chosen.key), by=by)
        _forget(request)
        messages.success(
            request,
            _("%(personas)s personas and %(milestones)s milestones are there. Change what does not fit.")
            % {"personas": len(report.personas), "milestones": len(report.milestones)},
        )
        return redirect("personas", slug=community.slug)
    return render(request, "web/paths/templates.html", {"templates": offered})
