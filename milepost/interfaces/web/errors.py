"""The pages for what went wrong."""

from __future__ import annotations

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from milepost.foundation.common.outages import Outage, outage_of

from .ops import metrics


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    reason = str(exception) if exception and exception.args else ""
    return render(request, "403.html", {"reason": reason}, status=403)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Called while the error is being handled; a database that is full, locked or away gets a page that says what is safe."""
    outage = outage_of(sys.exception())
    if outage is not None:
        return _outage(request, outage)
    return render(request, "500.html", status=500)


def _outage(request: HttpRequest, outage: Outage) -> HttpResponse:
    metrics.OUTAGES.labels(outage.value).inc()
    # Without the request: who is signed in stands in the database.
    page = render_to_string("database.html", {"kind": outage.value, "request_id": request.headers.get("X-Request-ID")})
    status = 507 if outage is Outage.FULL else 503
    return HttpResponse(page, status=status, headers={} if outage is Outage.FULL else {"Retry-After": "10"})
