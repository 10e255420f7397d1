"""Resources as pages show them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Avg, Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.domain.resources.models import Completion, Rating, Resource
from milepost.domain.resources.querysets import ResourceQuerySet
from milepost.engines.milestones.helping import Help
from milepost.foundation.identity.models import Community
from milepost.interfaces.web import times
from milepost.interfaces.web.home import links

ICONS = {
    Resource.Kind.GUIDE: "book-open",
    Resource.Kind.LINK: "external-link",
    Resource.Kind.FILE: "file-down",
    Resource.Kind.TEMPLATE: "clipboard-list",
    Resource.Kind.COURSE: "graduation-cap",
}


def address(community: Community, slug: str) -> str:
    return f"{links.base(community)}resources/{slug}/"


def with_use(found: ResourceQuerySet) -> ResourceQuerySet:
    """With `finished`, `rated` and `stars` (the mean, None where nobody rated)."""
    finished = Completion.objects.filter(resource=OuterRef("pk")).order_by().values("resource").annotate(n=Count("*"))
    rated = Rating.objects.filter(resource=OuterRef("pk")).order_by().values("resource")
    return found.annotate(
        finished=Coalesce(Subquery(finished.values("n")), 0),
        rated=Coalesce(Subquery(rated.annotate(n=Count("*")).values("n")), 0),
        stars=Subquery(rated.annotate(mean=Avg("stars")).values("mean")),
    )


def use_of(resource: Resource) -> dict[str, Any]:
    """How many finished it, how many rated it, and their mean."""
    return dict(with_use(Resource.objects.filter(pk=resource.pk)).values(*COLUMNS)[0])


COLUMNS = ("pk", "slug", "kind", "title", "summary", "minutes", "published_at", "finished", "rated", "stars")


def row(community: Community, one: dict[str, Any], done: set[uuid.UUID]) -> dict[str, Any]:
    """A row of `with_use(...).values(*COLUMNS)` for the list. `done`: what the reader has finished."""
    kind = Resource.Kind(one["kind"])
    words = [str(kind.label)]
    if one["minutes"]:
        words.append(duration(one["minutes"]))
    if one["rated"]:
        words.append(stars(one["stars"], one["rated"]))
    return {
        "title": one["title"],
        "url": address(community, one["slug"]),
        "text": one["summary"],
        "icon": ICONS[kind],
        "words": words,
        "done": one["pk"] in done,
    }


def duration(minutes: int) -> str:
    """As people say it: "20 min", "1 h 30"."""
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    hours, rest = divmod(minutes, 60)
    if rest == 0:
        return _("%(hours)d h") % {"hours": hours}
    return _("%(hours)d h %(minutes)02d") % {"hours": hours, "minutes": rest}


def stars(mean: float, count: int) -> str:
    return ngettext("★ %(mean)s of 5, %(count)s rating", "★ %(mean)s of 5, %(count)s ratings", count) % {
        "mean": times.figure(round(mean, 1)),
        "count": times.figure(count),
    }


FOLDERS = {"resource": "resources", "opportunity": "opportunities", "event": "events"}
"""Where pages of each kind of thing that helps stand."""


def help_rows(community: Community, helps: Iterable[Help]) -> list[dict[str, Any]]:
    """What helps with a milestone, for the partial `web/resources/helps.html`."""
    return [
        {
            "title": one.title,
            "url": f"{links.base(community)}{FOLDERS[one.kind.key]}/{one.key}/",
            "kind": str(one.kind.label),
            "text": one.text if one.kind.key == "resource" else "",
            "when": one.starts_at,
            "detail": duration(one.minutes) if one.minutes else "",
        }
        for one in helps
    ]


def steps(
    community: Community, resource: Resource, lessons: Sequence[dict[str, Any]], done: set[str]
) -> list[dict[str, Any]]:
    """A course's lessons for the component `steps`: those done, the one to do now, those ahead."""
    now = next((lesson["id"] for lesson in lessons if lesson["id"] not in done), None)
    return [
        {
            "title": lesson["title"],
            "text": duration(lesson["minutes"]) if lesson["minutes"] else "",
            "state": "done" if lesson["id"] in done else "current" if lesson["id"] == now else "ahead",
            "url": f"{address(community, resource.slug)}lessons/{lesson['id']}/",
        }
        for lesson in lessons
    ]


def chips(community: Community, resource: Resource) -> dict[str, list[dict[str, str]]]:
    """What it helps with and serves, as links."""
    base = links.base(community)
    return {
        "stones": [
            {"label": name, "url": links.milestone(community, slug)}
            for name, slug in resource.milestones.filter(is_secret=False).values_list("name", "slug")
        ],
        "goals": [
            {"label": title, "url": links.goal(community, slug), "icon": "target"}
            for title, slug in resource.goals.adopted().values_list("title", "slug")
        ],
        "values": [
            {"label": name, "url": f"{base}mission/#{slug}", "icon": "heart"}
            for name, slug in resource.values.filter(retired_at__isnull=True).values_list("name", "slug")
        ],
        "tags": [
            {"label": f"#{name}", "url": f"{base}resources/?tag={slug}"}
            for name, slug in resource.tags.values_list("name", "slug")
        ],
    }


def authors(community: Community, resource: Resource) -> list[dict[str, Any]]:
    rows = resource.authors.filter(person__erased_at__isnull=True).values(
        name=F("person__name"), ident=F("person_id"), handle=F("person__handle"), photo=F("person__profile__photo")
    )
    return [
        {
            "name": one["name"],
            "url": links.person(community, one["ident"], one["handle"]),
            "photo": links.photo(community, one["ident"], one["photo"]),
        }
        for one in rows.order_by("position")
    ]
