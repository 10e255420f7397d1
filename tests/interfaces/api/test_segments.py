"""Segments and rules for programs."""

from __future__ import annotations

from milepost.engines.segments.keeping import fill
from milepost.engines.segments.models import Segment
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.recording import record
from tests.factories import Cast, make_profile

from .conftest import Caller

RULE = {"did": "reply.posted", "at_least": 2}


def test_a_rule_is_checked_and_counted(steward: Caller, member: Caller, cast: Cast) -> None:
    for _ in range(2):
        record("reply.posted", community=cast.community, by=cast.ife)
    catch_up(["rollup"])
    found = steward.send("POST", "/conditions/preview", {"rule": RULE}).json()
    assert (found["valid"], found["count"], found["explanation"]) == (True, 1, "Replied at least 2 times.")
    assert [one["name"] for one in found["examples"]] == [cast.ife.name]
    wrong = steward.send("POST", "/conditions/preview", {"rule": {"all": [{"did": "reply.postet"}]}}).json()
    assert (wrong["valid"], wrong["errors"][0]["path"]) == (False, "/all/0/did")
    assert member.send("POST", "/conditions/preview", {"rule": RULE}).status_code == 403
    assert steward.get("/conditions/schema").json()["condition"]["title"] == "Milepost condition"


def test_segments_are_written_and_read(steward: Caller, member: Caller, cast: Cast) -> None:
    made = steward.send("POST", "/segments", {"name": "Busy", "rule": RULE})
    assert (made.status_code, made.json()["slug"], made.json()["members"]) == (201, "busy", None)
    for _ in range(2):
        record("reply.posted", community=cast.community, by=cast.ife)
    catch_up()
    fill(Segment.objects.get())
    assert steward.get("/segments/busy").json()["members"] == 1
    assert [row["name"] for row in steward.walk("/segments/busy/members")] == [cast.ife.name]
    assert [row["slug"] for row in steward.walk("/segments")] == ["busy"]
    wrong = steward.send("PUT", "/segments/busy", {"name": "Busy", "rule": {"did": "x.done"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/rule/did")
    assert steward.send("PUT", "/segments/busy", {"name": "Busier", "rule": RULE}).json()["name"] == "Busier"
    assert steward.send("POST", "/segments", {"name": "busier", "rule": RULE}).status_code == 409
    assert member.get("/segments").status_code == 403
    assert steward.get("/segments/none").status_code == 404


def test_lists_are_brought_in_and_compared(steward: Caller, cast: Cast) -> None:
    for name in ("One", "Two"):
        steward.send("POST", "/segments", {"name": name})
    brought = steward.send("POST", "/segments/one/members", {"lines": ["@ife", cast.soraya.name, "nobody"]}).json()
    assert (brought["added"], [row["line"] for row in brought["unknown"]]) == (2, [3])
    steward.send("POST", "/segments/two/members", {"lines": ["@ife"]})
    assert steward.get("/segments/one/comparison?other=two").json() == {"both": 1, "only_this": 1, "only_other": 0}
    assert {row["entered"] for row in steward.walk("/segments/one/moves")} == {True}


def test_nobody_is_listed_by_what_is_sensitive(steward: Caller, cast: Cast) -> None:
    make_profile(cast.ife, pronouns="they")
    steward.send("POST", "/segments", {"name": "They", "rule": {"attribute": "pronouns", "is": "they"}})
    fill(Segment.objects.get())
    told = steward.get("/segments/they").json()
    assert (told["sensitive"], told["members"]) == (True, None)
    assert steward.walk("/segments/they/members") == []
