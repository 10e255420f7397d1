"""What a community asks of its members besides: stewards define it, members and stewards fill it in."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from milepost.domain.people.attributes import tell, told
from milepost.domain.people.models import AttributeDefinition
from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Membership, Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.people.settings import tabs
from milepost.interfaces.web.trying import accepted

from .forms import AttributeForm

Kind = AttributeDefinition.Kind


def _find(request: Request, slug: str) -> AttributeDefinition:
    found = AttributeDefinition.objects.filter(community=request.actor.community, slug=slug).first()
    if found is None:
        raise Http404
    return found


@route("attributes.write")
def index(request: Request) -> HttpResponseBase:
    rows = AttributeDefinition.objects.filter(community=request.actor.community)
    told_by = rows.annotate(people=Count("values__person", distinct=True))
    return render(request, "web/segments/attributes.html", {"attributes": list(told_by)})


@route("attributes.write")
def new(request: Request) -> HttpResponseBase:
    community, by = request.actor.community, request.actor.person
    form = AttributeForm(request.POST or None, initial={"kind": Kind.TEXT, "filled_by": "member"})
    if request.method == "POST" and form.is_valid():
        given = _given(form)
        if accepted(form, lambda: AttributeDefinition.define(community=community, by=by, **given)):
            messages.success(request, _("Kept. Members can fill it in under their settings."))
            return redirect("attributes", community.slug)
    return _form(request, form, _("A new attribute"))


@route("attributes.write")
def edit(request: Request, attribute: str) -> HttpResponseBase:
    found, by = _find(request, attribute), request.actor.person
    initial = {
        "label": found.label, "kind": found.kind, "options": "\n".join(found.options), "filled_by": found.filled_by,
        "is_sensitive": found.is_sensitive,
    }  # fmt: skip
    form = AttributeForm(request.POST or None, initial=initial)
    # What members said stays true, so its kind does too.
    form.fields["kind"].disabled = True
    if request.method == "POST" and form.is_valid():
        given = _given(form)
        del given["kind"]
        if accepted(form, lambda: found.change(by=by, **given)):
            messages.success(request, _("Kept."))
            return redirect("attributes", request.actor.community.slug)
    return _form(request, form, found.label)


def _given(form: AttributeForm) -> dict[str, Any]:
    given = dict(form.cleaned_data)
    given["options"] = given["options"].splitlines()
    return given


def _form(request: Request, form: forms.Form, title: str) -> HttpResponseBase:
    context = {"form": form, "title": title, "back": f"{links.base(request.actor.community)}desk/attributes/"}
    return render(request, "web/segments/attribute.html", context, status=422 if form.errors else 200)


@require_POST
@route("attributes.write")
def retire(request: Request, attribute: str) -> HttpResponseBase:
    found = _find(request, attribute)
    (found.retire if found.retired_at is None else found.take_up)(by=request.actor.person)
    return redirect("attributes", request.actor.community.slug)


# --- filling in -----------------------------------------------------------------------------------------------


def _fill_form(definitions: list[AttributeDefinition], known: dict[str, list[str]], data: Any) -> forms.Form:
    """A form with one field for each attribute."""
    made = forms.Form(data, initial={one.slug: ", ".join(known.get(one.slug, [])) for one in definitions}, prefix="own")
    for one in definitions:
        made.fields[one.slug] = _field(one)
        if one.kind == Kind.TAGS and one.options:
            made.initial[one.slug] = known.get(one.slug, [])
    return made


def _field(one: AttributeDefinition) -> forms.Field:
    options = [(option, option) for option in one.options]
    common: dict[str, Any] = {"label": one.label, "required": False}
    if one.kind == Kind.CHOICE:
        return forms.ChoiceField(choices=[("", _("Not said")), *options], **common)
    if one.kind == Kind.TAGS and options:
        return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **common)
    if one.kind == Kind.TAGS:
        return forms.CharField(max_length=2_000, help_text=_("With commas between them."), **common)
    if one.kind == Kind.NUMBER:
        return forms.DecimalField(max_digits=19, decimal_places=4, **common)
    if one.kind == Kind.DATE:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common)
    return forms.CharField(max_length=400, **common)


def _fill(request: Request, person: Person, definitions: list[AttributeDefinition], back: str) -> HttpResponseBase:
    form = _fill_form(definitions, told(person), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        values = {
            name: value if isinstance(value, list) else str(value or "") for name, value in form.cleaned_data.items()
        }
        values |= {name: str(form.cleaned_data[name]) for name in values if form.cleaned_data[name] == 0}
        if accepted(form, lambda: tell(person=person, values=values, by=request.actor.person)):
            messages.success(request, _("Kept."))
            return redirect(back)
    own_page = request.path.endswith("/me/more/")
    context = {"form": form, "person": person, "back": back, "own": own_page, "tabs": tabs(request) if own_page else []}
    return render(request, "web/segments/tell.html", context, status=422 if form.errors else 200)


@route("profile.own")
def own(request: Request) -> HttpResponseBase:
    person, community = request.actor.person, request.actor.community
    assert person is not None
    definitions = AttributeDefinition.objects.asked().filter(community=community)
    if not can(request.actor, "attributes.write"):
        definitions = definitions.filter(filled_by=AttributeDefinition.FilledBy.MEMBER)
    return _fill(request, person, list(definitions), f"{links.base(community)}me/")


@route("attributes.write")
def of_member(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    community = request.actor.community
    member = (
        Membership.objects.active().select_related("person__community").filter(community=community, person=pk).first()
    )
    if member is None:
        raise Http404
    person = member.person
    # What is sensitive is told by members themselves, and shown to nobody else.
    asked = AttributeDefinition.objects.asked().filter(community=community, is_sensitive=False)
    return _fill(request, person, list(asked), links.person(community, person.pk, person.handle))
