"""Personas from a file: the acceptance example, twice, and files that are wrong."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from milepost.domain.paths import choosing
from milepost.domain.paths.models import Milestone, Persona
from milepost.engines.milestones.map import take
from milepost.engines.milestones.models import Award, MilestoneClaim
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.conditions import Invalid
from milepost.outward.starting import personas as starting
from tests.factories import Cast, make_cast, make_member, make_milestone

pytestmark = pytest.mark.django_db

SHARED = ["first-live-gig", "first-paid-gig", "first-headlined-concert"]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def path(slug: str) -> list[str]:
    return list(Persona.objects.get(slug=slug).stones.values_list("milestone__slug", flat=True))


class TestMusicians:
    """Musicians who share the goal of becoming better performers: Hobbyists and Professionals."""

    def test_both_share_three_and_only_professionals_have_tour_and_album(self, cast: Cast) -> None:
        report = starting.load(community=cast.community, data=starting.read("musicians"), by=cast.lan)
        assert report.personas == ["hobbyists", "professionals"]
        assert path("hobbyists") == SHARED
        assert path("professionals") == [*SHARED, "first-tour", "first-album"]
        rows = {row.slug: row.shared for row in take(cast.community).rows}
        assert rows == dict.fromkeys(SHARED, 2) | {"first-tour": 1, "first-album": 1}

    def test_none_of_it_happens_here(self, cast: Cast) -> None:
        """Reached by a claim with evidence that a peer verifies, by history that is brought in, or by a steward's award."""
        starting.load(community=cast.community, data=starting.read("musicians"), by=cast.lan)
        stones = {stone.slug: stone for stone in Milestone.objects.filter(community=cast.community)}
        assert {stone.way for stone in stones.values()} == {"claim"}
        for person in (cast.soraya, cast.ife):
            person.community = cast.community
        today = clock.today(cast.community.time_zone)
        with pytest.raises(DomainError, match="shows it"):
            MilestoneClaim.make(person=cast.ife, milestone=stones["first-tour"], reached_on=today)
        claim = MilestoneClaim.make(
            person=cast.ife, milestone=stones["first-tour"], reached_on=today, text="Six towns, one van."
        )
        claim.confirm(by=cast.lan)
        Award.bestow(person=cast.soraya, milestone=stones["first-live-gig"], reached_on=today, by=cast.lan)
        Award.claim(
            person=cast.ife,
            milestone=stones["first-live-gig"],
            reached_on=today - datetime.timedelta(days=900),
            backfilled=True,
        )
        hows = dict(Award.objects.values_list("milestone__slug", "how").order_by("claimed_at"))
        assert hows == {"first-tour": "claim", "first-live-gig": "claim"}
        assert Award.objects.get(person=cast.soraya).how == "award"

    def test_whoever_was_paid_is_asked_whether_that_is_them(self, cast: Cast) -> None:
        starting.load(community=cast.community, data=starting.read("musicians"), by=cast.lan)
        cast.soraya.community = cast.community
        assert choosing.suggestions(cast.soraya) == []
        paid = Milestone.objects.get(slug="first-paid-gig")
        Award.claim(person=cast.soraya, milestone=paid, reached_on=clock.today(cast.community.time_zone))
        assert [one.slug for one in choosing.suggestions(cast.soraya)] == ["professionals"]

    def test_twice_changes_nothing(self, cast: Cast) -> None:
        data = starting.read("musicians")
        starting.load(community=cast.community, data=data, by=None)
        again = starting.load(community=cast.community, data=data, by=None)
        assert (again.personas, again.milestones) == ([], [])
        assert again.changed == ["hobbyists", "professionals"]
        assert Milestone.objects.filter(community=cast.community).count() == 5

    def test_milestones_that_are_there_stay_as_they_are(self, cast: Cast) -> None:
        make_milestone(cast.community, slug="first-live-gig", name="Our first gig", why="Ours.")
        report = starting.load(community=cast.community, data=starting.read("musicians"), by=cast.lan)
        assert report.kept == ["first-live-gig"]
        assert Milestone.objects.get(slug="first-live-gig").name == "Our first gig"


def test_every_file_that_comes_along_can_be_loaded(cast: Cast) -> None:
    keys = [one.key for one in starting.offered()]
    assert keys == ["gardeners", "musicians"]
    for one in starting.offered():
        report = starting.load(community=cast.community, data=starting.read(one.key), by=cast.lan)
        assert len(report.personas) == len(one.personas)


def test_a_file_of_ones_own_in_yaml_and_json(cast: Cast, tmp_path: Path) -> None:
    make_milestone(cast.community, slug="bed")
    data = {"personas": [{"name": "Growers", "path": ["bed"], "needs": ["sun"]}]}
    (tmp_path / "one.json").write_text(json.dumps(data))
    (tmp_path / "one.yaml").write_text("personas:\n  - name: Growers\n    path: [bed]\n    success: Beans.\n")
    assert starting.load(community=cast.community, data=starting.read(str(tmp_path / "one.json")), by=None).personas
    again = starting.load(community=cast.community, data=starting.read(str(tmp_path / "one.yaml")), by=None)
    assert again.changed == ["growers"]
    made = Persona.objects.get()
    assert (made.needs, made.success) == (["sun"], "Beans."), "what a file does not say stays"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({}, "/personas"),
        ([], "/personas"),
        ({"personas": []}, "/personas"),
        ({"personas": "x"}, "/personas"),
        ({"personas": ["x"]}, "/personas/0"),
        ({"personas": [{"name": ""}]}, "/personas/0/name"),
        ({"personas": [{"name": "A", "colour": "red"}]}, "/personas/0/colour"),
        ({"personas": [{"name": "A", "path": ["nowhere"]}]}, "/personas/0"),
        ({"personas": [{"name": "A", "path": "x"}]}, "/personas/0/path"),
        ({"personas": [{"name": "A", "needs": "x"}]}, "/personas/0/needs"),
        ({"personas": [{"name": "A"}, {"name": "B", "suggests": {"reached": "x"}}]}, "/personas/1/suggests/reached"),
        ({"personas": [{"name": "A" * 90}]}, "/personas/0"),
        ({"personas": [{"name": "A"}], "milestones": [{"name": "M", "reached_by": "magic"}]}, "/milestones/0"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_nothing_is_kept(cast: Cast, data: Any, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        starting.load(community=cast.community, data=data, by=None)
    assert [p.path for p in refused.value.problems if p.path.startswith(place)], refused.value.problems
    assert not Persona.objects.exists()
    assert not Milestone.objects.exists()


@pytest.mark.parametrize("text", ["{", "personas: [", "\x00", "a: *b", "a: &a [*a]"])
def test_what_is_no_file_of_that_kind(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(DomainError):
        starting.read(str(tmp_path / "bad.yaml"))
    with pytest.raises(DomainError, match="There is no file"):
        starting.read(str(tmp_path / "none.yaml"))


def test_only_stewards_load(cast: Cast) -> None:
    for by in (cast.soraya, make_member()):
        with pytest.raises(NotAllowed):
            starting.load(community=cast.community, data=starting.read("musicians"), by=by)
