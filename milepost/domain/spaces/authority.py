"""Who acts, and whether they may, asked before each change."""

from __future__ import annotations

from typing import Any

from milepost.foundation.activity.recording import local_identity
from milepost.foundation.common.errors import NotAllowed
from milepost.foundation.identity.access import Actor, require
from milepost.foundation.identity.models import Community, Identity, Person

By = Actor | Person
"""Who gives an order: whoever asks for a page (with an API token's scopes), or a person of the community."""


def acting(by: By, permission: str, community: Community, obj: Any = None) -> Actor:
    """The actor, who has the permission in the community; otherwise NotAllowed."""
    actor = by if isinstance(by, Actor) else Actor.of(by)
    if actor.community.pk != community.pk:
        # The role is asked in the community of the change: somebody of another one is a stranger here.
        actor = Actor(community=community, account=actor.account)
    require(actor, permission, obj)
    return actor


def speaking(actor: Actor) -> Identity:
    """The identity under which the actor writes here; NotAllowed for whoever does not belong."""
    if actor.person is None:
        raise NotAllowed("Only members write here.")
    return local_identity(actor.person)
