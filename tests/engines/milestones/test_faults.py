"""Milestones when things go wrong: a worker killed in the middle of a batch, two workers at once, a backfill cut off."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.sites import Site

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]

COMMUNITY = """
import datetime
from milepost.domain.people.joining import found_community
from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Milestone
from milepost.engines.milestones.backfilling import put_in_force
from milepost.foundation.activity.recording import record
from milepost.foundation.identity.models import Community, Identity, Membership, Person

community = found_community(slug="crash", name="Crash", owner=None)
for name, least in (("Once", 1), ("Thrice", 3)):
    stone = Milestone.define(
        community=community, name=name, by=None,
        details=Details(way="rule", rule={"did": "thread.started", "at_least": least}, kind="step"),
    )
    put_in_force(stone, by=None)
now = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)
for n in range(60):
    person = Person.objects.create(community=community, name=f"Person {n}")
    Membership.objects.create(community=community, person=person, joined_at=now)
    identity = Identity.objects.create(community=community, person=person, source="test", source_key=str(n), name=person.name)
    for day in range(1 + n % 4):
        record("thread.started", community=community, by=identity, happened_at=now + datetime.timedelta(days=day))
"""
KILLED = """
import os, signal
from milepost.foundation.activity import following
from milepost.engines.milestones import {module}
real, left = {module}.{name}, [{after}]
def cut_off(*words, **more):
    done = real(*words, **more)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
{module}.{name} = cut_off
"""
FACTS = """
import json
from collections import Counter
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.models import Activity
from milepost.domain.paths.models import Milestone
names = dict(Milestone.objects.values_list("pk", "name"))
told = Counter(names[pk] for pk in Activity.objects.filter(verb="milestone.reached").standing().values_list("object_id", flat=True))
held = Counter(Award.objects.standing().values_list("milestone__name", flat=True))
days = sorted({(a.milestone.name, str(a.reached_on)) for a in Award.objects.select_related("milestone")})
print(json.dumps([told, held, days]))
"""
EXPECTED = [
    {"Once": 60, "Thrice": 30},
    {"Once": 60, "Thrice": 30},
    [["Once", "2026-03-02"], ["Thrice", "2026-03-04"]],
]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site.prepared(tmp_path / "home")
    made.python(COMMUNITY)
    return made


def facts(site: Site) -> list[Any]:
    found: list[Any] = json.loads(site.python(FACTS))
    return found


def killed(site: Site, module: str, name: str, after: int, then: str) -> None:
    process = site.start_python(KILLED.format(module=module, name=name, after=after) + then)
    process.communicate(timeout=400)
    assert process.returncode == -signal.SIGKILL


def test_a_worker_killed_in_a_batch_and_two_that_come_after_it(site: Site) -> None:
    # After the awards of the first rule, before the batch is whole; then between awards and their lines in the log.
    killed(site, "readers", "keep", 1, "following.catch_up()")
    killed(site, "settling", "insert_rows", 1, "following.catch_up()")
    told, held = facts(site)[:2]
    assert told == held == {}, "a batch takes effect whole or not at all"
    both = [site.start("readers", "run", "--json") for _ in range(2)]
    for one in both:
        _out, error = one.communicate(timeout=400)
        assert one.returncode == 0, error
    assert facts(site) == EXPECTED


def test_a_backfill_that_was_cut_off_goes_on(site: Site) -> None:
    assert site.milepost("readers", "run", "rollup").returncode == 0
    piecewise = "backfilling.CHUNK = 7\n"
    killed(
        site, "backfilling", "settle", 4,
        piecewise + "from milepost.domain.paths.models import Milestone\n"
        "backfilling.backfill(Milestone.objects.get(name='Once'))",
    )  # fmt: skip
    told, held = facts(site)[:2]
    assert told == held == {"Once": 21}, "three pieces were whole"
    done = site.json("milestones", "backfill", "--community", "crash")
    assert [(row["milestone"], row["new"]) for row in done] == [("once", 39), ("thrice", 30)]
    assert facts(site) == EXPECTED
    assert site.milepost("readers", "run").returncode == 0
    assert facts(site) == EXPECTED
