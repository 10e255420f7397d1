"""Whatever comes in whatever pieces: the same history."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.outward.connectors import importing
from tests.factories import make_community
from tests.outward.connectors.building import said, slack_files, write_zip
from tests.outward.connectors.stored import conversations, facts, free_of_order, load

pytestmark = pytest.mark.django_db

USERS = ["U1", "U2", "U3", "U8"]
_number = itertools.count()


@contextmanager
def undone():
    """An example of which nothing stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@st.composite
def histories(draw):
    """Messages of a few days in two channels, with answers and reactions, oldest first."""
    count = draw(st.integers(1, 14))
    made: list[tuple[str, dict[str, Any]]] = []
    for at in range(count):
        stamp = f"{1577967000 + at * 20_000}.000001"
        channel = draw(st.sampled_from(["general", "seeds"]))
        entry = said(stamp, draw(st.sampled_from(["Hi", "*So*", "<@U1> look"])), draw(st.sampled_from(USERS)))
        roots = [e["ts"] for c, e in made if c == channel and "thread_ts" not in e]
        if roots and draw(st.booleans()):
            entry["thread_ts"] = draw(st.sampled_from(roots))
        if draw(st.booleans()):
            users = draw(st.lists(st.sampled_from(USERS), min_size=1, max_size=3, unique=True))
            entry["reactions"] = [{"name": "eyes", "users": users, "count": len(users)}]
        made.append((channel, entry))
    return made


def written(folder: Path, messages) -> Path:
    days: dict[str, list] = {}
    for channel, entry in messages:
        day = 2 + int(float(entry["ts"]) - 1577923200) // 86_400
        days.setdefault(f"{channel}/2020-01-{day:02}", []).append(entry)
    channels = [
        {"id": "C1", "name": "general", "created": 1577836800},
        {"id": "C2", "name": "seeds", "created": 1577836800},
    ]
    return write_zip(folder / f"{next(_number)}.zip", slack_files(days, channels=channels))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data(), history=histories())
def test_any_two_parts_in_any_order_are_the_whole(db, tmp_path, data, history):
    with undone():
        whole, parts = make_community(f"whole-{next(_number)}"), make_community(f"parts-{next(_number)}")
        load("slack", written(tmp_path, history), whole)
        share = data.draw(
            st.lists(st.sampled_from(["first", "second", "both"]), min_size=len(history), max_size=len(history))
        )
        first = [entry for part, entry in zip(share, history, strict=True) if part != "second"]
        second = [entry for part, entry in zip(share, history, strict=True) if part != "first"]
        for some in data.draw(st.permutations([first, second])):
            if some:
                load("slack", written(tmp_path, some), parts, follow=False)
        load("slack", written(tmp_path, history), parts)
        assert free_of_order(facts(parts)) == free_of_order(facts(whole))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(history=histories(), cut=st.integers(0, 14))
def test_an_older_then_a_newer_export_are_the_whole_in_every_row(db, tmp_path, history, cut):
    with undone():
        whole, parts = make_community(f"whole-{next(_number)}"), make_community(f"parts-{next(_number)}")
        load("slack", written(tmp_path, history), whole)
        load("slack", written(tmp_path, history[:cut]), parts, follow=False)
        load("slack", written(tmp_path, history), parts)
        assert conversations(parts) == conversations(whole)
        assert facts(parts) == facts(whole)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(history=histories(), size=st.sampled_from([1, 2, 5]))
def test_the_size_of_a_batch_does_not_show(db, tmp_path, history, size):
    with undone(), pytest.MonkeyPatch.context() as patch:
        whole, small = make_community(f"whole-{next(_number)}"), make_community(f"small-{next(_number)}")
        path = written(tmp_path, history)
        load("slack", path, whole)
        patch.setattr(importing, "BATCH", size)
        load("slack", path, small)
        assert facts(small) == facts(whole)
