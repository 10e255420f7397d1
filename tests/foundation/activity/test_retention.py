from __future__ import annotations

import datetime

import pytest

from milepost.foundation.activity import registry, retention
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community, Person

pytestmark = pytest.mark.django_db


def test_personal_keys_go_after_their_time_and_the_rest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_verbs", dict(registry._verbs))
    registry.verb("visit.noted", "visited", personal=("words",), keep_days=30)
    community = Community.objects.create(slug="c", name="C")
    person = Person.objects.create(community=community, name="Ife")
    for days in (10, 40, 50):
        at = clock.now() - datetime.timedelta(days=days)
        record("visit.noted", community=community, by=person, happened_at=at, data={"words": "I am ill", "rooms": 2})
    assert retention.expire() == 2
    assert retention.expire() == 0
    assert [a.data for a in Activity.objects.order_by("happened_at")] == [
        {"rooms": 2},
        {"rooms": 2},
        {"words": "I am ill", "rooms": 2},
    ]


def test_of_a_verb_that_is_gone_nothing_is_kept() -> None:
    assert retention.without_personal("long.forgotten", {"a": 1}) == {}
