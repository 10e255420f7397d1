"""What a person did here, from the log: what the reader may see of it, newest first, page by page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from milepost.domain.spaces.models import Space, Thread
from milepost.engines.milestones.bearings import Bearings
from milepost.foundation.activity import registry
from milepost.foundation.activity.models import Activity, MemberObjectDay, Retraction
from milepost.foundation.common.prepared import prepared
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.cursors import Page, one_page, turn
from milepost.interfaces.web.home import links, talk

PAGE = 20
_COLUMNS = ("id", "happened_at", "verb", "object_id", "space_id", "data")
_TALK = {"thread.started", "reply.posted", "reaction.given"}
_WITH_PEOPLE = {"praise.given"}
"""Left out of the timeline: it names someone else, who decides how they are celebrated. Thanks have a place of their own."""


def entries_of(actor: Actor, identities: Sequence[uuid.UUID], query: Any, *, milestones: bool) -> Page:
    """For a member, by one query. `milestones`: whether the reader may see what the person reached."""
    assert actor.membership is not None
    if "after" in query or "before" in query:
        return turn(_of_each(_standing(actor, milestones), identities), _ORDER, query, PAGE)
    # The first page is the one that everyone opens: its SQL is made once for each number of identities.
    named = {f"identity_{n}": ident for n, ident in enumerate(identities)}
    asked = {"community": actor.community.pk, "reader": actor.membership.person_id, **named}
    rows = _first_page(milestones, **asked) if identities else []
    return one_page(rows, _ORDER, query, PAGE)


_ORDER = ("-happened_at", "-id")


@prepared
def _first_page(milestones: bool, *, community: uuid.UUID, reader: uuid.UUID, **identities: uuid.UUID) -> Any:
    standing = _standing(talk.member(community, reader), milestones)
    found = _of_each(standing, tuple(identities.values()))
    return found.order_by(*_ORDER)[: PAGE + 1]


def _standing(actor: Actor, milestones: bool) -> QuerySet[Activity]:
    """What was not taken back, of the verbs that members see, in spaces that the actor sees."""
    shown = [
        verb.name
        for verb in registry.verbs().values()
        if verb.public and verb.name not in _WITH_PEOPLE and (milestones or not verb.name.startswith("milestone."))
    ]
    visible = Space.objects.visible_to(actor).values("pk")
    hidden = Space.objects.filter(community=actor.community).exclude(pk__in=visible).values("pk")
    return (
        Activity.objects.filter(community=actor.community, verb__in=shown)
        .exclude(space_id__in=hidden)
        .filter(~Exists(Retraction.objects.filter(activity=OuterRef("pk"))))
    )


def _of_each(standing: QuerySet[Activity], identities: Sequence[uuid.UUID]) -> Any:
    """Of one identity the index gives rows in order. Several have no common order, so each would be read whole and sorted."""
    if len(identities) == 1:
        return standing.filter(identity=identities[0]).values(*_COLUMNS)
    return _Merged(standing, identities)


class _Merged:
    """Looks like a queryset to `turn`: the first rows of each identity, then the first of all of these."""

    def __init__(self, standing: QuerySet[Activity], identities: Sequence[uuid.UUID]) -> None:
        self.standing, self.identities = standing, identities
        self.order: tuple[str, ...] = ()

    def filter(self, condition: Q) -> _Merged:
        return _Merged(self.standing.filter(condition), self.identities)

    def order_by(self, *order: str) -> _Merged:
        made = _Merged(self.standing, self.identities)
        made.order = order
        return made

    def __getitem__(self, part: slice) -> QuerySet[Activity, dict[str, Any]]:
        first = Q(pk__in=())
        for identity in self.identities:
            own = self.standing.filter(identity=identity).order_by(*self.order)
            first |= Q(pk__in=own.values("pk")[part])
        rows: QuerySet[Activity, dict[str, Any]] = (
            Activity.objects.filter(first).order_by(*self.order).values(*_COLUMNS)[part]
        )
        return rows


def shown(
    community: Community, now: Bearings, rows: Sequence[dict[str, Any]], threads: dict[uuid.UUID, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Rows for the component `timeline`."""
    return [_entry(community, now, row, threads.get(row["object_id"])) for row in rows]


def thread_ids(rows: Sequence[dict[str, Any]]) -> set[uuid.UUID]:
    return {row["object_id"] for row in rows if row["verb"] in _TALK}


STARTED = 5


def threads_by_id(
    actor: Actor, person: uuid.UUID, wanted: set[uuid.UUID]
) -> tuple[dict[uuid.UUID, dict[str, Any]], list[uuid.UUID]]:
    """Titles of the threads in the timeline, and which threads the person started lately; for a member, one query for both."""
    assert actor.membership is not None
    named = {f"thread_{n}": ident for n, ident in enumerate(sorted(wanted))}
    rows = _threads(community=actor.community.pk, reader=actor.membership.person_id, person=person, **named)
    return {row["pk"]: row for row in rows}, [row["pk"] for row in rows if row["own"]]


@prepared
def _threads(*, community: uuid.UUID, reader: uuid.UUID, person: uuid.UUID, **wanted: uuid.UUID) -> Any:
    begun = MemberObjectDay.objects.filter(person_id=person, verb="thread.started")
    latest = begun.order_by("-day", "-object_id").values("object_id")[:STARTED]
    # Asked of each thread that was found: asked first, it leads SQLite to read all threads of the community.
    seen = Exists(Thread.objects.visible_to(talk.member(community, reader)).filter(pk=OuterRef("pk")))
    return (
        Thread.objects.filter(Q(pk__in=list(wanted.values())) | Q(pk__in=latest))
        .filter(seen)
        .annotate(own=Exists(begun.filter(object_id=OuterRef("pk"))))
        .order_by("-last_post_at")
        .values(*talk.FIELDS, "own")
    )


def _entry(community: Community, now: Bearings, row: dict[str, Any], thread: dict[str, Any] | None) -> dict[str, Any]:
    verb = registry.verbs().get(row["verb"])
    label = str(verb.label) if verb else row["verb"]
    entry: dict[str, Any] = {
        "text": _capital(label),
        "at": row["happened_at"],
        "icon": verb.icon if verb else "dot",
        "url": "",
        "milestone": False,
        "detail": "",
    }
    if row["verb"] == "milestone.reached":
        stone = now.stone(row["object_id"])
        if stone:
            entry |= {"text": _("Reached “%(name)s”") % {"name": stone.name}, "milestone": True}
            entry["url"] = links.milestone(community, stone.slug)
    elif row["verb"] == "goal.adopted":
        goal = next((goal for goal in now.goals if goal.id == row["object_id"]), None)
        if goal:
            entry |= {"text": f"{_capital(label)}: {goal.title}", "url": links.goal(community, goal.slug)}
    elif thread:
        entry |= {"text": _about(label, thread["title"]), "detail": thread["space__name"]}
        entry["url"] = links.thread(community, thread["space__slug"], thread["pk"])
    return entry


def _about(label: str, title: str) -> SafeString:
    return format_html("{}: {}", _capital(label), title)


def _capital(label: str) -> str:
    return label[:1].upper() + label[1:]
