"""Segments when things go wrong: a worker killed in the middle of a batch or of a filling, and two at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.faults import a_site, told
from tests.sites import Site

pytestmark = pytest.mark.slow

COMMUNITY = """
from collections import Counter
from milepost.domain.people.joining import found_community
from milepost.engines.segments.keeping import fill
from milepost.engines.segments.models import Segment, SegmentMember, SegmentSize
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record
from milepost.foundation.identity.models import Identity, Membership, Person

community = found_community(slug="crash", name="Crash", owner=None)
now = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)
known = []
for n in range(60):
    person = Person.objects.create(community=community, name=f"Person {n}")
    Membership.objects.create(community=community, person=person, joined_at=now)
    known.append(
        Identity.objects.create(community=community, person=person, source="test", source_key=str(n), name=person.name)
    )

def happen():
    for n, identity in enumerate(known):
        for day in range(1 + n % 4):
            record("thread.started", community=community, by=identity, happened_at=now + datetime.timedelta(days=day))

def segments():
    for name, least in (("Once", 1), ("Thrice", 3)):
        Segment.define(community=community, name=name, rule={"did": "thread.started", "at_least": least}, by=None)

def facts():
    from django.db.models import Sum
    found = {}
    for one in Segment.objects.order_by("name"):
        lines = Activity.objects.filter(verb="segment.entered", object_id=one.pk)
        of_the_day = SegmentSize.objects.filter(segment=one).aggregate(n=Sum("entered"))["n"]
        found[one.name] = [SegmentMember.objects.filter(segment_id=one.pk).count(), one.size, lines.count(), of_the_day]
    return found
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with a_site(tmp_path / "home") as made:
        yield made


def test_a_worker_killed_again_and_again_in_a_batch_and_two_that_come_after_it(site: Site) -> None:
    """After the first segment's members, before the log hears of it; when it has; and between two segments."""
    cut_off, whole, again = told(
        site,
        COMMUNITY
        + """
segments()
for one in Segment.objects.all():
    fill(one)
following.catch_up()
happen()
keeping = "milepost.engines.segments.keeping:"
for place, after in (("_write", 1), ("_tell", 1), ("_count", 1), ("_count", 2)):
    killed(keeping + place, after)
cut_off = facts()
two_at_once()
whole = facts()
two_at_once()
print(json.dumps([cut_off, whole, facts()]))
""",
    )
    assert {name: (members, size, lines) for name, (members, size, lines, _day) in cut_off.items()} == {
        "Once": (0, 0, 0), "Thrice": (0, 0, 0),
    }, "a batch takes effect whole or not at all"  # fmt: skip
    assert whole == {"Once": [60, 60, 60, 60], "Thrice": [30, 30, 30, 30]}
    assert again == whole


def test_a_filling_that_was_cut_off_is_done_again(site: Site) -> None:
    cut_off, whole = told(
        site,
        COMMUNITY
        + """
happen()
following.catch_up()
segments()
def fill_all():
    for one in Segment.objects.all():
        fill(one)
for after in (1, 2):
    killed("milepost.engines.segments.keeping:_apply", after, fill_all)
cut_off = {str(pk): n for pk, n in Counter(SegmentMember.objects.values_list("segment_id", flat=True)).items()}
fill_all()
following.catch_up()
print(json.dumps([cut_off, {name: found[:2] for name, found in facts().items()}]))
""",
    )
    assert set(cut_off.values()) <= {30, 60}, "a segment is filled whole or not at all"
    assert whole == {"Once": [60, 60], "Thrice": [30, 30]}
