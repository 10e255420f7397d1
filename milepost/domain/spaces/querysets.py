from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

if TYPE_CHECKING:
    from milepost.foundation.identity.access import Actor

    from .models import Post, Space, Thread


class SpaceQuerySet(models.QuerySet["Space"]):
    def visible_to(self, actor: Actor) -> Self:
        """The community's spaces that the actor may read: open ones for all, members' for members, private for who is in."""
        from .models import SpaceMember

        found = self.filter(community=actor.community)
        if actor.membership is None or not actor.membership.is_active:
            return found.filter(kind="open") if actor.community.is_public else found.none()
        inside = SpaceMember.objects.filter(space=OuterRef("pk"), person=actor.membership.person_id)
        return found.filter(Q(kind__in=["open", "members"]) | Exists(inside))

    def live(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def ids_hidden_from(self, actor: Actor) -> list[uuid.UUID]:
        """The ids of the community's spaces that the actor may not read (few: private ones)."""
        shown = self.visible_to(actor).values("pk")
        return list(self.filter(community=actor.community).exclude(pk__in=shown).values_list("pk", flat=True))


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, actor: Actor) -> Self:
        from .models import Space

        return self.filter(
            community=actor.community, deleted_at__isnull=True, space__in=Space.objects.visible_to(actor).values("pk")
        )

    def latest_first(self) -> Self:
        return self.order_by("-last_post_at", "-pk")


class PostQuerySet(models.QuerySet["Post"]):
    def visible_to(self, actor: Actor) -> Self:
        from .models import Space

        return self.filter(
            community=actor.community, deleted_at__isnull=True, space__in=Space.objects.visible_to(actor).values("pk")
        )

    def in_order(self) -> Self:
        return self.order_by("posted_at", "pk")
