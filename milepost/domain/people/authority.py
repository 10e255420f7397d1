"""Asking, before a change, whether the person who gives the order may."""

from __future__ import annotations

from milepost.foundation.identity.access import Actor, require
from milepost.foundation.identity.models import Community, Membership, Person
from milepost.foundation.identity.roles import RANK


def check(by: Person | None, permission: str, community: Community) -> None:
    """Raise NotAllowed unless `by` has the permission in the community; None stands for the command line, which may."""
    if by is not None:
        actor = Actor.of(by)
        # The role is asked in the community of the change: somebody of another one is a stranger here.
        require(
            actor if by.community_id == community.pk else Actor(community=community, account=by.account), permission
        )


def rank(person: Person | None) -> int:
    """How high the person's role stands now; that of the command line (None) above all."""
    if person is None:
        return max(RANK.values())
    membership = Membership.objects.active().filter(person=person).first()
    return RANK[membership.role] if membership else RANK["signed-in"]
