""" "Were you here before?": what a member did under other names, and how it becomes theirs."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from milepost.domain.people import linking
from milepost.foundation.identity.models import Claim, Community, Identity, Person
from milepost.foundation.identity.models.person import LOCAL
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.ratelimits import limited
from milepost.interfaces.web.trying import accepted

from .membership import own
from .posted import posted

MOST = 10
"""Names that a search shows: it is for finding oneself, not for leafing through strangers."""
SHORTEST = 3
"""Letters that a search needs."""


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("How a steward can know that it was you"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("A thread that you started, who can vouch for you, another way to reach you there."),
    )


@route("membership.own")
def page(request: Request) -> HttpResponseBase:
    person = own(request)
    words = " ".join(request.GET.get("q", "").split())
    provable = list(linking.claimable(person)[:MOST])
    found = _named(person.community, words) if len(words) >= SHORTEST else []
    asked = Claim.objects.filter(person=person, granted_at__isnull=True, refused_at__isnull=True)
    context = {
        "provable": provable,
        "words": words,
        "too_short": bool(words) and len(words) < SHORTEST,
        "found": [identity for identity in found if identity not in provable],
        "mine": Identity.objects.filter(person=person).exclude(source=LOCAL).order_by("source", "name"),
        "asked": asked.select_related("identity").order_by("-asked_at"),
    }
    return render(request, "web/accounts/claiming.html", context)


def _named(community: Community, words: str) -> list[Identity]:
    """Identities from outside, whom nobody has claimed, whose name or handle contains each word."""
    people = Person.objects.present().unclaimed().filter(community=community, kind=Person.Kind.HUMAN)
    found = Identity.objects.filter(community=community, is_bot=False, person__in=people).exclude(source=LOCAL)
    for word in words.split()[:4]:
        found = found.filter(name__icontains=word) | found.filter(handle__icontains=word)
    return list(found.order_by("name")[:MOST])


@route("membership.own")
@limited("claim", "30/h/user")
def claim(request: Request, pk: str) -> HttpResponseBase:
    """Ask a steward, with a reason."""
    person = own(request)
    identity = get_object_or_404(Identity, pk=pk, community=person.community, person__account__isnull=True)
    form = ReasonForm(posted(request))
    made: list[Claim] = []
    if form.is_valid() and accepted(form, lambda: made.append(_claim(identity, person, form.cleaned_data["reason"]))):
        _say(request, made[0])
        return redirect("claiming", slug=person.community.slug)
    context = {"identity": identity, "form": form}
    return render(request, "web/accounts/claim.html", context, status=422 if form.errors else 200)


@route("membership.own")
@require_POST
@limited("claim", "30/h/user")
def claim_proven(request: Request, pk: str) -> HttpResponseBase:
    """One click, where a confirmed address or a provider proves it."""
    person = own(request)
    identity = get_object_or_404(linking.claimable(person), pk=pk)
    _say(request, _claim(identity, person, ""))
    return redirect("claiming", slug=person.community.slug)


def _claim(identity: Identity, person: Person, reason: str) -> Claim:
    return linking.claim(identity=identity, person=person, reason=reason)


def _say(request: Request, made: Claim) -> None:
    if made.granted_at is not None:
        messages.success(request, _("That was you: what you did there now stands on your page."))
    else:
        messages.success(request, _("A steward will look at it."))
