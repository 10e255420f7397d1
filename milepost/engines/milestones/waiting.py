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

    A member stands before the first milestone that they have not reached on the path of the persona that they chose; with
    several personas, on each of their paths; with none, on the community's whole way. They have stood there since the last
    one that they reached, or since they joined.
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
      ), latest AS (
        SELECT person_id, MAX(day) AS day FROM reached GROUP BY person_id
      ), stone AS (
        SELECT c.person_id, c.persona_id, s.milestone_id, s.position AS place FROM paths_personachoice c
        JOIN paths_persona p ON p.id = c.persona_id JOIN paths_pathstone s ON s.persona_id = p.id
        JOIN way ON way.id = s.milestone_id
        WHERE c.community_id = %(community)s AND c.chosen_at IS NOT NULL AND c.left_at IS NULL
          AND p.adopted_at IS NOT NULL AND p.retired_at IS NULL
      ), walk AS (
        SELECT member.person_id, stone.persona_id, stone.milestone_id, stone.place
        FROM member JOIN stone ON stone.person_id = member.person_id
        UNION ALL
        SELECT member.person_id, NULL, way.id, way.place FROM member CROSS JOIN way
        WHERE member.person_id NOT IN (SELECT person_id FROM stone)
      ), ahead AS (
        SELECT walk.person_id, walk.milestone_id,
          ROW_NUMBER() OVER (PARTITION BY walk.person_id, walk.persona_id ORDER BY walk.place) AS turn
        FROM walk
        LEFT JOIN reached ON reached.person_id = walk.person_id AND reached.milestone_id = walk.milestone_id
        WHERE reached.person_id IS NULL
      ), next AS (
        SELECT DISTINCT person_id, milestone_id FROM ahead WHERE turn = 1
      )
      SELECT next.milestone_id, COUNT(*), SUM(CASE WHEN
        CASE WHEN latest.day IS NULL OR latest.day < member.joined THEN member.joined ELSE latest.day END < %(before)s
        THEN 1 ELSE 0 END)
      FROM next JOIN member ON member.person_id = next.person_id
      LEFT JOIN latest ON latest.person_id = next.person_id
      GROUP BY next.milestone_id"""  # noqa: S608 - our own names; what was given are parameters


def _key(value: uuid.UUID) -> Any:
    return value if connection.vendor == "postgresql" else value.hex


def _id(value: object) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
