from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from milepost.domain.spaces.models import Space
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor, at_least
from milepost.foundation.identity.models import Community

if TYPE_CHECKING:
    from .models import Event, Registration


class EventQuerySet(models.QuerySet["Event"]):
    def published(self) -> Self:
        return self.filter(published_at__isnull=False)

    def taking_place(self) -> Self:
        """Published and not cancelled."""
        return self.published().filter(cancelled_at__isnull=True)

    def waiting_for_approval(self) -> Self:
        return self.filter(published_at__isnull=True, declined_at__isnull=True, cancelled_at__isnull=True)

    def to_come(self) -> Self:
        return self.filter(ends_at__gt=clock.now())

    def over(self) -> Self:
        return self.filter(ends_at__lte=clock.now())

    def between(self, start: datetime.datetime, end: datetime.datetime) -> Self:
        """Those that take place within, wholly or in part."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)

    def next_of_each(self) -> Self:
        """Of each series only the next one: a weekly evening would push everything else off a list."""
        from .models import Event

        sooner = (
            Event.objects.taking_place()
            .to_come()
            .filter(series=OuterRef("series"), starts_at__lt=OuterRef("starts_at"), community=OuterRef("community"))
        )
        return self.filter(Q(series__isnull=True) | ~Exists(sooner))

    def next_for_members(self, community: Community) -> Self:
        """What comes next for every member: not in a private space."""
        open_to_all = Q(space__isnull=True) | Q(space__kind__in=["open", "members"])
        found = self.filter(open_to_all, community=community).taking_place().to_come().next_of_each()
        return found.order_by("starts_at", "pk")

    def visible_to(self, actor: Actor) -> Self:
        """What the actor may read: public ones for everyone where the community is public; for members all that are not in a
        private space of others; what is not published for who made or hosts it, and for stewards."""
        from .models import EventPart

        found = self.filter(community=actor.community)
        spaces = Q(space__isnull=True) | Q(space__in=Space.objects.visible_to(actor).values("pk"))
        if actor.membership is None or not actor.membership.is_active:
            if not actor.community.is_public:
                return found.none()
            return found.published().filter(spaces, audience="public")
        if at_least(actor, "steward"):
            return found.filter(spaces)
        person = actor.membership.person_id
        hosted = Exists(EventPart.objects.filter(event=OuterRef("pk"), person=person, role="host"))
        return found.filter(Q(published_at__isnull=False) | Q(created_by=person) | hosted).filter(spaces)


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def placed(self) -> Self:
        """Who has a place."""
        return self.filter(answer="going", waiting_since__isnull=True)

    def waiting(self) -> Self:
        """The waiting list, the first one first."""
        return self.filter(waiting_since__isnull=False).order_by("waiting_since", "pk")

    def came(self) -> Self:
        return self.filter(came_at__isnull=False)

    def missing(self) -> Self:
        """Who had a place at an event that is over and did not come; empty where nobody kept a list."""
        from .models import Registration

        kept = Registration.objects.filter(event=OuterRef("event"), came_at__isnull=False)
        return self.placed().filter(Exists(kept), came_at__isnull=True, event__ends_at__lte=clock.now())

    def standing(self) -> Self:
        """Who is going, waiting, or may come."""
        return self.filter(answer__in=["going", "maybe"])
