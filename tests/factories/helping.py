from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from milepost.domain.resources.drafting import Draft, LessonDraft, Serving
from milepost.domain.resources.models import Resource
from milepost.domain.work.models import Opportunity
from milepost.domain.work.models.opportunity import Asked
from milepost.foundation.identity.models import Community, Person

from .people import make_community

_number = itertools.count(1)


def make_draft(kind: str = "guide", **fields: Any) -> Draft:
    """A draft that holds what its kind cannot be without; a file is given as `file`."""
    n = next(_number)
    given: dict[str, Any] = {"title": f"Resource {n}", "summary": f"Helps with {n}."}
    if kind in {"guide", "template"}:
        given["text"] = "First *this*, then that."
    elif kind == "link":
        given["url"] = f"https://example.org/{n}"
    elif kind == "course":
        given["lessons"] = [LessonDraft("Listen", "Sit down."), LessonDraft("Play", "Stand up.", 10)]
    return Draft(kind=kind, **(given | fields))


def make_resource(
    community: Community | None = None,
    *,
    by: Person | None = None,
    kind: str = "guide",
    published: bool = True,
    tags: Iterable[str] = (),
    milestones: Iterable[Any] = (),
    goals: Iterable[Any] = (),
    values: Iterable[Any] = (),
    authors: Iterable[Person] = (),
    access: str = "members",
    credit: str = "",
    **fields: Any,
) -> Resource:
    """Something that helps, published unless told otherwise. `fields` are the draft's."""
    community = community or (by.community if by else make_community())
    serving = Serving(
        access=access,
        credit=credit,
        tags=tuple(tags),
        milestones=tuple(milestones),
        goals=tuple(goals),
        values=tuple(values),
        authors=tuple(authors),
    )
    made = Resource.propose(community=community, by=by, draft=make_draft(kind, **fields), serving=serving)
    if published:
        made.publish(by=None)
    return made


def make_opportunity(community: Community | None = None, *, by: Person | None = None, **fields: Any) -> Opportunity:
    """A way to take part. `fields` are what is asked."""
    community = community or (by.community if by else make_community())
    given: dict[str, Any] = {"title": f"Help {next(_number)}", "effort": 30} | fields
    return Opportunity.ask(community=community, by=by, asked=Asked(**given))
