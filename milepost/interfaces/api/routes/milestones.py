"""Milestones and who reached them, saying that one did so oneself, and what waits to be verified."""

import datetime
import uuid
from typing import Annotated, Any

from django.db.models import QuerySet
from ninja import Body, Query
from pydantic import Field, StrictBool, StringConstraints

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import bearings, celebrating, telling
from milepost.engines.milestones.bearings import Bearings
from milepost.engines.milestones.models import Award, MilestoneClaim
from milepost.foundation.identity.access import at_least
from milepost.foundation.identity.models import Person
from milepost.interfaces.api.paging import Cursor, Limit, Order, Page
from milepost.interfaces.api.problems import not_found
from milepost.interfaces.api.routing import Given, Routes, Told
from milepost.interfaces.api.tokens import Asked

routes = Routes(tags=["milestones"])
AWARDS = Order("awards", ("claimed_at", "id"), falling=True)
CLAIMS = Order("claims", ("made_at", "id"))
Word = Annotated[str, StringConstraints(max_length=400)]


class LevelTold(Told):
    name: str
    rule: dict[str, Any]


class MilestoneTold(Told):
    """One stone on the way: how it is reached, and by how many."""

    slug: str
    name: str
    why: str
    kind: str = Field(description="life: something in a member's life; step: a small step of taking part")
    reached_by: str
    verified_by: str
    rule: dict[str, Any] | None = Field(description="The condition of the newest version")
    levels: list[LevelTold]
    version: int = Field(description="The number of the newest version of the rule; 0: it has none")
    in_force: int = Field(description="The version that counts; 0: none does yet")
    repeats: str
    requires: list[str] = Field(description="Slugs of what has to be reached before")
    secret: bool
    valid_for_days: int | None
    value: str | None = Field(description="The slug of the value that it serves")
    retired: bool
    reached: int | None = Field(
        description="People who reached it; null where they are so few that it would point at someone"
    )

    @classmethod
    def of(cls, row: dict[str, Any], now: Bearings, *, steward: bool) -> "MilestoneTold":
        shown = now.may_show(row["reached"], steward=steward)
        return cls(**row | {"reached": row["reached"] if shown else None})


def _milestones(request: Asked) -> list[MilestoneTold]:
    steward, now = at_least(request.actor, "steward"), bearings.bearings(request.actor.community)
    rows = telling.definitions(request.actor.community)
    return [MilestoneTold.of(row, now, steward=steward) for row in rows if steward or not row["secret"]]


@routes.read("/communities/{slug:slug}/milestones", permission="paths.view", answer=Page[MilestoneTold])
def milestones(request: Asked) -> dict[str, Any]:
    """The milestones and small steps of the community, in their order

    All on one page. Secret ones are told to stewards only.
    """
    return {"items": _milestones(request), "next": None}


@routes.read("/communities/{slug:slug}/milestones/{str:milestone}", permission="paths.view", answer=MilestoneTold)
def milestone(request: Asked, milestone: str) -> MilestoneTold:
    """One milestone"""
    found = next((row for row in _milestones(request) if row.slug == milestone), None)
    if found is None:
        raise not_found()
    return found


class ReachedByTold(Told):
    """Who reached it. `id` is null where a member wants to be named by their first name only."""

    id: uuid.UUID | None
    name: str


class EvidenceTold(Told):
    verb: str
    object: uuid.UUID
    at: datetime.datetime


class AwardTold(Told):
    """That someone reached a milestone."""

    id: uuid.UUID
    milestone: str
    member: ReachedByTold
    occurrence: str = Field(description="Which time, of one that repeats: the year, the day, the thing, or level-2")
    reached_on: datetime.date
    how: str
    rule_version: int = Field(description="By which version of the rule; 0: no rule found it")
    backfilled: bool = Field(description="Whether it came with history")
    expires_on: datetime.date | None
    text: str
    link: str
    evidence: list[EvidenceTold] = Field(
        description="The activities that count; for the member themselves and stewards"
    )

    @classmethod
    def of(cls, row: Award, request: Asked) -> "AwardTold":
        actor = request.actor
        own = actor.membership is not None and actor.membership.person_id == row.person_id
        steward = at_least(actor, "steward")
        profile = getattr(row.person, "profile", None)
        values = {
            "id": row.person_id, "name": row.person.name, "handle": row.person.handle, "photo": "",
            "called": profile.called if profile else "",
            "celebration": profile.celebration if profile else celebrating.Celebration.COMMUNITY.value,
        }  # fmt: skip
        who = celebrating.seen_as(values, actor)
        named = ReachedByTold(id=who.id if who else None, name=who.name if who else "")
        if steward:
            named = ReachedByTold(id=row.person_id, name=row.person.name)
        shown = telling.evidence_of(row)
        return cls(
            id=row.pk,
            milestone=row.milestone.slug,
            member=named,
            occurrence=row.occurrence,
            reached_on=row.reached_on,
            how=row.how,
            rule_version=row.rule_version,
            backfilled=row.backfilled,
            expires_on=row.expires_on,
            text=row.evidence,
            link=row.link,
            evidence=[EvidenceTold(**one) for one in shown["activities"]] if own or steward else [],
        )


@routes.read("/communities/{slug:slug}/awards", permission="milestones.view", answer=Page[AwardTold])
def awards(
    request: Asked,
    milestone: Annotated[str, Query(max_length=80, description="Only of this one, by its slug")] = "",
    person: uuid.UUID | None = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """Who reached what, the one that was recognised last first

    Stewards read all that stands; members those of people who let themselves be celebrated, in the way that these chose.
    """
    found: QuerySet[Award] = (
        Award.objects.standing().filter(community=request.actor.community)
        if at_least(request.actor, "steward")
        else celebrating.every_award(request.actor).exclude(**_by_first_name(person))
    )
    if milestone:
        found = found.filter(milestone__slug=milestone)
    if person:
        found = found.filter(person=person)
    rows = found.select_related("person__profile", "milestone")
    return AWARDS.page(
        request, rows, cursor=cursor, limit=limit, tell=lambda page: [AwardTold.of(row, request) for row in page]
    )


def _by_first_name(person: uuid.UUID | None) -> dict[str, Any]:
    """Who is named by the first name only must not be found by their id either."""
    if person is None:
        return {"pk__in": ()}
    return {"person": person, "person__profile__celebration": celebrating.Celebration.FIRST_NAME}


class ClaimGiven(Given):
    """That one reached it oneself."""

    milestone: str = Field(max_length=80)
    reached_on: datetime.date
    text: Annotated[str, StringConstraints(max_length=2000)] = ""
    link: Annotated[str, StringConstraints(max_length=500, pattern=r"^(https?://\S+)?$")] = ""


class ClaimTold(Told):
    """What a member says; `award` once it is so."""

    id: uuid.UUID
    milestone: str
    member: uuid.UUID
    reached_on: datetime.date
    text: str
    link: str
    file: str = Field(description="The file's name; it is opened on the site")
    made_at: datetime.datetime
    settled_at: datetime.datetime | None
    award: uuid.UUID | None
    reason: str

    @classmethod
    def of(cls, row: MilestoneClaim) -> "ClaimTold":
        return cls(
            id=row.pk,
            milestone=row.milestone.slug,
            member=row.person_id,
            reached_on=row.reached_on,
            text=row.text,
            link=row.link,
            file=row.file_name,
            made_at=row.made_at,
            settled_at=row.settled_at,
            award=row.award_id,
            reason=row.reason,
        )


@routes.write(
    "POST", "/communities/{slug:slug}/milestone-claims", permission="milestones.own", answer=ClaimTold, status=201
)
def claim(request: Asked, given: Annotated[ClaimGiven, Body()]) -> ClaimTold:
    """Say that you reached a milestone yourself

    Where nobody verifies it, it is so at once; else the claim waits. Nothing but one's own can be said.
    """
    found = Milestone.objects.pursued().filter(community=request.actor.community, slug=given.milestone).first()
    if found is None:
        raise not_found()
    made = MilestoneClaim.make(
        person=_me(request), milestone=found, reached_on=given.reached_on, text=given.text, link=given.link
    )
    bearings.forget(request.actor.community)
    celebrating.forget(request.actor.community)
    return ClaimTold.of(made)


def _me(request: Asked) -> Person:
    person = request.actor.person
    if person is None:
        raise not_found()
    person.community = request.actor.community
    return person


@routes.read("/communities/{slug:slug}/milestone-claims", permission="milestones.verify", answer=Page[ClaimTold])
def claims(request: Asked, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """The claims that wait for you to verify them, the oldest first"""
    rows = MilestoneClaim.objects.for_verifier(request.actor).waiting().select_related("milestone")
    return CLAIMS.page(request, rows, cursor=cursor, limit=limit, tell=lambda page: [ClaimTold.of(row) for row in page])


class AnswerGiven(Given):
    confirmed: StrictBool
    reason: Word = ""


@routes.write(
    "POST", "/communities/{slug:slug}/milestone-claims/{uuid:claim_id}/settlement", permission="milestones.verify",
    answer=ClaimTold,
)  # fmt: skip
def settle(request: Asked, claim_id: uuid.UUID, given: Annotated[AnswerGiven, Body()]) -> ClaimTold:
    """Confirm or decline what someone claims

    Stewards, and for what peers verify, members who have reached it. Declining needs a reason.
    """
    rows = MilestoneClaim.objects.for_verifier(request.actor).select_related(
        "person__community", "milestone", "community"
    )
    found = rows.filter(pk=claim_id).first()
    if found is None:
        raise not_found()
    if given.confirmed:
        found.confirm(by=_me(request), words=given.reason)
        bearings.forget(request.actor.community)
        celebrating.forget(request.actor.community)
    else:
        found.decline(by=_me(request), reason=given.reason)
    return ClaimTold.of(found)
