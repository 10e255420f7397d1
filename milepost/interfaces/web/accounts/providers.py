"""The way to a provider of sign-in (OpenID Connect)."""

from __future__ import annotations

from urllib.parse import urlsplit

from allauth.socialaccount.providers.openid_connect import views
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render

from milepost.interfaces.web.access import open_route


@open_route("signing in by a provider")
def leave_for_provider(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """allauth's redirect to the provider, as a page that goes on by itself: no form of ours may lead to another site."""
    response: HttpResponseBase = views.login(request, provider_id)
    if isinstance(response, HttpResponseRedirect) and urlsplit(response.url).netloc:
        page = render(request, "web/accounts/leaving.html", {"url": response.url})
        page.cookies = response.cookies
        page.headers["Cache-Control"] = "no-store"
        return page
    return response


come_back = open_route("signing in by a provider")(views.callback)
