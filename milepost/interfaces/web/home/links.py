"""Addresses inside a community, for the rows of lists: building them by name costs some 20 µs each."""

from __future__ import annotations

import uuid

from milepost.engines.milestones.celebrating import Who
from milepost.foundation.identity.models import Community


def base(community: Community) -> str:
    return f"/c/{community.slug}/"


def person(community: Community, ident: uuid.UUID | None, handle: str = "") -> str:
    return f"/c/{community.slug}/people/{handle or ident}/" if ident else ""


def who(community: Community, one: Who) -> str:
    return person(community, one.id, one.handle)


def photo(community: Community, ident: uuid.UUID | None, name: str | None) -> str:
    """The name is part of the address, so that a browser may keep the picture until there is another."""
    if not name or ident is None:
        return ""
    return f"/c/{community.slug}/people/{ident}/photo/?v={name.rpartition('/')[2].partition('.')[0][-12:]}"


def thread(community: Community, space: str, ident: uuid.UUID) -> str:
    return f"/c/{community.slug}/spaces/{space}/{ident}/"


def space(community: Community, slug: str) -> str:
    return f"/c/{community.slug}/spaces/{slug}/"


def goal(community: Community, slug: str) -> str:
    return f"/c/{community.slug}/goals/{slug}/"


def milestone(community: Community, slug: str) -> str:
    return f"/c/{community.slug}/milestones/{slug}/"


def definition(community: Community, key: str) -> str:
    return f"/c/{community.slug}/definitions/#{key}"
