"""Changing an event: alone, with those that follow, or the whole series; and calling it off.

What has taken place is never changed by a change of others. Registrations stay with their events wherever these move.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.paths.models import Milestone
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.identity.models import Person

from . import details, filling, notices, wall
from .authority import By, actor_of, may
from .models import Event, Notice, Series, SeriesMember
from .proposing import When
from .recurrence import Rule
from .registering import fill_places, locked

LOOK_AGAIN = frozenset({"title", "mode", "place", "link", "starts_at", "ends_at"})
"""Whoever comes has to hear of a change of these."""
NEAR = timedelta(days=6)
"""How far an event of a series moves with its registrations, where the rule changes; others are called off and made anew."""
Which = Literal["following", "all"]


@dataclass(slots=True)
class Links:
    """Who and what hangs on an event; None leaves it."""

    hosts: Iterable[Person | str] | None = None
    speakers: Iterable[Person | str] | None = None
    milestones: Iterable[Milestone] | None = None
    tags: Iterable[str] | None = None

    def put(self, event: Event) -> None:
        details.set_people(event, hosts=self.hosts, speakers=self.speakers)
        details.set_links(event, milestones=self.milestones, tags=self.tags)


def change(
    *, event: Event, by: By | None, when: When | None = None, links: Links | None = None, **fields: Any
) -> Event:
    """Change this event alone. Where more people come than there are places now, all keep theirs. Records `event.changed`.

    Who comes hears of another time, place, link or name. Raises NotAllowed, DomainError, Conflict for a cancelled event.
    """
    person = may(by, "events.host", event.community, event)
    new = details.cleaned(event.community, **fields)
    details.must_see(actor_of(by) if by else None, new)
    with transaction.atomic():
        event = locked(event)
        if event.is_cancelled:
            raise Conflict(_("This event was cancelled meanwhile."))
        if when is not None:
            start, end = details.times(when.day, when.at, when.minutes, when.zone)
            if (start, end) != (event.starts_at, event.ends_at):
                _may_move(event, end)
            new |= {"starts_at": start, "ends_at": end, "zone": when.zone}
        changed = _apply(event, new, alone=True)
        if links is not None:
            links.put(event)
        if changed or links is not None:
            _record(event, person, changed)
        if LOOK_AGAIN & changed:
            notices.tell_all(event, Notice.Kind.CHANGED, about=str(event.sequence))
        if "capacity" in changed:
            fill_places(event)
    return event


def _may_move(event: Event, end: Any) -> None:
    if event.is_over and not event.backfilled:
        raise DomainError(_("“%(event)s” is over: its time stays.") % {"event": event.title})
    if (end <= clock.now()) != event.backfilled:
        raise DomainError(_("This lies in the past."), _("Choose a day to come."))


def _apply(event: Event, new: dict[str, Any], *, alone: bool) -> set[str]:
    """Store what differs; returns the names of those fields."""
    changed = {name for name, value in new.items() if getattr(event, name) != value}
    if not changed:
        return changed
    for name in changed:
        setattr(event, name, new[name])
    event.changed_at = clock.now()
    if LOOK_AGAIN & changed:
        event.sequence += 1
    if alone and event.series_id:
        event.own_fields = sorted({*event.own_fields, *changed})
    event.save()
    return changed


def _record(event: Event, person: Person | None, changed: set[str]) -> None:
    record(
        "event.changed",
        community=event.community,
        by=person,
        obj=event,
        space_id=event.space_id,
        data={"fields": sorted(changed)},
    )
    trace(
        "event.changed", community=event.community, by=person, obj=event, changes={n: ["", ""] for n in sorted(changed)}
    )


# --- more than one ----------------------------------------------------------------------------------


def change_series(
    *,
    event: Event,
    by: By | None,
    which: Which,
    when: When | None = None,
    links: Links | None = None,
    **fields: Any,
) -> Event:
    """Change this event and those that follow, or all that are still to come; what was changed alone stays as it is.

    `when` without a rule keeps the rule. With other days, each event moves to the new day that is nearest, with those who are
    registered; days without one get a new event, events without a day are called off. Returns the first one changed.
    Records `event.changed`.
    """
    person = may(by, "events.host", event.community, event)
    if event.series_id is None or event.occurrence is None:
        return change(event=event, by=by, when=when, links=links, **fields)
    new = details.cleaned(event.community, **fields)
    details.must_see(actor_of(by) if by else None, new)
    with transaction.atomic():
        series = Series.objects.select_for_update().get(pk=event.series_id)
        first = event.occurrence if which == "following" else _first_to_come(series, event.occurrence)
        if when is not None:
            # The day was said of this event; what changes is by how much all of them move.
            when = replace(when, day=first + (when.day - event.occurrence))
        moves = when is not None and _days_change(series, when, first)
        if which == "following" or moves:
            series = _split(series, first)
        rows = list(
            series.events.select_related("community")
            .select_for_update(of=("self",))
            .filter(occurrence__gte=first, cancelled_at__isnull=True, ends_at__gt=clock.now())
            .order_by("occurrence")
        )
        if not rows:
            raise DomainError(_("There is nothing to come in this series."))
        before = {row.pk: row.sequence for row in rows}
        if when is not None:
            rows = _retime(series, rows, when, moves)
        for row in rows:
            _apply(row, {name: value for name, value in new.items() if name not in row.own_fields}, alone=False)
            if links is not None:
                links.put(row)
            if "capacity" in new:
                fill_places(row)
        if "title" in new and series.title != new["title"]:
            series.title = new["title"]
            series.save(update_fields=["title"])
        if moves:
            filling.fill(series)
        _record(rows[0], person, set(new) | ({"starts_at"} if when else set()))
        _tell_once([row for row in rows if row.sequence != before.get(row.pk, row.sequence)], Notice.Kind.CHANGED)
    return rows[0]


def _first_to_come(series: Series, otherwise: date) -> date:
    coming = series.events.to_come().order_by("occurrence").values_list("occurrence", flat=True)
    return coming.first() or otherwise


def _days_change(series: Series, when: When, first: date) -> bool:
    if when.rule is not None and when.rule.text != series.recurrence.rest_from(series.first_day, first).text:
        return True
    return when.day != first


def _split(series: Series, first: date) -> Series:
    """From `first` on, the events are of a series of their own; without any before, it is the same one."""
    if not series.events.filter(occurrence__lt=first).exists():
        return series
    rest = series.recurrence.rest_from(series.first_day, first)
    new = Series.objects.create(
        community_id=series.community_id, title=series.title, rule=rest.text, first_day=first, time=series.time,
        zone=series.zone, minutes=series.minutes, filled_until=series.filled_until, continues=series,
        created_by_id=series.created_by_id,
    )  # fmt: skip
    series.events.filter(occurrence__gte=first).update(series=new)
    SeriesMember.objects.bulk_create(
        SeriesMember(community_id=series.community_id, series=new, person_id=person, since=since)
        for person, since in SeriesMember.objects.filter(series=series).values_list("person_id", "since")
    )
    series.rule = series.recurrence.ending_before(first).text
    series.ended_at = clock.now()
    series.save(update_fields=["rule", "ended_at"])
    return new


def _retime(series: Series, rows: list[Event], when: When, moves: bool) -> list[Event]:
    """Put the series and its events to the new time; returns those that stand."""
    wall.checked(when.zone)
    series.time, series.minutes, series.zone = when.at, when.minutes, when.zone
    if moves:
        rule = when.rule or _shifted(series, when)
        rule.must_begin_on(when.day)
        series.rule, series.first_day, series.filled_until = rule.text, when.day, None
        rows = _onto_new_days(series, rows)
    series.save()
    for row in rows:
        if {"starts_at", "ends_at"} & set(row.own_fields) or row.occurrence is None:
            continue
        start, end = details.times(row.occurrence, series.time, series.minutes, series.zone)
        _apply(row, {"starts_at": start, "ends_at": end, "zone": series.zone}, alone=False)
    return rows


def _shifted(series: Series, when: When) -> Rule:
    """The series' own rule, where it gives the new day as well."""
    rule = series.recurrence
    if not rule.days(when.day, most=1) or rule.days(when.day, most=1)[0] != when.day:
        raise DomainError(
            _("The series does not come round on that day."),
            _("Say how it repeats from then on, or change this event alone."),
        )
    return rule


def _onto_new_days(series: Series, rows: list[Event]) -> list[Event]:
    days = series.days(to=clock.today(series.zone) + filling.AHEAD, most=filling.MOST)
    free = dict.fromkeys(days)
    old = {row.pk: row.occurrence for row in rows if row.occurrence is not None}
    place: dict[Any, date] = {pk: day for pk, day in old.items() if day in free}
    for day in place.values():
        del free[day]
    for pk, before in old.items():
        near = _nearest(free, before) if pk not in place else None
        if near is not None:
            del free[near]
            place[pk] = near
    # A day may be taken by one that is about to leave it: all of them leave first.
    Event.objects.filter(pk__in=[row.pk for row in rows]).update(occurrence=None)
    for row in rows:
        row.occurrence = place.get(row.pk)
        row.save(update_fields=["occurrence"])
        if row.occurrence is None:
            _call_off(row, _("The series comes round on other days now."))
    kept = [row for row in rows if row.occurrence is not None]
    made = [filling._occurrence(series, rows[0], day) for day in free]
    Event.objects.bulk_create(made)
    details.copy_links(rows[0], made)
    for member in SeriesMember.objects.filter(series=series).select_related("person"):
        filling._register_for(member, made)
    series.filled_until = days[-1] if days else None
    return sorted([*kept, *made], key=lambda row: row.occurrence or series.first_day)


def _nearest(days: Iterable[date], day: date) -> date | None:
    near = min(days, key=lambda one: abs(one - day), default=None)
    return near if near is not None and abs(near - day) <= NEAR else None


# --- calling off ------------------------------------------------------------------------------------


def cancel(*, event: Event, by: By | None, reason: str = "") -> None:
    """Call this event off; who comes hears of it. Twice changes nothing. Records `event.cancelled`."""
    person = may(by, "events.host", event.community, event)
    with transaction.atomic():
        event = locked(event)
        if event.is_cancelled:
            return
        if event.is_over:
            raise DomainError(_("“%(event)s” is over.") % {"event": event.title})
        _call_off(event, reason)
        notices.tell_all(event, Notice.Kind.CANCELLED)
        _record_cancelled(event, person, reason)


def cancel_series(*, event: Event, by: By | None, reason: str = "") -> int:
    """Call this event and all that follow off: the series ends. Returns how many. Records `event.cancelled`."""
    person = may(by, "events.host", event.community, event)
    if event.series_id is None or event.occurrence is None:
        cancel(event=event, by=by, reason=reason)
        return 1
    with transaction.atomic():
        series = Series.objects.select_for_update().get(pk=event.series_id)
        rows = list(
            series.events.select_related("community")
            .select_for_update(of=("self",))
            .filter(occurrence__gte=event.occurrence, cancelled_at__isnull=True, ends_at__gt=clock.now())
            .order_by("occurrence")
        )
        if series.first_day < event.occurrence:
            series.rule = series.recurrence.ending_before(event.occurrence).text
        series.ended_at = series.ended_at or clock.now()
        series.save(update_fields=["rule", "ended_at"])
        for row in rows:
            _call_off(row, reason)
        _tell_once(rows, Notice.Kind.CANCELLED)
        if rows:
            _record_cancelled(rows[0], person, reason)
    return len(rows)


def _call_off(event: Event, reason: str) -> None:
    event.cancelled_at = event.changed_at = clock.now()
    event.cancel_reason, event.sequence = reason.strip()[:400], event.sequence + 1
    event.save(update_fields=["cancelled_at", "changed_at", "cancel_reason", "sequence"])


def _record_cancelled(event: Event, person: Person | None, reason: str) -> None:
    record("event.cancelled", community=event.community, by=person, obj=event, space_id=event.space_id)
    trace("event.cancelled", community=event.community, by=person, obj=event, reason=reason.strip())


def _tell_once(rows: list[Event], kind: str) -> None:
    """One mail a person about a change of many, at the first of them that they come to."""
    from .models import Registration

    found = Registration.objects.filter(event__in=rows).exclude(answer="declined").order_by("event__starts_at", "pk")
    told: set[Any] = set()
    for row in found.select_related("event__community"):
        if row.person_id not in told:
            told.add(row.person_id)
            notices.tell(row, kind, about=f"series-{row.event.sequence}")
