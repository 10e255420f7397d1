"""What was done outside of conversations, and when people joined, as activities."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal

from milepost.foundation.activity import registry
from milepost.foundation.activity.epochs import current_epoch
from milepost.foundation.common.bulk import moment
from milepost.foundation.common.clock import now
from milepost.foundation.identity.models import Community
from milepost.outward.connectors.records import ActivityRecord, Batch, Problem

from .keys import Keys
from .messages import NONE, Rows, fitting
from .people import NewPeople, People
from .spaces import Spaces


class Activities:
    """Turns activity records into rows of the log. Only verbs that are registered as external may come from outside."""

    def __init__(self, community: Community, source: str, people: People, spaces: Spaces, keys: Keys) -> None:
        self.community, self.source, self.people, self.spaces, self.keys = community, source, people, spaces, keys
        self.verbs = set(registry.external_verbs())
        self.epoch = current_epoch()

    def prepare(self, batch: Batch, new: NewPeople, rows: Rows) -> list[Problem]:
        """Add to `rows`; returns the records whose verb nobody knows, for the quarantine."""
        before, recorded = len(rows.activities), moment(now())
        joins = [
            (fitting(f"joined:{record.key}"), identity, record) for identity, record in new.joined if record.joined_at
        ]
        keys = [fitting(f"activity:{a.key}") for a in batch.activities]
        there = self.keys.there([*keys, *(key for key, _, _ in joins)]) if keys or joins else set()
        for key, identity, member in joins:
            if key not in there and member.joined_at:
                at = moment(member.joined_at)
                rows.activities.append(
                    (self.epoch, self.community.pk.hex, identity, "member.joined", "", NONE, NONE, None, None, at, recorded,
                     self.source, key, json.dumps({"came_from": self.source}), True)
                )  # fmt: skip
        problems, seen = [], set(there)
        for key, record in zip(keys, batch.activities, strict=True):
            if key in seen:
                rows.skipped["already_there" if key in there else "duplicate"] += 1
            elif record.verb not in self.verbs:
                problems.append(Problem(self.source, 0, "unknown_verb", record.verb, record.key))
            elif self.people.is_erased(record.author):
                rows.skipped["erased"] += 1
            else:
                seen.add(key)
                rows.activities.append(self._row(record, key, recorded))
                rows.first_at = record.at if rows.first_at is None or record.at < rows.first_at else rows.first_at
                rows.last_at = record.at if rows.last_at is None or record.at > rows.last_at else rows.last_at
        rows.counts["activities"] += len(rows.activities) - before
        return problems

    def _row(self, record: ActivityRecord, key: str, recorded: str) -> tuple[object, ...]:
        known = self.people.get(record.author)
        data = dict(record.attributes)
        if record.text:
            data["text"] = record.text[:2000]
        quantity = None if record.quantity is None else str(Decimal(str(record.quantity)).quantize(Decimal("0.0001")))
        return (
            self.epoch, self.community.pk.hex, known.identity if known else None, record.verb, record.object_kind[:24],
            self._object(record), self.spaces.ids.get(record.channel, NONE), None, quantity, moment(record.at), recorded,
            self.source, key, json.dumps(data, default=str), True,
        )  # fmt: skip

    def _object(self, record: ActivityRecord) -> str:
        """A thing outside has no id here: the same name in the same source is the same thing."""
        if not record.object_key:
            return NONE
        return uuid.uuid5(self.community.pk, f"{self.source}\x1f{record.object_kind}\x1f{record.object_key}").hex
