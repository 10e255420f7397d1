"""What helps, and ways to take part, as programs see them."""

from __future__ import annotations

from milepost.domain.resources.models import Resource
from milepost.domain.work.models import Commitment, Opportunity
from tests.factories import Cast, make_goal, make_milestone, make_opportunity, make_resource

from .conftest import Caller


def test_a_resource_from_proposal_to_rating(member: Caller, steward: Caller, cast: Cast) -> None:
    stone, goal = make_milestone(cast.community), make_goal(cast.community)
    body = {
        "kind": "course", "title": "To the stage", "tags": ["Nerves"], "milestones": [stone.slug], "goals": [goal.slug],
        "lessons": [{"title": "Sit", "text": "Down."}, {"title": "Stand", "text": "Up.", "minutes": 5}],
    }  # fmt: skip
    wrong = member.post("/resources", body | {"milestones": [stone.slug, "none"]})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/milestones/1"
    made = member.post("/resources", body).json()
    assert (made["version"], made["milestones"], made["authors"]) == (None, [stone.slug], [str(cast.soraya.pk)])
    assert member.send("PUT", f"/resources/{made['slug']}/use").status_code == 403
    Resource.objects.get().publish(by=cast.lan)
    assert [row["title"] for row in steward.walk(f"/resources?milestone={stone.slug}&kind=course&tag=nerves")] == [
        "To the stage"
    ]
    assert steward.walk("/resources?kind=guide") == []
    said = steward.walk(f"/resources/{made['id']}/versions")[0]
    assert [lesson["title"] for lesson in said["lessons"]] == ["Sit", "Stand"]
    assert steward.send("PUT", f"/resources/{made['slug']}/use").status_code == 422
    for lesson in said["lessons"]:
        use = steward.send("PUT", f"/resources/{made['slug']}/lessons/{lesson['id']}").json()
    assert use["finished"] is True
    assert len(use["lessons_done"]) == 2
    rating = steward.send("PUT", f"/resources/{made['slug']}/rating", {"stars": 4})
    assert rating.json()["stars"] == 4
    assert member.send("PUT", f"/resources/{made['slug']}/rating", {"stars": 5}).status_code == 422
    assert steward.send("DELETE", f"/resources/{made['slug']}/use").json()["finished"] is False


def test_proposals_of_others_are_not_there(member: Caller, steward: Caller, cast: Cast) -> None:
    hidden = make_resource(by=cast.ife, published=False)
    assert member.get(f"/resources/{hidden.slug}").status_code == 404
    assert member.walk("/resources") == []
    assert [row["slug"] for row in steward.walk("/resources")] == [hidden.slug]


def test_a_hand_is_asked_for_taken_given_back_and_done(member: Caller, steward: Caller, cast: Cast) -> None:
    stone = make_milestone(cast.community)
    body = {"title": "Fold chairs", "effort": 25, "needed": 2, "skills": ["Lifting"], "milestone": stone.slug}
    made = steward.post("/opportunities", body).json()
    assert (made["open"], made["taken"], made["skills"]) == (True, 0, ["lifting"])
    make_opportunity(cast.community, effort=400)
    assert [row["slug"] for row in member.walk("/opportunities?minutes=30&skill=lifting")] == [made["slug"]]
    path = f"/opportunities/{made['slug']}/commitment"
    assert member.send("PUT", path).json()["mine"] == "taken"
    assert member.send("DELETE", path).json()["mine"] == ""
    assert member.post(f"{path}/end", {}).status_code == 404
    member.send("PUT", path)
    assert member.post(f"{path}/end", {"words": "Done."}).json()["mine"] == "finished"
    assert Commitment.objects.get().minutes == 25
    Opportunity.objects.get(slug=made["slug"]).close(by=cast.lan)
    assert made["slug"] not in {row["slug"] for row in member.walk("/opportunities")}
    assert made["slug"] in {row["slug"] for row in member.walk("/opportunities?everything=true")}
    assert member.send("PUT", f"/opportunities/{made['slug']}/commitment").status_code == 200
    assert cast.ife.commitments.count() == 0


def test_what_to_make_next_is_the_stewards(member: Caller, steward: Caller, cast: Cast) -> None:
    stone = make_milestone(cast.community, name="First gig")
    guide = make_resource(cast.community, milestones=[stone])
    guide.finish(by=cast.ife)
    shown = steward.get("/coverage").json()
    assert shown["milestones"] == [
        {
            "milestone": stone.slug,
            "name": "First gig",
            "waiting": 5,
            "stalled": 0,
            "events": 0,
            "resources": 1,
            "opportunities": 0,
        }
    ]
    assert set(shown["definitions"]) == {"waiting", "stalled", "helps"}
    came = steward.get(f"/coverage/{stone.slug}").json()
    assert [(one["kind"], one["objects"], one["lifts"]) for one in came["used"]] == [("resource", [str(guide.pk)], [])]
    assert "no proof" in came["warning"]
    assert member.get("/coverage").status_code == 403
    assert steward.get("/coverage/none").status_code == 404
