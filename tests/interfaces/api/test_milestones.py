"""Milestones, awards and claims for programs."""

from __future__ import annotations

from milepost.engines.milestones.models import Award, MilestoneClaim
from tests.factories import Cast, make_award, make_milestone, make_profile

from .conftest import Caller


def test_milestones_and_their_secrets(member: Caller, steward: Caller, cast: Cast) -> None:
    make_milestone(cast.community, slug="live", name="First live gig")
    make_milestone(cast.community, slug="hidden", is_secret=True)
    make_milestone(cast.community, slug="proposed", adopted_at=None)
    assert [row["slug"] for row in member.walk("/milestones")] == ["live"]
    assert [row["slug"] for row in steward.walk("/milestones")] == ["live", "hidden"]
    assert member.get("/milestones/live").json()["reached_by"] == "claim"
    assert member.get("/milestones/hidden").status_code == 404


def test_awards_as_people_let_themselves_be_celebrated(member: Caller, steward: Caller, cast: Cast) -> None:
    live = make_milestone(cast.community, slug="live")
    make_profile(cast.ife, celebration="private")
    make_profile(cast.mateus, celebration="first_name")
    facts = [["thread.started", "00000000-0000-0000-0000-000000000000", "2026-03-04T12:00:00+00:00"]]
    for person in (cast.ife, cast.mateus, cast.lan):
        make_award(person, live, activities=facts)
    told = member.walk("/awards")
    assert {(row["member"]["name"], row["member"]["id"] is None) for row in told} == {
        ("Mateus", True),
        (cast.lan.name, False),
    }
    assert {len(row["evidence"]) for row in told} == {0}
    assert member.get(f"/awards?person={cast.mateus.pk}").json()["items"] == []
    everything = steward.walk("/awards?milestone=live")
    assert len(everything) == 3
    assert {row["evidence"][0]["verb"] for row in everything} == {"thread.started"}


def test_one_claims_for_oneself_and_a_steward_settles_it(member: Caller, steward: Caller, cast: Cast) -> None:
    make_milestone(cast.community, slug="live", verified_by="steward")
    given = {"milestone": "live", "reached_on": "2026-03-04", "text": "It was so"}
    made = member.send("POST", "/milestone-claims", given)
    assert (made.status_code, made.json()["award"]) == (201, None)
    assert member.walk("/milestone-claims") == []
    (waiting,) = steward.walk("/milestone-claims")
    way = f"/milestone-claims/{waiting['id']}/settlement"
    assert member.send("POST", way, {"confirmed": True}).status_code == 404
    assert steward.send("POST", way, {"confirmed": False}).status_code == 422
    assert steward.send("POST", way, {"confirmed": True}).json()["award"] is not None
    assert Award.objects.get().awarded_by is not None
    assert steward.send("POST", way, {"confirmed": True}).status_code == 409
    assert member.send("POST", "/milestone-claims", given | {"milestone": "none"}).status_code == 404
    assert MilestoneClaim.objects.count() == 1
