"""What is celebrated, and congratulating; a member's own badges."""

import datetime
import uuid
from typing import Annotated, Any, Literal

from ninja import Body
from pydantic import Field, StrictBool, StringConstraints

from milepost.domain.people.models import Profile
from milepost.engines.milestones.celebrating import called
from milepost.engines.milestones.models import Award
from milepost.foundation.identity.models import Person
from milepost.interfaces.api.paging import Cursor, Limit, Order, Page
from milepost.interfaces.api.problems import not_found
from milepost.interfaces.api.routing import Given, Routes, Told
from milepost.interfaces.api.tokens import Asked
from milepost.outward.badges import addresses, issuing
from milepost.outward.badges.models import Badge
from milepost.outward.celebrations import congratulating, reading
from milepost.outward.celebrations.models import Moment, Word
from milepost.outward.celebrations.reading import Shown

routes = Routes(tags=["celebrations"])

NEWEST = Order("moments", ("posted_at", "id"), falling=True)


class CelebratedTold(Told):
    """One who is celebrated, as they chose: `person` is null where only what they are called may be said."""

    name: str
    person: uuid.UUID | None
    milestone: str = Field(description="The milestone's slug")
    reached_on: datetime.date
    words: str


class MomentTold(Told):
    """A moment as the token's owner may see it."""

    id: uuid.UUID
    kind: str
    day: datetime.date
    posted_at: datetime.datetime
    says: str
    celebrated: list[CelebratedTold]
    cheers: dict[str, int]
    congratulations: int

    @classmethod
    def of(cls, one: Shown) -> "MomentTold":
        return cls(
            id=one.id,
            kind=one.kind,
            day=one.day,
            posted_at=one.posted_at,
            says=one.says,
            celebrated=[
                CelebratedTold(name=r.who.name, person=r.who.id, milestone=r.slug, reached_on=r.day, words=r.words)
                for r in one.reached
            ],
            cheers=dict(one.cheers),
            congratulations=one.words,
        )


class CongratulationTold(Told):
    id: uuid.UUID
    moment_id: uuid.UUID
    person: uuid.UUID
    name: str
    text: str
    at: datetime.datetime

    @classmethod
    def of(cls, row: Word) -> "CongratulationTold":
        return cls(
            id=row.pk, moment_id=row.moment_id, person=row.person_id, name=row.person.name, text=row.text, at=row.at
        )


def _me(request: Asked) -> Person:
    person = request.actor.person
    if person is None:
        raise not_found()
    person.community = request.actor.community
    return person


def _shown(request: Asked, moment_id: uuid.UUID) -> Shown:
    found = reading.find(request.actor, moment_id)
    if found is None:
        raise not_found()
    return found


@routes.read("/communities/{slug:slug}/celebrations", permission="celebrations.view", answer=Page[MomentTold])
def celebrations(
    request: Asked, kind: Moment.Kind | None = None, cursor: Cursor = "", limit: Limit = 50
) -> dict[str, Any]:
    """What is celebrated, newest first

    Each person as they chose: whoever celebrates privately, or not at all, is not among them.
    """
    found = reading.visible(request.actor).select_related("landmark")
    if kind is not None:
        found = found.filter(kind=kind)
    return NEWEST.page(
        request,
        found,
        cursor=cursor,
        limit=limit,
        tell=lambda rows: [MomentTold.of(one) for one in reading.shown(rows, request.actor)],
    )


@routes.read(
    "/communities/{slug:slug}/celebrations/{uuid:moment_id}", permission="celebrations.view", answer=MomentTold
)
def celebration(request: Asked, moment_id: uuid.UUID) -> MomentTold:
    """One moment"""
    return MomentTold.of(_shown(request, moment_id))


@routes.read(
    "/communities/{slug:slug}/celebrations/{uuid:moment_id}/congratulations",
    permission="celebrations.congratulate",
    answer=list[CongratulationTold],
)
def congratulations(request: Asked, moment_id: uuid.UUID) -> list[CongratulationTold]:
    """What members said to one moment, oldest first"""
    one = _shown(request, moment_id)
    found = Word.objects.filter(moment=one.id).select_related("person").order_by("at", "pk")
    return [CongratulationTold.of(row) for row in found[:500]]


class WordsGiven(Given):
    text: Annotated[str, StringConstraints(min_length=1, max_length=congratulating.LONGEST)]


class CheerGiven(Given):
    emoji: Literal["👏", "🎉", "❤️", "🔥", "🌱"]


@routes.write(
    "POST",
    "/communities/{slug:slug}/celebrations/{uuid:moment_id}/congratulations",
    permission="celebrations.congratulate",
    answer=CongratulationTold,
    status=201,
)
def congratulate(request: Asked, moment_id: uuid.UUID, body: Annotated[WordsGiven, Body()]) -> CongratulationTold:
    """Congratulate in words"""
    _shown(request, moment_id)
    return CongratulationTold.of(congratulating.say(moment=moment_id, by=_me(request), text=body.text))


@routes.write(
    "PUT",
    "/communities/{slug:slug}/celebrations/{uuid:moment_id}/cheer",
    permission="celebrations.congratulate",
    answer=MomentTold,
)
def cheer(request: Asked, moment_id: uuid.UUID, body: Annotated[CheerGiven, Body()]) -> MomentTold:
    """React to a moment; another reaction takes the place of the first"""
    _shown(request, moment_id)
    congratulating.cheer(moment=moment_id, by=_me(request), emoji=body.emoji)
    return MomentTold.of(_shown(request, moment_id))


@routes.write(
    "DELETE",
    "/communities/{slug:slug}/celebrations/{uuid:moment_id}/cheer",
    permission="celebrations.congratulate",
    answer=MomentTold,
    media="",
)
def uncheer(request: Asked, moment_id: uuid.UUID) -> MomentTold:
    """Take one's reaction back"""
    _shown(request, moment_id)
    congratulating.uncheer(moment=moment_id, by=_me(request))
    return MomentTold.of(_shown(request, moment_id))


# --- badges ---------------------------------------------------------------------------------------------


class BadgeTold(Told):
    """A badge of one's own: the signed credential (VC-JWT), and the address that it names."""

    id: uuid.UUID
    award_id: uuid.UUID
    milestone: str = Field(description="The milestone's slug")
    credential: str
    url: str
    made_at: datetime.datetime

    @classmethod
    def of(cls, row: Badge) -> "BadgeTold":
        assert row.award_id is not None
        return cls(
            id=row.pk,
            award_id=row.award_id,
            milestone=row.milestone.slug,
            credential=row.token,
            url=addresses.credential(row.community, row.pk),
            made_at=row.made_at,
        )


class BadgeGiven(Given):
    name: Literal["", "called", "whole"] = Field("", description="How it names the member; empty: not by name")
    evidence: StrictBool = Field(False, description="Whether it tells what happened, too")


@routes.read("/communities/{slug:slug}/badges", permission="badges.own", answer=list[BadgeTold])
def badges(request: Asked) -> list[BadgeTold]:
    """One's own badges that hold, newest first"""
    found = Badge.objects.standing().filter(person=_me(request)).exclude(token="")
    return [
        BadgeTold.of(row) for row in found.select_related("milestone", "community").order_by("-made_at", "pk")[:500]
    ]


@routes.write(
    "POST",
    "/communities/{slug:slug}/awards/{uuid:award_id}/badge",
    permission="badges.own",
    answer=BadgeTold,
    status=201,
)
def make_badge(request: Asked, award_id: uuid.UUID, body: Annotated[BadgeGiven, Body()]) -> BadgeTold:
    """Have a badge made of an award of one's own

    Made again it says something else, at the same address.
    """
    me = _me(request)
    award = (
        Award.objects.standing()
        .filter(person=me, community=request.actor.community, pk=award_id)
        .select_related("person__account", "milestone", "community")
        .first()
    )
    if award is None:
        raise not_found()
    chosen = Profile.objects.filter(person=me).values_list("called", flat=True).first()
    name = {"": "", "called": called(me.name, chosen), "whole": me.name}[body.name]
    badge = issuing.issue(award=award, by=me, name=name, with_evidence=body.evidence)
    return BadgeTold.of(badge)
