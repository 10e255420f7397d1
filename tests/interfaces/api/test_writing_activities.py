"""What tools outside may write into the log, and what they may not."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from milepost.foundation.activity import registry
from milepost.foundation.activity.models import Activity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.identity.models import ErasedIdentity, Identity, Person
from milepost.outward.connectors import receiving
from tests.factories import Cast, make_member, make_person, make_space

from .conftest import Caller, caller

AT = "2026-05-01T18:30:00Z"


def given(key: str = "1", verb: str = "contribution.made", **more: Any) -> dict[str, Any]:
    return {"source_key": key, "verb": verb, "happened_at": AT} | more


def send(who: Caller, *rows: dict[str, Any], source: str = "github", **headers: str) -> Any:
    answer = who.post("/activities", {"source": source, "activities": list(rows)}, **headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refusal(who: Caller, row: dict[str, Any], source: str = "github") -> str:
    (result,) = send(who, row, source=source)["results"]
    assert result["status"] == "refused"
    assert result["detail"]
    assert result["id"] is None
    return str(result["reason"])


def test_a_whole_activity(steward: Caller, cast: Cast) -> None:
    space = make_space(cast.community)
    told = send(
        steward,
        given(
            by={"key": "octo", "name": "Octavia"},
            to={"id": str(cast.soraya.pk)},
            space=space.slug,
            object={"kind": "issue", "key": "7"},
            quantity=3.25,
            data={"text": "Fixed the amplifier list"},
        ),
    )
    assert (told["created"], told["existing"], told["refused"]) == (1, 0, 0)
    row = Activity.objects.get(pk=told["results"][0]["id"])
    assert (row.verb, row.source, row.source_key, row.space_id) == ("contribution.made", "github", "1", space.pk)
    assert row.happened_at.isoformat() == "2026-05-01T18:30:00+00:00"
    assert str(row.quantity) == "3.2500"
    assert row.object_kind == "issue"
    assert row.data == {"text": "Fixed the amplifier list"}
    assert row.identity.person.name == "Octavia"
    assert not row.identity.person.is_claimed
    assert row.other.person == cast.soraya
    assert row.backfilled
    assert AuditEntry.objects.get(action="activities.received").person == cast.lan


def test_the_same_key_is_written_once(steward: Caller) -> None:
    first = send(steward, given("a"), given("b"))
    second = send(steward, given("b", verb="praise.given"), given("c"), given("c"))
    assert [r["status"] for r in second["results"]] == ["existing", "created", "existing"]
    assert second["results"][0]["id"] == first["results"][1]["id"]
    assert Activity.objects.filter(source="github").count() == 3
    assert send(steward, given("a"), source="gitlab")["created"] == 1


def test_only_external_verbs(steward: Caller) -> None:
    for verb in registry.verbs().values():
        (result,) = send(steward, given(verb.name, verb=verb.name))["results"]
        assert (result["status"] == "created") == verb.external, verb.name
    assert refusal(steward, given(verb="garden.dug")) == "unknown_verb"
    for name in ("milestone.reached", "milestone.claimed"):
        if name in registry.verbs():
            assert refusal(steward, given(verb=name)) == "verb_not_external"


@pytest.mark.parametrize("name", ["milestone.reached", "vote.cast", "donation.made"])
def test_some_verbs_never_come_in_whatever_is_registered(
    name: str, steward: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = registry.verbs() | {name: registry.Verb(name, "did", external=True)}
    monkeypatch.setattr(registry, "_verbs", known)
    assert refusal(steward, given(verb=name)) == "verb_not_external"
    assert not Activity.objects.filter(verb=name).exists()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"happened_at": "1969-12-31T23:59:59Z"}, "bad_time"),
        ({"happened_at": "2999-01-01T00:00:00Z"}, "bad_time"),
        ({"happened_at": "0001-01-01T00:00:00Z"}, "bad_time"),
        ({"space": "nowhere"}, "unknown_space"),
        ({"data": {"text": "x" * 4_000}}, "bad_data"),
        ({"by": {"id": "01a20cff-d19c-705f-8f0f-9b4b30903262"}}, "unknown_person"),
        ({"by": {"source": "milepost", "key": "someone"}}, "unknown_person"),
    ],
)
def test_rows_are_refused_one_by_one(row: dict[str, Any], reason: str, steward: Caller) -> None:
    told = send(steward, given("good"), given("bad", **row), given("fine"))
    assert [r["status"] for r in told["results"]] == ["created", "refused", "created"]
    assert told["results"][1]["reason"] == reason
    assert refusal(steward, given("bad", **row)) == reason


def test_an_infinite_number_in_the_data_is_refused(steward: Caller) -> None:
    body = b'{"source":"github","activities":[{"source_key":"1","verb":"contribution.made","happened_at":"%s","data":{"n":1e999}}]}'
    answer = steward.post("/activities", body % AT.encode())
    assert answer.json()["results"][0]["reason"] == "bad_data"


def test_people_of_another_community_are_unknown(steward: Caller) -> None:
    stranger = make_member()
    assert refusal(steward, given(by={"id": str(stranger.pk)})) == "unknown_person"


def test_who_was_erased_does_not_come_back(steward: Caller, cast: Cast) -> None:
    digest = ErasedIdentity.digest_of(cast.community, "github", "octo")
    ErasedIdentity.objects.create(community=cast.community, digest=digest)
    people = Person.objects.count()
    assert refusal(steward, given(by={"key": "octo", "name": "Octavia"})) == "erased"
    assert Person.objects.count() == people


def test_a_refused_row_brings_nobody(steward: Caller) -> None:
    people = Person.objects.count()
    assert refusal(steward, given(by={"key": "octo"}, to={"source": "milepost", "key": "x"})) == "unknown_person"
    assert Person.objects.count() == people
    assert send(steward, given(by={"key": "octo"}))["created"] == 1
    assert Identity.objects.get(source="github").source_key == "octo"


def test_the_same_person_from_outside_is_met_once(steward: Caller, cast: Cast) -> None:
    send(steward, *[given(str(n), by={"key": "octo"}, to={"key": "hubert"}) for n in range(5)])
    send(steward, given("later", by={"key": "octo"}, to={"source": "slack", "key": cast.joao.source_key}))
    assert Identity.objects.filter(source="github").count() == 2
    assert Activity.objects.get(source_key="later").other == cast.joao


def test_an_unclaimed_person_by_id(steward: Caller, cast: Cast) -> None:
    send(steward, given(by={"id": str(cast.joao.person_id)}))
    assert Activity.objects.get(source="github").identity == cast.joao
    empty = make_person(cast.community)
    assert refusal(steward, given("2", by={"id": str(empty.pk)})) == "unknown_person"


def test_what_is_new_is_told_and_history_is_not(steward: Caller) -> None:
    now = clock.now().isoformat()
    send(steward, given("new", happened_at=now), given("old"), given("told", backfilled=False))
    send(steward, given("quiet", happened_at=now, backfilled=True))
    kept = dict(Activity.objects.filter(source="github").values_list("source_key", "backfilled"))
    assert kept == {"new": False, "old": True, "told": False, "quiet": True}


def test_a_thousand_at_once_and_no_more(steward: Caller, django_assert_max_num_queries: Any) -> None:
    rows = [given(str(n), by={"key": f"u{n % 50}"}) for n in range(1_000)]
    with django_assert_max_num_queries(60):
        assert send(steward, *rows)["created"] == 1_000
    assert send(steward, *rows)["existing"] == 1_000
    answer = steward.post("/activities", {"source": "github", "activities": [*rows, given("one more")]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/activities"


def test_this_site_is_no_source(steward: Caller) -> None:
    answer = steward.post("/activities", {"source": "milepost", "activities": [given()]})
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("#refused")
    assert answer.json()["hint"]


def test_members_do_not_write_into_the_log(member: Caller) -> None:
    assert member.post("/activities", {"source": "github", "activities": [given()]}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_send_the_same_batch_at_once() -> None:
    from tests.factories import make_cast

    cast = make_cast()
    rows = [
        receiving.Reported(str(n), "contribution.made", clock.now(), by=receiving.Who(source="x", key=f"u{n % 7}"))
        for n in range(60)
    ]
    found: list[Any] = []
    gate = threading.Barrier(2)

    def run() -> None:
        from milepost.foundation.identity.access import Actor

        try:
            gate.wait(timeout=60)
            found.append(receiving.receive(rows, source="x", by=Actor.of(cast.lan)))
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            found.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert [type(f) for f in found] == [list, list], found
    assert Activity.objects.filter(source="x").count() == 60
    assert Identity.objects.filter(source="x").count() == 7
    assert Person.objects.filter(identities__source="x").count() == 7
    created = sum(o.status == "created" for outcome in found for o in outcome)
    assert created == 60
    assert caller(cast.lan).get("/activities?source=x&limit=200").json()["items"]
