"""The home of a community: for members, and at the same address for everyone else."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.domain.spaces.models import Space
from milepost.engines.milestones.bearings import Bearings, bearings
from milepost.engines.milestones.steps import Step, journey
from milepost.foundation.common import clock
from milepost.foundation.common.prepared import prepared
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Community, JoinRequest, Membership
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.events.showing import next_events
from milepost.interfaces.web.home import awaited, links, moments, talk, way, words
from milepost.interfaces.web.home.definitions import NEWCOMER_DAYS
from milepost.interfaces.web.home.goal_rows import goal_rows

MOMENTS, NEWCOMERS, AMONG = 6, 6, 30


@require_safe
@route("community.view")
def home(request: Request) -> HttpResponse:
    actor = request.actor
    if actor.membership is None:
        return _for_visitors(request)
    community = actor.community
    now = bearings(community)
    person = actor.membership.person
    # Its time zone is asked for; the membership has loaded another copy of the same community.
    person.community = community
    travelled = journey(person, awaiting_too=True, decides=can(actor, "paths.write"))
    mine = way.drawn(community, now, travelled, at_most=way.HOME)
    latest, waiting = talk.on_home(actor, now)
    return render(
        request,
        "web/home/member.html",
        {
            **_purpose(community, now),
            "now": now,
            "awaited": awaited.rows(community, travelled.awaited),
            "name": person.name,
            "stones": mine.stones,
            "next_step": _next_step(community, now, mine),
            "way_text": words.so_far(mine.reached),
            "moments": moments.rows(community, moments.newest(actor, now, travelled, MOMENTS)),
            "threads": latest,
            "waiting": waiting,
            "goals": goal_rows(actor, now, {*travelled.awards}),
            "newcomers": _newcomers(actor),
            "events": next_events(actor, now.gatherings),
            "may": {
                name: can(actor, permission)
                for name, permission in (
                    ("write", "charter.write"),
                    ("goals", "goals.write"),
                    ("paths", "paths.write"),
                    ("spaces", "spaces.write"),
                    ("invite", "people.invite"),
                )
            },
        },
    )


def _purpose(community: Community, now: Bearings) -> dict[str, Any]:
    mission = f"{links.base(community)}mission/"
    return {
        "mission": now.mission,
        "values": [{"label": value.name, "url": f"{mission}#{value.slug}"} for value in now.values],
        "description": community.tagline or now.mission,
    }


def _next_step(community: Community, now: Bearings, mine: way.Way) -> dict[str, Any] | None:
    base = links.base(community)
    if mine.next_step is Step.POST:
        return {
            "title": _("Say hello"),
            "text": _("Tell the others what brought you. Everyone here began with a first sentence."),
            "actions": [{"label": _("Find a place to talk"), "url": f"{base}spaces/"}],
        }
    stone = mine.next_stone
    if stone is None:
        return None
    text = stone.why or words.how_many(now, stone)
    return {
        "title": _("Next: %(milestone)s") % {"milestone": stone.name},
        "text": text,
        "actions": [
            {
                "label": _("I have done it already"),
                "url": f"{links.milestone(community, stone.slug)}claim/",
                "kind": "quiet",
            },
            {"label": _("See who can help"), "url": links.milestone(community, stone.slug), "kind": "bare"},
        ],
    }


def _newcomers(actor: Actor) -> list[dict[str, Any]]:
    """Among the last who joined, those who claimed themselves: after an import the newest may all be unclaimed."""
    since = clock.now() - datetime.timedelta(days=NEWCOMER_DAYS)
    rows = _joined_since(community=actor.community.pk, since=since)
    listed = [row for row in rows if row["account"] and not row["erased_at"] and not row["merged"]]
    return [
        {
            "name": row["name"],
            "url": links.person(actor.community, row["ident"], row["handle"]),
            "detail": row["headline"] or words.joined(row["joined_at"]),
            "photo": links.photo(actor.community, row["ident"], row["photo"]),
        }
        for row in listed[:NEWCOMERS]
    ]


@prepared
def _joined_since(*, community: uuid.UUID, since: datetime.datetime) -> QuerySet[Membership, Any]:
    # What must be so of the person is looked at afterwards: asked here, it leads SQLite to read all people first.
    return (
        Membership.objects.active()
        .filter(community=community, joined_at__gte=since)
        .order_by("-joined_at", "-pk")
        .values(
            "joined_at",
            ident=F("person_id"),
            name=F("person__name"),
            handle=F("person__handle"),
            account=F("person__account_id"),
            erased_at=F("person__erased_at"),
            merged=F("person__merged_into_id"),
            headline=F("person__profile__headline"),
            photo=F("person__profile__photo"),
        )[:AMONG]
    )


# --- for everyone else ------------------------------------------------------------------------------


def _for_visitors(request: Request) -> HttpResponse:
    actor = request.actor
    community = actor.community
    now = bearings(community)
    context: dict[str, Any] = {
        **_purpose(community, now),
        "now": now,
        "join": _join(actor),
        "indexed": community.is_public,
        "public": community.is_public,
    }
    if community.is_public:
        context |= {
            "figures": _figures(community, now),
            "goals": goal_rows(actor, now, set()),
            "moments": moments.rows(community, moments.newest(actor, now, None, MOMENTS)),
            "spaces": _open_spaces(actor),
        }
    return render(request, "web/home/visitor.html", context)


def _join(actor: Actor) -> dict[str, Any]:
    """What stands on the button, and what will happen, by the community's policy."""
    community = actor.community
    base = links.base(community)
    if (
        actor.account
        and JoinRequest.objects.filter(
            community=community, account=actor.account, accepted_at=None, declined_at=None
        ).exists()
    ):
        return {"waiting": True, "text": _("Your answers are with the stewards. You will get a mail when they decide.")}
    policy = Community.JoinPolicy
    text = {
        policy.OPEN: _("Anyone may join. It takes a minute."),
        policy.AGREE: _("You read what we value, agree, and are in."),
        policy.QUESTIONS: _("You answer a few questions, and a steward reads them."),
        policy.INVITED: _("One joins by invitation. Ask someone who is here."),
    }[policy(community.join_policy)]
    if community.join_policy == policy.INVITED:
        return {"text": text}
    return {"label": _("Join %(name)s") % {"name": community.name}, "url": f"{base}join/", "text": text}


def _figures(community: Community, now: Bearings) -> list[dict[str, Any]]:
    """Only numbers of whole groups that are not small; each with its definition."""
    found: list[dict[str, Any]] = []
    if now.may_show(now.members) and now.members:
        found.append(
            {
                "label": _("Members"),
                "value": now.members,
                "definition_url": links.definition(community, "members"),
            }
        )
    for stone in now.stones[:3]:
        if stone.reached and now.may_show(stone.reached):
            found.append(
                {
                    "label": stone.name,
                    "value": stone.reached,
                    "unit": _("of us"),
                    "definition_url": links.definition(community, "reached"),
                }
            )
    return found


def _open_spaces(actor: Actor) -> list[dict[str, Any]]:
    rows = (
        Space.objects.visible_to(actor).live().order_by("-post_count").values("slug", "name", "purpose", "thread_count")
    )
    return [
        {
            "title": row["name"],
            "text": row["purpose"],
            "url": links.space(actor.community, row["slug"]),
            "meta": words.conversations(row["thread_count"]),
        }
        for row in rows[:6]
    ]
