"""What helps, and using it."""

import datetime
import uuid
from typing import Annotated, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from ninja import Body, Query
from pydantic import Field, StringConstraints

from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.resources.drafting import LONGEST, Draft, LessonDraft, Serving
from milepost.domain.resources.models import Completion, Resource, ResourceVersion
from milepost.foundation.identity.models import Person
from milepost.interfaces.api.fields import slug_or_id
from milepost.interfaces.api.paging import Cursor, Limit, Order, Page
from milepost.interfaces.api.problems import Problem, not_found
from milepost.interfaces.api.routing import Given, Routes, Told
from milepost.interfaces.api.tokens import Asked

routes = Routes(tags=["resources"])

NEWEST = Order("resources", ("created_at", "id"), falling=True)
BY_NUMBER = Order("resource-versions", ("number", "id"), falling=True)

Text = Annotated[str, StringConstraints(max_length=LONGEST)]
Slugs = Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=100)]], Field(max_length=40)]
Minutes = Annotated[int | None, Field(ge=1, le=10_000)]


class LessonTold(Told):
    id: uuid.UUID
    title: str
    minutes: int | None
    text: str = Field(description="Markdown")


class ResourceTold(Told):
    id: uuid.UUID
    slug: str
    kind: str
    title: str
    summary: str
    minutes: int | None
    access: str = Field(description="open: visitors too; members")
    credit: str
    authors: list[uuid.UUID] = Field(description="Ids of members who wrote it")
    tags: list[str]
    milestones: list[str] = Field(description="Slugs of the milestones that it helps with")
    goals: list[str] = Field(description="Slugs of the goals that it serves")
    version: int | None = Field(description="The number of the version in force; null for a proposal")
    published_at: datetime.datetime | None
    withdrawn: bool

    @classmethod
    def of(cls, row: Resource) -> "ResourceTold":
        return cls(
            id=row.pk,
            slug=row.slug,
            kind=row.kind,
            title=row.title,
            summary=row.summary,
            minutes=row.minutes,
            access=row.access,
            credit=row.credit,
            authors=[author.person_id for author in row.authors.all()],
            tags=[tag.slug for tag in row.tags.all()],
            milestones=[stone.slug for stone in row.milestones.all() if not stone.is_secret],
            goals=[goal.slug for goal in row.goals.all()],
            version=row.version_number,
            published_at=row.published_at,
            withdrawn=row.withdrawn_at is not None,
        )


class VersionTold(Told):
    number: int
    title: str
    summary: str
    text: str = Field(description="Markdown")
    url: str
    file_name: str
    size: int
    lessons: list[LessonTold]
    note: str = Field(description="What changed")
    published_at: datetime.datetime | None

    @classmethod
    def of(cls, row: ResourceVersion) -> "VersionTold":
        return cls(
            number=row.number,
            title=row.title,
            summary=row.summary,
            text=row.text,
            url=row.url,
            file_name=row.file_name,
            size=row.size,
            lessons=[LessonTold(**lesson) for lesson in row.lessons],
            note=row.note,
            published_at=row.published_at,
        )


class UseTold(Told):
    finished: bool
    finished_at: datetime.datetime | None
    lessons_done: list[uuid.UUID]


def _resources(request: Asked) -> QuerySet[Resource]:
    rows = Resource.objects.visible_to(request.actor)
    return rows.prefetch_related("authors", "tags", "milestones", "goals")


def _resource(request: Asked, slug: str) -> Resource:
    found = _resources(request).filter(slug_or_id(slug)).first()
    if found is None:
        raise not_found()
    found.community = request.actor.community
    return found


def _me(request: Asked) -> Person:
    person = request.actor.person
    if person is None:
        raise not_found()
    person.community = request.actor.community
    return person


@routes.read("/communities/{slug:slug}/resources", permission="resources.view", answer=Page[ResourceTold])
def resources(
    request: Asked,
    kind: Resource.Kind | None = None,
    milestone: Annotated[str, Query(max_length=80, description="The slug of a milestone that it helps with")] = "",
    tag: Annotated[str, Query(max_length=60)] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """What helps, the newest first

    Published resources; with them the token's owner's own proposals, and for moderators everything.
    """
    found = _resources(request)
    if kind is not None:
        found = found.filter(kind=kind)
    if milestone:
        found = found.filter(milestones__slug=milestone.replace("\0", ""))
    if tag:
        found = found.filter(tags__slug=tag.replace("\0", ""))
    return NEWEST.page(request, found, cursor=cursor, limit=limit, tell=lambda rows: [ResourceTold.of(r) for r in rows])


@routes.read("/communities/{slug:slug}/resources/{slug:resource}", permission="resources.view", answer=ResourceTold)
def resource(request: Asked, resource: str) -> ResourceTold:
    """One resource"""
    return ResourceTold.of(_resource(request, resource))


@routes.read(
    "/communities/{slug:slug}/resources/{slug:resource}/versions", permission="resources.view", answer=Page[VersionTold]
)
def versions(request: Asked, resource: str, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """Every version that was in force, the newest first: what it says is in the first one"""
    found = _resource(request, resource).versions.filter(published_at__isnull=False)
    return BY_NUMBER.page(
        request, found, cursor=cursor, limit=limit, tell=lambda rows: [VersionTold.of(r) for r in rows]
    )


class LessonGiven(Given):
    title: str = Field(min_length=1, max_length=160)
    text: Text = Field(description="Markdown")
    minutes: Annotated[int | None, Field(ge=1, le=1_000)] = None


class ResourceGiven(Given):
    kind: Resource.Kind
    title: str = Field(min_length=1, max_length=160)
    summary: str = Field("", max_length=400)
    minutes: Minutes = None
    text: Text = Field("", description="Markdown")
    url: str = Field("", max_length=1000, description="Of a link")
    lessons: Annotated[list[LessonGiven], Field(max_length=60)] = []
    access: Resource.Access = Resource.Access.MEMBERS
    credit: str = Field("", max_length=200)
    tags: Slugs = []
    milestones: Slugs = Field([], description="Slugs of the milestones that it helps with")
    goals: Slugs = Field([], description="Slugs of the goals that it serves")


@routes.write(
    "POST", "/communities/{slug:slug}/resources", permission="resources.propose", answer=ResourceTold, status=201
)
def propose(request: Asked, body: Annotated[ResourceGiven, Body()]) -> ResourceTold:
    """Propose a resource, written by the token's owner; a moderator publishes it

    Files are sent on the page, where they are checked; so `file` is no kind that this takes.
    """
    community, by = request.actor.community, _me(request)
    draft = Draft(
        kind=body.kind,
        title=body.title,
        summary=body.summary,
        minutes=body.minutes,
        text=body.text,
        url=body.url,
        lessons=[LessonDraft(one.title, one.text, one.minutes) for one in body.lessons],
    )
    serving = Serving(
        access=body.access,
        credit=body.credit,
        tags=body.tags,
        milestones=_named(Milestone.objects.pursued().filter(community=community), body.milestones, "milestones"),
        goals=_named(Goal.objects.adopted().filter(community=community), body.goals, "goals"),
        authors=[by],
    )
    made = Resource.propose(community=community, by=by, draft=draft, serving=serving)
    return ResourceTold.of(_resource(request, made.slug))


def _named(rows: QuerySet[Any], slugs: list[str], pointer: str) -> list[Any]:
    found = {row.slug: row for row in rows.filter(slug__in=[slug.replace("\0", "") for slug in slugs])}
    for n, slug in enumerate(slugs):
        if slug not in found:
            detail = _("There is none of this name here.")
            raise Problem("invalid", errors=[{"where": "body", "pointer": f"/{pointer}/{n}", "detail": detail}])
    return list(found.values())


@routes.read("/communities/{slug:slug}/resources/{slug:resource}/use", permission="resources.finish", answer=UseTold)
def use(request: Asked, resource: str) -> UseTold:
    """How far the token's owner is with it"""
    return _use(_resource(request, resource), _me(request))


@routes.write(
    "PUT",
    "/communities/{slug:slug}/resources/{slug:resource}/use",
    permission="resources.finish",
    answer=UseTold,
    media="",
)
def finish(request: Asked, resource: str) -> UseTold:
    """Say that one has finished it; twice is once. A course is finished lesson by lesson"""
    found = _resource(request, resource)
    found.finish(by=_me(request))
    return _use(found, _me(request))


@routes.write(
    "DELETE",
    "/communities/{slug:slug}/resources/{slug:resource}/use",
    permission="resources.finish",
    answer=UseTold,
    media="",
)
def take_back(request: Asked, resource: str) -> UseTold:
    """Not finished after all; a rating goes along"""
    found = _resource(request, resource)
    found.take_back(by=_me(request))
    return _use(found, _me(request))


@routes.write(
    "PUT",
    "/communities/{slug:slug}/resources/{slug:resource}/lessons/{uuid:lesson_id}",
    permission="resources.finish",
    answer=UseTold,
    media="",
)
def finish_lesson(request: Asked, resource: str, lesson_id: uuid.UUID) -> UseTold:
    """Say that one has done a lesson; twice is once. With the last one, the course is finished"""
    found = _resource(request, resource)
    found.finish_lesson(lesson=lesson_id, by=_me(request))
    return _use(found, _me(request))


def _use(found: Resource, person: Person) -> UseTold:
    done = Completion.objects.filter(resource=found, person=person).first()
    lessons = found.lessons_done.filter(person=person).values_list("lesson", flat=True)
    return UseTold(
        finished=done is not None, finished_at=done.finished_at if done else None, lessons_done=sorted(lessons)
    )


class RatingGiven(Given):
    stars: int = Field(ge=1, le=5)
    comment: str = Field("", max_length=1000)


class RatingTold(Told):
    stars: int
    comment: str
    rated_at: datetime.datetime


@routes.write(
    "PUT", "/communities/{slug:slug}/resources/{slug:resource}/rating", permission="resources.rate", answer=RatingTold
)
def rate(request: Asked, resource: str, body: Annotated[RatingGiven, Body()]) -> RatingTold:
    """Rate what one has finished; a second rating takes the place of the first"""
    rating = _resource(request, resource).rate(by=_me(request), stars=body.stars, comment=body.comment)
    return RatingTold(stars=rating.stars, comment=rating.comment, rated_at=rating.rated_at)
