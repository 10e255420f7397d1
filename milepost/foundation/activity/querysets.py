from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from django.db import connection, models
from django.db.models import Q

from . import registry

if TYPE_CHECKING:
    from milepost.foundation.identity.access import Actor
    from milepost.foundation.identity.models import Person

    from .models import Activity


class ActivityQuerySet(models.QuerySet["Activity"]):
    def standing(self) -> Self:
        """Not taken back."""
        return self.filter(retraction__isnull=True)

    def by(self, person: Person) -> Self:
        return self.filter(identity__person=person)

    def in_log_order(self) -> Self:
        if connection.vendor == "postgresql":
            return self.order_by("epoch", "xid", "id")
        return self.order_by("id")

    def newest_first(self) -> Self:
        return self.order_by("-happened_at", "-id")

    def visible_to(self, actor: Actor, hidden_spaces: Sequence[object]) -> Self:
        """What the actor may see of the community's log: public verbs, in spaces that are not hidden from them."""
        from milepost.foundation.identity.access import at_least

        found = self.filter(community=actor.community).exclude(space_id__in=hidden_spaces)
        if at_least(actor, "steward"):
            return found
        return found.filter(verb__in=[v.name for v in registry.verbs().values() if v.public]).filter(
            Q(identity__isnull=True) | Q(identity__person__account__isnull=False)
        )
