"""Who acts, and whether they may, asked before each change."""

from __future__ import annotations

from milepost.foundation.common.errors import NotAllowed
from milepost.foundation.identity.access import Actor, can, require
from milepost.foundation.identity.models import Community, Person

from .models import Resource


def acting(by: Person | None, permission: str, community: Community, resource: Resource | None = None) -> Actor | None:
    """The actor, who has the permission; otherwise NotAllowed. None stands for the command line, which may."""
    if by is None:
        return None
    actor = Actor.of(by)
    if by.community_id != community.pk:
        # The role is asked in the community of the change: somebody of another one is a stranger here.
        actor = Actor(community=community, account=by.account)
    require(actor, permission, resource)
    return actor


def may(actor: Actor | None, permission: str, resource: Resource) -> bool:
    return actor is None or can(actor, permission, resource)


def must_use(resource: Resource, by: Person) -> None:
    """Raise NotAllowed where the person cannot use the resource now."""
    if not Resource.objects.open_to(Actor.of(by)).filter(pk=resource.pk).exists():
        raise NotAllowed("This resource is not offered now.")
