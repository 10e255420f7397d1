"""Events by other programs."""

from __future__ import annotations

import datetime

from milepost.domain.events import registering
from milepost.domain.events.models import Event, Registration
from milepost.foundation.common import clock
from tests.factories import Cast, make_event, make_milestone, make_past_event, make_when

from .conftest import Caller, caller


def test_proposing_registering_waiting_and_checking_in(member: Caller, steward: Caller, cast: Cast) -> None:
    stone = make_milestone(cast.community)
    day = clock.today("UTC") + datetime.timedelta(days=7)
    day += datetime.timedelta(days=(3 - day.weekday()) % 7)
    body = {
        "title": "Songs", "day": day.isoformat(), "time": "19:00", "minutes": 90, "time_zone": "UTC", "mode": "online",
        "room": True, "capacity": 1, "milestones": [stone.slug], "tags": ["Kitchen"], "rule": "FREQ=WEEKLY;BYDAY=TH;COUNT=3",
    }  # fmt: skip
    made = steward.post("/events", body).json()
    assert made["starts_at"] == f"{day}T19:00:00Z"
    assert (made["milestones"], made["tags"]) == ([stone.slug], ["kitchen"])
    assert made["link"].startswith("https://meet.jit.si/Songs-")
    assert Event.objects.filter(series=made["series"]).count() == 3
    path = f"/events/{made['id']}"
    assert member.get(path).json()["link"] == ""
    assert member.send("PUT", f"{path}/registration", {"answer": "going"}).json()["waiting"] is False
    assert member.get(path).json()["link"] == made["link"]
    other = caller(cast.ife)
    assert other.send("PUT", f"{path}/registration", {}).json()["waiting"] is True
    assert member.send("DELETE", f"{path}/registration").status_code == 204
    assert {r["name"]: r["waiting"] for r in steward.walk(f"{path}/registrations")}["Ife Adeyemi"] is False
    assert member.get(f"{path}/registrations").status_code == 403
    early = steward.send("PUT", f"{path}/attendance/{cast.ife.pk}")
    assert early.status_code == 422
    assert "has not begun" in early.json()["detail"]
    assert steward.send("DELETE", path).json()["cancelled"] is True


def test_what_is_over_and_who_was_there(member: Caller, steward: Caller, cast: Cast) -> None:
    past, coming = make_past_event(host=cast.lan), make_event(host=cast.lan, kind="call")
    assert [e["id"] for e in member.walk("/events?when=past")] == [str(past.pk)]
    assert [e["id"] for e in member.walk("/events?kind=call")] == [str(coming.pk)]
    path = f"/events/{past.pk}/attendance/{cast.soraya.pk}"
    assert steward.send("PUT", path).json()["came"] is True
    assert steward.send("PUT", path).json()["came"] is True
    assert Registration.objects.came().count() == 1
    assert member.send("DELETE", path).status_code == 403
    assert steward.send("DELETE", path).status_code == 204
    assert not Registration.objects.came().exists()


def test_what_a_rule_refuses_is_a_problem(member: Caller, cast: Cast) -> None:
    body = {"title": "Songs", "day": "2020-01-05", "time": "19:00", "minutes": 90}
    assert "past" in member.post("/events", body).json()["detail"]
    assert member.post("/events", body | {"day": "2040-01-05", "rule": "FREQ=HOURLY"}).status_code == 422
    assert member.post("/events", body | {"day": "2040-01-05", "milestones": ["none"]}).status_code == 422
    event = make_event(host=cast.lan, when=make_when(), questions=[{"key": "q", "question": "Why?", "required": True}])
    path = f"/events/{event.pk}/registration"
    assert "Why?" in member.send("PUT", path, {}).json()["detail"]
    assert member.send("PUT", path, {"replies": {"q": "Songs"}}).status_code == 200
    registering.unregister(event=event, person=cast.soraya, by=cast.soraya)
