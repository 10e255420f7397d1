"""How an event begins: proposed by a member, announced by them or by a steward, or written down afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.paths.models import Milestone
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Community, Person

from . import details, filling
from .authority import By, actor_of, may
from .models import Event, EventSettings, Series
from .recurrence import Rule


@dataclass(frozen=True, slots=True)
class When:
    """A time on the wall: the day, the time of day, how many minutes, and where that wall is. `rule`: it comes round again."""

    day: date
    at: time
    minutes: int
    zone: str
    rule: Rule | None = None


def propose(
    *,
    community: Community,
    by: By | None,
    when: When,
    title: str,
    hosts: Iterable[Person | str] | None = None,
    speakers: Iterable[Person | str] = (),
    milestones: Iterable[Milestone] = (),
    tags: Iterable[str] = (),
    room: bool = False,
    announce: bool = True,
    **fields: Any,
) -> Event:
    """A member makes an event, or a series (`when.rule`), and hosts it unless others are named.

    `fields`: see `details.FIELDS`; `room` makes a Jitsi room where there is no link. It is announced at once, unless the
    community wants stewards to look first or `announce` is False. Returns the event, of a series its first one. Records
    `event.proposed` or `event.published`. Raises DomainError for what lies in the past (see `note`) and what does not do.
    """
    person = may(by, "events.propose", community)
    new = details.cleaned(community, title=title, **fields)
    details.must_see(actor_of(by) if by else None, new)
    start, end = details.times(when.day, when.at, when.minutes, when.zone)
    if end <= clock.now():
        raise DomainError(
            _("This lies in the past."), _("Choose a day to come. A steward can write down what has taken place.")
        )
    if room and not new.get("link") and new.get("mode", Event.Mode.IN_PERSON) != Event.Mode.IN_PERSON:
        new["link"] = details.jitsi_room(community, title)
    with transaction.atomic():
        series = _series(community, when, person, title) if when.rule else None
        event = Event.objects.create(
            community=community,
            series=series,
            occurrence=when.day if series else None,
            starts_at=start,
            ends_at=end,
            zone=when.zone,
            created_by=person,
            **new,
        )
        details.set_people(event, hosts=[person] if hosts is None and person else hosts, speakers=speakers)
        details.set_links(event, milestones=milestones, tags=tags)
        if series:
            filling.fill(series)
        if announce and _may_announce(by, community):
            _announce(event, person)
        else:
            record("event.proposed", community=community, by=person, obj=event, source_key=f"event.proposed:{event.pk}")
    return event


def _series(community: Community, when: When, person: Person | None, title: str) -> Series:
    assert when.rule is not None
    when.rule.must_begin_on(when.day)
    return Series.objects.create(
        community=community,
        title=title,
        rule=when.rule.text,
        first_day=when.day,
        time=when.at,
        zone=when.zone,
        minutes=when.minutes,
        created_by=person,
    )


def _may_announce(by: By | None, community: Community) -> bool:
    if by is None or can(actor_of(by), "events.approve"):
        return True
    return not EventSettings.of(community).approval


def publish(*, event: Event, by: By | None) -> None:
    """Announce it; of a series, all that are made. Twice changes nothing. Records `event.published`.

    Whoever hosts may, unless the community wants a steward to look first. Raises NotAllowed, and Conflict for one that was
    cancelled.
    """
    community = event.community
    person = may(by, "events.host", community, event)
    if not _may_announce(by, community):
        may(by, "events.approve", community)
    with transaction.atomic():
        event = Event.objects.select_for_update(of=("self",)).select_related("community").get(pk=event.pk)
        if event.is_cancelled:
            raise Conflict(_("This event was cancelled meanwhile."))
        if event.published_at is None:
            _announce(event, person)
            trace("event.published", community=community, by=person, obj=event)


def _announce(event: Event, person: Person | None) -> None:
    now = clock.now()
    rows = Event.objects.filter(pk=event.pk)
    if event.series_id:
        rows = Event.objects.filter(series=event.series_id)
    rows.filter(published_at__isnull=True).update(published_at=now, declined_at=None, changed_at=now)
    event.published_at = now
    record(
        "event.published",
        community=event.community,
        by=person or event.created_by,
        obj=event,
        space_id=event.space_id,
        source_key=f"event.published:{event.pk}",
    )


def decline(*, event: Event, by: By | None, reason: str) -> None:
    """A steward does not take a proposal; whoever made it reads why, and may announce a better one. Audited."""
    person = may(by, "events.approve", event.community)
    with transaction.atomic():
        rows = Event.objects.filter(series=event.series_id) if event.series_id else Event.objects.filter(pk=event.pk)
        if rows.filter(published_at__isnull=True).update(declined_at=clock.now(), cancel_reason=reason.strip()[:400]):
            trace("event.declined", community=event.community, by=person, obj=event, reason=reason.strip())
    event.refresh_from_db()


def note(*, community: Community, by: By | None, when: When, title: str, **fields: Any) -> Event:
    """A steward writes down an event that has taken place, so that attendance can be kept and counts. Nobody is mailed.

    Records `event.published`, as history. Raises DomainError for what is still to come.
    """
    person = may(by, "events.approve", community)
    links = {name: fields.pop(name, None) for name in details.PEOPLE}
    new = details.cleaned(community, title=title, **fields)
    start, end = details.times(when.day, when.at, when.minutes, when.zone)
    if end > clock.now() or start < clock.EARLIEST:
        raise DomainError(_("Only what has taken place is written down afterwards."), _("Propose the event instead."))
    with transaction.atomic():
        event = Event.objects.create(
            community=community, starts_at=start, ends_at=end, zone=when.zone, created_by=person,
            published_at=clock.now(), backfilled=True, **new,
        )  # fmt: skip
        details.set_people(event, hosts=links["hosts"] or (), speakers=links["speakers"] or ())
        details.set_links(event, milestones=links["milestones"] or (), tags=links["tags"] or ())
        record(
            "event.published", community=community, by=person, obj=event, happened_at=start, backfilled=True,
            source_key=f"event.published:{event.pk}",
        )  # fmt: skip
        trace("event.noted", community=community, by=person, obj=event)
    return event


def is_past(when: When) -> bool:
    """Whether the time is over."""
    return details.times(when.day, when.at, when.minutes, when.zone)[1] <= clock.now()
