"""What an event says of itself, as it may be stored."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.text import slugify
from django.utils.translation import gettext as _

from milepost.domain.paths.models import Milestone
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community, Person

from . import wall
from .models import Event, EventMilestone, EventPart, EventSettings, EventTag

TEXTS = {"title": 160, "summary": 240, "description": 20_000, "follow_up": 4_000, "place": 300, "link": 500}
CHOICES = {"kind": Event.Kind, "mode": Event.Mode, "audience": Event.Audience}
OBJECTS = ("space", "goal", "value")
LISTS = ("agenda", "questions")
FIELDS = (*TEXTS, *CHOICES, *OBJECTS, *LISTS, "capacity")
"""What can be said about an event, times and people aside."""
PEOPLE = ("hosts", "speakers", "milestones", "tags")
MOST = {"agenda": 40, "questions": 20, "tags": 10, "people": 30}
LONGEST = timedelta(days=14)
_WEB = URLValidator(schemes=["http", "https"])
_TAG = re.compile(r"[\w][\w .:-]{0,59}\Z")


def cleaned(community: Community, **fields: Any) -> dict[str, Any]:
    """The fields as they may be stored. Raises DomainError for what does not do, ValueError for fields that there are not."""
    if unknown := fields.keys() - set(FIELDS):
        raise ValueError(f"an event has no {', '.join(sorted(unknown))}")
    new = dict(fields)
    for name, longest in TEXTS.items():
        if name in new:
            text = str(new[name] or "").replace("\0", "").strip()
            new[name] = " ".join(text.split()) if name in {"title", "summary", "place"} else text
            if len(new[name]) > longest:
                raise DomainError(_("That is too long: at most %(most)d letters.") % {"most": longest})
    if "title" in new and not new["title"]:
        raise DomainError(_("An event needs a name."), _("Say in a few words what people come for."))
    for name, choices in CHOICES.items():
        if name in new and new[name] not in choices.values:
            raise DomainError(_("“%(value)s” is none of the choices.") % {"value": str(new[name])[:40]})
    for name in OBJECTS:
        if (row := new.get(name)) is not None and row.community_id != community.pk:
            raise DomainError(_("That belongs to another community."))
    if new.get("link"):
        _must_be_web(new["link"])
    if (capacity := new.get("capacity")) is not None and not 1 <= int(capacity) <= 100_000:
        raise DomainError(
            _("An event has at least one place."), _("Leave the number away where there is room for all.")
        )
    if "agenda" in new:
        new["agenda"] = _agenda(new["agenda"])
    if "questions" in new:
        new["questions"] = _questions(new["questions"])
    return new


def _must_be_web(link: str) -> None:
    try:
        _WEB(link)
    except ValidationError as error:
        raise DomainError(
            _("“%(link)s” is no web address.") % {"link": link[:80]}, _("It begins with https://.")
        ) from error


def _agenda(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for item in items:
        title, prompt = (" ".join(str(item.get(key) or "").split()) for key in ("title", "prompt"))
        if not title and not prompt:
            continue
        minutes = int(item.get("minutes") or 0)
        if not 0 <= minutes <= 24 * 60 or len(title) > 160 or len(prompt) > 600:
            raise DomainError(_("A part of the agenda has a name, at most a day's minutes, and a short prompt."))
        found.append({"minutes": minutes, "title": title, "prompt": prompt})
    if len(found) > MOST["agenda"]:
        raise DomainError(_("An agenda has at most %(most)d parts.") % {"most": MOST["agenda"]})
    return found


def _questions(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Keys stay, so that answers given before still belong to their question."""
    found: list[dict[str, Any]] = []
    for item in items:
        words = " ".join(str(item.get("question") or "").split())
        if not words:
            continue
        if len(words) > 240:
            raise DomainError(_("A question has at most %(most)d letters.") % {"most": 240})
        key = str(item.get("key") or "") or secrets.token_hex(3)
        found.append({"key": key[:12], "question": words, "required": bool(item.get("required"))})
    if len(found) > MOST["questions"] or len({item["key"] for item in found}) != len(found):
        raise DomainError(_("At most %(most)d questions, each once.") % {"most": MOST["questions"]})
    return found


def times(day: date, at: time, minutes: int, zone: str) -> tuple[datetime, datetime]:
    """Start and end as moments. Raises DomainError for a time zone that there is not, and for no or too long a time.

    An end is so many minutes later, also where the clocks change in between.
    """
    wall.checked(zone)
    if not 1 <= minutes <= LONGEST // timedelta(minutes=1):
        raise DomainError(
            _("An event lasts from a minute to two weeks."), _("Make a series of what goes on for longer.")
        )
    try:
        start = wall.moment(day, at, zone)
        return start, start + timedelta(minutes=minutes)
    except OverflowError as error:
        raise DomainError(_("There is no such day.")) from error


def jitsi_room(community: Community, title: str) -> str:
    """A video room of its own, whose name nobody guesses."""
    server = EventSettings.of(community).video_server.rstrip("/")
    name = "".join(word.capitalize() for word in slugify(title).split("-"))[:40] or "Meeting"
    return f"{server}/{name}-{secrets.token_hex(6)}"


# --- who and what hangs on it -----------------------------------------------------------------------


def must_see(actor: Actor | None, fields: Mapping[str, Any]) -> None:
    """Raise DomainError where an event would be put into a space that its maker cannot read."""
    space = fields.get("space")
    if actor is not None and space is not None and not space.readable_by(actor):
        raise DomainError(_("You are not in this space."))


def set_people(event: Event, *, hosts: Iterable[Person | str] | None, speakers: Iterable[Person | str] | None) -> None:
    """Put exactly these in: members, or names from outside. None leaves them as they are."""
    for role, people in ((EventPart.Role.HOST, hosts), (EventPart.Role.SPEAKER, speakers)):
        if people is None:
            continue
        rows: list[EventPart] = []
        seen: set[object] = set()
        for someone in people:
            name = "" if isinstance(someone, Person) else " ".join(someone.split())[:120]
            person = someone if isinstance(someone, Person) else None
            if person is not None and person.community_id != event.community_id:
                raise DomainError(_("%(name)s belongs to another community.") % {"name": person.name})
            if (person or name) and (key := person.pk if person else name.casefold()) not in seen:
                seen.add(key)
                rows.append(
                    EventPart(
                        community_id=event.community_id,
                        event=event,
                        person=person,
                        name=name,
                        role=role,
                        position=len(rows),
                    )
                )
        if len(rows) > MOST["people"]:
            raise DomainError(_("At most %(most)d people host or speak.") % {"most": MOST["people"]})
        EventPart.objects.filter(event=event, role=role).delete()
        EventPart.objects.bulk_create(rows)


def set_links(event: Event, *, milestones: Iterable[Milestone] | None, tags: Iterable[str] | None) -> None:
    """Which milestones it helps with, and its tags. None leaves them as they are."""
    if milestones is not None:
        wanted = {stone.pk: stone for stone in milestones}
        if any(stone.community_id != event.community_id for stone in wanted.values()):
            raise DomainError(_("That belongs to another community."))
        EventMilestone.objects.filter(event=event).delete()
        EventMilestone.objects.bulk_create(
            EventMilestone(community_id=event.community_id, event=event, milestone=stone) for stone in wanted.values()
        )
    if tags is not None:
        names = list(dict.fromkeys(" ".join(tag.split()).casefold() for tag in tags if tag.strip()))
        if len(names) > MOST["tags"] or not all(_TAG.match(name) for name in names):
            raise DomainError(_("At most %(most)d tags, each a word or two.") % {"most": MOST["tags"]})
        EventTag.objects.filter(event=event).delete()
        EventTag.objects.bulk_create(EventTag(community_id=event.community_id, event=event, name=n) for n in names)


def copy_links(pattern: Event, events: list[Event]) -> None:
    """Give new events of a series the people, milestones and tags of another."""
    parts = list(EventPart.objects.filter(event=pattern))
    stones = list(EventMilestone.objects.filter(event=pattern).values_list("milestone", flat=True))
    tags = list(EventTag.objects.filter(event=pattern).values_list("name", flat=True))
    here = pattern.community_id
    EventPart.objects.bulk_create(
        EventPart(community_id=here, event=e, person_id=p.person_id, name=p.name, role=p.role, position=p.position)
        for e in events
        for p in parts
    )
    EventMilestone.objects.bulk_create(
        EventMilestone(community_id=here, event=e, milestone_id=stone) for e in events for stone in stones
    )
    EventTag.objects.bulk_create(EventTag(community_id=here, event=e, name=name) for e in events for name in tags)
