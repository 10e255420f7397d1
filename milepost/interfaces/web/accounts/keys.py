"""Personal keys to the API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from milepost.foundation.identity.access import Actor, can, permissions
from milepost.foundation.identity.models import Account, ApiToken
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.ratelimits import limited

from .asking_again import asked_again
from .posted import posted


class KeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=80,
        help_text=gettext_lazy("“The sign-up form on our site”. So that you know later which one to take away."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Never more than you may yourself, now and later."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)
        scopes.choices = [(name, rule.label) for name, rule in sorted(permissions().items()) if can(actor, name)]


@route("tokens.own")
@asked_again
@limited("key", "20/h/user")
def page(request: Request) -> HttpResponseBase:
    actor, account = request.actor, request.actor.account
    assert isinstance(account, Account)
    form, secret = KeyForm(posted(request), actor=actor), ""
    if form.is_valid():
        said = form.cleaned_data
        _key, secret = ApiToken.issue(
            account=account, community=actor.community, name=said["name"].strip(), scopes=said["scopes"]
        )
        # The secret is shown now and never again, so there is no page to be led to.
        form = KeyForm(actor=actor)
    found = ApiToken.objects.filter(account=account, community=actor.community)
    context = {"form": form, "secret": secret, "keys": found.order_by("revoked_at", "-created_at")}
    shown = render(request, "web/accounts/keys.html", context, status=422 if form.errors else 200)
    shown.headers["Cache-Control"] = "no-store"
    return shown


@route("tokens.own")
@require_POST
def revoke(request: Request, pk: str) -> HttpResponseBase:
    community = request.actor.community
    key = get_object_or_404(ApiToken, pk=pk, account=request.actor.account, community=community)
    key.revoke()
    messages.success(request, _("“%(name)s” no longer works.") % {"name": key.name})
    return redirect("keys", slug=community.slug)
