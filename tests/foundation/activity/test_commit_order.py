"""PostgreSQL: ids and transaction ids commit out of order; readers miss nothing."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction

from milepost.foundation.activity import epochs
from milepost.foundation.activity.following import _next_high, blockers, head
from milepost.foundation.activity.models import Activity, LogEpoch
from milepost.foundation.activity.recording import record
from milepost.foundation.identity.models import Community

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer: commits are in order"),
]


class Writer(threading.Thread):
    """A transaction in a thread of its own, led step by step."""

    def __init__(self, community: Community, name: str) -> None:
        super().__init__(daemon=True)
        self.community, self.called = community, name
        self.steps = {n: threading.Event() for n in ("begin", "write", "commit")}
        self.done = {n: threading.Event() for n in ("begin", "write", "commit")}

    def run(self) -> None:
        with transaction.atomic():
            self.steps["begin"].wait(90)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()")
            self.done["begin"].set()
            self.steps["write"].wait(90)
            record("goal.adopted", community=self.community, by=None, source_key=self.called)
            self.done["write"].set()
            self.steps["commit"].wait(90)
        self.done["commit"].set()
        connections.close_all()

    def do(self, step: str) -> None:
        self.steps[step].set()
        assert self.done[step].wait(90)


def test_a_row_that_commits_late_is_still_read() -> None:
    community = Community.objects.create(slug="c", name="C")
    start = head()
    a, b = Writer(community, "a"), Writer(community, "b")
    a.start()
    b.start()
    a.do("begin")  # a has the lower transaction id ...
    b.do("begin")
    b.do("write")  # ... and b the lower row id
    a.do("write")
    a.do("commit")
    ids = dict(Activity.objects.values_list("source_key", "id"))
    assert "b" not in ids
    seen_first = _next_high(start, None, 100)
    assert seen_first is not None, "a is below the oldest open transaction"
    assert blockers(), "status names who is open"
    b.do("commit")
    seen_then = _next_high(seen_first[0], None, 100)
    assert seen_then is not None, "an id cursor alone would have lost b"
    assert seen_then[1] == 1
    rows = {r.source_key: r for r in Activity.objects.all()}
    assert rows["a"].xid < rows["b"].xid
    assert rows["b"].pk < rows["a"].pk
    a.join(90)
    b.join(90)


def test_an_older_open_transaction_holds_readers_back() -> None:
    community = Community.objects.create(slug="c", name="C")
    start = head()
    slow = Writer(community, "slow")
    slow.start()
    slow.do("begin")
    record("goal.adopted", community=community, by=None, source_key="quick")
    assert _next_high(start, None, 100) is None
    slow.do("write")
    slow.do("commit")
    slow.join(90)
    found = _next_high(start, None, 100)
    assert found is not None
    assert found[1] == 2


def test_another_cluster_begins_a_new_epoch() -> None:
    community = Community.objects.create(slug="c", name="C")
    first = epochs.settle()
    LogEpoch.objects.filter(number=first).update(cluster="another")
    old = record("goal.adopted", community=community, by=None)
    Activity.objects.filter(pk=old.pk).update(xid=2**40)  # a number from the other cluster, far above this one's
    assert epochs.settle() == first + 1
    assert epochs.settle() == first + 1
    new = record("goal.adopted", community=community, by=None)
    assert new.epoch == first + 1
    assert head() == new.position
