from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from milepost.foundation.identity.access import at_least

if TYPE_CHECKING:
    from milepost.foundation.identity.access import Actor

    from .models import Resource, ResourceVersion


class ResourceQuerySet(models.QuerySet["Resource"]):
    def published(self) -> Self:
        """What members can use now."""
        return self.filter(published_at__isnull=False, withdrawn_at__isnull=True)

    def open_to(self, actor: Actor) -> Self:
        """Of the published ones, those that the actor may use: open ones for all, members' for members."""
        found = self.published().filter(community=actor.community)
        if actor.membership is not None and actor.membership.is_active:
            return found
        return found.filter(access="open") if actor.community.is_public else found.none()

    def visible_to(self, actor: Actor) -> Self:
        """Those, what the actor proposed or is credited with, and for moderators everything."""
        if at_least(actor, "moderator"):
            return self.filter(community=actor.community)
        person = actor.membership.person_id if actor.membership and actor.membership.is_active else None
        if person is None:
            return self.open_to(actor)
        from .models import ResourceAuthor

        credited = ResourceAuthor.objects.filter(resource=OuterRef("pk"), person=person)
        now = Q(published_at__isnull=False, withdrawn_at__isnull=True)
        return self.filter(now | Q(proposed_by=person) | Exists(credited), community=actor.community)

    def helping_with(self, milestones: object) -> Self:
        return self.filter(milestones__in=milestones).distinct()


class VersionQuerySet(models.QuerySet["ResourceVersion"]):
    def waiting(self) -> Self:
        """Nobody has decided on them yet."""
        return self.filter(published_at__isnull=True, declined_at__isnull=True)

    def in_force(self) -> Self:
        return self.filter(number=F("resource__version_number"))
