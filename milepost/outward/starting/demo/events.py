"""The demo community's gatherings: open stages that come round, with who was there, and what is still to come.

Written set-based like the talk: thousands of registrations one by one would make loading slow, and none of them mails anyone.
"""

from __future__ import annotations

import datetime
import random
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from milepost.domain.events import filling, proposing
from milepost.domain.events.models import Event, Registration
from milepost.domain.events.proposing import When
from milepost.domain.events.recurrence import chosen
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.spaces.models import Space
from milepost.foundation.common import clock
from milepost.foundation.common.ids import new_id
from milepost.foundation.identity.models import Community, Person

from . import records
from .company import chance, person_key

AGENDA = [
    {"minutes": 10, "title": "Who is here", "prompt": "What did you last play, and who heard it?"},
    {"minutes": 15, "title": "Susan on breath: before the first note", "prompt": ""},
    {"minutes": 40, "title": "Ten seconds each", "prompt": "Play only your first line. The others say what they heard, nothing else."},
    {"minutes": 15, "title": "Once more, changed", "prompt": "What did you do differently, and what did it do to you?"},
    {"minutes": 10, "title": "What you take home", "prompt": ""},
]  # fmt: skip
NOTES = """\
Fourteen of us, five first times.

- **Say the end time** first, then your name. It calms the room.
- A stool on stage helps whoever shakes. There are two now, beside the piano.
- Next time the door list closes at seven, so that nobody waits in the rain.
"""
WORDS = (
    "I came to listen and stayed for the soup.", "The door stayed shut while I played. That was everything.",
    "A little loud at the back.", "My first time. I would do it again tomorrow.", "More chairs without arms, please.",
)  # fmt: skip


class Loaded(Protocol):
    """What is there by then."""

    demo: records.DemoCommunity
    community: Community
    people: dict[str, Person]
    spaces: dict[str, Space]
    goals: dict[str, Goal]
    milestones: dict[str, Milestone]

    def _note(self, verb: str, who: str, at: datetime.datetime, key: str, **more: Any) -> None: ...


def gather(to: Loaded) -> None:
    """A year of open stages in Leith and online, one workshop that was, and the gatherings to come."""
    _series(
        to,
        "morven",
        "Open stage Leith",
        "Thu",
        datetime.time(18, 30),
        195,
        "leith",
        place="The Kettle & String, back room",
    )
    _series(
        to,
        "femi",
        "Online stage",
        "Sun",
        datetime.time(17),
        90,
        "",
        mode="online",
        link="https://meet.jit.si/OpenStage-demo",
    )
    for gathering in to.demo.gatherings:
        _to_come(to, gathering)


def _host(to: Loaded, handle: str) -> Person:
    return to.people.get(person_key(handle)) or next(
        to.people[p.key] for p in to.demo.people if p.role in {"owner", "steward"}
    )


def _series(
    to: Loaded, host: str, title: str, weekday: str, at: datetime.time, minutes: int, chapter: str, **fields: Any
) -> None:
    began = to.demo.now - datetime.timedelta(weeks=50)
    day = began.date()
    while f"{day:%a}" != weekday:
        day += datetime.timedelta(days=1)
    stone = to.milestones.get("first-live-gig")
    with clock.moved(began):
        first = proposing.propose(
            community=to.community, by=None, title=title, hosts=[_host(to, host)], tags=["open stage"],
            when=When(day, at, minutes, to.demo.time_zone, chosen("fortnightly", day)), kind=Event.Kind.MEETUP,
            audience=Event.Audience.PUBLIC, capacity=40, summary="Ten minutes each, the door shut, and soup.",
            goal=to.goals.get("a-hundred-first-stages"), milestones=[stone] if stone else [], **fields,
        )  # fmt: skip
    assert first.series is not None
    with clock.moved(to.demo.now):
        filling.fill(first.series)
    rng = chance(7, "open stage", title)
    events = list(first.series.events.order_by("starts_at"))
    past = [event for event in events if event.ends_at <= to.demo.now]
    for event in past:
        _attended(to, event, rng, chapter, 8, 17)
    for event in [event for event in events if event.starts_at > to.demo.now][:2]:
        _registered(to, event, rng, chapter, 9)
    if past and not fields.get("link"):
        _wrapped_up(past[-1])


def _here(to: Loaded, moment: datetime.datetime, chapter: str) -> list[str]:
    """Humans with a sign-in who belonged then; of a chapter, its own first."""
    found = [p for p in to.demo.people if p.kind == "human" and p.here(moment) and to.people[p.key].account_id]
    return [p.key for p in sorted(found, key=lambda p: (p.chapter != chapter) if chapter else 0)]


def _some(to: Loaded, event: Event, rng: random.Random, chapter: str, number: int) -> list[str]:
    here = _here(to, event.starts_at, chapter)[: number * 3]
    return rng.sample(here, min(number, len(here)))


def _attended(to: Loaded, event: Event, rng: random.Random, chapter: str, low: int, high: int) -> None:
    rows, kept = [], {"kind": "event", "object_id": event.pk}
    for key in _some(to, event, rng, chapter, rng.randrange(low, high)):
        said = event.starts_at - datetime.timedelta(hours=rng.randrange(20, 200))
        row = _row(to, event, key, said)
        to._note("event.registered", key, said, f"event.registered:{row.pk}", **kept)
        if rng.random() < 0.85:
            row.came_at, row.came_by = event.starts_at, rng.choice(("list", "code", "self"))
            to._note("event.attended", key, event.starts_at, f"event.attended:{row.pk}", **kept)
            if rng.random() < 0.3:
                row.rating, row.rated_at = rng.choice((4, 5, 5, 3)), event.ends_at
                row.feedback = rng.choice(WORDS) if rng.random() < 0.5 else ""
        rows.append(row)
    Registration.objects.bulk_create(rows)


def _registered(to: Loaded, event: Event, rng: random.Random, chapter: str, number: int) -> None:
    rows = []
    for n, key in enumerate(_some(to, event, rng, chapter, number)):
        said = to.demo.now - datetime.timedelta(hours=rng.randrange(1, 150))
        row = _row(to, event, key, said)
        if event.capacity is not None and n >= event.capacity:
            row.waiting_since, row.placed_at = to.demo.now - datetime.timedelta(hours=number - n), None
        else:
            to._note("event.registered", key, said, f"event.registered:{row.pk}", kind="event", object_id=event.pk)
        rows.append(row)
    Registration.objects.bulk_create(rows)


def _row(to: Loaded, event: Event, key: str, said: datetime.datetime) -> Registration:
    return Registration(
        id=new_id(),
        community=to.community,
        event=event,
        person=to.people[key],
        answered_at=said,
        placed_at=said,
        created_at=said,
    )


def _wrapped_up(event: Event) -> None:
    event.notes, event.wrapped_up_at = NOTES, event.ends_at
    event.follow_up = "Write to one person whose song stayed with you."
    event.save(update_fields=["notes", "wrapped_up_at", "follow_up"])


def _to_come(to: Loaded, record: records.Gathering) -> None:
    local = record.starts_at.astimezone(ZoneInfo(record.time_zone))
    online = not record.town
    workshop = record.slug.startswith("workshop")
    minutes = round((record.ends_at - record.starts_at) / datetime.timedelta(minutes=1))
    kind = Event.Kind.WORKSHOP if workshop else Event.Kind.CONFERENCE if minutes > 24 * 60 else Event.Kind.MEETUP
    stone = to.milestones.get("first-live-gig")
    with clock.moved(to.demo.now - datetime.timedelta(days=6)):
        event = proposing.propose(
            community=to.community, by=None, title=record.title, hosts=[to.people[record.host]],
            when=When(local.date(), local.time().replace(tzinfo=None), minutes, record.time_zone), kind=kind,
            mode=Event.Mode.ONLINE if online else Event.Mode.IN_PERSON, room=online, summary=record.about[:240],
            place="" if online else f"{record.place}, {record.town}", audience=Event.Audience.PUBLIC,
            capacity=record.seats, agenda=AGENDA if workshop else [],
            follow_up="Play your first line to one person before Wednesday." if workshop else "",
            milestones=[stone] if stone and workshop else [],
        )  # fmt: skip
    # More want to come to the workshop than there are places.
    number = record.seats + 3 if workshop else min(record.seats, 14)
    _registered(to, event, chance(7, "gathering", record.slug), "", number)
