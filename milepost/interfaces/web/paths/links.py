"""Addresses of this area, built without looking up names."""

from __future__ import annotations

import uuid

from django.urls import NoReverseMatch, reverse

from milepost.foundation.identity.models import Community
from milepost.interfaces.web.home import links


def persona(community: Community, slug: str) -> str:
    return f"{links.base(community)}personas/{slug}/"


def journey(community: Community, ident: uuid.UUID, handle: str = "") -> str:
    return f"{links.person(community, ident, handle)}journey/"


def cohort(community: Community, slug: str) -> str:
    return f"{links.base(community)}cohorts/{slug}/"


def meet(community: Community, ident: uuid.UUID, milestone: str = "") -> str:
    """Where one asks to meet someone, perhaps about a milestone (its slug)."""
    return f"{links.person(community, ident)}introduction/{f'?about={milestone}' if milestone else ''}"


def thing(community: Community, name: str, key: str) -> str:
    """The page of something that helps, by the name of its address; empty where its area has none."""
    try:
        return reverse(name, args=[community.slug, key])
    except NoReverseMatch:
        return ""
