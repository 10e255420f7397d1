"""How many requests a minute a token and an address have. Counted in windows of a minute, in the site's cache."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from milepost.foundation.common import clock

from .problems import Problem

WINDOW = 60
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Where one counter stands."""

    limit: int
    used: int
    seconds: int
    """Until the window ends."""

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.seconds),
        }


def count(who: str, limit: int) -> Rate:
    """Count one request of `who`; raises Problem (429) beyond the limit."""
    now = int(clock.now().timestamp())
    window = now // WINDOW
    key = f"api:{who}:{window}"
    cache.add(key, 0, timeout=WINDOW * 2)
    try:
        used = cache.incr(key)
    except ValueError:
        # The entry went between the two calls: the window begins anew.
        used = 1
    rate = Rate(limit, used, (window + 1) * WINDOW - now)
    if used > limit:
        raise Problem("too-many-requests", headers=rate.headers() | {"Retry-After": str(rate.seconds)})
    return rate


def count_address(request: HttpRequest) -> Rate:
    """Before anything is looked up, so that guessing tokens costs the one who guesses."""
    return count(f"ip:{address(request)}", settings.API_RATES["address"])


def count_token(token: str, *, writes: bool) -> Rate:
    kind = "write" if writes else "read"
    return count(f"{kind}:{token}", settings.API_RATES[kind])


def address(request: HttpRequest) -> str:
    """The caller's address: as the outermost of our own proxies saw it, never what the caller claims."""
    proxies = settings.TRUSTED_PROXIES
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    found = hops[-proxies] if proxies and len(hops) >= proxies else request.META.get("REMOTE_ADDR", "")
    return str(found)[:64]
