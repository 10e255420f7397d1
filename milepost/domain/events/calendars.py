"""Events as iCalendar (RFC 5545): feeds that calendar programs read, and invitations by mail (RFC 5546, 6047).

Each event of a series is one of its own, with its own UID: it has its own page, places and answers. SEQUENCE rises with
what people have to look at again; what is called off stays, as CANCELLED, until it is two months past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from email.utils import parseaddr
from zoneinfo import ZoneInfo

import icalendar
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from milepost.domain.spaces.models import Space
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor

from . import places
from .models import Event, EventPart, Registration
from .registering import mail_of

PAST = timedelta(days=60)
MOST = 2_000
"""Events in one feed."""
PRODUCT = "-//Milepost//Events//EN"
ANSWERS = {"going": "ACCEPTED", "maybe": "TENTATIVE", "declined": "DECLINED", "invited": "NEEDS-ACTION"}


# --- which ------------------------------------------------------------------------------------------


def feed_events(actor: Actor, which: str = "all", space: Space | None = None) -> QuerySet[Event]:
    """What a calendar of the actor holds: all that they may see, those of a space, or those that they come to or host."""
    found = Event.objects.visible_to(actor).published().filter(ends_at__gte=clock.now() - PAST)
    if which == "mine":
        mine = Registration.objects.standing().filter(person=actor.person).values("event")
        hosted = EventPart.objects.filter(person=actor.person).values("event")
        found = found.filter(Q(pk__in=mine) | Q(pk__in=hosted))
    elif space is not None:
        found = found.filter(space=space)
    return found.select_related("community", "space").order_by("starts_at", "pk")[:MOST]


# --- how --------------------------------------------------------------------------------------------


def organiser() -> str:
    """The address to which calendar programs send their answers."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def component(event: Event, *, link: str = "", attendee: Registration | None = None) -> icalendar.Event:
    """The event as a VEVENT. `link`: the video link, where the reader may see it. `attendee`: whom an invitation is for."""
    zone = ZoneInfo(event.zone)
    found = icalendar.Event()
    found.add("uid", event.uid)
    found.add("sequence", event.sequence)
    found.add("dtstamp", event.changed_at)
    found.add("created", event.created_at)
    found.add("last-modified", event.changed_at)
    found.add("dtstart", event.starts_at.astimezone(zone))
    found.add("dtend", event.ends_at.astimezone(zone))
    found.add("summary", event.title)
    found.add("description", _description(event, link))
    found.add("url", places.event(event))
    if where := event.place or (link if event.is_online else ""):
        found.add("location", where)
    found.add("status", "CANCELLED" if event.is_cancelled else "CONFIRMED")
    found.add("categories", [event.get_kind_display()])
    host = icalendar.vCalAddress(f"mailto:{organiser()}")
    host.params["CN"] = icalendar.vText(event.community.name)
    found.add("organizer", host)
    if attendee is not None:
        someone = icalendar.vCalAddress(f"mailto:{mail_of(attendee.person)}")
        someone.params["CN"] = icalendar.vText(attendee.person.name)
        someone.params["ROLE"] = icalendar.vText("REQ-PARTICIPANT")
        someone.params["PARTSTAT"] = icalendar.vText("TENTATIVE" if attendee.is_waiting else ANSWERS[attendee.answer])
        someone.params["RSVP"] = icalendar.vText("TRUE")
        found.add("attendee", someone, encode=False)
    return found


def _description(event: Event, link: str) -> str:
    parts = [event.summary]
    if event.is_cancelled:
        parts = [_("Cancelled."), event.cancel_reason]
    elif link:
        parts.append(_("Join: %(link)s") % {"link": link})
    return "\n\n".join([*(part for part in parts if part), places.event(event)])


def calendar(components: Iterable[icalendar.Event], *, name: str = "", method: str = "") -> bytes:
    """The whole file, with the time zones that it names. `method`: REQUEST, CANCEL or PUBLISH."""
    whole = icalendar.Calendar()
    whole.add("prodid", PRODUCT)
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    if method:
        whole.add("method", method)
    if name:
        whole.add("name", name)
        whole.add("x-wr-calname", name)
        whole.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
        whole.add("x-published-ttl", "PT1H")
    rows = list(components)
    for row in rows:
        whole.add_component(row)
    if rows:
        first = min(row.decoded("dtstart").date() for row in rows)
        last = max(row.decoded("dtend").date() for row in rows)
        # From the year before on, so that the offset of the first event is one that the zone has begun with.
        whole.add_missing_timezones(first_date=date(first.year - 1, 1, 1), last_date=date(last.year + 2, 1, 1))
    return bytes(whole.to_ical())


def feed(actor: Actor, *, name: str, which: str = "all", space: Space | None = None) -> bytes:
    """The file that a calendar program asks for again and again."""
    events = list(feed_events(actor, which, space))
    shown = _links_for(actor, events)
    return calendar([component(event, link=shown(event)) for event in events], name=name, method="PUBLISH")


def _links_for(actor: Actor, events: list[Event]) -> Callable[[Event], str]:
    """Video links of those events where the actor has a place or a part, by one look at each."""
    if actor.person is None:
        return lambda _event: ""
    ids = [event.pk for event in events]
    mine = set(
        Registration.objects.placed().filter(person=actor.person, event__in=ids).values_list("event", flat=True)
    ) | set(EventPart.objects.filter(person=actor.person, event__in=ids).values_list("event", flat=True))
    return lambda event: event.link if event.pk in mine else ""


def invitation(row: Registration, *, cancel: bool = False) -> bytes:
    """What a mail to the registered person carries: REQUEST, or CANCEL where the event or their part in it is over."""
    link = row.event.link if row.has_place else ""
    return calendar(
        [component(row.event, link=link, attendee=row)],
        method="CANCEL" if cancel or row.event.is_cancelled else "REQUEST",
    )
