"""A member's own settings: who they are here, how they are celebrated, in which language and time zone they read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from milepost.domain.people import presenting
from milepost.domain.people.handles import change_handle
from milepost.domain.people.models import AttributeDefinition, Profile
from milepost.engines.milestones import celebrating
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.people.forms import CelebrationForm, LanguageForm, ProfileForm
from milepost.interfaces.web.trying import accepted


def _person(request: Request) -> Person:
    person = request.actor.person
    assert person is not None
    person.community = request.actor.community
    return person


def tabs(request: Request) -> list[dict[str, Any]]:
    """A member's settings; what the community asks besides has a place among them where it asks anything."""
    base = f"{links.base(request.actor.community)}me/"
    asks = AttributeDefinition.objects.asked().filter(community=request.actor.community).exists()
    return [
        {"label": label, "url": base + tail, "current": request.path == base + tail}
        for tail, label in (
            ("", _("Who you are")),
            ("celebration/", _("How you are celebrated")),
            ("language/", _("Language and time")),
            ("more/", _("More about you")),
        )
        if tail != "more/" or asks
    ]


def _page(request: Request, template: str, form: Any, **more: Any) -> HttpResponse:
    context = {"form": form, "tabs": tabs(request), **more}
    return render(request, f"web/people/{template}.html", context, status=422 if form.errors else 200)


@route("profile.own")
def profile(request: Request) -> HttpResponse:
    person = _person(request)
    now = Profile.objects.filter(person=person).first() or Profile(person=person)
    start = {name: getattr(now, name) for name in presenting.TEXTS}
    form = ProfileForm(
        request.POST or None,
        request.FILES or None,
        initial={**start, "name": person.name, "handle": person.handle},
        has_photo=bool(now.photo),
    )
    if request.method == "POST" and form.is_valid() and accepted(form, lambda: _present(person, form)):
        celebrating.forget(request.actor.community)
        messages.success(request, _("Your page says so now."))
        return redirect(links.person(request.actor.community, person.pk, person.handle))
    return _page(request, "me", form, photo=links.photo(request.actor.community, person.pk, now.photo.name))


def _present(person: Person, form: ProfileForm) -> None:
    """Name and @name change together or not at all."""
    given = form.cleaned_data
    with transaction.atomic():
        if given["handle"].strip().removeprefix("@").lower() != person.handle:
            change_handle(person=person, handle=given["handle"])
        presenting.present(
            person=person,
            name=given["name"],
            photo=given["photo"],
            without_photo=given.get("without_photo", False),
            **form.texts(),
        )


@route("profile.own")
def celebration(request: Request) -> HttpResponse:
    person = _person(request)
    choice = Profile.objects.filter(person=person).values_list("celebration", flat=True).first()
    form = CelebrationForm(request.POST or None, initial={"celebration": choice or Profile.Celebration.COMMUNITY})
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(
            form,
            lambda: presenting.choose_celebration(person=person, celebration=form.cleaned_data["celebration"]),
        )
    ):
        celebrating.forget(request.actor.community)
        messages.success(request, _("We will celebrate you like that."))
        return redirect(request.path)
    return _page(request, "my_celebration", form)


@route("profile.own")
def language(request: Request) -> HttpResponse:
    account = request.actor.account
    assert account is not None
    form = LanguageForm(request.POST or None, initial={"language": account.language, "time_zone": account.time_zone})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        presenting.choose_language_and_zone(account=account, language=given["language"], time_zone=given["time_zone"])
        messages.success(request, _("Your language and time zone are kept."))
        return redirect(request.path)
    return _page(request, "my_language", form)
