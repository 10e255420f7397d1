"""Participation steps: small things that someone did here for the first time, with the day on which they did.

A community that loaded steps of its own (milestones whose kind is `step`) has those in their place; these four are for all others.

They are counted from the roll-up and help people find their feet. They are never shown as what a member achieved: that is
a milestone in their life (`Award`).
"""

from __future__ import annotations

import datetime
import enum
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.databases import local_day_sql
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.models import Community, Person

from . import awaiting
from .awaiting import Awaited


class Step(enum.StrEnum):
    """In the order in which most people take them. A value's `label` and `definition` are what pages show."""

    POST = "post"
    ANSWERED = "answered"
    HELPED = "helped"
    YEAR = "year"

    @property
    def label(self) -> str:
        return str(_LABELS[self])

    @property
    def definition(self) -> str:
        return str(_DEFINITIONS[self])


_LABELS = {
    Step.POST: _("First words here"),
    Step.ANSWERED: _("Someone answered"),
    Step.HELPED: _("Answered someone"),
    Step.YEAR: _("A year with us"),
}
_DEFINITIONS = {
    Step.POST: _("The day of the first conversation begun or reply written. Imported messages count."),
    Step.ANSWERED: _("The day of the first reply that someone else wrote to them."),
    Step.HELPED: _("The day of their first reply to somebody else."),
    Step.YEAR: _("The day on which they had belonged for a year without leaving."),
}

_OTHERS = "verb = 'reply.posted' AND person_id <> other_id AND other_id <> %(none)s"
_WROTE = "verb IN ('thread.started', 'reply.posted')"


@dataclass(frozen=True, slots=True)
class Reached:
    day: datetime.date
    evidence: str


@dataclass(slots=True)
class Journey:
    """How far one member has come: when they joined, their steps, and the milestones that they reached, by id."""

    joined: datetime.date | None = None
    steps: dict[Step, datetime.date] = field(default_factory=dict)
    awards: dict[uuid.UUID, Reached] = field(default_factory=dict)
    taken: dict[uuid.UUID, Reached] = field(default_factory=dict)
    """The small steps that the community defined for itself, by their milestone's id."""
    path: set[uuid.UUID] = field(default_factory=set)
    """The milestones on the paths of the personas that they chose; empty: they chose none."""
    awaited: list[Awaited] = field(default_factory=list)
    """What waits for them, where it was asked for."""
    celebration: str = ""
    """How they want to be celebrated, as their profile says; empty: they said nothing."""


def reached(community: Community) -> Iterator[tuple[uuid.UUID, Step, datetime.date]]:
    """(person, step, day first reached) of everyone in the community, by one query, streamed in no order."""
    where = "community_id = %(community)s"
    sql = f"""
      SELECT person_id, 'post', MIN(day) FROM activity_memberday WHERE {where} AND {_WROTE} GROUP BY person_id
      UNION ALL
      SELECT other_id, 'answered', MIN(day) FROM activity_memberobjectday WHERE {where} AND {_OTHERS} GROUP BY other_id
      UNION ALL
      SELECT person_id, 'helped', MIN(day) FROM activity_memberobjectday WHERE {where} AND {_OTHERS} GROUP BY person_id
      UNION ALL
      {_joined("m.community_id = %(community)s")}"""
    today = clock.today(community.time_zone)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"community": _key(community.pk), "none": _key(NO_ID)})
        while rows := cursor.fetchmany(2_000):
            for person, step, day in rows:
                if step != "joined":
                    yield _id(person), Step(step), _date(day)
                elif (anniversary := a_year_after(_date(day))) <= today:
                    yield _id(person), Step.YEAR, anniversary


def journey(person: Person, *, awaiting_too: bool = False, decides: bool = False) -> Journey:
    """One member's way, by one query; with what waits for them, and (`decides`) what is proposed to stewards."""
    # The first match in the index; a minimum would read all replies that someone ever received.
    first = "ORDER BY day LIMIT 1"
    sql = f"""
      SELECT 'post', CAST(MIN(day) AS text), '' FROM activity_memberday WHERE person_id = %(person)s AND {_WROTE}
      UNION ALL
      SELECT 'answered', CAST(day AS text), '' FROM (
        SELECT day FROM activity_memberobjectday WHERE other_id = %(person)s AND {_OTHERS} {first}) AS answer
      UNION ALL
      SELECT 'helped', CAST(MIN(day) AS text), '' FROM activity_memberobjectday
      WHERE person_id = %(person)s AND {_OTHERS}
      UNION ALL
      SELECT step, CAST(day AS text), '' FROM ({_joined("m.person_id = %(person)s")}) AS membership
      UNION ALL
      SELECT CASE WHEN s.kind = 'step' THEN 'taken:' ELSE '' END || CAST(w.milestone_id AS text),
      CAST(w.reached_on AS text), w.evidence FROM milestones_award w JOIN paths_milestone s ON s.id = w.milestone_id
      WHERE w.person_id = %(person)s AND w.revoked_at IS NULL
      UNION ALL
      SELECT 'path', '', CAST(p.milestone_id AS text) FROM paths_personachoice c
      JOIN paths_persona o ON o.id = c.persona_id AND o.retired_at IS NULL
      JOIN paths_pathstone p ON p.persona_id = c.persona_id
      WHERE c.person_id = %(person)s AND c.chosen_at IS NOT NULL AND c.left_at IS NULL
      UNION ALL
      SELECT 'celebration', '', celebration FROM people_profile WHERE person_id = %(person)s
      {awaiting.parts(decides=decides) if awaiting_too else ""}"""
    made = Journey()
    with connection.cursor() as cursor:
        cursor.execute(sql, {"person": _key(person.pk), "none": _key(NO_ID), "lately": awaiting.lately()})
        rows = cursor.fetchall()
    for what, text, evidence in rows:
        if text is None:
            continue
        if what == "celebration":
            made.celebration = evidence
            continue
        if what.startswith(awaiting.MARK):
            made.awaited += filter(None, [awaiting.read(what, evidence)])
            continue
        if what == "path":
            made.path.add(uuid.UUID(evidence))
            continue
        day = _date(text)
        if what == "joined":
            made.joined = day
        elif what in Step:
            made.steps[Step(what)] = day
        else:
            # One that repeats counts from its first time.
            kind, _colon, key = what.rpartition(":")
            found, ident = made.taken if kind else made.awards, uuid.UUID(key)
            if ident not in found or day < found[ident].day:
                found[ident] = Reached(day, evidence)
    made.awaited.sort(key=lambda one: (list(awaiting.Awaits).index(one.what), one.name))
    if made.joined and (anniversary := a_year_after(made.joined)) <= clock.today(person.community.time_zone):
        made.steps[Step.YEAR] = anniversary
    return made


def a_year_after(day: datetime.date) -> datetime.date:
    """The same day a year later; after a 29 February, the 1 March."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return datetime.date(day.year + 1, 3, 1)


def _joined(where: str) -> str:
    day = local_day_sql("m.joined_at", "c.time_zone")
    return (
        f"SELECT m.person_id, 'joined' AS step, {day} AS day FROM identity_membership m"
        f" JOIN identity_community c ON c.id = m.community_id WHERE m.left_at IS NULL AND {where}"
    )


def _key(value: uuid.UUID) -> uuid.UUID | str:
    return value if connection.vendor == "postgresql" else value.hex


def _id(value: object) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def _date(value: object) -> datetime.date:
    return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(str(value))
