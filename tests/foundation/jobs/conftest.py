from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from milepost.foundation.common import clock

from . import sample_jobs


class HandClock:
    """Time that moves when the test says so."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def advance(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def hand_clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    """`clock.now()` in every thread; what django-tasks-db stamps itself stays real."""
    hand = HandClock()
    monkeypatch.setattr(clock, "now", lambda: hand.now)
    return hand


@pytest.fixture(autouse=True)
def clean_samples() -> Iterator[None]:
    yield
    sample_jobs.done.clear()
    sample_jobs.to_raise.clear()
