"""Members, as the list of people shows them."""

import uuid
from typing import Annotated, Any

from ninja import Query

from milepost.foundation.identity.models import Membership, Person
from milepost.foundation.identity.querysets import PersonQuerySet
from milepost.foundation.identity.roles import Role
from milepost.interfaces.api.answers import PersonTold
from milepost.interfaces.api.fields import Moment
from milepost.interfaces.api.paging import Cursor, Limit, Order, Page
from milepost.interfaces.api.problems import not_found
from milepost.interfaces.api.routing import Routes
from milepost.interfaces.api.tokens import Asked

routes = Routes(tags=["people"])

BY_NAME = Order("people", ("name", "id"))


def _listed(request: Asked) -> PersonQuerySet:
    return Person.objects.in_community(request.actor.community).listed().select_related("membership", "profile")


@routes.read("/communities/{slug:slug}/people", permission="people.view", answer=Page[PersonTold])
def people(
    request: Asked,
    q: Annotated[str, Query(max_length=200, description="Words of a name or handle; all must be there")] = "",
    role: Role | None = None,
    audience: Membership.Audience | None = None,
    kind: Person.Kind | None = None,
    joined_since: Moment | None = None,
    joined_until: Moment | None = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """Members by name

    Listed are members who claimed themselves, and organisations; never someone who is known from an import only.
    """
    wanted = {
        "membership__role": role,
        "membership__audience": audience,
        "kind": kind,
        "membership__joined_at__gte": joined_since,
        "membership__joined_at__lt": joined_until,
    }
    found = _listed(request).named(q).filter(**{k: v for k, v in wanted.items() if v is not None})
    return BY_NAME.page(request, found, cursor=cursor, limit=limit, tell=lambda rows: [PersonTold.of(r) for r in rows])


@routes.read("/communities/{slug:slug}/people/{uuid:person_id}", permission="people.view", answer=PersonTold)
def person(request: Asked, person_id: uuid.UUID) -> PersonTold:
    """One member"""
    found = _listed(request).filter(pk=person_id).first()
    if found is None:
        raise not_found()
    return PersonTold.of(found)
