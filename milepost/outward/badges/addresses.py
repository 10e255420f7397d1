"""Where what a verifier asks for stands. A badge in somebody's pocket names these for years: they do not change."""

from __future__ import annotations

import uuid

from django.conf import settings

from milepost.foundation.identity.models import Community


def base(community: Community) -> str:
    return f"{settings.MILEPOST_URL}/c/{community.slug}/badges/"


def home(community: Community) -> str:
    return f"{settings.MILEPOST_URL}/c/{community.slug}/"


def issuer(community: Community) -> str:
    return f"{base(community)}issuer.json"


def key(community: Community, kid: str) -> str:
    return f"{base(community)}keys/{kid}.json"


def achievement(community: Community, slug: str) -> str:
    return f"{base(community)}achievements/{slug}/"


def picture(community: Community, slug: str) -> str:
    return f"{achievement(community, slug)}badge.png"


def credential(community: Community, badge: uuid.UUID) -> str:
    return f"{base(community)}{badge}/"


def status_list(community: Community, number: int) -> str:
    return f"{base(community)}status/{number}/"
