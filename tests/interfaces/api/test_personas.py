"""Personas, the map, one's own journey and cohorts, for programs."""

from __future__ import annotations

from milepost.domain.paths.models import PersonaChoice
from tests.factories import (
    Cast,
    make_award,
    make_choice,
    make_cohort,
    make_community,
    make_member,
    make_milestone,
    make_persona,
)

from .conftest import Caller, caller


def test_personas_with_their_paths(member: Caller, cast: Cast) -> None:
    live, secret = make_milestone(cast.community, slug="live"), make_milestone(cast.community, is_secret=True)
    make_persona(cast.community, slug="pros", name="Pros", path=[live, secret], needs=["fees"])
    make_persona(cast.community, adopted_at=None)
    (told,) = member.walk("/personas")
    assert (told["slug"], told["path"], told["needs"]) == ("pros", ["live"], ["fees"])


def test_the_map_keeps_the_floor_for_members(member: Caller, steward: Caller, cast: Cast) -> None:
    live = make_milestone(cast.community, slug="live")
    persona = make_persona(cast.community, slug="pros", path=[live])
    for n in range(20):
        person = make_member(cast.community)
        make_choice(person, persona)
        if n < 3:
            make_award(person, live)
    (column,) = steward.get("/persona-map").json()["personas"]
    assert (column["members"], column["at_start"], column["path"][0]["reached"]) == (20, 17, 3)
    told = member.get("/persona-map").json()
    assert told["without_persona"] is None
    (column,) = told["personas"]
    assert (column["members"], column["at_start"], column["path"][0]["reached"]) == (20, None, None)


def test_one_chooses_and_sees_ones_own_way(member: Caller, cast: Cast) -> None:
    live, tour = make_milestone(cast.community, slug="live"), make_milestone(cast.community, slug="tour")
    make_persona(cast.community, slug="pros", name="Pros", path=[live, tour])
    make_persona(make_community(), slug="theirs")
    make_award(cast.soraya, live)
    told = member.send("PUT", "/me/personas", {"personas": ["pros"]}).json()
    assert told["personas"] == ["pros"]
    assert [(s["milestone"], s["state"]) for s in told["stones"]] == [("live", "reached"), ("tour", "next")]
    assert member.get("/me/journey").json() == told
    assert member.send("PUT", "/me/personas", {"personas": ["theirs"]}).status_code == 422
    assert member.send("PUT", "/me/personas", {"personas": []}).json()["personas"] == []
    assert not PersonaChoice.objects.standing().exists()


def test_cohorts_and_check_ins(member: Caller, cast: Cast) -> None:
    make_cohort(walkers=[cast.soraya, cast.ife], slug="songs", target=20, unit="songs")
    made = member.post("/cohorts/songs/check-ins", {"words": "Two.", "quantity": 2})
    assert made.status_code == 201, made.content
    assert made.json()["quantity"] == "2"
    (told,) = member.walk("/cohorts")
    assert (told["done"], told["target"], told["walkers"]) == ("2.00", "20.00", 2)
    assert member.post("/cohorts/songs/check-ins", {}).status_code == 422
    assert member.post("/cohorts/none/check-ins", {"words": "Hm"}).status_code == 404
    assert caller(cast.lan).post("/cohorts/songs/check-ins", {"words": "Hm"}).status_code == 422


def test_a_token_needs_its_scope(cast: Cast) -> None:
    narrow = caller(cast.soraya, ["personas.view"])
    assert narrow.get("/personas").status_code == 200
    assert narrow.get("/persona-map").status_code == 403
    assert narrow.get("/me/journey").status_code == 403
