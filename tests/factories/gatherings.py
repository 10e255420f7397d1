from __future__ import annotations

import datetime
import itertools
from typing import Any

from milepost.domain.events import proposing
from milepost.domain.events.models import Event
from milepost.domain.events.proposing import When
from milepost.domain.events.recurrence import Rule
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Person

from .people import make_community, make_member

_number = itertools.count(1)


def make_when(days: int = 7, *, hour: int = 19, minutes: int = 120, zone: str = "UTC", rule: str = "") -> When:
    """An evening so many days from now."""
    day = clock.today(zone) + datetime.timedelta(days=days)
    return When(day, datetime.time(hour), minutes, zone, Rule.parse(rule) if rule else None)


def make_event(
    community: Community | None = None, *, host: Person | None = None, when: When | None = None, **fields: Any
) -> Event:
    """An announced event in a week, hosted by `host` (a new steward, if not given); for a series, its first one."""
    community = community or (host.community if host else make_community())
    host = host or make_member(community, role="steward")
    fields = {"title": f"Evening {next(_number)}"} | fields
    return proposing.propose(community=community, by=host, when=when or make_when(), **fields)


def make_past_event(
    community: Community | None = None, *, host: Person | None = None, days: int = 7, **fields: Any
) -> Event:
    """An event that was announced before and is over since `days` days."""
    community = community or (host.community if host else make_community())
    with clock.moved(datetime.timedelta(days=-days - 7)):
        return make_event(community, host=host, when=make_when(7), **fields)
