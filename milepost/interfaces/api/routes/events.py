"""Events: what comes, taking part, and who was there."""

import datetime
import uuid
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from ninja import Body, Query
from pydantic import Field, StrictBool, StringConstraints

from milepost.domain.events import attending, changing, proposing, registering
from milepost.domain.events.models import Event, Registration
from milepost.domain.events.proposing import When
from milepost.domain.events.querysets import EventQuerySet
from milepost.domain.events.recurrence import Rule
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.foundation.identity.access import require
from milepost.foundation.identity.models import Person
from milepost.interfaces.api.paging import Cursor, Limit, Order, Page
from milepost.interfaces.api.problems import Problem, not_found
from milepost.interfaces.api.routing import Given, Routes, Told
from milepost.interfaces.api.tokens import Asked

routes = Routes(tags=["events"])

COMING = Order("events", ("starts_at", "id"))
LATEST = Order("events-falling", ("starts_at", "id"), falling=True)
BY_PERSON = Order("registrations", ("created_at", "id"))
Slug = Annotated[str, StringConstraints(max_length=100)]
Line = Annotated[str, StringConstraints(max_length=300)]


class AgendaPart(Told):
    minutes: int = Field(description="0: not said")
    title: str
    prompt: str = Field(description="What breakout groups talk about")


class EventTold(Told):
    id: uuid.UUID
    title: str
    kind: str
    mode: str
    audience: str
    summary: str
    description: str = Field(description="Markdown")
    agenda: list[AgendaPart]
    place: str
    link: str = Field(description="The video link; empty unless the token's person has a place or hosts")
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    time_zone: str = Field(description="Where the event's clock hangs on the wall")
    series: uuid.UUID | None
    capacity: int | None = Field(description="Places; null: room for all")
    goal: str | None
    milestones: list[str] = Field(description="Slugs of the milestones that it helps with")
    tags: list[str]
    published: bool
    cancelled: bool

    @classmethod
    def of(cls, row: Event, *, link: bool) -> "EventTold":
        return cls(
            id=row.pk, title=row.title, kind=row.kind, mode=row.mode, audience=row.audience, summary=row.summary,
            description=row.description, agenda=[AgendaPart(**part) for part in row.agenda], place=row.place,
            link=row.link if link else "", starts_at=row.starts_at, ends_at=row.ends_at, time_zone=row.zone,
            series=row.series_id, capacity=row.capacity, goal=row.goal.slug if row.goal else None,
            milestones=sorted(one.milestone.slug for one in row.milestone_links.all()),
            tags=sorted(tag.name for tag in row.tags.all()),
            published=row.is_published, cancelled=row.is_cancelled,
        )  # fmt: skip


class RegistrationTold(Told):
    person: uuid.UUID
    name: str
    answer: str
    waiting: bool
    came: bool
    minutes: int | None = Field(description="How long they were there, where that is known")

    @classmethod
    def of(cls, row: Registration) -> "RegistrationTold":
        return cls(
            person=row.person_id, name=row.person.name, answer=row.answer, waiting=row.is_waiting,
            came=row.came_at is not None, minutes=row.minutes,
        )  # fmt: skip


def _events(request: Asked) -> EventQuerySet:
    rows = Event.objects.visible_to(request.actor).select_related("goal", "community", "space")
    return rows.prefetch_related("tags", "milestone_links__milestone")


def _event(request: Asked, event_id: uuid.UUID) -> Event:
    found = _events(request).filter(pk=event_id).first()
    if found is None:
        raise not_found()
    return found


def _told(request: Asked, rows: Any) -> list[EventTold]:
    """With the links of those that the token's person has a place at; hosts see theirs in the event itself."""
    placed = set(
        Registration.objects.placed()
        .filter(person=request.actor.person, event__in=[row.pk for row in rows])
        .values_list("event", flat=True)
    )
    return [EventTold.of(row, link=row.pk in placed) for row in rows]


@routes.read("/communities/{slug:slug}/events", permission="events.view", answer=Page[EventTold])
def events(
    request: Asked,
    when: Annotated[
        Literal["coming", "past"], Query(description="What comes first is first; of the past, the latest")
    ] = "coming",
    kind: Annotated[
        Literal["", "workshop", "meetup", "call", "conference"], Query(description="Only of this kind")
    ] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """The events that the token may see

    Each event of a series stands for itself, as far ahead as they are made.
    """
    rows = _events(request).published()
    found = rows.to_come() if when == "coming" else rows.over()
    if kind:
        found = found.filter(kind=kind)
    order = COMING if when == "coming" else LATEST
    return order.page(request, found, cursor=cursor, limit=limit, tell=lambda rows: _told(request, rows))


@routes.read("/communities/{slug:slug}/events/{uuid:event_id}", permission="events.view", answer=EventTold)
def event(request: Asked, event_id: uuid.UUID) -> EventTold:
    """One event"""
    found = _event(request, event_id)
    return EventTold.of(found, link=found.shows_link_to(request.actor))


class EventGiven(Given):
    title: str = Field(min_length=1, max_length=160)
    day: datetime.date = Field(description="On the wall of `time_zone`")
    time: datetime.time
    minutes: int = Field(ge=1, le=20_160)
    time_zone: Line = Field("", description="Empty: the community's")
    rule: Line = Field("", description="RFC 5545, for a series: FREQ=WEEKLY;BYDAY=TH")
    kind: Literal["workshop", "meetup", "call", "conference"] = "meetup"
    mode: Literal["in_person", "online", "hybrid"] = "in_person"
    audience: Literal["public", "members"] = "members"
    summary: Annotated[str, StringConstraints(max_length=240)] = ""
    description: Annotated[str, StringConstraints(max_length=20_000)] = ""
    place: Line = ""
    link: Annotated[str, StringConstraints(max_length=500)] = ""
    room: StrictBool = Field(False, description="Make a Jitsi room, where there is no link")
    capacity: int | None = Field(None, ge=1, le=100_000)
    goal: Slug = Field("", description="The slug of the goal that it serves")
    milestones: list[Slug] = Field([], max_length=50, description="Slugs of the milestones that it helps with")
    tags: list[Annotated[str, StringConstraints(min_length=1, max_length=60)]] = Field([], max_length=10)


@routes.write("POST", "/communities/{slug:slug}/events", permission="events.propose", answer=EventTold, status=201)
def propose(request: Asked, body: Annotated[EventGiven, Body()]) -> EventTold:
    """Make an event, or a series; its first event is answered

    It is announced at once, unless the community wants a steward to look first.
    """
    community = request.actor.community
    zone = body.time_zone or community.time_zone
    when = When(
        body.day, body.time.replace(tzinfo=None), body.minutes, zone, Rule.parse(body.rule, zone) if body.rule else None
    )
    goal = _named(Goal.objects.adopted().filter(community=community), body.goal, "goal") if body.goal else None
    stones = [
        _named(Milestone.objects.pursued().filter(community=community), slug, "milestones") for slug in body.milestones
    ]
    made = proposing.propose(
        community=community, by=request.actor, when=when, milestones=stones, tags=body.tags, room=body.room, goal=goal,
        **body.model_dump(include={
            "title", "kind", "mode", "audience", "summary", "description", "place", "link", "capacity",
        }),
    )  # fmt: skip
    return EventTold.of(_event(request, made.pk), link=True)


def _named(rows: QuerySet[Any], slug: str, pointer: str) -> Any:
    found = rows.filter(slug=slug).first()
    if found is None:
        detail = _("There is none of this name here.")
        raise Problem("invalid", errors=[{"where": "body", "pointer": f"/{pointer}", "detail": detail}])
    return found


@routes.write(
    "DELETE",
    "/communities/{slug:slug}/events/{uuid:event_id}",
    permission="events.host",
    answer=EventTold,
    media="",
)
def cancel(request: Asked, event_id: uuid.UUID) -> EventTold:
    """Call an event off; whoever wanted to come hears of it"""
    changing.cancel(event=_event(request, event_id), by=request.actor)
    return EventTold.of(_event(request, event_id), link=True)


class AnswerGiven(Given):
    answer: Literal["going", "maybe"] = "going"
    replies: dict[str, Annotated[str, StringConstraints(max_length=2_000)]] = Field(
        {}, max_length=20, description="To the event's questions, by their keys"
    )


@routes.write(
    "PUT",
    "/communities/{slug:slug}/events/{uuid:event_id}/registration",
    permission="events.register",
    answer=RegistrationTold,
)
def register(request: Asked, event_id: uuid.UUID, body: Annotated[AnswerGiven, Body()]) -> RegistrationTold:
    """Say that you come, or may come; where all places are taken, you wait"""
    row = registering.register(
        event=_event(request, event_id), by=request.actor, answer=body.answer, replies=body.replies
    )
    return RegistrationTold.of(row)


@routes.write(
    "DELETE",
    "/communities/{slug:slug}/events/{uuid:event_id}/registration",
    permission="events.register",
    answer=None,
    status=204,
    media="",
)
def unregister(request: Asked, event_id: uuid.UUID) -> None:
    """Give your place back; whoever waits longest has it"""
    assert request.actor.person is not None
    registering.unregister(event=_event(request, event_id), person=request.actor.person, by=request.actor)


@routes.read(
    "/communities/{slug:slug}/events/{uuid:event_id}/registrations",
    permission="events.host",
    answer=Page[RegistrationTold],
)
def registrations(request: Asked, event_id: uuid.UUID, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """Who comes and who came: for hosts"""
    found = _event(request, event_id)
    require(request.actor, "events.host", found)
    rows = Registration.objects.filter(event=found).select_related("person")
    return BY_PERSON.page(
        request, rows, cursor=cursor, limit=limit, tell=lambda rows: [RegistrationTold.of(row) for row in rows]
    )


@routes.write(
    "PUT",
    "/communities/{slug:slug}/events/{uuid:event_id}/attendance/{uuid:person_id}",
    permission="events.host",
    answer=RegistrationTold,
    media="",
)
def check_in(request: Asked, event_id: uuid.UUID, person_id: uuid.UUID) -> RegistrationTold:
    """Note that a person is there; twice is once"""
    row = attending.check_in(event=_event(request, event_id), person=_person(request, person_id), by=request.actor)
    return RegistrationTold.of(row)


@routes.write(
    "DELETE",
    "/communities/{slug:slug}/events/{uuid:event_id}/attendance/{uuid:person_id}",
    permission="events.host",
    answer=None,
    status=204,
    media="",
)
def was_not_there(request: Asked, event_id: uuid.UUID, person_id: uuid.UUID) -> None:
    """Correct the list: the person did not come"""
    attending.was_not_there(event=_event(request, event_id), person=_person(request, person_id), by=request.actor)


def _person(request: Asked, person_id: uuid.UUID) -> Person:
    found = Person.objects.present().filter(community=request.actor.community, pk=person_id).first()
    if found is None:
        raise not_found()
    return found
