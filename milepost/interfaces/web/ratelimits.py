"""How often one person, or one address, may do what costs others something. Counted in the cache, across processes.

Sign-in, sign-up and mailed codes have allauth's own limits (`ACCOUNT_RATE_LIMITS`); both answer with the same page.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.core.internal import ratelimit
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

RETRY_AFTER = 60
"""Seconds, of the answer's header: the shortest of the limits' windows."""


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page that says that it was a lot at once, and what to do."""
    page = render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    page.headers["Retry-After"] = str(RETRY_AFTER)
    return page


def limited(action: str, rates: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Limit a view's changing requests. `rates` as allauth writes them: "20/h/user", "5/m/ip", several with commas.

    Stands below `@route`, so that only who may open the page is counted.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            per_user = "user" in rates and not request.user.is_authenticated
            config = {action: rates if not per_user else rates.replace("/user", "/ip")}
            if not ratelimit.consume(request, app="milepost", action=action, config=config):
                return too_many_requests(request)
            return view(request, *args, **kwargs)

        return counted

    return decorate
