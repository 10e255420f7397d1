from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from .models import Account, Community, Identity, Membership, Person


class PersonQuerySet(models.QuerySet["Person"]):
    def present(self) -> Self:
        """Not merged into another and not erased."""
        return self.filter(merged_into__isnull=True, erased_at__isnull=True)

    def claimed(self) -> Self:
        return self.filter(account__isnull=False)

    def unclaimed(self) -> Self:
        return self.filter(account__isnull=True)

    def in_community(self, community: Community) -> Self:
        return self.filter(community=community)

    def listed(self) -> Self:
        """Who appears in the list of people: present members who claimed themselves, organisations too."""
        return self.present().filter(
            Q(account__isnull=False) | Q(kind="organisation"),
            membership__isnull=False,
            membership__left_at__isnull=True,
        )

    def named(self, words: str) -> Self:
        """Whose name or handle contains every one of the words."""
        found = self
        for word in words.split()[:8]:
            found = found.filter(Q(name__icontains=word) | Q(handle__icontains=word))
        return found


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> Self:
        """Who belongs now, with those on a break."""
        return self.filter(left_at__isnull=True)

    def paused(self) -> Self:
        return self.active().filter(paused_at__isnull=False)

    def with_role(self, *roles: str) -> Self:
        return self.active().filter(role__in=roles)

    def of(self, account: Account | Any, community: Community) -> Membership | None:
        """The account's own active membership with its person, or None."""
        if not getattr(account, "is_authenticated", False):
            return None
        return self.held_by(account.pk, community.pk).select_related("person").first()

    def held_by(self, account: uuid.UUID, community: uuid.UUID) -> Self:
        """The account's own active membership; one at most."""
        return self.active().filter(
            person__account=account, person__community=community, person__erased_at__isnull=True
        )


class IdentityQuerySet(models.QuerySet["Identity"]):
    def local(self) -> Self:
        return self.filter(source="milepost")

    def unclaimed(self) -> Self:
        return self.filter(person__account__isnull=True)
