"""The community's resources: the list, one of them, and its versions."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.domain.paths.models import Milestone
from milepost.domain.resources.models import Completion, LessonDone, Rating, Resource, ResourceTag, ResourceVersion
from milepost.domain.resources.querysets import ResourceQuerySet
from milepost.engines.milestones import bearings, coverage
from milepost.foundation.common.markdown import render as markdown
from milepost.foundation.identity.access import Actor, at_least, can
from milepost.interfaces.web import words
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.home import links

from . import rows

PAGE = 24
MISSING = 3


def find(request: Request, slug: str) -> Resource:
    """The resource of this slug, or with this id (search knows no other), if the actor may see it."""
    found = get_object_or_404(Resource.objects.visible_to(request.actor), named(slug))
    found.community = request.actor.community
    return found


def named(word: str) -> Q:
    """Whatever has this slug, or this id."""
    try:
        return Q(pk=uuid.UUID(word)) | Q(slug=word)
    except ValueError:
        return Q(slug=word)


@require_safe
@route("resources.view")
def index(request: Request) -> HttpResponse:
    """What members can use, narrowed down by kind, milestone, tag and words."""
    actor, query = request.actor, request.GET
    community = actor.community
    found = _narrowed(Resource.objects.open_to(actor), query)
    turned = turn(rows.with_use(found).values(*rows.COLUMNS), ("-published_at", "-pk"), query, PAGE)
    narrow = any(query.get(key) for key in ("q", "kind", "milestone", "tag"))
    first = not narrow and not turned.previous_url
    return render(
        request,
        "web/resources/index.html",
        {
            "resources": [rows.row(community, one, _done(actor)) for one in turned.rows],
            "turned": turned,
            "going_on": _going_on(actor) if first else [],
            "missing": _missing(actor) if first else [],
            "filters": _filters(actor, query),
            "narrow": narrow,
            "may_propose": can(actor, "resources.propose"),
            "waiting": _waiting(actor),
            "mine": _mine(actor) if first else [],
            "indexed": community.is_public,
        },
    )


def _narrowed(found: ResourceQuerySet, query: Any) -> ResourceQuerySet:
    for word in query.get("q", "").replace("\0", "").split()[:8]:
        found = found.filter(Q(title__icontains=word) | Q(summary__icontains=word))
    if (kind := query.get("kind", "")) in Resource.Kind.values:
        found = found.filter(kind=kind)
    if slug := query.get("milestone", "").replace("\0", "")[:80]:
        found = found.filter(milestones__slug=slug)
    if slug := query.get("tag", "").replace("\0", "")[:60]:
        found = found.filter(tags__slug=slug)
    return found


def _filters(actor: Actor, query: Any) -> list[dict[str, Any]]:
    stones = Milestone.objects.pursued().filter(community=actor.community, is_secret=False)
    stones = stones.filter(resources__in=Resource.objects.open_to(actor)).distinct()
    tags = ResourceTag.objects.filter(resources__in=Resource.objects.open_to(actor)).distinct()[:200]
    kinds = [(kind.value, str(kind.label)) for kind in Resource.Kind]
    found: list[dict[str, Any]] = [
        {"name": "q", "label": _("Words"), "type": "search", "value": query.get("q", "")[:80]},
        {
            "name": "kind",
            "label": _("Kind"),
            "value": query.get("kind", ""),
            "options": _options(_("All kinds"), kinds),
        },
    ]
    for name, label, every, choices in (
        ("milestone", _("Helps with"), _("Any milestone"), list(stones.values_list("slug", "name"))),
        ("tag", _("Tag"), _("Any tag"), list(tags.values_list("slug", "name"))),
    ):
        if choices:
            found.append(
                {"name": name, "label": label, "value": query.get(name, ""), "options": _options(every, choices)}
            )
    return found


def _options(every: str, choices: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"value": "", "label": every}, *({"value": value, "label": label} for value, label in choices)]


def _done(actor: Actor) -> set[uuid.UUID]:
    if actor.person is None:
        return set()
    return set(Completion.objects.filter(person=actor.person).values_list("resource_id", flat=True))


def _going_on(actor: Actor) -> list[dict[str, Any]]:
    """Courses that the reader began and has not finished."""
    if actor.person is None:
        return []
    begun = set(LessonDone.objects.filter(person=actor.person).values_list("resource_id", flat=True)) - _done(actor)
    found = []
    for course in Resource.objects.open_to(actor).filter(pk__in=begun, kind=Resource.Kind.COURSE)[:3]:
        version = course.version_in_force()
        assert version is not None
        done = _lessons_done(course, actor)
        left = [lesson for lesson in version.lessons if lesson["id"] not in done]
        if left:
            total = len(version.lessons)
            found.append(
                {
                    "title": course.title,
                    "url": f"{rows.address(actor.community, course.slug)}lessons/{left[0]['id']}/",
                    "next": left[0]["title"],
                    "value": total - len(left),
                    "max": total,
                    "line": words.of(total - len(left), total),
                }
            )
    return found


def _lessons_done(resource: Resource, actor: Actor) -> set[str]:
    if actor.person is None:
        return set()
    done = LessonDone.objects.filter(resource=resource, person=actor.person).values_list("lesson", flat=True)
    return {str(lesson) for lesson in done}


def _missing(actor: Actor) -> list[dict[str, str]]:
    """Milestones that nothing helps with: what a member could write next."""
    if not can(actor, "resources.propose"):
        return []
    return [
        {"label": row.name, "url": f"{links.base(actor.community)}resources/new/?milestone={row.slug}"}
        for row in coverage.bare(actor.community)[:MISSING]
    ]


def _waiting(actor: Actor) -> int:
    if not can(actor, "resources.tend"):
        return 0
    return ResourceVersion.objects.waiting().filter(community=actor.community).count()


def _mine(actor: Actor) -> list[dict[str, Any]]:
    """What the reader proposed and nobody has published yet."""
    if actor.person is None:
        return []
    found = Resource.objects.filter(proposed_by=actor.person, published_at__isnull=True).order_by("-created_at")
    return [
        {"title": one.title, "url": rows.address(actor.community, one.slug), "badge": _("proposed")}
        for one in found[:10]
    ]


@require_safe
@route("resources.view")
def page(request: Request, resource: str) -> HttpResponse:
    """One resource: what it says, what it helps with, how others found it. A proposal is shown to who may see it."""
    actor = request.actor
    community, found = actor.community, find(request, resource)
    waiting = found.waiting_version() if _sees_waiting(actor, found) else None
    version = found.version_in_force() or waiting or found.versions.order_by("-number").first()
    if version is None:
        raise Http404
    person = actor.person
    done = Completion.objects.filter(resource=found, person=person).first() if person else None
    lessons_done = _lessons_done(found, actor)
    use = rows.use_of(found)
    now = bearings.bearings(community)
    return render(
        request,
        "web/resources/page.html",
        {
            "resource": found,
            "version": version,
            "waiting": waiting,
            "declined": _declined(actor, found, version),
            "text": markdown(version.text, top=2) if version.text else "",
            "icon": rows.ICONS[Resource.Kind(found.kind)],
            "duration": rows.duration(version.minutes) if version.minutes else "",
            "steps": rows.steps(community, found, version.lessons, lessons_done),
            "progress": {"value": len(lessons_done & set(version.lesson_ids)), "max": len(version.lessons)},
            "progress_line": words.of(len(lessons_done & set(version.lesson_ids)), len(version.lessons)),
            "done": done,
            "finished_by": words.reached(use["finished"], now.members, steward=at_least(actor, "steward")),
            "use": use,
            "stars": rows.stars(use["stars"], use["rated"]) if use["rated"] else "",
            "ratings": _ratings(actor, found),
            "mine": Rating.objects.filter(resource=found, person=person).first() if person else None,
            "authors": rows.authors(community, found),
            **rows.chips(community, found),
            "may": {
                "finish": can(actor, "resources.finish") and found.is_published,
                "rate": done is not None and can(actor, "resources.rate") and not found.credits(person),
                "change": can(actor, "resources.change", found),
                "publish": can(actor, "resources.publish", found),
                "tend": can(actor, "resources.tend"),
            },
            "description": found.summary or found.title,
            "indexed": community.is_public and found.is_published and found.access == Resource.Access.OPEN,
        },
    )


def _sees_waiting(actor: Actor, resource: Resource) -> bool:
    return can(actor, "resources.tend") or can(actor, "resources.change", resource)


def _declined(actor: Actor, resource: Resource, version: ResourceVersion) -> ResourceVersion | None:
    """The last answer that a writer got, until they propose anew."""
    if not _sees_waiting(actor, resource):
        return None
    last = resource.versions.order_by("-written_at").first()
    return last if last is not None and last.declined_at is not None else None


def _ratings(actor: Actor, resource: Resource) -> list[dict[str, Any]]:
    """What members wrote, for members; the newest first."""
    if actor.membership is None:
        return []
    given = Rating.objects.filter(resource=resource).exclude(comment="").order_by("-rated_at").values(
        "stars", "comment", "rated_at", "person_id", name=F("person__name"), handle=F("person__handle"),
        photo=F("person__profile__photo"),
    )[:30]  # fmt: skip
    return [
        {
            "name": one["name"],
            "url": links.person(actor.community, one["person_id"], one["handle"]),
            "photo": links.photo(actor.community, one["person_id"], one["photo"]),
            "stars": one["stars"],
            "comment": one["comment"],
            "at": one["rated_at"],
            "person": one["person_id"],
        }
        for one in given
    ]


@require_safe
@route("resources.view")
def history(request: Request, resource: str) -> HttpResponse:
    """Every version that was ever in force, the newest first."""
    found = find(request, resource)
    versions = found.versions.filter(published_at__isnull=False).select_related("by").order_by("-number")
    return render(
        request,
        "web/resources/history.html",
        {"resource": found, "versions": versions, "may_restore": can(request.actor, "resources.publish", found)},
    )


@require_safe
@route("resources.view")
def version(request: Request, resource: str, number: int) -> HttpResponse:
    """What it said then."""
    found = find(request, resource)
    chosen = get_object_or_404(found.versions.filter(published_at__isnull=False), number=number)
    return render(
        request,
        "web/resources/version.html",
        {
            "resource": found,
            "version": chosen,
            "text": markdown(chosen.text, top=2) if chosen.text else "",
            "lessons": [{"title": one["title"], "text": markdown(one["text"], top=3)} for one in chosen.lessons],
            "may_restore": can(request.actor, "resources.publish", found) and number != found.version_number,
        },
    )
