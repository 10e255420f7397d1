"""Bodies that are broken, too large, too deep or not what was asked: always 4xx, with the place that is wrong."""

from __future__ import annotations

import errno
import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from milepost.interfaces.api.routes import people
from tests.factories import Cast, make_space

from .conftest import Caller

ROW = {"source_key": "1", "verb": "contribution.made", "happened_at": "2026-05-01T18:30:00Z"}


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b'{"source": "x", "activities": [',
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'"\xed\xa0\x80"',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
        '{"source": "x"}'.encode("utf-16"),
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_json(body: bytes, steward: Caller) -> None:
    answer = steward.post("/activities", body)
    assert answer.status_code in {400, 422}
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"sorce": "x"}, "/sorce"),
        ({"source": 7}, "/source"),
        ({"source": "Git Hub"}, "/source"),
        ({"activities": []}, "/activities"),
        ({"activities": {"0": ROW}}, "/activities"),
        ({"activities": [ROW | {"verb": None}]}, "/activities/0/verb"),
        ({"activities": [ROW, ROW | {"extra": 1}]}, "/activities/1/extra"),
        ({"activities": [ROW | {"quantity": 10**30}]}, "/activities/0/quantity"),
        ({"activities": [ROW | {"quantity": "NaN"}]}, "/activities/0/quantity"),
        ({"activities": [ROW | {"quantity": 0.00001}]}, "/activities/0/quantity"),
        ({"activities": [ROW | {"happened_at": 10**20}]}, "/activities/0/happened_at"),
        ({"activities": [ROW | {"happened_at": "2026-05-01"}]}, "/activities/0/happened_at"),
        ({"activities": [ROW | {"happened_at": "2026-05-01T18:30:00"}]}, "/activities/0/happened_at"),
        ({"activities": [ROW | {"happened_at": "2026-02-30T18:30:00Z"}]}, "/activities/0/happened_at"),
        ({"activities": [ROW | {"happened_at": "9999-12-31T23:59:59-14:00"}]}, "/activities/0/happened_at"),
        ({"activities": [ROW | {"by": {}}]}, "/activities/0/by"),
        ({"activities": [ROW | {"by": {"id": "not-an-id"}}]}, "/activities/0/by/id"),
        ({"activities": [ROW | {"object": {"kind": "a/b", "key": "~"}}]}, "/activities/0/object/kind"),
        ({"activities": [ROW | {"source_key": "a\0b"}]}, "/activities/0/source_key"),
        ({"activities": [ROW | {"data": {"deep": ["\0"]}}]}, "/activities/0/data/deep/0"),
        ({"activities": [ROW | {"data": {"\0": 1}}]}, "/activities/0/data"),
    ],
)
def test_each_error_names_its_place(change: dict[str, Any], pointer: str, steward: Caller) -> None:
    answer = steward.post("/activities", {"source": "x", "activities": [ROW]} | change)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"].endswith("#invalid")
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert {error["where"] for error in problem["errors"]} == {"body"}


def test_a_backslash_before_u0000_is_no_nul(steward: Caller) -> None:
    row = ROW | {"data": {"text": r"a \u0000 as text"}}
    assert steward.post("/activities", {"source": "x", "activities": [row]}).json()["created"] == 1


@pytest.mark.parametrize("body", [[], 7, "text", None, True])
def test_a_body_is_an_object(body: Any, steward: Caller) -> None:
    answer = steward.post("/activities", json.dumps(body).encode())
    assert answer.status_code == 422


def test_a_body_of_another_type_is_415(steward: Caller, cast: Cast) -> None:
    where = f"/api/v1/communities/{cast.community.slug}"
    headers = {"authorization": f"Bearer {steward.secret}"}
    for path, content_type in (
        ("/activities", "text/plain"),
        ("/activities", "multipart/form-data"),
        ("/imports", "application/json"),
    ):
        answer = Client().post(where + path, b"{}", content_type=content_type, headers=headers)
        assert answer.status_code == 415
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_large_body_is_413(steward: Caller, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    answer = steward.post("/activities", {"source": "x", "activities": [ROW | {"data": {"t": "x" * 10_000}}]})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_body_that_nobody_may_send_is_not_read(cast: Cast, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = Caller(cast.community, "mp_wrong").post("/activities", b"x" * 1_000)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/people?q=%00",
        "/people?colour=red",
        "/people?role=king",
        "/people?joined_since=yesterday",
        "/people?joined_since=2026-01-01T00:00:00",
        "/activities?person=7",
        "/activities?since=0001-01-01T00:00:00%2B14:00",
        "/search",
        "/search?q=" + "x" * 201,
        "/search?q=x&kind=unicorn",
    ],
)
def test_wrong_parameters_are_422(path: str, steward: Caller) -> None:
    answer = steward.get(path)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["where"] == "query"
    assert error["pointer"] in path or error["pointer"] == "q"


@pytest.mark.parametrize(
    "path", ["/activities/" + "9" * 60, "/activities/0", "/people/x", "/goals/none", "/UPPER", "/people/"]
)
def test_what_is_not_there_is_404(path: str, steward: Caller) -> None:
    answer = steward.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_edges_of_the_calendar_are_no_trouble(steward: Caller) -> None:
    period = "since=0001-01-02T00:00:00Z&until=9999-12-30T00:00:00Z"
    for path in (f"/activities?{period}", f"/search?q=x&{period}", "/people?joined_since=9999-12-30T00:00:00Z"):
        assert steward.get(path).status_code == 200


def test_nothing_of_the_inside_is_shown(steward: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any) -> Any:
        raise RuntimeError("the secret is 1234")

    monkeypatch.setattr(people, "_listed", broken)
    answer = steward.get("/people")
    assert answer.status_code == 500
    assert b"1234" not in answer.content
    assert b"Traceback" not in answer.content
    assert answer.json()["instance"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("database is locked"), 503),
        (OperationalError("database or disk is full"), 507),
        (OSError(errno.ENOSPC, "No space left on device"), 507),
    ],
)
def test_an_outage_says_what_to_do(
    error: Exception, status: int, steward: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> Any:
        raise error

    monkeypatch.setattr(people, "_listed", broken)
    answer = steward.get("/people")
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_a_rule_of_the_community_says_why(member: Caller, cast: Cast) -> None:
    space = make_space(cast.community, read_only_at="2026-01-01T00:00:00Z")
    answer = member.post(f"/spaces/{space.slug}/threads", {"title": "Rooms", "text": "Who?"})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"].endswith("#refused")
    assert "read only" in problem["detail"]
    assert problem["hint"]


def test_problems_speak_the_callers_language(cast: Cast) -> None:
    for language in ("en", "de"):
        answer = Client().get("/api/v1/me", headers={"accept-language": language})
        assert answer.status_code == 401
        assert answer.headers["Content-Language"] == language
