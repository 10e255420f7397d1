"""/healthz, /readyz and /metrics. They need no host name, no session and no sign-in, so `Observed` answers them itself."""

from __future__ import annotations

import hmac
import ipaddress
import logging
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

from milepost import __version__
from milepost.foundation.common import schema
from milepost.foundation.common.outages import outage_of

from . import metrics

logger = logging.getLogger("milepost.probes")

_migrated = False
"""Whether all migrations were found applied; they do not come off again while this process runs."""


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Says nothing about the database, so that a service manager does not restart what is well."""
    return JsonResponse({"status": "alive", "version": __version__})


def readyz(request: HttpRequest) -> HttpResponse:
    """Requests can be served: the database answers and has this version's tables. 503 with the reason otherwise."""
    reason = _unready()
    if reason:
        return JsonResponse({"status": "unready", "reason": reason}, status=503, headers={"Retry-After": "5"})
    return JsonResponse({"status": "ready", "version": __version__})


def _unready() -> str:
    global _migrated
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _migrated:
            if missing := schema.pending():
                return f"{len(missing)} migrations have not run: milepost upgrade"
            _migrated = True
    except Exception as error:  # whatever it is, the answer is "not ready", and the log says why
        logger.warning("Not ready", exc_info=True)
        return f"the database does not answer ({outage_of(error) or type(error).__name__})"
    return ""


def metrics_page(request: HttpRequest) -> HttpResponse:
    """For callers on this machine, and for whoever brings MILEPOST_METRICS_TOKEN; nobody else learns that it is there."""
    if not may_scrape(request):
        return HttpResponse("Not found\n", status=404, content_type="text/plain; charset=utf-8")
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_PLAIN_1_0_0)


def may_scrape(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ").strip()
    if token and given and hmac.compare_digest(given.encode(), token.encode()):
        return True
    # What a proxy on this machine passes on comes from loopback too, but says for whom.
    passed_on = any(name in request.META for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"))
    return not passed_on and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics_page,
}
