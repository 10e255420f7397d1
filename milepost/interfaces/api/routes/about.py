"""Who the token is, and what its community is for."""

import datetime
import uuid
from typing import Any

from django.core.cache import cache
from pydantic import Field

from milepost.domain.charter.models import CharterVersion
from milepost.engines.milestones.bearings import Bearings, GoalRow, bearings
from milepost.foundation.identity.access import at_least
from milepost.foundation.identity.models import Community
from milepost.interfaces.api.answers import CommunityTold
from milepost.interfaces.api.paging import Page
from milepost.interfaces.api.problems import not_found
from milepost.interfaces.api.routing import Routes, Told
from milepost.interfaces.api.tokens import Asked
from milepost.outward.connectors.counting import stats as counted

routes = Routes(tags=["community"])


class TokenTold(Told):
    name: str
    scopes: list[str]
    created_at: datetime.datetime
    expires_at: datetime.datetime | None


class MeTold(Told):
    """The account that the token belongs to, as who it is here."""

    email: str
    name: str
    person: uuid.UUID | None = Field(description="Null for an account that does not belong to the community any more")
    role: str | None
    community: str
    token: TokenTold


@routes.read("/me", permission="", open_because="It says who the token is.", answer=MeTold)
def me(request: Asked) -> MeTold:
    """The token's account, its role, and the token's scopes"""
    token, membership = request.token, request.actor.membership
    return MeTold(
        email=token.account.email,
        name=token.account.name,
        person=membership.person_id if membership else None,
        role=membership.role if membership else None,
        community=token.community.slug,
        token=TokenTold(name=token.name, scopes=token.scopes, created_at=token.created_at, expires_at=token.expires_at),
    )


def _with_parent(request: Asked) -> CommunityTold:
    return CommunityTold.of(Community.objects.select_related("parent").get(pk=request.actor.community.pk))


@routes.read("/communities", permission="community.view", answer=Page[CommunityTold])
def communities(request: Asked) -> dict[str, Any]:
    """The communities of this token: one"""
    return {"items": [_with_parent(request)], "next": None}


@routes.read("/communities/{slug:slug}", permission="community.view", answer=CommunityTold)
def community(request: Asked) -> CommunityTold:
    """One community"""
    return _with_parent(request)


class ValueTold(Told):
    id: uuid.UUID
    slug: str
    name: str
    meaning: str


class MissionTold(Told):
    """The charter in force. Empty, with version 0, until there is one."""

    version: int
    mission: str
    vision: str
    agreements: str
    values: list[ValueTold]


@routes.read("/communities/{slug:slug}/mission", permission="charter.view", answer=MissionTold)
def mission(request: Asked) -> MissionTold:
    """Mission, vision, values and agreements"""
    now = bearings(request.actor.community)
    charter = CharterVersion.objects.in_force(request.actor.community)
    return MissionTold(
        version=charter.number if charter else 0,
        mission=charter.mission if charter else "",
        vision=charter.vision if charter else "",
        agreements=charter.agreements if charter else "",
        values=[ValueTold(id=v.id, slug=v.slug, name=v.name, meaning=v.meaning) for v in now.values],
    )


class GoalTold(Told):
    """A goal that the community adopted."""

    id: uuid.UUID
    slug: str
    title: str
    why: str
    unit: str
    target: float | None
    deadline: datetime.date | None
    adopted_on: datetime.date | None
    value: str | None = Field(description="The slug of the value that it serves")
    milestone: str | None = Field(description="The slug of the milestone that it counts")
    reached: int | None = Field(
        description="Members who reached its milestone. Null where it counts none, or so few that it would point at people"
    )

    @classmethod
    def of(cls, row: GoalRow, now: Bearings, *, steward: bool) -> "GoalTold":
        value, stone = now.value(row.value_id), now.stone(row.milestone_id)
        shown = row.reached is not None and now.may_show(row.reached, steward=steward)
        return cls(
            id=row.id,
            slug=row.slug,
            title=row.title,
            why=row.why,
            unit=row.unit,
            target=row.target,
            deadline=row.deadline,
            adopted_on=row.adopted_on,
            value=value.slug if value else None,
            milestone=stone.slug if stone else None,
            reached=row.reached if shown else None,
        )


def _goals(request: Asked) -> list[GoalTold]:
    now, steward = bearings(request.actor.community), at_least(request.actor, "steward")
    return [GoalTold.of(row, now, steward=steward) for row in now.goals]


@routes.read("/communities/{slug:slug}/goals", permission="goals.view", answer=Page[GoalTold])
def goals(request: Asked) -> dict[str, Any]:
    """The goals that the community adopted, in its own order, with progress

    All on one page. Counts are at most a minute old.
    """
    return {"items": _goals(request), "next": None}


@routes.read("/communities/{slug:slug}/goals/{slug:goal}", permission="goals.view", answer=GoalTold)
def goal(request: Asked, goal: str) -> GoalTold:
    """One goal"""
    found = next((row for row in _goals(request) if row.slug == goal), None)
    if found is None:
        raise not_found()
    return found


class StatsTold(Told):
    """What is stored, in the words of an import's report."""

    community: str
    people: int
    members: int
    unclaimed: int
    channels: int
    threads: int
    messages: int
    reactions: int
    activities: int
    first_at: datetime.datetime | None
    last_at: datetime.datetime | None
    identities_by_source: dict[str, int]
    activities_by_verb: dict[str, int]


STATS_SECONDS = 60
"""How old counts may be: they pass over every row of the community."""


@routes.read("/communities/{slug:slug}/stats", permission="community.desk", answer=StatsTold)
def stats(request: Asked) -> StatsTold:
    """Counts of what is there, at most a minute old"""
    community = request.actor.community
    found: Any = cache.get_or_set(f"api:stats:{community.pk}", lambda: counted(community), STATS_SECONDS)
    return StatsTold(**{key: found[key] for key in StatsTold.model_fields})
