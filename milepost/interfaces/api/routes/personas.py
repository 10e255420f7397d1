"""Personas and their map, one's own journey and choice, cohorts and check-ins."""

import datetime
import uuid
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.utils.translation import gettext as _
from ninja import Body
from pydantic import Field, StrictBool, StringConstraints

from milepost.domain.paths import choosing
from milepost.domain.paths.models import CheckIn, Cohort, Persona
from milepost.engines.milestones import journeys
from milepost.engines.milestones import map as mapping
from milepost.engines.milestones.bearings import bearings
from milepost.engines.milestones.floor import may_show
from milepost.engines.milestones.map import Column, PersonaMap, persona_map, shown_to_members
from milepost.foundation.identity.access import at_least
from milepost.foundation.identity.models import Person
from milepost.interfaces.api.paging import Cursor, Limit, Order, Page
from milepost.interfaces.api.problems import Problem, not_found
from milepost.interfaces.api.routing import Given, Routes, Told
from milepost.interfaces.api.tokens import Asked

routes = Routes(tags=["personas"])
COHORTS = Order("cohorts", ("name", "id"))


class PersonaTold(Told):
    """A kind of person whom the community is for."""

    slug: str
    name: str
    story: str
    needs: list[str]
    success: str
    path: list[str] = Field(description="Slugs of milestones, in order; secret ones are left out")

    @classmethod
    def of(cls, row: Persona) -> "PersonaTold":
        return cls(
            slug=row.slug,
            name=row.name,
            story=row.story,
            needs=[str(need) for need in row.needs],
            success=row.success,
            path=[
                one.milestone.slug
                for one in row.stones.all()
                if one.milestone.retired_at is None and not one.milestone.is_secret
            ],
        )


@routes.read("/communities/{slug:slug}/personas", permission="personas.view", answer=Page[PersonaTold])
def personas(request: Asked) -> dict[str, Any]:
    """The personas that the community adopted, with their paths

    All on one page.
    """
    rows = Persona.objects.adopted().filter(community=request.actor.community)
    return {"items": [PersonaTold.of(row) for row in rows.prefetch_related("stones__milestone")], "next": None}


class CellTold(Told):
    """One milestone on one persona's path. Null is what may not be told: see the privacy floor."""

    milestone: str
    reached: int | None
    here: int | None = Field(description="Whose furthest milestone on the path it is; for stewards only")
    median_days: int | None = Field(description="From the milestone before it, over at least five people")
    stalled: int | None = Field(description="Here for long; for stewards only")


class ColumnTold(Told):
    persona: str
    members: int | None
    at_start: int | None = Field(description="Who has reached nothing of the path; for stewards only")
    path: list[CellTold]


class MapTold(Told):
    """Who is where on which path, at most a minute old."""

    members: int
    without_persona: int | None = Field(description="For stewards only")
    none_of_these: int | None = Field(description="For stewards only")
    personas: list[ColumnTold]


@routes.read("/communities/{slug:slug}/persona-map", permission="personas.map", answer=MapTold)
def whole_map(request: Asked) -> MapTold:
    """The persona map"""
    counted, steward = persona_map(request.actor.community), at_least(request.actor, "steward")
    slugs = {row.id: row.slug for row in counted.rows if steward or not row.secret}
    return MapTold(
        members=counted.members,
        without_persona=counted.without if steward else None,
        none_of_these=counted.none_of_these if steward else None,
        personas=[_column(column, counted, slugs, steward) for column in counted.columns],
    )


def _column(column: Column, counted: PersonaMap, slugs: dict[uuid.UUID, str], steward: bool) -> ColumnTold:
    counts = {ident: cell.reached for ident, cell in column.cells.items()}
    shown = set(counts) if steward else shown_to_members(column.members, counts, counted.members)
    return ColumnTold(
        persona=column.slug,
        members=column.members if may_show(column.members, counted.members, steward=steward) else None,
        at_start=column.at_start if steward else None,
        path=[
            CellTold(
                milestone=slugs[ident],
                reached=cell.reached if ident in shown else None,
                here=cell.here if steward else None,
                median_days=cell.days if ident in shown else None,
                stalled=cell.stalled if steward else None,
            )
            for ident, cell in column.cells.items()
            if ident in slugs
        ],
    )


class StoneTold(Told):
    milestone: str
    name: str
    state: str = Field(description="reached, next or later")
    reached_on: datetime.date | None
    personas: list[str] = Field(description="The names of one's personas on whose path it stands")


class JourneyTold(Told):
    """The way of whoever owns the token. What they set for themselves is not told to programs."""

    personas: list[str]
    stones: list[StoneTold]


@routes.read("/communities/{slug:slug}/me/journey", permission="journey.own", answer=JourneyTold)
def journey(request: Asked) -> JourneyTold:
    """One's own journey"""
    return _journey(request)


def _journey(request: Asked) -> JourneyTold:
    person = _own(request)
    walked = journeys.walk(person, bearings(person.community), own=False)
    return JourneyTold(
        personas=[path.slug for path in walked.personas],
        stones=[
            StoneTold(
                milestone=stone.slug,
                name=stone.name,
                state=stone.state,
                reached_on=stone.reached_on,
                personas=list(stone.personas),
            )
            for stone in walked.stones
        ],
    )


class ChoiceGiven(Given):
    personas: list[Annotated[str, StringConstraints(max_length=80)]] = Field(
        description="Slugs; empty leaves all that were chosen", max_length=50
    )


@routes.write("PUT", "/communities/{slug:slug}/me/personas", permission="personas.own", answer=JourneyTold)
def choose(request: Asked, body: Annotated[ChoiceGiven, Body()]) -> JourneyTold:
    """Choose in which personas one finds oneself"""
    person = _own(request)
    found = {p.slug: p for p in Persona.objects.adopted().filter(community=person.community)}
    for n, slug in enumerate(body.personas):
        if slug not in found:
            detail = _("There is no such persona here.")
            raise Problem("invalid", errors=[{"where": "body", "pointer": f"/personas/{n}", "detail": detail}])
    choosing.choose(person=person, personas=[found[slug] for slug in body.personas])
    mapping.forget(person.community)
    return _journey(request)


class CohortTold(Told):
    """Members who walk a path together between two days."""

    slug: str
    name: str
    why: str
    starts_on: datetime.date
    ends_on: datetime.date
    target: str | None = Field(description="A decimal number, in `unit`")
    unit: str
    done: str = Field(description="What all check-ins come to")
    walkers: int
    persona: str | None
    milestone: str | None
    cancelled: bool

    @classmethod
    def of(cls, row: Any) -> "CohortTold":
        return cls(
            slug=row.slug,
            name=row.name,
            why=row.why,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            target=None if row.target is None else f"{row.target:f}",
            unit=row.unit,
            done=f"{row.summed or Decimal(0):.2f}",
            walkers=row.walkers,
            persona=row.persona.slug if row.persona else None,
            milestone=row.milestone.slug if row.milestone else None,
            cancelled=row.cancelled_at is not None,
        )


def _cohorts(request: Asked) -> Any:
    walking = Count("members", filter=Q(members__left_at__isnull=True))
    rows = Cohort.objects.filter(community=request.actor.community).select_related("persona", "milestone")
    own = CheckIn.objects.filter(cohort=OuterRef("pk")).order_by().values("cohort").annotate(sum=Sum("quantity"))
    return rows.annotate(walkers=walking, summed=Subquery(own.values("sum")))


@routes.read("/communities/{slug:slug}/cohorts", permission="cohorts.view", answer=Page[CohortTold])
def cohorts(request: Asked, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """Groups that walk together, by name"""
    return COHORTS.page(
        request, _cohorts(request), cursor=cursor, limit=limit, tell=lambda rows: [CohortTold.of(r) for r in rows]
    )


class CheckInTold(Told):
    id: uuid.UUID
    cohort: str
    day: datetime.date
    words: str
    quantity: str | None = Field(description="A decimal number, in the cohort's unit")
    stuck: bool


class CheckInGiven(Given):
    words: Annotated[str, StringConstraints(max_length=400)] = ""
    quantity: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)] | None = None
    stuck: StrictBool = False


@routes.write(
    "POST",
    "/communities/{slug:slug}/cohorts/{slug:cohort}/check-ins",
    permission="cohorts.own",
    answer=CheckInTold,
    status=201,
)
def check_in(request: Asked, cohort: str, body: Annotated[CheckInGiven, Body()]) -> CheckInTold:
    """Check in with a group that one walks along in"""
    found = Cohort.objects.filter(community=request.actor.community, slug=cohort).first()
    if found is None:
        raise not_found()
    found.community = request.actor.community
    made: CheckIn = found.check_in(by=_own(request), words=body.words, quantity=body.quantity, stuck=body.stuck)
    return CheckInTold(
        id=made.pk,
        cohort=found.slug,
        day=made.day,
        words=made.words,
        quantity=None if made.quantity is None else f"{made.quantity:f}",
        stuck=made.stuck,
    )


def _own(request: Asked) -> Person:
    person = request.actor.person
    assert person is not None
    person.community = request.actor.community
    return person
