"""Who may do what: decided here and nowhere else.

Every app registers its permissions in `permissions.py` with the lowest role that has them; `can` answers. A rule about one
object (its own author, a private space) is registered with the permission as `when`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext

from milepost.foundation.common.errors import NotAllowed

from .models import Account, Community, Membership, Person
from .roles import RANK


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for a page or gives an order: an account (or a visitor), as someone in one community (or no one)."""

    community: Community
    account: Account | None = None
    membership: Membership | None = None
    scopes: frozenset[str] | None = None
    """Of an API token; None: all that the role may."""

    @property
    def person(self) -> Person | None:
        return self.membership.person if self.membership else None

    @property
    def standing(self) -> str:
        if self.membership and self.membership.is_active:
            return self.membership.role
        return "signed-in" if self.account else "visitor"

    @classmethod
    def of(cls, person: Person) -> Actor:
        """The actor that a person of the community is."""
        membership = Membership.objects.select_related("person").filter(person=person).first()
        return cls(community=person.community, account=person.account, membership=membership)


@dataclass(frozen=True, slots=True)
class Permission:
    name: str
    label: str | Promise
    lowest: str
    when: Callable[[Actor, Any], bool] | None = None
    public: bool = False
    """A visitor may too, where the community is public."""


_permissions: dict[str, Permission] = {}
_loaded = False


def permission(
    name: str,
    label: str | Promise,
    *,
    lowest: str,
    when: Callable[[Actor, Any], bool] | None = None,
    public: bool = False,
) -> None:
    """Register `name` (noun.verb). `lowest`: a role, "signed-in" or "visitor". `when` decides about one object."""
    if lowest not in RANK:
        raise ValueError(f"{lowest} is no role")
    _permissions[name] = Permission(name, label, lowest, when, public)


def permissions() -> dict[str, Permission]:
    global _loaded
    if not _loaded:
        _loaded = True
        autodiscover_modules("permissions")
    return _permissions


def can(actor: Actor, name: str, obj: Any = None) -> bool:
    """Whether the actor may do `name`, to `obj` if given. An object of another community: never."""
    rule = permissions()[name]
    if obj is not None and getattr(obj, "community_id", actor.community.pk) != actor.community.pk:
        return False
    if actor.scopes is not None and name not in actor.scopes:
        return False
    lowest = rule.lowest
    if rule.public and actor.community.is_public:
        lowest = "visitor"
    if RANK[actor.standing] < RANK[lowest]:
        return False
    return rule.when is None or obj is None or rule.when(actor, obj)


def require(actor: Actor, name: str, obj: Any = None) -> None:
    """Raise NotAllowed unless the actor may."""
    if not can(actor, name, obj):
        raise NotAllowed(
            gettext("Your role here does not include this: %(what)s.") % {"what": permissions()[name].label},
            gettext("A steward can do it, or give you a role that may."),
        )


def at_least(actor: Actor, role: str) -> bool:
    return RANK[actor.standing] >= RANK[role]
