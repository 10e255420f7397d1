"""One's own membership: a break, leaving, taking one's data along, being erased."""

from __future__ import annotations

import tempfile

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.http import FileResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from milepost.domain.charter.agreeing import has_agreed
from milepost.domain.people import belonging, erasure, portrait
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Membership, Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.ratelimits import limited
from milepost.interfaces.web.trying import accepted

from .asking_again import asked_again
from .posted import posted


def own(request: Request) -> Person:
    """Whose membership the page is about; `@route` has made sure that there is one."""
    person = request.actor.person
    assert person is not None
    person.community = request.actor.community
    return person


class BreakForm(forms.Form):
    until = forms.DateField(
        label=gettext_lazy("Back on"),
        required=False,
        help_text=gettext_lazy("Leave it open if you do not know yet."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )


@route("membership.own")
def page(request: Request) -> HttpResponseBase:
    membership, person = request.actor.membership, own(request)
    form = BreakForm(posted(request))
    if form.is_valid() and accepted(form, lambda: belonging.pause(person=person, until=form.cleaned_data["until"])):
        messages.success(request, _("Your break has begun. Nothing is lost, and nobody expects anything of you."))
        return redirect("membership", slug=person.community.slug)
    others = Membership.objects.active().filter(community=person.community, role="owner").exclude(person=person)
    context = {
        "membership": membership,
        "form": form,
        "agreed": has_agreed(person),
        "only_owner": membership is not None and membership.role == "owner" and not others.exists(),
    }
    return render(request, "web/accounts/membership.html", context, status=422 if form.errors else 200)


@route("membership.own")
@require_POST
def come_back(request: Request) -> HttpResponseBase:
    person = own(request)
    belonging.come_back(person=person)
    messages.success(request, _("Good to have you back."))
    return redirect("membership", slug=person.community.slug)


@route("membership.own")
def leave(request: Request) -> HttpResponseBase:
    person = own(request)
    form = forms.Form(posted(request))
    if form.is_valid() and accepted(form, lambda: belonging.leave(person=person)):
        messages.success(
            request, _("You have left %(name)s. You can come back at any time.") % {"name": person.community.name}
        )
        return redirect("/")
    return render(request, "web/accounts/leave.html", {"form": form}, status=422 if form.errors else 200)


@route("membership.own")
@require_POST
@limited("own-data", "6/h/user")
def own_data(request: Request) -> HttpResponseBase:
    """Everything that the site has about the member, as a zip of JSON Lines."""
    person = own(request)
    file = tempfile.TemporaryFile(suffix=".zip")  # noqa: SIM115 (the response closes it)
    portrait.write(person, file)
    file.seek(0)
    day = clock.now().date().isoformat()
    return FileResponse(file, as_attachment=True, filename=f"{person.community.slug}-{day}.zip")


class EraseForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Type your name as it stands here, so that it does not happen by mistake")
    )

    def __init__(self, *args: object, person: Person, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.person = person

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        if name.casefold() != self.person.name.casefold():
            raise forms.ValidationError(_("That is not how your name stands here: %(name)s.") % {"name": self.person})
        return name


@route("membership.own")
@asked_again
def erase(request: Request) -> HttpResponseBase:
    person = own(request)
    form = EraseForm(posted(request), person=person)
    if form.is_valid() and accepted(form, lambda: erasure.erase(person=person, by=person)):
        # The account may be gone, and its sessions are over.
        logout(request)
        messages.success(
            request, _("You are erased from %(name)s. Thank you for your time there.") % {"name": person.community.name}
        )
        return redirect("/")
    elsewhere = Person.objects.filter(account=person.account_id).exclude(community=person.community).exists()
    context = {"form": form, "person": person, "elsewhere": elsewhere}
    return render(request, "web/accounts/erase.html", context, status=422 if form.errors else 200)
