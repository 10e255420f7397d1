"""What a reader may count on, with readers made for the test."""

from __future__ import annotations

import itertools
import time
from typing import ClassVar

import pytest

from milepost.foundation.activity import following
from milepost.foundation.activity.following import Batch, Effect, Projection, catch_up, follow
from milepost.foundation.activity.models import Activity, ReaderCursor
from milepost.foundation.activity.recording import record
from milepost.foundation.identity.models import Community

pytestmark = pytest.mark.django_db


@pytest.fixture
def community() -> Community:
    return Community.objects.create(slug="stage", name="Open Stage")


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_readers", {})
    monkeypatch.setattr(following, "_sizes", {})
    monkeypatch.setattr(following, "_resting", {})
    monkeypatch.setattr(following, "autodiscover_modules", lambda *_: None)


def make(name: str, after: tuple[str, ...] = (), kind: type[following.Reader] = Projection) -> type[following.Reader]:
    class Made(kind):  # type: ignore[valid-type, misc]
        seen: ClassVar[list[int]] = []

        def apply(self, batch: Batch) -> None:
            ids = list((self.fresh(batch) if kind is Effect else batch.activities()).values_list("id", flat=True))
            for lower in after:
                reached = ReaderCursor.objects.get(reader=lower).position
                assert all((a.epoch, a.xid, a.id) <= reached for a in batch.activities())
            Made.seen += ids

        def reset(self) -> None:
            Made.seen.clear()

    Made.name, Made.after = name, after
    return following.reader(Made)


@pytest.mark.parametrize("names", list(itertools.permutations(["a", "b", "c"])))
def test_in_whatever_order_they_run_none_passes_what_it_builds_on(community: Community, names: tuple[str, ...]) -> None:
    made = {"a": make("a"), "b": make("b", ("a",)), "c": make("c", ("b", "a"))}
    rows = [record("goal.adopted", community=community, by=None) for _ in range(7)]
    for _ in range(4):
        for name in names:
            following._sizes[name] = 3
            following.step(following.find(name))
    catch_up()
    assert all(cls.seen == [r.pk for r in rows] for cls in made.values())  # type: ignore[attr-defined]


def test_a_circle_is_named() -> None:
    make("x", ("y",))
    make("y", ("x",))
    with pytest.raises(ValueError, match="x → y → x"):
        following.readers()


def test_effects_pass_over_backfilled_rows(community: Community) -> None:
    cls = make("mail", kind=Effect)
    record("goal.adopted", community=community, by=None, backfilled=True)
    fresh = record("goal.adopted", community=community, by=None)
    catch_up()
    assert cls.seen == [fresh.pk]  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="cannot be rewound"):
        following.rewind("mail")


def test_a_failing_reader_is_noted_and_does_not_hold_up_others(community: Community) -> None:
    good = make("good")

    class Bad(Projection):
        name = "bad"

        def apply(self, batch: Batch) -> None:
            raise RuntimeError("no")

    following.reader(Bad)
    record("goal.adopted", community=community, by=None)
    assert follow()
    assert len(good.seen) == 1  # type: ignore[attr-defined]
    bad = ReaderCursor.objects.get(reader="bad")
    assert "RuntimeError: no" in bad.error
    assert bad.activity_id == 0


def test_a_failing_reader_is_asked_again_later_and_later(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    moment = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])

    class Bad(Projection):
        name = "bad"

        def apply(self, batch: Batch) -> None:
            asked.append(moment[0])
            if len(asked) < 5:
                raise RuntimeError("no")

    following.reader(Bad)
    record("goal.adopted", community=community, by=None)
    for _ in range(200):
        follow()
        moment[0] += 0.1
    assert [round(later - earlier, 1) for earlier, later in itertools.pairwise(asked)] == [0.5, 1.0, 2.0, 4.0]
    assert following._resting == {}


def test_a_batch_that_fails_takes_no_effect_at_all(community: Community) -> None:
    class Half(Projection):
        name = "half"
        fail: ClassVar[bool] = True

        def apply(self, batch: Batch) -> None:
            Community.objects.filter(pk=community.pk).update(tagline="touched")
            if Half.fail:
                raise RuntimeError("killed in the middle")

    following.reader(Half)
    record("goal.adopted", community=community, by=None)
    with pytest.raises(RuntimeError):
        catch_up()
    community.refresh_from_db()
    assert community.tagline == ""
    Half.fail = False
    catch_up()
    assert ReaderCursor.objects.get(reader="half").activity_id == Activity.objects.latest("id").pk
