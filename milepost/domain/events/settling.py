"""How a community holds its events, and the keys of its members' calendars."""

from __future__ import annotations

from django.db import transaction

from milepost.foundation.audit.models import trace
from milepost.foundation.identity.models import Community

from . import details
from .authority import By, may, member
from .models import CalendarKey, EventSettings
from .models.calendar import new_nonce


def settle(*, community: Community, by: By | None, approval: bool, video_server: str) -> EventSettings:
    """A steward says whether proposals wait for approval, and where video rooms are made. Audited."""
    person = may(by, "events.approve", community)
    link = details.cleaned(community, link=video_server)["link"]
    before = EventSettings.of(community)
    changes = {
        name: [str(getattr(before, name)), str(value)]
        for name, value in (("approval", approval), ("video_server", link))
        if getattr(before, name) != value
    }
    if not changes:
        return before
    with transaction.atomic():
        made, _new = EventSettings.objects.update_or_create(
            community=community, defaults={"approval": approval, "video_server": link}
        )
        trace("events.settled", community=community, by=person, changes=changes)
    return made


def calendar_key(*, by: By, community: Community, renew: bool = False) -> CalendarKey:
    """The member's own, made when they first ask; `renew`: the old addresses open nothing any more."""
    person = member(by, "events.register", community)
    with transaction.atomic():
        key, new = CalendarKey.objects.get_or_create(person=person, defaults={"community": community})
        if renew and not new:
            key.nonce = new_nonce()
            key.save(update_fields=["nonce"])
    return key
