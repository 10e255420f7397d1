"""Ways to take part: what fits the time that one has, and one of them."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from milepost.domain.work.models import Commitment, Opportunity, Skill, TakingPart
from milepost.domain.work.taking import open_now
from milepost.foundation.common import clock
from milepost.foundation.common.markdown import render as markdown
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Community
from milepost.interfaces.web import times
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.resources.reading import named
from milepost.interfaces.web.resources.rows import duration

TIMES = (15, 30, 60, 120)
"""Minutes that people say they have."""
SHOWN = 60


def address(community: Community, slug: str) -> str:
    return f"{links.base(community)}opportunities/{slug}/"


def find(request: Request, slug: str) -> Opportunity:
    found = get_object_or_404(
        Opportunity.objects.select_related("goal", "milestone", "asked_by"),
        named(slug),
        community=request.actor.community,
    )
    found.community = request.actor.community
    return found


@require_safe
@route("opportunities.view")
def index(request: Request) -> HttpResponse:
    """ "I have 30 minutes": open things with room that fit, those that help with one's next steps and end soonest first."""
    actor, query = request.actor, request.GET
    community = actor.community
    minutes = _minutes(query.get("minutes", ""))
    skill = query.get("skill", "").replace("\0", "")[:60]
    found = Opportunity.objects.here(community).open_on(clock.today(community.time_zone)).counted().with_room()
    if actor.person is not None:
        found = found.not_taken_by(actor.person)
    every = found
    if minutes:
        found = found.within(minutes)
    if skill:
        found = found.filter(skills__slug=skill)
    rows = found.select_related("goal", "milestone", "asked_by").prefetch_related("skills")
    rows = rows.order_by(F("until").asc(nulls_last=True), "effort", "-created_at")[:SHOWN]
    mine = _mine(actor)
    return render(
        request,
        "web/opportunities/index.html",
        {
            "opportunities": [_row(community, one) for one in rows],
            "mine": mine,
            "limit": _limit(community, len(mine)),
            "times": _times(query.get("skill", ""), minutes),
            "minutes": minutes,
            "filters": _filters(actor, skill, minutes),
            "narrow": bool(minutes or skill),
            "any": every.exists() if not rows else True,
            "asked": _asked(actor),
            "may_ask": can(actor, "opportunities.ask"),
            "may_tend": can(actor, "opportunities.tend"),
        },
    )


def _minutes(text: str) -> int:
    return min(int(text), 10_000) if text.isdecimal() and len(text) < 6 else 0


def _times(skill: str, chosen: int) -> list[dict[str, Any]]:
    """The way in: how much time one has."""
    kept = f"&skill={skill}" if skill.replace("-", "").isalnum() else ""
    found = [
        {"label": duration(minutes), "url": f"?minutes={minutes}{kept}", "current": minutes == chosen}
        for minutes in TIMES
    ]
    return [*found, {"label": _("any time"), "url": f"?{kept.removeprefix('&')}", "current": not chosen}]


def _filters(actor: Actor, skill: str, minutes: int) -> list[dict[str, Any]]:
    today = clock.today(actor.community.time_zone)
    known = Skill.objects.filter(
        Q(opportunities__until__isnull=True) | Q(opportunities__until__gte=today),
        community=actor.community,
        opportunities__closed_at__isnull=True,
    ).distinct()
    options = [{"value": one.slug, "label": one.name} for one in known[:200]]
    found: list[dict[str, Any]] = [
        {"name": "minutes", "label": _("Minutes you have"), "type": "number", "value": minutes or ""}
    ]
    if options:
        every = [{"value": "", "label": _("Any skill")}]
        found.append({"name": "skill", "label": _("What you can do"), "value": skill, "options": [*every, *options]})
    return found


def _row(community: Community, one: Opportunity) -> dict[str, Any]:
    left = None if one.needed is None else one.needed - one.taken
    return {
        "title": one.title,
        "url": address(community, one.slug),
        "action_url": f"{address(community, one.slug)}commitment/",
        "duration": duration(one.effort),
        "serves": _serves(community, one),
        "asked_by": one.asked_by.name if one.asked_by and one.asked_by.is_public else "",
        "until": one.until,
        "places": places(left),
        "skills": [skill.name for skill in one.skills.all()],
    }


def places(left: int | None) -> str:
    if left is None:
        return _("for as many as want to")
    return ngettext("%(count)s more is needed", "%(count)s more are needed", left) % {"count": times.figure(left)}


def _serves(community: Community, one: Opportunity) -> list[dict[str, str]]:
    found = []
    if one.milestone is not None and not one.milestone.is_secret:
        found.append(
            {"label": one.milestone.name, "url": links.milestone(community, one.milestone.slug), "icon": "milestone"}
        )
    if one.goal is not None:
        found.append({"label": one.goal.title, "url": links.goal(community, one.goal.slug), "icon": "target"})
    return found


def _mine(actor: Actor) -> list[dict[str, Any]]:
    """What the reader has taken on and not done yet."""
    if actor.person is None:
        return []
    today = clock.today(actor.community.time_zone)
    open_ones = Commitment.objects.open().filter(person=actor.person, community=actor.community)
    return [
        {
            "title": one.opportunity.title,
            "url": address(actor.community, one.opportunity.slug),
            "until": one.opportunity.until,
            "late": one.opportunity.until is not None and one.opportunity.until < today,
            "duration": duration(one.opportunity.effort),
        }
        for one in open_ones.select_related("opportunity").order_by(
            F("opportunity__until").asc(nulls_last=True), "taken_at"
        )
    ]


def _limit(community: Community, have: int) -> str:
    most = TakingPart.limit(community)
    if have < most:
        return ""
    return ngettext(
        "You have %(count)d thing open, which is as many as we agreed on. Finish it, or give it back: that is fine.",
        "You have %(count)d things open, which is as many as we agreed on. Finish one, or give one back: that is fine.",
        have,
    ) % {"count": have}


def _asked(actor: Actor) -> list[dict[str, Any]]:
    """What the reader asked for and is open."""
    if actor.person is None:
        return []
    found = Opportunity.objects.here(actor.community).filter(asked_by=actor.person, closed_at__isnull=True).counted()
    return [
        {
            "title": one.title,
            "url": address(actor.community, one.slug),
            "taken": ngettext("%(count)d took it on", "%(count)d took it on", one.taken) % {"count": one.taken},
        }
        for one in found.order_by("-created_at")[:20]
    ]


@require_safe
@route("opportunities.view")
def page(request: Request, opportunity: str) -> HttpResponse:
    """One of them: how it is done, what it serves, who is on it."""
    actor, found = request.actor, find(request, opportunity)
    community = actor.community
    taken = list(
        found.commitments.filter(person__erased_at__isnull=True)
        .order_by("taken_at")
        .values(
            "finished_at", "words", "minutes", "person_id", name=F("person__name"), handle=F("person__handle"),
            photo=F("person__profile__photo"),
        )[:200]
    )  # fmt: skip
    mine = next((one for one in taken if actor.person is not None and one["person_id"] == actor.person.pk), None)
    count = found.commitments.count()
    left = None if found.needed is None else max(0, found.needed - count)
    may_take = mine is None and found.is_open and left != 0 and can(actor, "opportunities.take")
    full = may_take and actor.person is not None and open_now(actor.person) >= TakingPart.limit(community)
    return render(
        request,
        "web/opportunities/page.html",
        {
            "opportunity": found,
            "text": markdown(found.text, top=2) if found.text else "",
            "duration": duration(found.effort),
            "serves": _serves(community, found),
            "skills": [
                {"label": name, "url": f"../?skill={slug}"} for name, slug in found.skills.values_list("name", "slug")
            ],
            "places": places(left) if left != 0 else _("everyone who is needed is there"),
            "people": [_person(community, dict(one)) for one in taken],
            "mine": mine,
            "asked_by": _asked_by(community, found),
            "may_take": may_take and not full,
            "full": full,
            "limit": _limit(community, open_now(actor.person)) if full and actor.person else "",
            "may_change": can(actor, "opportunities.change", found),
            "over": found.closed_at is None and not found.is_open,
        },
    )


def _asked_by(community: Community, found: Opportunity) -> dict[str, str] | None:
    who = found.asked_by
    if who is None or not who.is_public:
        return None
    return {"name": who.name, "url": links.person(community, who.pk, who.handle)}


def _person(community: Community, one: dict[str, Any]) -> dict[str, Any]:
    done = one["finished_at"]
    return {
        "name": one["name"],
        "url": links.person(community, one["person_id"], one["handle"]),
        "photo": links.photo(community, one["person_id"], one["photo"]),
        "detail": (_("done, %(duration)s") % {"duration": duration(one["minutes"])} if one["minutes"] else _("done"))
        if done
        else _("is on it"),
        "words": one["words"],
    }


def commitment_of(request: Request, opportunity: Opportunity) -> Commitment:
    """The reader's own, or 404."""
    person = request.actor.person
    found = Commitment.objects.filter(opportunity=opportunity, person=person).first() if person else None
    if found is None:
        raise Http404
    found.community = request.actor.community
    return found
