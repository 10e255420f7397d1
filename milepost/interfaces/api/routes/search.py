"""Finding what a person may see."""

import datetime
import uuid
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Query
from pydantic import Field

from milepost.domain.spaces.models import Space
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.search import marking
from milepost.foundation.search.finding import Result, Wanted, find
from milepost.foundation.search.registry import searchables
from milepost.interfaces.api.fields import Moment
from milepost.interfaces.api.paging import Cursor, address, read, write
from milepost.interfaces.api.problems import Problem
from milepost.interfaces.api.routing import Routes, Told
from milepost.interfaces.api.tokens import Asked

routes = Routes(tags=["search"])

LIST = "search"


class FoundTold(Told):
    kind: str
    id: uuid.UUID
    parent_id: uuid.UUID | None = Field(description="Of a post: its thread")
    space_id: uuid.UUID | None
    title: str
    excerpt: str = Field(description="Plain text around what matched")
    more: int = Field(description="Further matches in the same thread")
    at: datetime.datetime | None

    @classmethod
    def of(cls, row: Result) -> "FoundTold":
        return cls(
            kind=row.kind,
            id=row.object_id,
            parent_id=_id(row.parent_id),
            space_id=_id(row.space_id),
            title=_plain(row.title),
            excerpt=_plain(row.excerpt),
            more=row.more,
            at=row.at,
        )


class SearchTold(Told):
    items: list[FoundTold]
    next: str | None
    counts: dict[str, int] = Field(description="Matches by kind; a thread counts once")
    only_newest: bool = Field(description="Whether there were more matches than were ranked; ask for a period then")


def _id(value: uuid.UUID) -> uuid.UUID | None:
    return None if value == NO_ID else value


def _plain(text: str) -> str:
    return text.replace(marking.BEGIN, "").replace(marking.END, "")


@routes.read("/communities/{slug:slug}/search", permission="search.use", answer=SearchTold)
def search(
    request: Asked,
    q: Annotated[str, Query(max_length=200, description='Words, "phrases", and -words that must not be there')],
    kind: Annotated[str, Query(max_length=20, description="post, person, space, goal, ...; all, if empty")] = "",
    space: Annotated[str, Query(max_length=80, description="The space's slug")] = "",
    since: Moment | None = None,
    until: Moment | None = None,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> SearchTold:
    """What matches, the best first

    Besides this scope, a token needs the one of each kind: `spaces.view` to find posts and spaces, `people.view` for people.
    """
    if kind and kind not in searchables():
        detail = _("Kinds are: %(kinds)s.") % {"kinds": ", ".join(searchables())}
        raise Problem("invalid", errors=[{"where": "query", "pointer": "kind", "detail": detail}])
    place: Any = None
    if space:
        place = Space.objects.visible_to(request.actor).filter(slug=space).values_list("pk", flat=True).first()
        if place is None:
            return SearchTold(items=[], next=None, counts={}, only_newest=False)
    hidden = Space.objects.ids_hidden_from(request.actor)
    wanted = Wanted(q, kind=kind, space=place, since=since, until=until, hidden=hidden)
    after = str(read(LIST, cursor, 1)[0]) if cursor else ""
    found = find(request.actor, wanted, after=after, size=limit)
    following = address(request, write(LIST, [found.next])) if found.next else None
    return SearchTold(
        items=[FoundTold.of(row) for row in found.results],
        next=following,
        counts=found.counts,
        only_newest=found.only_newest,
    )
