"""The activities on which an award rests: the last ones before the day, of each line of the rule."""

from __future__ import annotations

import datetime
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from milepost.foundation.activity.models import Activity
from milepost.foundation.conditions import Sql
from milepost.foundation.conditions.leaves import Deeds, Term
from milepost.foundation.conditions.sql import ident, is_postgresql, joined, key, one_of, sql
from milepost.foundation.identity.models import Community

from .models import Award

MOST = 20
"""Activities of one award."""


def facts(
    terms: Iterable[Term], community: Community, reached: Mapping[uuid.UUID, datetime.date]
) -> dict[uuid.UUID, list[list[str]]]:
    """For each person, with the day on which they reached it: [[verb, object's id, moment]], oldest first. One query a line."""
    zone = ZoneInfo(community.time_zone)
    found: dict[uuid.UUID, list[list[str]]] = defaultdict(list)
    for term in terms:
        if not isinstance(term.source, Deeds):
            continue
        spans = {person: _span(term, on, zone) for person, on in reached.items()}
        with connection.cursor() as cursor:
            asked = _asked(term.source, spans, 1 if term.low <= 1 else min(term.low, MOST))
            cursor.execute(asked.text, asked.params)
            for person, verb, thing, at in cursor.fetchall():
                found[ident(person)].append([verb, str(ident(thing)), _moment(at)])
    return {person: sorted(rows, key=lambda row: row[2])[-MOST:] for person, rows in found.items()}


def _span(term: Term, on: datetime.date, zone: ZoneInfo) -> tuple[datetime.datetime, datetime.datetime]:
    """From when to when (UTC) what counted must have happened."""
    first = on - datetime.timedelta(days=term.window - 1) if term.window else datetime.date(1900, 1, 1)
    first, last = max(first, term.since or first), min(on, term.until or on)
    return _midnight(first, zone), _midnight(last + datetime.timedelta(days=1), zone)


def _midnight(day: datetime.date, zone: ZoneInfo) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), zone).astimezone(datetime.UTC)


def _asked(deeds: Deeds, spans: Mapping[uuid.UUID, tuple[datetime.datetime, datetime.datetime]], most: int) -> Sql:
    side = "other_id" if deeds.received else "identity_id"
    wheres = [Sql("r.activity_id IS NULL")]
    if deeds.verbs:
        wheres.append(one_of("a.verb", deeds.verbs))
    if deeds.space:
        wheres.append(Sql("a.space_id = %s", (key(deeds.space),)))
    if deeds.object:
        wheres.append(Sql("a.object_id = %s", (key(deeds.object),)))
    if deeds.tagged is not None:
        wheres.append(sql("a.object_id IN ({tagged})", tagged=deeds.tagged))
    return sql(
        "SELECT person_id, verb, object_id, happened_at FROM (SELECT w.person AS person_id, a.verb, a.object_id, a.happened_at,"
        " ROW_NUMBER() OVER (PARTITION BY w.person ORDER BY a.happened_at DESC, a.id DESC) AS n FROM {wanted}"
        " JOIN identity_identity i ON i.person_id = w.person JOIN activity_activity a ON a.{side} = i.id"
        " AND a.happened_at >= w.since AND a.happened_at < w.until LEFT JOIN activity_retraction r ON r.activity_id = a.id"
        " WHERE {where}) e WHERE n <= {most}",
        wanted=_wanted(spans), side=side, where=joined(" AND ", wheres), most=most,
    )  # fmt: skip


def _wanted(spans: Mapping[uuid.UUID, tuple[datetime.datetime, datetime.datetime]]) -> Sql:
    """A table `w` of (person, since, until)."""
    if is_postgresql():
        return Sql(
            "unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) AS w(person, since, until)",
            (list(spans), [since for since, _ in spans.values()], [until for _, until in spans.values()]),
        )
    # As Django writes moments on SQLite: without the offset.
    rows = [[person.hex, str(since)[:-6], str(until)[:-6]] for person, (since, until) in spans.items()]
    return Sql(
        "(SELECT json_extract(value, '$[0]') AS person, json_extract(value, '$[1]') AS since,"
        " json_extract(value, '$[2]') AS until FROM json_each(%s)) w",
        (json.dumps(rows),),
    )


def _moment(value: Any) -> str:
    at = value if isinstance(value, datetime.datetime) else datetime.datetime.fromisoformat(str(value))
    return (at if at.tzinfo else at.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC).isoformat()


def activities(award: Award) -> list[Activity]:
    """The log's lines behind an award, newest first; those that were taken back meanwhile are gone."""
    wanted = {(verb, thing, at) for verb, thing, at in award.activities}
    if not wanted:
        return []
    moments = [datetime.datetime.fromisoformat(at) for _verb, _thing, at in wanted]
    lines = Activity.objects.standing().filter(community=award.community_id, happened_at__in=moments)
    lines = lines.filter(verb__in={verb for verb, _thing, _at in wanted}).select_related("identity")
    found = [a for a in lines if (a.verb, str(a.object_id), _moment(a.happened_at)) in wanted]
    theirs = [a for a in found if award.person_id in _people(a)]
    return sorted(theirs, key=lambda a: a.happened_at, reverse=True)


def _people(activity: Activity) -> set[uuid.UUID]:
    return {who.person_id for who in (activity.identity, activity.other) if who is not None}
