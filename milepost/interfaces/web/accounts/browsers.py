"""Which browsers an account has signed in from before, so that a sign-in from a new one is told by mail.

A signed cookie remembers it in the browser itself; the site stores nothing about devices.
"""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from milepost.foundation.identity.models import Account

COOKIE = "known"
SALT = "milepost.known-browser"
A_YEAR = 365 * 24 * 3600
MOST = 6
"""Accounts that one browser remembers: a shared computer has a few."""


def _mark(account: Account) -> str:
    return salted_hmac(SALT, str(account.pk), algorithm="sha256").hexdigest()[:20]


def _marks(request: HttpRequest) -> list[str]:
    found = request.get_signed_cookie(COOKIE, default="", salt=SALT, max_age=A_YEAR)
    return [mark for mark in str(found).split(".") if mark]


def is_known(request: HttpRequest, account: Account) -> bool:
    return _mark(account) in _marks(request)


def remember(request: HttpRequest, response: HttpResponseBase, account: Account) -> None:
    mark = _mark(account)
    marks = [mark, *(known for known in _marks(request) if known != mark)][:MOST]
    response.set_signed_cookie(
        COOKIE,
        ".".join(marks),
        salt=SALT,
        max_age=A_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


# The first that matches: Edge and Opera call themselves Chrome as well, Chrome calls itself Safari.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def in_words(user_agent: str) -> str:
    """A browser as people know it: "Firefox on Windows"."""
    browser = next((name for sign, name in _BROWSERS if re.search(rf"{sign}(/|\b)", user_agent)), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("A browser that does not say its name")
