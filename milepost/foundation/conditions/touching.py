"""Whom a batch of the log may have moved in or out of rules: what readers that keep answers ask first."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field

from django.db import connection

from milepost.foundation.activity.following import Batch
from milepost.foundation.activity.readers import affected
from milepost.foundation.identity.models import Person

from .language import ANYTHING, Condition
from .sql import ident


@dataclass(slots=True)
class Touched:
    """People of one community, by the verb that touches them. Under “*”: people whose past changed."""

    by_verb: dict[str, set[uuid.UUID]] = field(default_factory=lambda: defaultdict(set))

    def by(self, condition: Condition) -> set[uuid.UUID]:
        """Those about whom the condition must be asked again."""
        if ANYTHING in condition.verbs:
            return set().union(*self.by_verb.values())
        return set().union(*(self.by_verb[verb] for verb in {*condition.verbs, ANYTHING} if verb in self.by_verb))


def touched(batch: Batch) -> dict[uuid.UUID, Touched]:
    """By community: who did something in the batch, for whom it was done, and whose past it changed. Three queries."""
    found: dict[uuid.UUID, Touched] = defaultdict(Touched)
    where, params = batch.where()
    sides = " UNION ".join(
        f"SELECT a.community_id, a.verb, i.person_id FROM activity_activity a"
        f" JOIN identity_identity i ON i.id = a.{side} WHERE {where}"
        for side in ("identity_id", "other_id")
    )
    with connection.cursor() as cursor:
        cursor.execute(sides, [*params, *params])
        for community, verb, person in cursor.fetchall():
            found[ident(community)].by_verb[verb].add(ident(person))
    changed = affected(batch)
    for people in batch.activities().filter(verb="person.erased").values_list("data__people", flat=True):
        changed |= {uuid.UUID(person) for person in people or ()}
    if changed:
        for person, home in Person.objects.filter(pk__in=changed).values_list("pk", "community_id"):
            found[home].by_verb[ANYTHING].add(person)
    return found
