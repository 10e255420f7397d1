"""Walls: an address of its own for a screen, until a steward takes it away."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Community, Person

from .models import Wall

MOST = 20


def open_wall(*, community: Community, name: str, by: Person | None) -> Wall:
    """A steward opens a wall; its token is in the row, since stewards need to read the address again. Audited."""
    check(by, "celebrations.write", community)
    name = " ".join(name.split())
    if not 0 < len(name) <= 80:
        raise DomainError(_("Say where it hangs, in at most 80 letters."))
    with transaction.atomic():
        Community.objects.select_for_update().get(pk=community.pk)
        if Wall.objects.filter(community=community, revoked_at__isnull=True).count() >= MOST:
            raise DomainError(_("There are %(most)d walls already.") % {"most": MOST}, _("Take one away first."))
        wall = Wall.objects.create(community=community, name=name, token=secrets.token_urlsafe(24), opened_by=by)
        trace("wall.opened", community=community, by=by, obj=wall)
        return wall


def revoke(*, wall: Wall, by: Person | None) -> None:
    """The address shows nothing from now on, and never again. Audited; twice changes nothing."""
    check(by, "celebrations.write", wall.community)
    with transaction.atomic():
        if Wall.objects.filter(pk=wall.pk, revoked_at__isnull=True).update(revoked_at=clock.now(), token=""):
            trace("wall.revoked", community=wall.community, by=by, obj=wall)


def find(token: str) -> Wall | None:
    if not token:
        return None
    open_ones = Wall.objects.filter(token=token, revoked_at__isnull=True, community__archived_at__isnull=True)
    return open_ones.select_related("community").first()
