from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from milepost.foundation.jobs.registry import Backoff


def seconds(backoff: Backoff, failures: int, chance: float = 0.5) -> float:
    return backoff.delay(failures, lambda: chance).total_seconds()


def test_each_wait_is_longer_by_the_factor_up_to_the_maximum():
    backoff = Backoff(first=timedelta(seconds=10), factor=3, maximum=timedelta(seconds=200))
    assert [seconds(backoff, failures) for failures in (1, 2, 3, 4, 5)] == [10, 30, 90, 200, 200]


def test_chance_spreads_the_waits():
    backoff = Backoff(first=timedelta(seconds=100), jitter=0.25)
    assert (seconds(backoff, 1, 0.0), seconds(backoff, 1, 0.5), seconds(backoff, 1, 1.0)) == (75, 100, 125)
    assert len({backoff.delay(1) for _ in range(20)}) > 1


@given(
    failures=st.integers(1, 10_000),
    chance=st.floats(0, 1, exclude_max=True),
    first=st.integers(1, 3600),
    factor=st.floats(1, 10),
    jitter=st.floats(0, 1),
)
def test_a_wait_is_never_negative_nor_above_the_maximum(failures, chance, first, factor, jitter):
    backoff = Backoff(first=timedelta(seconds=first), factor=factor, jitter=jitter, maximum=timedelta(hours=2))
    wait = backoff.delay(failures, lambda: chance)
    assert timedelta(0) <= wait <= timedelta(hours=2)
    assert wait >= min(timedelta(seconds=first), timedelta(hours=2)) * (1 - jitter) - timedelta(milliseconds=1)
