"""Milestones when things go wrong: a worker killed in the middle of a batch, two workers at once, a backfill cut off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.faults import a_site, told
from tests.sites import Site

pytestmark = pytest.mark.slow

COMMUNITY = """
from milepost.domain.people.joining import found_community
from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import backfilling
from milepost.engines.milestones.backfilling import put_in_force
from milepost.foundation.activity.recording import record
from milepost.foundation.identity.models import Identity, Membership, Person

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

def facts():
    from collections import Counter
    from milepost.engines.milestones.models import Award
    from milepost.foundation.activity.models import Activity
    names = dict(Milestone.objects.values_list("pk", "name"))
    lines = Activity.objects.filter(verb="milestone.reached").standing().values_list("object_id", flat=True)
    awards = Award.objects.standing().select_related("milestone")
    return [
        Counter(names[pk] for pk in lines), Counter(a.milestone.name for a in awards),
        sorted({(a.milestone.name, str(a.reached_on)) for a in awards}),
    ]
"""
EXPECTED: list[Any] = [
    {"Once": 60, "Thrice": 30},
    {"Once": 60, "Thrice": 30},
    [["Once", "2026-03-02"], ["Thrice", "2026-03-04"]],
]
NOTHING: list[Any] = [{}, {}, []]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with a_site(tmp_path / "home") as made:
        yield made


def test_a_worker_killed_again_and_again_in_a_batch_and_two_that_come_after_it(site: Site) -> None:
    """After the awards, before their lines in the log; after the first rule; and when all is written but the cursor."""
    cut_off, whole, again = told(
        site,
        COMMUNITY
        + """
engine = "milepost.engines.milestones."
killed(engine + "settling:insert_rows", 1)
killed(engine + "settling:_tell", 1)
killed(engine + "readers:keep", 1)
killed(engine + "readers:expect", 2)
cut_off = facts()
two_at_once()
whole = facts()
two_at_once()
print(json.dumps([cut_off, whole, facts()]))
""",
    )
    assert cut_off == NOTHING, "a batch takes effect whole or not at all"
    assert whole == EXPECTED
    assert again == EXPECTED


def test_a_backfill_that_was_cut_off_goes_on(site: Site) -> None:
    piece, whole, again = told(
        site,
        COMMUNITY
        + """
following.catch_up(["rollup"])
def fill(name):
    backfilling.CHUNK = 7
    backfilling.backfill(Milestone.objects.get(name=name))
killed("milepost.engines.milestones.backfilling:settle", 4, lambda: fill("Once"))
piece = facts()
fill("Once")
fill("Thrice")
whole = facts()
following.catch_up()
print(json.dumps([piece, whole, facts()]))
""",
    )
    assert piece[:2] == [{"Once": 21}, {"Once": 21}], "three pieces were whole"
    assert whole == EXPECTED
    assert again == EXPECTED


def test_an_import_that_was_cut_off_goes_on(site: Site) -> None:
    """Killed while the file is read, and again while its awards are written; then two at once."""
    cut_off, whole = told(
        site,
        COMMUNITY
        + """
import io
from milepost.outward.connectors.awards import importing
from milepost.outward.connectors.models import AwardRow
Milestone.define(community=community, name="Gig", slug="gig", by=None, details=Details(way="import"))
lines = "".join(f"test:{n},gig,2026-03-05\\n" for n in range(60))
importing.AT_ONCE = 20
def bring():
    file = io.BytesIO(("member,milestone,reached_on\\n" + lines).encode())
    importing.apply(run=importing.begin(community=community, file=file, file_name="gigs.csv", by=None), by=None)
killed("milepost.outward.connectors.awards.importing:_row", 30, bring)
killed("milepost.engines.milestones.bringing:_tell", 2, bring)
cut_off = facts()
two_at_once(bring)
print(json.dumps([cut_off, [*facts(), AwardRow.objects.count()]]))
""",
    )
    assert cut_off[:2] == [{"Gig": 20}, {"Gig": 20}], "one piece was whole"
    assert whole == [{"Gig": 60}, {"Gig": 60}, [["Gig", "2026-03-05"]], 60]
