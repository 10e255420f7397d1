"""What programs see celebrated, as its owner may; congratulating; badges of one's own."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from milepost.domain.people.presenting import choose_celebration
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.common import clock
from milepost.outward.badges import proving
from milepost.outward.celebrations.models import Cheer, Moment
from tests.factories import Cast, make_cast, make_milestone, make_profile

from .conftest import caller


@pytest.fixture
def moment(cast: Cast) -> uuid.UUID:
    make_profile(cast.soraya, called="Sori")
    stone = make_milestone(cast.community, name="First gig", slug="first-gig")
    Award.claim(person=cast.soraya, milestone=stone, reached_on=clock.today("UTC"), evidence="Two songs.")
    catch_up(("rollup", "celebrations"))
    return Moment.objects.get().pk


@pytest.mark.parametrize(
    ("choice", "name", "known"),
    [("public", "Soraya Haddad", True), ("community", "Soraya Haddad", True), ("first_name", "Sori", False), ("private", "", False), ("none", "", False)],
)  # fmt: skip
def test_each_is_told_as_they_chose(cast: Cast, moment: uuid.UUID, choice: str, name: str, known: bool) -> None:
    choose_celebration(person=cast.soraya, celebration=choice)
    for who in (cast.ife, cast.lan):
        program = caller(who)
        rows = program.walk("/celebrations?limit=1")
        assert [one["name"] for row in rows for one in row["celebrated"]] == ([name] if name else [])
        assert program.get(f"/celebrations/{moment}").status_code == (200 if name else 404)
        if name:
            (one,) = rows[0]["celebrated"]
            assert (one["person"] is not None) == known
            assert rows[0]["says"] == f"{name} reached “First gig”."
        body = program.get("/celebrations").content.decode()
        assert known or "Haddad" not in body
    assert caller(cast.soraya).walk("/celebrations")[0]["celebrated"][0]["name"] == "Soraya Haddad"


def test_congratulating(cast: Cast, moment: uuid.UUID) -> None:
    program = caller(cast.ife)
    answer = program.send("PUT", f"/celebrations/{moment}/cheer", {"emoji": "🎉"})
    assert answer.json()["cheers"] == {"🎉": 1}
    assert program.send("PUT", f"/celebrations/{moment}/cheer", {"emoji": "x"}).status_code == 422
    assert program.send("DELETE", f"/celebrations/{moment}/cheer").json()["cheers"] == {}
    made = program.post(f"/celebrations/{moment}/congratulations", {"text": "The second song."})
    assert made.status_code == 201
    assert [one["text"] for one in caller(cast.lan).get(f"/celebrations/{moment}/congratulations").json()] == [
        "The second song."
    ]
    own = caller(cast.soraya).send("PUT", f"/celebrations/{moment}/cheer", {"emoji": "🎉"})
    assert own.status_code == 422
    assert not Cheer.objects.exists()


def test_scopes_and_other_communities(cast: Cast, moment: uuid.UUID) -> None:
    reader = caller(cast.ife, ["celebrations.view"])
    assert reader.get("/celebrations").status_code == 200
    assert reader.post(f"/celebrations/{moment}/congratulations", {"text": "x"}).status_code == 403
    assert caller(cast.ife, []).get("/celebrations").status_code == 403
    other = caller(make_cast().lan)
    assert other.get(f"/celebrations/{moment}").status_code == 404
    assert other.get(f"/api/v1/communities/{cast.community.slug}/celebrations").status_code == 404
    assert other.post(f"/celebrations/{moment}/congratulations", {"text": "x"}).status_code == 404


def test_badges_of_ones_own(cast: Cast, moment: uuid.UUID, tmp_path: Path, settings: Any) -> None:
    settings.MILEPOST_HOME = tmp_path
    award = Award.objects.get()
    soraya = caller(cast.soraya)
    made = soraya.post(f"/awards/{award.pk}/badge", {"name": "called", "evidence": True})
    assert made.status_code == 201, made.content
    found = proving.read(made.json()["credential"].encode())
    assert found.is_valid
    assert found.says["evidence"][0]["narrative"] == "Two songs."
    assert found.says["id"] == made.json()["url"]
    assert [one["id"] for one in soraya.get("/badges").json()] == [made.json()["id"]]
    assert caller(cast.lan).get("/badges").json() == []
    assert caller(cast.lan).post(f"/awards/{award.pk}/badge", {}).status_code == 404
