"""Who acts on events, and whether they may, asked before each change."""

from __future__ import annotations

from typing import Any

from milepost.domain.spaces.authority import By, acting
from milepost.foundation.common.errors import NotAllowed
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community, Person

__all__ = ["By", "actor_of", "may", "member"]


def actor_of(by: By) -> Actor:
    return by if isinstance(by, Actor) else Actor.of(by)


def may(by: By | None, permission: str, community: Community, obj: Any = None) -> Person | None:
    """The person who acts, with the permission; None for the command line, which may. Raises NotAllowed."""
    return acting(by, permission, community, obj).person if by is not None else None


def member(by: By, permission: str, community: Community, obj: Any = None) -> Person:
    """The same, who has to be someone here."""
    person = acting(by, permission, community, obj).person
    if person is None:
        raise NotAllowed("Only members do this.")
    return person
