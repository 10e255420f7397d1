"""The epoch of the log: rises when a PostgreSQL database wakes up in another cluster than it was written in."""

from __future__ import annotations

from django.db import connection, transaction

_current: dict[str, int] = {}


def current_epoch() -> int:
    """The epoch in which this process writes; settled once a process."""
    if connection.vendor != "postgresql":
        return 0
    name = str(connection.settings_dict["NAME"])
    if name not in _current:
        _current[name] = settle()
    return _current[name]


def settle() -> int:
    """Compare the cluster with the one that wrote last, begin a new epoch where it is another, and return its number.

    Called at every start and after a restore, before anything is written.
    """
    from .models import LogEpoch

    if connection.vendor != "postgresql":
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            # One at a time: two processes that start after a restore must not both begin an epoch.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('milepost.epoch'))")
            cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
            cluster = cursor.fetchone()[0]
        last = LogEpoch.objects.order_by("-number").first()
        if last is None or last.cluster != cluster:
            last = LogEpoch.objects.create(number=last.number + 1 if last else 0, cluster=cluster)
    _current[str(connection.settings_dict["NAME"])] = last.number
    return last.number
