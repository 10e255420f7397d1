"""Every operation, whatever it does: who comes in, who does not, and what they are told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from milepost.foundation.identity.access import permissions
from milepost.foundation.identity.models import ApiToken, Membership
from milepost.interfaces.api.routing import operations
from milepost.interfaces.api.site import api
from tests.factories import Cast, make_cast

from .conftest import Caller, caller

ALL = {operation.operation_id: (method, path, token) for method, path, operation, token in operations(api)}
INSIDE = [name for name, (_method, path, _token) in ALL.items() if "{slug:slug}" in path]
GUARDED = [name for name, (_method, _path, token) in ALL.items() if token.permission]

BODIES: dict[str, Any] = {
    "log_write_activities": {
        "source": "github",
        "activities": [{"source_key": "1", "verb": "contribution.made", "happened_at": "2026-05-01T18:30:00Z"}],
    },
    "spaces_start_thread": {"title": "Rooms", "text": "Who has one?"},
    "spaces_reply": {"text": "We do."},
    "spaces_edit": {"text": "We **do**."},
    "events_propose": {"title": "Songs", "day": "2040-01-05", "time": "19:00", "minutes": 90},
    "events_register": {"answer": "going"},
    "milestones_claim": {"milestone": "own-evening", "reached_on": "2026-01-05"},
    "milestones_settle": {"confirmed": True, "reason": "I was there."},
    "personas_choose": {"personas": []},
    "resources_propose": {"kind": "guide", "title": "Play quietly", "text": "Listen."},
    "resources_rate": {"stars": 5, "comment": "Yes."},
    "opportunities_ask": {"title": "Fold chairs"},
    "opportunities_finish": {"minutes": 20},
    "personas_check_in": {"words": "Two songs."},
    "segments_preview": {"rule": {"did": "reply.posted"}},
    "segments_define": {"name": "Busy", "rule": {"did": "reply.posted"}},
    "segments_change": {"name": "Hosts of the evening"},
    "segments_bring": {"lines": ["@ife"]},
    "celebrations_congratulate": {"text": "Well done."},
    "celebrations_cheer": {"emoji": "🎉"},
    "celebrations_make_badge": {"name": "called"},
}
QUERIES = {"search_search": "?q=post", "segments_comparison": "?other=guests"}
STATUS = {
    "spaces_start_thread": 201,
    "spaces_reply": 201,
    "spaces_remove": 204,
    "events_propose": 201,
    "events_unregister": 204,
    "events_was_not_there": 204,
    "imports_start_import": 202,
    "milestones_claim": 201,
    "personas_check_in": 201,
    "resources_propose": 201,
    "opportunities_ask": 201,
    "segments_define": 201,
    "celebrations_congratulate": 201,
    "celebrations_make_badge": 201,
}


def call(name: str, known: dict[str, Any], who: Caller) -> Any:
    """The operation, as it is meant to be called."""
    method, path, token = ALL[name]
    where = "/api/v1" + path + QUERIES.get(name, "")
    where = re.sub(r"{(?:\w+:)?(\w+)}", lambda found: str(known[found[1]]), where)
    if token.media == "multipart/form-data":
        headers = {"authorization": f"Bearer {who.secret}"} if who.secret else {}
        given = {"kind": "table", "file": SimpleUploadedFile("members.csv", b"id,name\n7,Lan\n")}
        return Client(raise_request_exception=False).post(where, given, headers=headers)
    return who.send(method, where, BODIES.get(name))


def test_each_states_its_permission() -> None:
    for name, (method, _path, token) in ALL.items():
        assert bool(token.permission) != bool(token.open_because), name
        assert not token.permission or token.permission in permissions(), name
        assert token.writes == (method != "GET"), name


def test_the_description_names_each_scope() -> None:
    described = {
        operation["operationId"]: operation
        for path in api.get_openapi_schema()["paths"].values()
        for operation in path.values()
    }
    assert described.keys() == ALL.keys()
    for name, (_method, _path, token) in ALL.items():
        assert described[name]["security"] == [{"Token": [token.permission] if token.permission else []}]
        assert (f"Scope: `{token.permission}`" if token.permission else "Any token") in described[name]["description"]


@pytest.mark.parametrize("name", ALL)
def test_a_token_of_an_owner_opens_it(name: str, known: dict[str, Any], cast: Cast) -> None:
    answer = call(name, known, caller(cast.amara))
    assert answer.status_code == STATUS.get(name, 200), answer.content


@pytest.mark.parametrize("secret", ["", "mp_wrong", "Bearer"])
def test_without_a_token_each_is_401(secret: str, known: dict[str, Any], cast: Cast) -> None:
    for name in ALL:
        answer = call(name, known, Caller(cast.community, secret))
        assert answer.status_code == 401, name
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert ("invalid_token" in answer.headers["WWW-Authenticate"]) == bool(secret)


def test_another_communitys_token_finds_nothing(known: dict[str, Any]) -> None:
    stranger = caller(make_cast().amara)
    for name in INSIDE:
        answer = call(name, known, stranger)
        assert answer.status_code == 404, name
        nowhere = call(name, known | {"slug": "no-such-community"}, stranger)
        told, as_told = answer.json(), nowhere.json()
        assert told.pop("instance") != as_told.pop("instance")
        assert told == as_told


def test_ids_of_another_community_lead_nowhere(known: dict[str, Any]) -> None:
    """With one's own community in the address and another's things behind it."""
    stranger = make_cast()
    mine, who = known | {"slug": stranger.community.slug}, caller(stranger.amara)
    tried = [name for name in INSIDE if ALL[name][1].count("{") > 1]
    assert len(tried) > 15
    for name in tried:
        assert call(name, mine, who).status_code == 404, name


def test_without_its_scope_each_is_403(known: dict[str, Any], cast: Cast) -> None:
    for name in GUARDED:
        permission = ALL[name][2].permission
        others = [scope for scope in permissions() if scope != permission]
        answer = call(name, known, caller(cast.amara, others))
        assert answer.status_code == 403, name
        assert answer.json()["scope"] == permission
        assert f'scope="{permission}"' in answer.headers["WWW-Authenticate"]


def test_a_scope_gives_no_more_than_the_role(known: dict[str, Any], cast: Cast) -> None:
    higher = [n for n in GUARDED if permissions()[ALL[n][2].permission].lowest in {"steward", "moderator"}]
    who = caller(cast.soraya)
    assert len(higher) > 5
    for name in higher:
        answer = call(name, known, who)
        assert answer.status_code == 403, name
        assert "scope" not in answer.json()
    # Another's post is there to be read, not to be changed.
    for name in ("spaces_edit", "spaces_remove"):
        assert call(name, known, who).status_code == 403, name


def test_who_left_has_no_way_in(known: dict[str, Any], cast: Cast) -> None:
    cast.community.visibility = "members"
    cast.community.save()
    who = caller(cast.soraya)
    Membership.objects.filter(person=cast.soraya).update(left_at="2035-01-01T00:00:00Z")
    assert who.get("/people").status_code == 404
    assert who.get("/spaces").status_code == 404
    # The mission is everyone's to read.
    assert who.get("/mission").status_code == 200
    assert who.get("/api/v1/me").json()["role"] is None


@pytest.mark.parametrize("end", ["revoked", "expired", "closed account", "archived community"])
def test_a_token_ends(end: str, cast: Cast) -> None:
    who = caller(cast.soraya)
    token = ApiToken.objects.get(account=cast.soraya.account)
    if end == "revoked":
        token.revoke()
    elif end == "expired":
        ApiToken.objects.update(expires_at="2020-01-01T00:00:00Z")
    elif end == "closed account":
        cast.soraya.account.is_active = False
        cast.soraya.account.save()
    else:
        cast.community.archived_at = "2026-01-01T00:00:00Z"
        cast.community.save()
    assert who.get("/mission").status_code == (404 if end == "archived community" else 401)


def test_a_session_is_no_token(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.amara.account)
    assert client.get("/api/v1/me").status_code == 401


def test_use_is_noted_once_a_minute(cast: Cast, django_assert_num_queries: Any) -> None:
    who = caller(cast.soraya)
    assert who.get("/api/v1/me").status_code == 200
    noted = ApiToken.objects.get(account=cast.soraya.account).last_used_at
    assert noted is not None
    with django_assert_num_queries(2):  # the token and the membership
        who.get("/api/v1/me")
    assert ApiToken.objects.get(account=cast.soraya.account).last_used_at == noted


def test_other_methods_are_405(known: dict[str, Any], cast: Cast) -> None:
    taken: dict[str, set[str]] = {}
    for method, path, _token in ALL.values():
        taken.setdefault(path, set()).add(method)
    who = caller(cast.amara)
    for path in ("/communities/{slug:slug}/people", "/communities/{slug:slug}/activities"):
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - taken[path]:
            answer = who.send(method, "/api/v1" + path.replace("{slug:slug}", cast.community.slug))
            assert answer.status_code == 405
            assert set(answer.headers["Allow"].split(", ")) == taken[path]
            assert answer.headers["Content-Type"] == "application/problem+json"
