"""Who asks to join: answers beside the charter, and a steward's decision."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from milepost.domain.charter.models import CharterVersion, Value
from milepost.domain.people import joining
from milepost.foundation.common.markdown import render as as_html
from milepost.foundation.identity.models import JoinRequest
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.trying import accepted

from .membership import own
from .posted import posted

DECIDED = 50
"""Decisions that the list looks back on."""


class DecisionForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("A word to them"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It stands in the mail that tells them."),
    )


@route("people.admit")
def index(request: Request) -> HttpResponseBase:
    found = JoinRequest.objects.filter(community=request.actor.community).select_related("account", "decided_by")
    context = {
        "open_requests": list(found.filter(accepted_at__isnull=True, declined_at__isnull=True).order_by("created_at")),
        "decided": list(
            found.exclude(accepted_at__isnull=True, declined_at__isnull=True).order_by("-created_at")[:DECIDED]
        ),
    }
    return render(request, "web/accounts/requests.html", context)


@route("people.admit")
def page(request: Request, pk: str) -> HttpResponseBase:
    steward, community = own(request), request.actor.community
    asked = get_object_or_404(JoinRequest.objects.select_related("account", "decided_by"), pk=pk, community=community)
    form = DecisionForm(posted(request))
    if form.is_valid():
        admitted = request.POST.get("decision") == "admit"
        decide = joining.admit if admitted else joining.decline
        if accepted(form, lambda: decide(request=asked, by=steward, note=form.cleaned_data["note"])):
            name = asked.account.get_full_name()
            words = _("%(name)s is a member now, and gets a mail.") if admitted else _("%(name)s gets a mail.")
            messages.success(request, words % {"name": name})
            return redirect("join_requests", slug=community.slug)
    version = CharterVersion.objects.in_force(community)
    context = {
        "asked": asked,
        "answers": [(q["question"], asked.answers.get(q["key"], "")) for q in community.questions()],
        "form": form,
        "charter": version,
        "agreements": as_html(version.agreements) if version and version.agreements else "",
        "values": list(Value.objects.filter(community=community).held()),
    }
    return render(request, "web/accounts/request.html", context, status=422 if form.errors else 200)
