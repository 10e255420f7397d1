"""The log: reading what happened, and writing what happened elsewhere."""

import datetime
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from ninja import Body, Query
from pydantic import Field, StrictBool, StringConstraints, WithJsonSchema, model_validator

from milepost.domain.spaces.models import Space
from milepost.engines.milestones.discretion import discreet
from milepost.foundation.activity import registry
from milepost.foundation.activity.models import Activity
from milepost.foundation.identity.access import at_least
from milepost.interfaces.api.answers import ActivityTold, VerbTold
from milepost.interfaces.api.fields import Moment, SourceName
from milepost.interfaces.api.paging import Cursor, Limit, Order, Page
from milepost.interfaces.api.problems import not_found
from milepost.interfaces.api.routing import Given, Routes, Told
from milepost.interfaces.api.tokens import Asked
from milepost.outward.connectors.receiving import MOST, Outcome, Reported, Who, receive

routes = Routes(tags=["log"])

NEWEST = Order("activities", ("happened_at", "id"), falling=True)
LARGEST = 2**63 - 1


def _visible(request: Asked) -> QuerySet[Activity]:
    hidden: list[object] = list(Space.objects.ids_hidden_from(request.actor))
    visible = Activity.objects.visible_to(request.actor, hidden).standing()
    return discreet(visible, request.actor).select_related("identity__person", "other__person")


def _told(request: Asked, rows: Any) -> list[ActivityTold]:
    everything = at_least(request.actor, "steward")
    return [ActivityTold.of(row, everything=everything) for row in rows]


@routes.read("/communities/{slug:slug}/activities", permission="log.view", answer=Page[ActivityTold])
def activities(
    request: Asked,
    verb: Annotated[str, Query(max_length=40)] = "",
    person: uuid.UUID | None = None,
    space: Annotated[str, Query(max_length=80, description="The space's slug")] = "",
    source: Annotated[str, Query(max_length=40)] = "",
    since: Annotated[Moment | None, Query(description="From this moment on")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment")] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """What happened, the newest first

    What was taken back is left out. Members see what members did; stewards see everything.
    """
    found = _visible(request)
    if space:
        place = Space.objects.visible_to(request.actor).filter(slug=space).values_list("pk", flat=True).first()
        found = found.filter(space_id=place) if place else found.none()
    wanted = {
        "verb": verb or None,
        "identity__person": person,
        "source": source or None,
        "happened_at__gte": since,
        "happened_at__lt": until,
    }
    found = found.filter(**{k: v for k, v in wanted.items() if v is not None})
    return NEWEST.page(request, found, cursor=cursor, limit=limit, tell=lambda rows: _told(request, rows))


@routes.read("/communities/{slug:slug}/activities/{int:activity_id}", permission="log.view", answer=ActivityTold)
def activity(request: Asked, activity_id: int) -> ActivityTold:
    """One activity"""
    found = _visible(request).filter(pk=activity_id).first() if activity_id <= LARGEST else None
    if found is None:
        raise not_found()
    return _told(request, [found])[0]


@routes.read("/communities/{slug:slug}/verbs", permission="log.view", answer=Page[VerbTold])
def verbs(request: Asked) -> dict[str, Any]:
    """What can be in the log, and which of it tools may write"""
    steward = at_least(request.actor, "steward")
    known = [v for v in registry.verbs().values() if v.public or steward]
    items = [VerbTold(verb=v.name, label=str(v.label), external=v.external) for v in known]
    return {"items": sorted(items, key=lambda v: v.verb), "next": None}


class WhoGiven(Given):
    """Somebody: by their `id` here, or by the `key` that a system outside knows them by."""

    id: uuid.UUID | None = None
    key: str = Field("", max_length=200)
    source: SourceName | Literal[""] = Field(
        "", description="The system that knows the key; the batch's source, if empty"
    )
    name: str = Field("", max_length=120, description="For someone who is new here")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.id is None) == (not self.key):
            raise ValueError(_("Give either an id or a key."))
        return self

    def who(self, source: str) -> Who:
        return Who(id=self.id, source=self.source or source, key=self.key, name=self.name)


class ObjectGiven(Given):
    """A thing outside: the same kind and key in the same source is the same thing."""

    kind: str = Field(pattern=r"^[a-z][a-z_]*$", max_length=24)
    key: str = Field(min_length=1, max_length=200)


Quantity = Annotated[
    Decimal,
    Field(max_digits=20, decimal_places=4),
    WithJsonSchema({"type": "number", "exclusiveMinimum": -(10**16), "exclusiveMaximum": 10**16}, mode="validation"),
]


class ActivityGiven(Given):
    """One thing that happened elsewhere."""

    source_key: str = Field(min_length=1, max_length=200, description="Your name for it: the same one is written once")
    verb: str = Field(max_length=40)
    happened_at: Moment
    by: WhoGiven | None = None
    to: WhoGiven | None = Field(None, description="Whom it reached, as in thanks or an answer")
    space: Annotated[str, StringConstraints(max_length=80)] = Field("", description="The slug of a space here")
    object: ObjectGiven | None = None
    quantity: Quantity | None = None
    data: dict[str, Any] = Field({}, description="At most 4,000 bytes as JSON")
    backfilled: StrictBool | None = Field(
        None, description="History: it counts, and nobody is told. Without it, what is older than a day is history"
    )

    def reported(self, source: str) -> Reported:
        return Reported(
            source_key=self.source_key,
            verb=self.verb,
            happened_at=self.happened_at,
            by=self.by.who(source) if self.by else None,
            to=self.to.who(source) if self.to else None,
            space=self.space,
            object_kind=self.object.kind if self.object else "",
            object_key=self.object.key if self.object else "",
            quantity=self.quantity,
            data=self.data,
            backfilled=self.backfilled,
        )


class ActivitiesGiven(Given):
    """Some activities of one source."""

    source: SourceName = Field(description="Your tool's name, such as github")
    activities: list[ActivityGiven] = Field(min_length=1, max_length=MOST)


class OutcomeTold(Told):
    """What became of one row."""

    source_key: str
    status: Literal["created", "existing", "refused"]
    id: int | None = Field(description="The activity's id; null where it was refused")
    reason: str = Field(description="Why it was refused, as a word: unknown_verb, verb_not_external, bad_time, ...")
    detail: str

    @classmethod
    def of(cls, row: Outcome) -> "OutcomeTold":
        return cls(source_key=row.source_key, status=row.status, id=row.id, reason=row.reason, detail=row.detail)  # type: ignore[arg-type]


class ReceivedTold(Told):
    created: int
    existing: int
    refused: int
    results: list[OutcomeTold] = Field(description="One for each row, in the rows' order")
    received_at: datetime.datetime


@routes.write("POST", "/communities/{slug:slug}/activities", permission="log.write", answer=ReceivedTold)
def write_activities(request: Asked, body: Annotated[ActivitiesGiven, Body()]) -> ReceivedTold:
    """Write what happened elsewhere, up to 1,000 activities at once

    Each is written once: a `source_key` that is there already stays as it is and counts as existing, so a batch can be sent
    again. A row that cannot be written is refused by itself, with the reason; the others are written. Only verbs that
    `GET .../verbs` shows as external are taken. People who are not known yet become unclaimed people.
    """
    rows = [given.reported(body.source) for given in body.activities]
    outcomes = receive(rows, source=body.source, by=request.actor)
    counts = {status: sum(o.status == status for o in outcomes) for status in ("created", "existing", "refused")}
    results = [OutcomeTold.of(outcome) for outcome in outcomes]
    return ReceivedTold(**counts, results=results, received_at=datetime.datetime.now(datetime.UTC))
