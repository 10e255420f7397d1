from __future__ import annotations

import re
import time
import uuid
import zoneinfo
from collections.abc import Callable
from contextlib import ExitStack

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from .ops import metrics
from .ops.probes import PROBES

logger = structlog.get_logger("milepost.requests")

_REQUEST_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$")


class Observed:
    """Outermost: gives each request an id, a log line and its place in the metrics, and answers the probes.

    The id is taken from a proxy's `X-Request-ID` where it looks like one; it goes back in the answer, stands in every log line
    of the request and on the page that says that something broke.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.match(given) else uuid.uuid4().hex
        request.META["HTTP_X_REQUEST_ID"] = request_id
        probe = PROBES.get(request.path_info)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = probe(request) if probe else self.get_response(request)
            if probe:
                response.headers.setdefault("Content-Length", str(len(response.content)))
            response.headers["X-Request-ID"] = request_id
            seconds = time.perf_counter() - began
            route = "probe" if probe else route_of(request)
            metrics.answered(route=route, method=request.method, status=response.status_code, seconds=seconds)
            if route not in QUIET or response.status_code >= 500:
                logger.info(
                    "request",
                    method=request.method,
                    route=route,
                    status=response.status_code,
                    ms=round(seconds * 1000, 1),
                )
        return response


QUIET = {"probe", "file"}
"""Routes without a log line for each request: they say nothing and come often."""


def route_of(request: HttpRequest) -> str:
    """The pattern that the address matched, never the address itself: it may hold an invitation's key."""
    found = request.resolver_match
    if found is not None:
        return found.route or "/"
    # WhiteNoise answers before addresses are looked up; what is left was refused or led nowhere.
    return "file" if request.path_info.startswith("/static/") else "nowhere"


class Localised:
    """Shows words and times in the reader's own language and time zone, where they chose them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "_auth_user_id" not in request.session:
            return self.get_response(request)
        zone, language = getattr(request.user, "time_zone", ""), getattr(request.user, "language", "")
        with ExitStack() as chosen:
            if zone:
                chosen.enter_context(timezone.override(zoneinfo.ZoneInfo(zone)))
            if language:
                chosen.enter_context(translation.override(language))
                request.LANGUAGE_CODE = translation.get_language()
            return self.get_response(request)
