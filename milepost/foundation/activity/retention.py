"""Personal data in the log goes after its time: by verb, the registered `personal` keys of `data` are emptied."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction

from milepost.foundation.common import clock

from . import registry
from .models import Activity

BATCH = 500
"""Rows a transaction: some 10 ms on SQLite, so that people who write do not wait."""


def expire(now: datetime.datetime | None = None) -> int:
    """Empty the personal keys of activities older than their verb keeps them; returns the number of rows. Safe to repeat.

    Verb, day and object stay, so that counts do not change.
    """
    moment, emptied = now or clock.now(), 0
    for verb in registry.verbs().values():
        if not verb.personal or verb.keep_days is None:
            continue
        old = Activity.objects.filter(
            verb=verb.name, redacted_at__isnull=True, happened_at__lt=moment - datetime.timedelta(days=verb.keep_days)
        )
        while rows := list(old.order_by("id")[:BATCH]):
            emptied += redact(rows, moment)
    return emptied


def redact(rows: list[Activity], moment: datetime.datetime) -> int:
    """Empty the personal keys of these rows and say when."""
    with transaction.atomic():
        for row in rows:
            row.data = without_personal(row.verb, row.data)
            row.redacted_at = moment
        return Activity.objects.bulk_update(rows, ["data", "redacted_at"])


def without_personal(verb: str, data: dict[str, Any]) -> dict[str, Any]:
    """`data` without what its verb says is personal; of a verb no longer registered, nothing is kept."""
    known = registry.verbs().get(verb)
    return {k: v for k, v in data.items() if known and k not in known.personal}
