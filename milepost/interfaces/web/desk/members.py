"""What stewards decide about one member: their role, and what they are to the community."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from milepost.domain.people.belonging import add_organisation, place
from milepost.foundation.identity.models import Membership, Person
from milepost.foundation.identity.roles import Role
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.trying import accepted


class MemberForm(forms.Form):
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=Role.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Ambassadors invite. Moderators tend conversations. Stewards decide who joins and how things are set. Owners can do everything."
        ),
    )
    audience = forms.ChoiceField(
        label=gettext_lazy("What they are to the community"), choices=Membership.Audience.choices
    )


class OrganisationForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Its name"),
        max_length=120,
        help_text=gettext_lazy(
            "A partner, a venue, a sponsor: it appears among the people, and members can act for it."
        ),
    )


@route("people.role")
def member(request: Request, pk: uuid.UUID) -> HttpResponse:
    community = request.actor.community
    membership = Membership.objects.active().select_related("person").filter(community=community, person=pk).first()
    if membership is None:
        raise Http404
    person, by = membership.person, request.actor.person
    form = MemberForm(
        request.POST if request.method == "POST" else None,
        initial={"role": membership.role, "audience": membership.audience},
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        if accepted(form, lambda: place(person=person, role=chosen["role"], audience=chosen["audience"], by=by)):
            messages.success(request, _("Kept. It is written into the audit trail."))
            return redirect(links.person(community, person.pk, person.handle))
    context = {"form": form, "person": person, "back": links.person(community, person.pk, person.handle)}
    return render(request, "web/desk/member.html", context, status=422 if form.errors else 200)


@route("people.role")
def organisation(request: Request) -> HttpResponse:
    community, by = request.actor.community, request.actor.person
    form = OrganisationForm(request.POST if request.method == "POST" else None)
    made: list[Person] = []
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        if accepted(form, lambda: made.append(add_organisation(community=community, name=name, by=by))):
            messages.success(request, _("“%(name)s” is a member now.") % {"name": made[0].name})
            return redirect(links.person(community, made[0].pk, made[0].handle))
    return render(request, "web/desk/organisation.html", {"form": form}, status=422 if form.errors else 200)
