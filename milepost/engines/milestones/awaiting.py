"""What waits for one member: who would like to meet them, who said yes, a talk without a day, and for stewards what is proposed.

It is asked together with their way (`steps.journey`), so that home needs no query of its own for it.
"""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass
from typing import Any

from django.db import connection

from milepost.foundation.common import clock

LATELY = datetime.timedelta(days=14)
"""How long a yes is told, and a talk without a day is asked after."""


class Awaits(enum.StrEnum):
    """In the order in which home shows them."""

    ASKED = "asked"
    """Someone would like to meet them. `name`: who."""
    AGREED = "agreed"
    """Whom they asked said yes, and they walk not together yet. `name`: who."""
    MENTOR = "mentor"
    """They help someone, and no talk was held or has a day. `name`: whom."""
    MENTEE = "mentee"
    """Someone helps them, and no talk was held or has a day. `name`: who."""
    PERSONAS = "personas"
    """`count` proposed personas, for who decides on them."""
    MILESTONES = "milestones"
    """`count` proposed milestones, for who decides on them."""


@dataclass(frozen=True, slots=True)
class Awaited:
    what: Awaits
    name: str = ""
    count: int = 1


MARK = "awaits:"


_MEETINGS = """
      UNION ALL
      SELECT 'awaits:asked', '', p.name FROM paths_introduction i JOIN identity_person p ON p.id = i.asker_id
      WHERE i.asked_id = %(person)s AND i.agreed_at IS NULL AND i.declined_at IS NULL
      UNION ALL
      SELECT 'awaits:agreed', '', p.name FROM paths_introduction i JOIN identity_person p ON p.id = i.asked_id
      WHERE i.asker_id = %(person)s AND i.agreed_at >= %(lately)s AND NOT EXISTS (
        SELECT 1 FROM paths_mentoring m WHERE m.mentee_id = i.asker_id AND m.mentor_id = i.asked_id)
      UNION ALL
      SELECT 'awaits:mentor', '', p.name FROM paths_mentoring m JOIN identity_person p ON p.id = m.mentee_id
      WHERE m.mentor_id = %(person)s AND m.ended_at IS NULL AND m.talks = 0 AND m.next_talk_at IS NULL
      AND m.began_at >= %(lately)s
      UNION ALL
      SELECT 'awaits:mentee', '', p.name FROM paths_mentoring m JOIN identity_person p ON p.id = m.mentor_id
      WHERE m.mentee_id = %(person)s AND m.ended_at IS NULL AND m.talks = 0 AND m.next_talk_at IS NULL
      AND m.began_at >= %(lately)s"""
_PROPOSED = """
      UNION ALL
      SELECT 'awaits:personas', '', CAST(COUNT(*) AS text) FROM paths_persona
      WHERE adopted_at IS NULL AND retired_at IS NULL
      AND community_id = (SELECT community_id FROM identity_person WHERE id = %(person)s)
      UNION ALL
      SELECT 'awaits:milestones', '', CAST(COUNT(*) AS text) FROM paths_milestone
      WHERE adopted_at IS NULL AND declined_at IS NULL
      AND community_id = (SELECT community_id FROM identity_person WHERE id = %(person)s)"""


def parts(*, decides: bool) -> str:
    """Further parts of the union in `steps.journey`: (what, '', name or count). Of the values it uses `person` and `lately`."""
    return _MEETINGS + _PROPOSED if decides else _MEETINGS


def lately() -> Any:
    """The value of `lately`, as the database's driver gets it."""
    return connection.ops.adapt_datetimefield_value(clock.now() - LATELY)


def read(what: str, said: str) -> Awaited | None:
    """One row of those parts; None where nothing is proposed."""
    found = Awaits(what.removeprefix(MARK))
    if found in {Awaits.PERSONAS, Awaits.MILESTONES}:
        return Awaited(found, count=int(said)) if int(said) else None
    return Awaited(found, name=said)
