"""Rules, and segments: members under a name, by a rule or as a list."""

import datetime
import uuid
from typing import Annotated, Any

from ninja import Body, Query
from pydantic import Field, StringConstraints

from milepost.engines.segments import listing, looking
from milepost.engines.segments.models import Segment
from milepost.foundation.conditions import Invalid, parse
from milepost.foundation.conditions.schema import schema
from milepost.foundation.identity.models import Person
from milepost.interfaces.api.paging import Cursor, Limit, Order, Page
from milepost.interfaces.api.problems import not_found
from milepost.interfaces.api.routing import Given, Routes, Told
from milepost.interfaces.api.tokens import Asked

routes = Routes(tags=["segments"])
BY_NAME = Order("segments", ("name", "id"))
PEOPLE = Order("segment-people", ("name", "id"))
Rule = Annotated[
    dict[str, Any], Field(description="A condition; its form is at /api/v1/communities/{slug}/conditions/schema")
]


# --- rules ------------------------------------------------------------------------------------------------------


class RuleGiven(Given):
    rule: Rule


class RuleProblem(Told):
    path: str = Field(description="JSON pointer into the rule")
    message: str


class MemberTold(Told):
    id: uuid.UUID
    name: str


class RuleTold(Told):
    """Whether a rule is right, what it says, and whom it is about."""

    valid: bool
    errors: list[RuleProblem]
    explanation: str
    hash: str = Field(description="Equal rules have an equal one")
    count: int | None = Field(
        description="Null where the rule is wrong, or fewer than five are found by what is sensitive"
    )
    estimate: bool = Field(description="Whether it was counted from some members chosen by chance")
    examples: list[MemberTold]


class SchemaTold(Told):
    condition: dict[str, Any] = Field(description="JSON Schema (2020-12)")


@routes.read("/communities/{slug:slug}/conditions/schema", permission="segments.view", answer=SchemaTold)
def rule_schema(request: Asked) -> dict[str, Any]:
    """The form of rules, as JSON Schema"""
    return {"condition": schema()}


@routes.write("POST", "/communities/{slug:slug}/conditions/preview", permission="segments.view", answer=RuleTold)
def preview(request: Asked, given: Annotated[RuleGiven, Body()]) -> dict[str, Any]:
    """Check a rule, and see whom it is about

    Nothing is kept. A second at most: in large communities some members, chosen by chance, are asked.
    """
    try:
        condition = parse(given.rule, community=request.actor.community)
    except Invalid as invalid:
        problems = [{"path": problem.path, "message": problem.message} for problem in invalid.problems]
        return {
            "valid": False, "errors": problems, "explanation": "", "hash": "", "count": None, "estimate": False, "examples": [],
        }  # fmt: skip
    found = looking.preview(condition, request.actor.community)
    return {
        "valid": True,
        "errors": [],
        "explanation": condition.explain(),
        "hash": condition.hash,
        "count": found.count,
        "estimate": found.is_estimate,
        "examples": [{"id": person.pk, "name": person.name} for person in found.examples],
    }


# --- segments ---------------------------------------------------------------------------------------------------


class SegmentTold(Told):
    """Members under a name."""

    slug: str
    name: str
    about: str
    rule: dict[str, Any] | None = Field(description="Null: a list that is kept by hand")
    explanation: str
    members: int | None = Field(description="Null: being counted, or too few to tell")
    sensitive: bool = Field(description="Then nobody is listed")
    problem: str = Field(description="Why the rule can no longer be asked")
    retired: bool
    counted_at: datetime.datetime | None

    @classmethod
    def of(cls, row: Segment, request: Asked) -> "SegmentTold":
        row.community = request.actor.community
        said, problem = "", row.problem
        if not row.is_list:
            try:
                said = row.condition().explain()
            except Invalid as invalid:
                problem = invalid.message
        return cls(
            slug=row.slug,
            name=row.name,
            about=row.about,
            rule=row.rule,
            explanation=said,
            members=looking.told_size(row) if row.filled_at else None,
            sensitive=row.is_sensitive,
            problem=problem,
            retired=row.retired_at is not None,
            counted_at=row.filled_at,
        )


def _find(request: Asked, segment: str) -> Segment:
    found = Segment.objects.filter(community=request.actor.community, slug=segment).first()
    if found is None:
        raise not_found()
    found.community = request.actor.community
    return found


@routes.read("/communities/{slug:slug}/segments", permission="segments.view", answer=Page[SegmentTold])
def segments(request: Asked, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """Segments by name; those that were put away are not among them"""
    found = Segment.objects.kept().filter(community=request.actor.community)
    return BY_NAME.page(
        request, found, cursor=cursor, limit=limit, tell=lambda rows: [SegmentTold.of(row, request) for row in rows]
    )


class SegmentGiven(Given):
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    about: Annotated[str, StringConstraints(max_length=400)] = ""
    rule: Rule | None = None


@routes.write("POST", "/communities/{slug:slug}/segments", permission="segments.write", answer=SegmentTold, status=201)
def define(request: Asked, given: Annotated[SegmentGiven, Body()]) -> SegmentTold:
    """Save a rule under a name, or (without one) begin a list

    Who is in it is worked out afterwards: `counted_at` says when.
    """
    made = Segment.define(
        community=request.actor.community, name=given.name, about=given.about, rule=given.rule, by=request.actor.person
    )
    return SegmentTold.of(made, request)


@routes.read("/communities/{slug:slug}/segments/{str:segment}", permission="segments.view", answer=SegmentTold)
def segment(request: Asked, segment: str) -> SegmentTold:
    """One segment"""
    return SegmentTold.of(_find(request, segment), request)


@routes.write("PUT", "/communities/{slug:slug}/segments/{str:segment}", permission="segments.write", answer=SegmentTold)
def change(request: Asked, segment: str, given: Annotated[SegmentGiven, Body()]) -> SegmentTold:
    """Another name, purpose or rule

    With another rule everyone is looked at again. A list stays a list, and a rule a rule.
    """
    found = _find(request, segment)
    found.change(name=given.name, about=given.about, rule=given.rule, by=request.actor.person)
    return SegmentTold.of(found, request)


@routes.read(
    "/communities/{slug:slug}/segments/{str:segment}/members", permission="segments.view", answer=Page[MemberTold]
)
def members(request: Asked, segment: str, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """Who is in it now, by name

    Nobody is listed of a segment whose rule asks what members say of themselves in confidence.
    """
    found = _find(request, segment)
    people = Person.objects.none() if found.is_sensitive else looking.people_of(found)
    return PEOPLE.page(
        request,
        people,
        cursor=cursor,
        limit=limit,
        tell=lambda rows: [MemberTold(id=row.pk, name=row.name) for row in rows],
    )


class ListGiven(Given):
    lines: Annotated[
        list[Annotated[str, StringConstraints(max_length=400)]],
        Field(max_length=10_000, description="A member each: id, mail address, @name, source:key, or name"),
    ]


class UnknownTold(Told):
    line: int
    text: str
    reason: str


class BroughtTold(Told):
    added: int
    there: int
    unknown: list[UnknownTold]


@routes.write(
    "POST", "/communities/{slug:slug}/segments/{str:segment}/members", permission="segments.write", answer=BroughtTold
)
def bring(request: Asked, segment: str, given: Annotated[ListGiven, Body()]) -> dict[str, Any]:
    """Put members on a list

    Twice changes nothing. Whoever is not found without doubt is in the answer, with the reason.
    """
    text = "\n".join(" ".join(line.split()) for line in given.lines)
    brought = listing.bring(segment=_find(request, segment), text=text, by=request.actor.person)
    unknown = [{"line": line, "text": text, "reason": reason} for line, text, reason in brought.unknown]
    return {"added": brought.added, "there": brought.there, "unknown": unknown}


class MoveTold(Told):
    entered: bool
    at: datetime.datetime
    member: MemberTold


class ComparedTold(Told):
    both: int
    only_this: int
    only_other: int


@routes.read("/communities/{slug:slug}/segments/{str:segment}/moves", permission="segments.view", answer=Page[MoveTold])
def moves(request: Asked, segment: str) -> dict[str, Any]:
    """The last fifty who came or went, newest first; on one page"""
    found = _find(request, segment)
    rows = [] if found.is_sensitive else looking.came_and_went(found)
    items = [MoveTold(entered=row.entered, at=row.at, member=MemberTold(id=row.person, name=row.name)) for row in rows]
    return {"items": items, "next": None}


@routes.read(
    "/communities/{slug:slug}/segments/{str:segment}/comparison", permission="segments.view", answer=ComparedTold
)
def comparison(
    request: Asked, segment: str, other: Annotated[str, Query(max_length=80, description="The other one's slug")]
) -> dict[str, Any]:
    """How many are in this one, in another, and in both"""
    one, two = _find(request, segment), _find(request, other)
    if one.is_sensitive or two.is_sensitive:
        raise not_found()
    found = looking.compare(one, two)
    return {"both": found.both, "only_this": found.only_one, "only_other": found.only_other}
