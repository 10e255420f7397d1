"""Ways to take part."""

import datetime
import uuid
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Body, Query
from pydantic import Field, StringConstraints

from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.work.models import Commitment, Opportunity
from milepost.domain.work.models.opportunity import LONGEST_EFFORT
from milepost.domain.work.models.opportunity import Asked as Wanted
from milepost.domain.work.querysets import OpportunityQuerySet
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Person
from milepost.interfaces.api.fields import slug_or_id
from milepost.interfaces.api.paging import Cursor, Limit, Order, Page
from milepost.interfaces.api.problems import Problem, not_found
from milepost.interfaces.api.routing import Given, Routes, Told
from milepost.interfaces.api.tokens import Asked

routes = Routes(tags=["opportunities"])

NEWEST = Order("opportunities", ("created_at", "id"), falling=True)


class OpportunityTold(Told):
    id: uuid.UUID
    slug: str
    title: str
    text: str = Field(description="Markdown")
    effort: int = Field(description="Minutes of one person")
    needed: int | None = Field(description="How many people; null: as many as want to")
    taken: int = Field(description="How many took it on, those who finished included")
    until: datetime.date | None
    skills: list[str]
    goal: str | None
    milestone: str | None
    asked_by: uuid.UUID | None
    open: bool
    mine: str = Field(description="Of the token's owner: empty, taken or finished")

    @classmethod
    def of(cls, row: Opportunity, mine: dict[uuid.UUID, str]) -> "OpportunityTold":
        stone = row.milestone if row.milestone is not None and not row.milestone.is_secret else None
        return cls(
            id=row.pk,
            slug=row.slug,
            title=row.title,
            text=row.text,
            effort=row.effort,
            needed=row.needed,
            taken=row.taken,
            until=row.until,
            skills=[skill.slug for skill in row.skills.all()],
            goal=row.goal.slug if row.goal else None,
            milestone=stone.slug if stone else None,
            asked_by=row.asked_by_id,
            open=row.is_open,
            mine=mine.get(row.pk, ""),
        )


def _opportunities(request: Asked) -> OpportunityQuerySet:
    rows = Opportunity.objects.here(request.actor.community).counted()
    return rows.select_related("goal", "milestone", "community").prefetch_related("skills")


def _opportunity(request: Asked, slug: str) -> Opportunity:
    found = _opportunities(request).filter(slug_or_id(slug)).first()
    if found is None:
        raise not_found()
    return found


def _me(request: Asked) -> Person:
    person = request.actor.person
    if person is None:
        raise not_found()
    person.community = request.actor.community
    return person


def _mine(request: Asked, rows: list[Opportunity]) -> dict[uuid.UUID, str]:
    own = Commitment.objects.filter(person=_me(request), opportunity__in=rows)
    return {
        pk: "finished" if finished else "taken" for pk, finished in own.values_list("opportunity_id", "finished_at")
    }


def _tell(request: Asked, slug: str) -> OpportunityTold:
    row = _opportunity(request, slug)
    return OpportunityTold.of(row, _mine(request, [row]))


@routes.read("/communities/{slug:slug}/opportunities", permission="opportunities.view", answer=Page[OpportunityTold])
def opportunities(
    request: Asked,
    minutes: Annotated[int | None, Query(ge=1, le=LONGEST_EFFORT, description="What can be done in that time")] = None,
    skill: Annotated[str, Query(max_length=60)] = "",
    everything: Annotated[bool, Query(description="With those that are closed, over or full")] = False,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """Where a hand is needed, the newest first: open ones with room, unless everything is asked for"""
    found = _opportunities(request)
    if not everything:
        found = found.open_on(clock.today(request.actor.community.time_zone)).with_room()
    if minutes is not None:
        found = found.within(minutes)
    if skill:
        found = found.filter(skills__slug=skill.replace("\0", ""))

    def tell(rows: Any) -> list[OpportunityTold]:
        mine = _mine(request, list(rows))
        return [OpportunityTold.of(row, mine) for row in rows]

    return NEWEST.page(request, found, cursor=cursor, limit=limit, tell=tell)


@routes.read(
    "/communities/{slug:slug}/opportunities/{slug:opportunity}",
    permission="opportunities.view",
    answer=OpportunityTold,
)
def opportunity(request: Asked, opportunity: str) -> OpportunityTold:
    """One of them"""
    return _tell(request, opportunity)


class OpportunityGiven(Given):
    title: str = Field(min_length=1, max_length=160)
    text: str = Field("", max_length=4000, description="Markdown")
    effort: int = Field(30, ge=1, le=LONGEST_EFFORT, description="Minutes of one person")
    needed: Annotated[int | None, Field(ge=1, le=10_000, description="null: as many as want to")] = 1
    until: datetime.date | None = None
    skills: Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=60)]], Field(max_length=6)] = []
    goal: str = Field("", max_length=100, description="The slug of the goal that it serves")
    milestone: str = Field("", max_length=80, description="The slug of the milestone that it helps with")


@routes.write(
    "POST", "/communities/{slug:slug}/opportunities", permission="opportunities.ask", answer=OpportunityTold, status=201
)
def ask(request: Asked, body: Annotated[OpportunityGiven, Body()]) -> OpportunityTold:
    """Ask for a hand"""
    community = request.actor.community
    wanted = Wanted(
        title=body.title,
        text=body.text,
        effort=body.effort,
        needed=body.needed,
        until=body.until,
        skills=body.skills,
        goal=_named(Goal.objects.adopted().filter(community=community), body.goal, "goal"),
        milestone=_named(Milestone.objects.pursued().filter(community=community), body.milestone, "milestone"),
    )
    made = Opportunity.ask(community=community, by=_me(request), asked=wanted)
    return _tell(request, made.slug)


def _named(rows: Any, slug: str, pointer: str) -> Any:
    if not slug:
        return None
    found = rows.filter(slug=slug.replace("\0", "")).first()
    if found is None:
        detail = _("There is none of this name here.")
        raise Problem("invalid", errors=[{"where": "body", "pointer": f"/{pointer}", "detail": detail}])
    return found


@routes.write(
    "PUT",
    "/communities/{slug:slug}/opportunities/{slug:opportunity}/commitment",
    permission="opportunities.take",
    answer=OpportunityTold,
    media="",
)
def take(request: Asked, opportunity: str) -> OpportunityTold:
    """Say that one will do it; twice is once"""
    _opportunity(request, opportunity).take(by=_me(request))
    return _tell(request, opportunity)


@routes.write(
    "DELETE",
    "/communities/{slug:slug}/opportunities/{slug:opportunity}/commitment",
    permission="opportunities.take",
    answer=OpportunityTold,
    media="",
)
def give_back(request: Asked, opportunity: str) -> OpportunityTold:
    """Give it back; no reason is asked, and nothing is counted"""
    row, person = _opportunity(request, opportunity), _me(request)
    own = Commitment.objects.filter(opportunity=row, person=person).first()
    if own is not None:
        own.give_back(by=person)
    return _tell(request, opportunity)


class DoneGiven(Given):
    minutes: Annotated[int | None, Field(ge=1, le=20_000, description="null: as it was asked for")] = None
    words: str = Field("", max_length=400)


@routes.write(
    "POST",
    "/communities/{slug:slug}/opportunities/{slug:opportunity}/commitment/end",
    permission="opportunities.take",
    answer=OpportunityTold,
)
def finish(request: Asked, opportunity: str, body: Annotated[DoneGiven, Body()]) -> OpportunityTold:
    """Say that it is done; twice is once"""
    row, person = _opportunity(request, opportunity), _me(request)
    own = Commitment.objects.filter(opportunity=row, person=person).first()
    if own is None:
        raise not_found()
    own.finish(by=person, minutes=body.minutes, words=body.words)
    return _tell(request, opportunity)
