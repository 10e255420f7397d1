"""What to make next, and what came of what was made."""

import uuid
from typing import Any

from pydantic import Field

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import coverage as engine
from milepost.engines.milestones import helping
from milepost.engines.milestones.helping import Used
from milepost.engines.milestones.lift import DEFINITION, WARNING, WINDOWS, Lift, lifts
from milepost.interfaces.api.problems import not_found
from milepost.interfaces.api.routing import Routes, Told
from milepost.interfaces.api.tokens import Asked

routes = Routes(tags=["coverage"])


class CoveredTold(Told):
    milestone: str = Field(description="Its slug")
    name: str
    waiting: int = Field(description="How many members have it next")
    stalled: int = Field(description="How many of them for longer than ninety days")
    events: int
    resources: int
    opportunities: int


class CoverageTold(Told):
    milestones: list[CoveredTold]
    definitions: dict[str, str]


class GroupTold(Told):
    size: int
    reached: int


class LiftTold(Told):
    days: int
    used: GroupTold
    others: GroupTold
    difference: float = Field(description="Of the two shares, from -1 to 1")
    low: float = Field(description="Of its 95 % interval")
    high: float


class UsedTold(Told):
    kind: str
    title: str
    objects: list[uuid.UUID] = Field(description="The ids under which the log knows it")
    lifts: list[LiftTold] = Field(description="Without the windows in which a group is smaller than the privacy floor")


class CameOfTold(Told):
    used: list[UsedTold]
    definition: str
    warning: str


@routes.read("/communities/{slug:slug}/coverage", permission="coverage.view", answer=CoverageTold)
def coverage(request: Asked) -> CoverageTold:
    """For each milestone how many people wait before it, and what helps: where most wait first"""
    return CoverageTold(
        milestones=[
            CoveredTold(
                milestone=row.slug,
                name=row.name,
                waiting=row.waiting,
                stalled=row.stalled,
                events=row.helps["event"],
                resources=row.helps["resource"],
                opportunities=row.helps["opportunity"],
            )
            for row in engine.coverage(request.actor.community)
        ],
        definitions={
            "waiting": str(engine.WAITING),
            "stalled": engine.STALLED_MEANS % {"days": engine.STALLED_DAYS},
            "helps": str(engine.HELPS_MEANS),
        },
    )


@routes.read("/communities/{slug:slug}/coverage/{slug:stone}", permission="coverage.view", answer=CameOfTold)
def came_of(request: Asked, stone: str) -> CameOfTold:
    """Of those who used something, how many reached the milestone soon after, against those who did not"""
    community = request.actor.community
    found = Milestone.objects.filter(community=community, slug=stone).first()
    if found is None:
        raise not_found()
    return CameOfTold(
        used=[_used(one, lifts(community, one, found.pk)) for one in helping.ever(community, found.pk)],
        definition=DEFINITION % {"days": WINDOWS[0]},
        warning=str(WARNING),
    )


def _used(used: Used, found: list[Lift]) -> UsedTold:
    return UsedTold(
        kind=used.kind.key,
        title=used.title,
        objects=list(used.objects),
        lifts=[_lift(one) for one in found if one.is_enough],
    )


def _lift(one: Lift) -> LiftTold:
    low, high = one.interval
    groups: dict[str, Any] = {
        name: GroupTold(size=group.size, reached=group.reached)
        for name, group in (("used", one.used), ("others", one.others))
    }
    return LiftTold(
        days=one.days, difference=round(one.difference, 4), low=round(low, 4), high=round(high, 4), **groups
    )
