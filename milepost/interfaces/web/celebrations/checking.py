"""What verifiers ask for: who issues, which keys, what the achievement is, and which badges no longer hold."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from milepost.domain.paths.models import Milestone
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.outward.badges import credentials, drawing, keys, status
from milepost.outward.badges.models import Badge

HOUR = 3600
JWK = "application/jwk+json"
JWKS = "application/jwk-set+json"


def _open(response: HttpResponse, seconds: int = HOUR) -> HttpResponse:
    """For programs on other sites, without any cookie."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    return response


def _json(data: Any, kind: str = "application/json") -> HttpResponse:
    return _open(JsonResponse(data, content_type=kind, json_dumps_params={"ensure_ascii": False}))


@require_safe
@route("badges.view")
def issuer(request: Request) -> HttpResponse:
    return _json(credentials.issuer_profile(request.actor.community) | {"jwks": {"keys": keys.public_keys()}})


@require_safe
@route("badges.view")
def key_set(request: Request) -> HttpResponse:
    return _json({"keys": keys.public_keys()}, JWKS)


@require_safe
@route("badges.view")
def key(request: Request, kid: str) -> HttpResponse:
    found = next((row for row in keys.public_keys() if row["kid"] == kid), None)
    if found is None:
        raise Http404
    return _json(found, JWK)


def _known(request: Request, milestone: str) -> Milestone:
    """One that everyone may read of: it is open and not secret, or somebody carries a badge that names it."""
    community = request.actor.community
    found = get_object_or_404(Milestone.objects.adopted(), community=community, slug=milestone)
    if (community.is_public and not found.is_secret) or Badge.objects.filter(milestone=found).exists():
        return found
    raise Http404


@require_safe
@route("badges.view")
def achievement(request: Request, milestone: str) -> HttpResponse:
    """The achievement for programs; people are led to the milestone's page."""
    found = _known(request, milestone)
    if "text/html" in request.headers.get("Accept", ""):
        return redirect(links.milestone(request.actor.community, found.slug))
    return _json(credentials.achievement(found, request.actor.community))


@require_safe
@route("badges.view")
def picture(request: Request, milestone: str) -> HttpResponse:
    _known(request, milestone)
    content = drawing.png(hue=request.actor.community.accent_hue)
    return _open(HttpResponse(content, content_type="image/png"))


@require_safe
@route("badges.view")
def status_list(request: Request, number: int) -> HttpResponse:
    found = status.signed_list(request.actor.community, number)
    if found is None:
        raise Http404
    return _open(HttpResponse(found, content_type="application/vc+jwt"), status.SECONDS)
