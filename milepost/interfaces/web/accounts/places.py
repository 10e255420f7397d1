"""The way around one's own account, and what pages outside of communities know about who is signed in."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

BASE = "/accounts/"
_PLACES = (
    ("account_hub", gettext_noop("About you"), "user-round"),
    ("account_email", gettext_noop("Mail addresses"), "mail"),
    ("account_change_password", gettext_noop("Password"), "lock-keyhole"),
    ("mfa_index", gettext_noop("Passkeys and second step"), "fingerprint-pattern"),
    ("usersessions_list", gettext_noop("Where you are signed in"), "monitor-smartphone"),
    ("socialaccount_connections", gettext_noop("Sign-in by others"), "link"),
    ("account_close", gettext_noop("Close the account"), "user-round-x"),
)


def account_link() -> dict[str, str]:
    """For the account menu of every page."""
    return {"label": _("Sign-in and security"), "url": reverse("account_hub"), "icon": "shield-check"}


def outside(request: HttpRequest) -> dict[str, Any]:
    """The context of a page that is in no community."""
    if not request.path.startswith(BASE):
        return {"account_links": [account_link()]} if request.user.is_authenticated else {}
    known: dict[str, Any] = {"DEV_OUTBOX": settings.DEV_OUTBOX}
    if request.user.is_authenticated:
        known |= {"account_links": [account_link()], "places": _places(request)}
    return known


def _places(request: HttpRequest) -> list[dict[str, Any]]:
    names = {name for name, _label, _icon in _PLACES}
    if not get_adapter(request).list_providers(request):
        names.discard("socialaccount_connections")
    urls = {name: reverse(name) for name in names}
    # The hub's address is the beginning of all the others.
    here = max((url for url in urls.values() if request.path.startswith(url)), key=len)
    if request.path.startswith(f"{BASE}password/"):
        here = urls["account_change_password"]
    return [
        {"label": _(label), "url": urls[name], "icon": icon, "current": urls[name] == here}
        for name, label, icon in _PLACES
        if name in urls
    ]
