from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from milepost.foundation.common.databases import local_day_sql
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.models import Identity

from . import registry
from .following import Batch, Projection, reader
from .models import MemberDay, MemberObjectDay

_INTERNAL = ("activity.retracted", "person.merged", "person.split", "person.erased", "community.time_zone_changed")


@reader
class Rollup(Projection):
    """Keeps member-day and member-object-day: set-based for new activities, anew from the log for people whose past changed."""

    name = "rollup"

    def apply(self, batch: Batch) -> None:
        where, params = batch.where()
        _count(where, params)
        people = affected(batch)
        if people:
            recount(people, batch.high)

    def reset(self) -> None:
        MemberDay.objects.all()._raw_delete(MemberDay.objects.db)
        MemberObjectDay.objects.all()._raw_delete(MemberObjectDay.objects.db)


def affected(batch: Batch) -> set[uuid.UUID]:
    """The people whose counts the batch changes backwards: taken back, merged, split, or counted in another time zone."""
    people: set[uuid.UUID] = set()
    identities: set[uuid.UUID] = set()
    for verb, identity, community, data in (
        batch.activities().filter(verb__in=_INTERNAL).values_list("verb", "other_id", "community_id", "data")
    ):
        if verb == "activity.retracted":
            identities.add(identity)
        elif verb in {"person.merged", "person.split"}:
            people |= {uuid.UUID(data["kept"]), uuid.UUID(data["gone"])}
        elif verb == "community.time_zone_changed":
            people |= set(
                MemberDay.objects.filter(community_id=community).values_list("person_id", flat=True).distinct()
            )
    identities.discard(None)
    if identities:
        people |= set(Identity.objects.filter(pk__in=identities).values_list("person_id", flat=True))
    if people:
        people |= set(
            MemberObjectDay.objects.filter(other_id__in=people).values_list("person_id", flat=True).distinct()
        )
    return people


def recount(people: set[uuid.UUID], high: tuple[int, int, int]) -> None:
    """Count these people anew from the log, up to the position `high`."""
    everything = Batch(low=(-1, -1, -1), high=high, size=0)
    chosen = list(people)
    for start in range(0, len(chosen), 500):
        some = chosen[start : start + 500]
        MemberDay.objects.filter(person_id__in=some).delete()
        MemberObjectDay.objects.filter(person_id__in=some).delete()
        where, params = everything.where()
        marks = ", ".join(["%s"] * len(some))
        where = f"{where} AND a.identity_id IN (SELECT id FROM identity_identity WHERE person_id IN ({marks}))"
        params = [*params, *(_key(p) for p in some)]
        _count(where, params)


def _key(value: uuid.UUID) -> Any:
    return value if connection.vendor == "postgresql" else value.hex


def _count(where: str, params: list[Any]) -> None:
    """Add the activities that `where` (about `a`) names to both roll-ups."""
    counted = [v.name for v in registry.verbs().values() if v.objects]
    with connection.cursor() as cursor, _rows(cursor, where, params) as (rows, given):
        cursor.execute(
            f"INSERT INTO activity_memberday (person_id, verb, day, community_id, count, quantity)"
            f" SELECT person_id, verb, day, community_id, count(*), COALESCE(sum(quantity), 0) FROM {rows}"
            f" WHERE true GROUP BY 1, 2, 3, 4"
            f" ON CONFLICT (person_id, verb, day) DO UPDATE SET count = activity_memberday.count + excluded.count,"
            f" quantity = activity_memberday.quantity + excluded.quantity",
            given,
        )
        cursor.execute(
            f"INSERT INTO activity_memberobjectday"
            f" (person_id, verb, object_id, other_id, day, object_kind, space_id, community_id, count, quantity)"
            f" SELECT person_id, verb, object_id, other_id, day, min(object_kind), {_any('space_id')}, community_id,"
            f" count(*), COALESCE(sum(quantity), 0) FROM {rows}"
            f" WHERE verb IN ({', '.join(['%s'] * len(counted))}) GROUP BY 1, 2, 3, 4, 5, community_id"
            f" ON CONFLICT (person_id, verb, object_id, other_id, day) DO UPDATE SET"
            f" count = activity_memberobjectday.count + excluded.count,"
            f" quantity = activity_memberobjectday.quantity + excluded.quantity",
            [*given, *counted],
        )


@contextmanager
def _rows(cursor: Any, where: str, params: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """What to count, one row an activity: a table or subquery, and its parameters."""
    day = local_day_sql("a.happened_at", "c.time_zone")
    hidden = ", ".join(f"'{v}'" for v in _INTERNAL)
    select = (
        f"SELECT i.person_id, a.verb, a.object_kind, a.object_id, a.space_id, COALESCE(o.person_id, %s) AS other_id,"
        f" {day} AS day, a.community_id, a.quantity FROM activity_activity a"
        f" JOIN identity_identity i ON i.id = a.identity_id"
        f" JOIN identity_community c ON c.id = a.community_id"
        f" LEFT JOIN identity_identity o ON o.id = a.other_id"
        f" LEFT JOIN activity_retraction r ON r.activity_id = a.id"
        f" WHERE {where} AND r.activity_id IS NULL AND a.verb NOT IN ({hidden})"
    )
    given = [_key(NO_ID), *params]
    if connection.vendor == "postgresql":
        yield f"({select}) AS rows", given
        return
    # SQLite would work the joins and the local day out once for each of the two statements.
    cursor.execute(f"CREATE TEMP TABLE rollup_rows AS {select}", given)
    try:
        yield "temp.rollup_rows", []
    finally:
        cursor.execute("DROP TABLE temp.rollup_rows")


def _any(column: str) -> str:
    # PostgreSQL has no min() for uuid before version 18.
    return f"min({column}::text)::uuid" if connection.vendor == "postgresql" else f"min({column})"
