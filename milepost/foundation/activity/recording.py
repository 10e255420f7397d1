"""Writing the log: `record` for one activity, `record_many` for imports, `retract` for what is undone."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.models import Community, Identity, Person
from milepost.foundation.identity.models.person import LOCAL

from . import registry
from .epochs import current_epoch
from .models import Activity, Retraction

COLUMNS = (
    "epoch",
    "community_id",
    "identity_id",
    "verb",
    "object_kind",
    "object_id",
    "space_id",
    "other_id",
    "quantity",
    "happened_at",
    "recorded_at",
    "source",
    "source_key",
    "data",
    "backfilled",
)
"""The order of the values that `record_many` writes."""


def local_identity(person: Person) -> Identity:
    """The identity under which a person acts here; made when they first do."""
    # By key, since a person who others were merged into may hold several: each goes back with its own at a split.
    key = str(person.account_id or person.pk)
    identity, _ = Identity.objects.get_or_create(
        community_id=person.community_id,
        source=LOCAL,
        source_key=key,
        defaults={"person": person, "name": person.name, "claimed_at": clock.now()},
    )
    return identity


def record(
    verb: str,
    *,
    community: Community,
    by: Person | Identity | None,
    obj: Any = None,
    object_kind: str = "",
    object_id: uuid.UUID = NO_ID,
    space_id: uuid.UUID | None = None,
    other: Person | Identity | None = None,
    quantity: Decimal | None = None,
    happened_at: datetime.datetime | None = None,
    source: str = "milepost",
    source_key: str | None = None,
    data: dict[str, Any] | None = None,
    backfilled: bool = False,
) -> Activity:
    """Write one activity, in the caller's transaction with the change that it tells of.

    With a `source_key` that is there already and stands, returns the row that is there; where that row was retracted,
    the thing happened again, and a new row is written. Raises ValueError for an unregistered verb, DomainError for a time
    that cannot be.
    """
    registry.known(verb)
    moment = happened_at or clock.now()
    if not clock.plausible(moment):
        raise DomainError(
            f"{moment:%Y-%m-%d} cannot be when this happened.", "Give a day from 1970 on, and not in the future."
        )
    if obj is not None:
        object_kind, object_id = obj._meta.model_name, obj.pk
    key = _free_key(community, source, source_key) if source_key else None
    if isinstance(key, Activity):
        return key
    return Activity.objects.create(
        epoch=current_epoch(),
        community=community,
        identity=_identity(by),
        verb=verb,
        object_kind=object_kind,
        object_id=object_id,
        space_id=space_id or NO_ID,
        other=_identity(other),
        quantity=quantity,
        happened_at=moment,
        source=source,
        source_key=key,
        data=data or {},
        backfilled=backfilled,
    )


def _identity(who: Person | Identity | None) -> Identity | None:
    return local_identity(who) if isinstance(who, Person) else who


def _free_key(community: Community, source: str, key: str) -> str | Activity:
    """The key to write under, or the standing activity that has it."""
    attempt, n = key, 1
    while True:
        there = (
            Activity.objects.filter(community=community, source=source, source_key=attempt)
            .select_related("retraction")
            .first()
        )
        if there is None:
            return attempt
        if not Retraction.objects.filter(activity=there).exists():
            return there
        n += 1
        attempt = f"{key}~{n}"


def retract(activity: Activity, *, by: Person | Identity | None, reason: str = "") -> Activity:
    """Take an activity back by a new one; twice changes nothing. Records `activity.retracted`."""
    with transaction.atomic():
        done = Retraction.objects.filter(activity=activity).select_related("by").first()
        if done:
            return done.by
        row = record(
            "activity.retracted",
            community=activity.community,
            by=by,
            object_kind=activity.object_kind,
            object_id=activity.object_id,
            space_id=activity.space_id,
            other=activity.identity,
            data={"verb": activity.verb, "reason": reason},
        )
        Retraction.objects.create(activity=activity, by=row)
        return row


def record_many(rows: Sequence[tuple[Any, ...]]) -> None:
    """Write many activities in one go: tuples of values in the order of `COLUMNS`, each verb registered, each key new.

    For imports, which have asked before which keys are there (`existing_keys`). By COPY on PostgreSQL.
    """
    from milepost.foundation.common.bulk import insert_rows

    insert_rows(Activity, COLUMNS, rows)


def existing_keys(community: Community, source: str, keys: Iterable[str]) -> dict[str, uuid.UUID]:
    """Of the given source keys, those that the log has, with the id of each one's object."""
    wanted = list(keys)
    found: dict[str, uuid.UUID] = {}
    # SQLite allows 32,766 variables (since 3.32).
    step = 20_000 if connection.vendor == "sqlite" else 60_000
    for start in range(0, len(wanted), step):
        rows = Activity.objects.filter(
            community=community, source=source, source_key__in=wanted[start : start + step]
        ).values_list("source_key", "object_id")
        found.update((key, object_id) for key, object_id in rows if key is not None)
    return found
