"""One person's page: who they say they are, their way, and what they did here."""

from __future__ import annotations

import mimetypes
import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.domain.people.models import Profile
from milepost.engines.milestones import celebrating
from milepost.engines.milestones.bearings import Bearings, bearings
from milepost.engines.milestones.celebrating import Celebration, shows_milestones
from milepost.engines.milestones.steps import Journey, journey
from milepost.foundation.common import markdown
from milepost.foundation.common.prepared import prepared
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Community, Membership, Person
from milepost.foundation.identity.roles import Role
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links, moments, talk, way
from milepost.interfaces.web.people import timeline

THANKS = 4
STARTED = timeline.STARTED


@require_safe
@route("people.view")
def page(request: Request, person: str) -> HttpResponseBase:
    """By handle or id. Nobody has a page who is unclaimed or erased; who was merged leads to the person that they are."""
    actor = request.actor
    community = actor.community
    rows = _person_and_identities(community, person)
    first = rows[0] if rows else None
    if first and first["merged_into_id"]:
        return redirect(f"{links.base(community)}people/{first['merged_into_id']}/")
    if first is None or first["erased_at"] or not _has_a_page(first):
        raise Http404(_("There is no such person here."))
    own = actor.person is not None and actor.person.pk == first["pk"]
    choice = first["profile__celebration"] or Celebration.COMMUNITY
    named = shows_milestones(choice, own=own, member=actor.membership is not None)
    now = bearings(community)
    travelled = journey(_standing_for(first, community))
    if not named:
        travelled.awards.clear()
    identities = [row["identities__pk"] for row in rows if row["identities__pk"]]
    done = timeline.entries_of(actor, identities, request.GET, milestones=named)
    threads, own_threads = timeline.threads_by_id(actor, first["pk"], timeline.thread_ids(done.rows))
    context: dict[str, Any] = {
        "person": _about(actor, first, own=own),
        "own": own,
        "first_page": not done.previous_url,
        "stones": way.drawn(community, now, travelled, own=own).stones if _travels(first) else (),
        "way_title": _("Your way") if own else _("%(name)s's way") % {"name": first["name"]},
        "small_steps": way.small_steps(travelled, now) if own else (),
        "milestones": _milestones(community, now, travelled),
        "entries": timeline.shown(community, now, done.rows, threads),
        "page": done,
        "threads": [talk.shown(actor, now, threads[ident]) for ident in own_threads[:STARTED]],
        "thanks": moments.rows(community, celebrating.thanks_to(first["pk"], actor, THANKS)),
        "may_thank": can(actor, "praise.give") and not own and first["kind"] == Person.Kind.HUMAN and first["belongs"],
        "place_url": f"{links.base(community)}desk/people/{first['pk']}/"
        if can(actor, "people.role") and first["belongs"]
        else "",
    }
    return render(request, "web/people/person.html", context)


_PERSON = (
    "pk",
    "name",
    "handle",
    "kind",
    "account_id",
    "erased_at",
    "merged_into_id",
    "profile__headline",
    "profile__about",
    "profile__place",
    "profile__pronouns",
    "profile__link",
    "profile__photo",
    "profile__celebration",
    "membership__pk",
    "membership__role",
    "membership__audience",
    "membership__joined_at",
    "membership__left_at",
    "membership__paused_at",
    "identities__pk",
)


def _person_and_identities(community: Community, key: str) -> list[dict[str, Any]]:
    """One row for each of the person's identities, one query."""
    try:
        rows = _by_id(community=community.pk, person=uuid.UUID(key))
    except ValueError:
        if not 0 < len(key) <= 60 or "\0" in key:
            return []
        rows = _by_handle(community=community.pk, handle=key.lower())
    return [{**row, "belongs": bool(row["membership__pk"]) and row["membership__left_at"] is None} for row in rows]


@prepared
def _by_id(*, community: uuid.UUID, person: uuid.UUID) -> QuerySet[Person, Any]:
    rows: QuerySet[Person, Any] = Person.objects.filter(pk=person, community=community).values(*_PERSON)
    return rows


@prepared
def _by_handle(*, community: uuid.UUID, handle: str) -> QuerySet[Person, Any]:
    named = Person.objects.filter(handle=handle, community=community).exclude(handle="")
    rows: QuerySet[Person, Any] = named.values(*_PERSON)
    return rows


def _has_a_page(row: dict[str, Any]) -> bool:
    """Organisations have one without an account, while they belong."""
    if row["kind"] == Person.Kind.ORGANISATION and row["belongs"]:
        return True
    return row["account_id"] is not None


def _travels(row: dict[str, Any]) -> bool:
    return bool(row["kind"] == Person.Kind.HUMAN)


def _standing_for(row: dict[str, Any], community: Community) -> Person:
    """The row as a person, for what asks about an id and a time zone only."""
    return Person(pk=row["pk"], community=community, name=row["name"])


def _about(actor: Actor, row: dict[str, Any], *, own: bool) -> dict[str, Any]:
    community = actor.community
    role = row["membership__role"] or Role.MEMBER
    audience = row["membership__audience"] or Membership.Audience.MEMBER
    badges = []
    if role != Role.MEMBER:
        badges.append(str(Role(role).label))
    if audience != Membership.Audience.MEMBER:
        badges.append(str(Membership.Audience(audience).label))
    return {
        "name": row["name"],
        "handle": row["handle"],
        "photo": links.photo(community, row["pk"], row["profile__photo"]),
        "headline": row["profile__headline"] or "",
        "about": markdown.render(row["profile__about"]) if row["profile__about"] else "",
        "place": row["profile__place"] or "",
        "pronouns": row["profile__pronouns"] or "",
        "link": row["profile__link"] or "",
        "badges": badges,
        "joined_at": row["membership__joined_at"],
        "belongs": row["belongs"],
        "paused": bool(row["membership__paused_at"]),
        "organisation": row["kind"] == Person.Kind.ORGANISATION,
        "thank_url": f"{links.base(community)}thanks/new/?to={row['handle'] or row['pk']}",
        "empty": not (row["profile__about"] or row["profile__headline"]) and own,
    }


def _milestones(community: Community, now: Bearings, travelled: Journey) -> list[dict[str, Any]]:
    """With the evidence that the person gave, newest first."""
    rows = []
    for ident, award in sorted(travelled.awards.items(), key=lambda item: item[1].day, reverse=True):
        if stone := now.stone(ident):
            url = links.milestone(community, stone.slug)
            rows.append({"name": stone.name, "url": url, "day": award.day, "evidence": award.evidence})
    return rows


@require_safe
@route("community.home")
def photo(request: Request, person: uuid.UUID) -> HttpResponseBase:
    """The photo's file. Visitors get it of people who are celebrated publicly; the address changes with the photo."""
    actor = request.actor
    found = (
        Profile.objects.filter(person=person, community=actor.community, person__account__isnull=False)
        .filter(person__erased_at__isnull=True, person__merged_into__isnull=True)
        .exclude(photo="")
    )
    if actor.membership is None:
        found = found.filter(celebration=Celebration.PUBLIC)
    profile = found.first()
    name = profile.photo.name if profile else None
    if profile is None or not name or not profile.photo.storage.exists(name):
        raise Http404
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    answer = FileResponse(profile.photo.open("rb"), content_type=kind)
    answer["Cache-Control"] = "private, max-age=604800"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
