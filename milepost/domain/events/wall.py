"""Times on the wall: what stands on a poster in one place, and the moment that it is everywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _

from milepost.foundation.common.errors import DomainError


def moment(day: date, at: time, zone: str) -> datetime:
    """The moment in UTC. As RFC 5545 says: a time that the clocks leap over counts by the offset before the leap, one that
    comes twice is the first of the two."""
    local = datetime.combine(day, at.replace(tzinfo=None, fold=0), ZoneInfo(zone))
    return local.astimezone(UTC)


def local(at: datetime, zone: str) -> datetime:
    """The time on the wall in `zone`, aware."""
    return at.astimezone(ZoneInfo(zone))


def checked(zone: str) -> str:
    """Raises DomainError for what is no time zone."""
    if zone not in available_timezones():
        raise DomainError(_("“%(zone)s” is no time zone.") % {"zone": zone}, _("Try one like Europe/Lisbon."))
    return zone
