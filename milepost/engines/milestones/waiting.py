"""Before which milestone people stand: the next one on each member's way, and since when they have stood there."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection

from milepost.foundation.common import clock
from milepost.foundation.common.databases import local_day_sql
from milepost.foundation.identity.models import Community

STALLED = datetime.timedelta(days=90)
"""Whoever has stood before the same stone for longer than this has come to a halt there."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many active members have this milestone next, and how many of them since more than 90 days."""

    people: int
    stalled: int


def waiting(community: Community) -> dict[uuid.UUID, Waiting]:
    """For each milestone on the way before which anybody stands. One query, set-based over the active members.

    A member stands before the first milestone that they have not reached on the way. They have stood there since the last one
    that they reached, or since they joined.
    """
    before = clock.today(community.time_zone) - STALLED
    with connection.cursor() as cursor:
        cursor.execute(_sql(), {"community": _key(community.pk), "before": before})
        rows = cursor.fetchall()
    return {_id(stone): Waiting(int(people), int(stalled or 0)) for stone, people, stalled in rows}


def _sql() -> str:
    joined = local_day_sql("m.joined_at", "c.time_zone")
    return f"""
      WITH member AS (
        SELECT m.person_id, {joined} AS joined FROM identity_membership m
        JOIN identity_community c ON c.id = m.community_id JOIN identity_person p ON p.id = m.person_id
        WHERE m.community_id = %(community)s AND m.left_at IS NULL AND p.account_id IS NOT NULL AND p.kind = 'human'
      ), way AS (
        SELECT id, ROW_NUMBER() OVER (ORDER BY position, name, id) AS place FROM paths_milestone
        WHERE community_id = %(community)s AND kind = 'life' AND adopted_at IS NOT NULL AND retired_at IS NULL
          AND NOT is_secret
      ), reached AS (
        SELECT person_id, milestone_id, MAX(reached_on) AS day FROM milestones_award
        WHERE community_id = %(community)s AND revoked_at IS NULL GROUP BY person_id, milestone_id
      ), last AS (
        SELECT person_id, MAX(day) AS day FROM reached GROUP BY person_id
      ), ahead AS (
        SELECT member.person_id, MIN(way.place) AS place FROM member CROSS JOIN way
        LEFT JOIN reached ON reached.person_id = member.person_id AND reached.milestone_id = way.id
        WHERE reached.person_id IS NULL GROUP BY member.person_id
      )
      SELECT way.id, COUNT(*), SUM(CASE WHEN
        CASE WHEN last.day IS NULL OR last.day < member.joined THEN member.joined ELSE last.day END < %(before)s
        THEN 1 ELSE 0 END)
      FROM ahead JOIN way ON way.place = ahead.place JOIN member ON member.person_id = ahead.person_id
      LEFT JOIN last ON last.person_id = ahead.person_id
      GROUP BY way.id"""  # noqa: S608 - our own names; what was given are parameters


def _key(value: uuid.UUID) -> Any:
    return value if connection.vendor == "postgresql" else value.hex


def _id(value: object) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
