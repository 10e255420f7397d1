"""How often, and from where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from milepost.foundation.common import clock
from milepost.interfaces.api import rates
from tests.factories import Cast, make_space

from .conftest import Caller, caller


@pytest.fixture
def still() -> Iterator[None]:
    """No window ends meanwhile: ten seconds of this one have passed."""
    with clock.moved(datetime(2026, 5, 1, 12, 0, 10, tzinfo=UTC)):
        yield


@pytest.mark.usefixtures("still")
def test_a_token_that_reads_too_much_waits(member: Caller, steward: Caller, settings: Any) -> None:
    settings.API_RATES = {"read": 3, "write": 2, "address": 100}
    left = [member.get("/people").headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    answer = member.get("/people")
    assert answer.status_code == 429
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]) == ("3", "0")
    assert answer.headers["Retry-After"] == answer.headers["RateLimit-Reset"] == "50"
    assert steward.get("/people").status_code == 200


@pytest.mark.usefixtures("still")
def test_writing_has_its_own_lower_limit(member: Caller, cast: Cast, settings: Any) -> None:
    settings.API_RATES = {"read": 3, "write": 1, "address": 100}
    space = make_space(cast.community)
    for expected in (201, 429):
        answer = member.post(f"/spaces/{space.slug}/threads", {"title": "Rooms", "text": "Who?"})
        assert answer.status_code == expected
        assert answer.headers["RateLimit-Limit"] == "1"
    assert member.get("/people").status_code == 200


def test_the_next_window_begins_anew(member: Caller, settings: Any) -> None:
    settings.API_RATES = {"read": 1, "write": 1, "address": 100}
    moment = datetime(2026, 5, 1, 12, 0, 10, tzinfo=UTC)
    with clock.moved(moment):
        assert [member.get("/people").status_code for _ in range(2)] == [200, 429]
        wait = int(member.get("/people").headers["Retry-After"])
    with clock.moved(moment + timedelta(seconds=wait - 1)):
        assert member.get("/people").status_code == 429
    with clock.moved(moment + timedelta(seconds=wait)):
        assert member.get("/people").status_code == 200


@pytest.mark.usefixtures("still")
def test_guessing_tokens_is_slow(cast: Cast, settings: Any) -> None:
    settings.API_RATES = {"read": 100, "write": 100, "address": 4}
    codes = [Caller(cast.community, f"mp_guess{n}").get("/people").status_code for n in range(6)]
    assert codes == [401, 401, 401, 401, 429, 429]
    assert caller(cast.lan).get("/people").status_code == 429
    assert Caller(cast.community, "").get("/api/v1/nothing").status_code == 429


def test_the_default_rates_write_less_than_they_read(settings: Any) -> None:
    assert 0 < settings.API_RATES["write"] < settings.API_RATES["read"] < settings.API_RATES["address"]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (1, "9.9.9.9, 203.0.113.7", "203.0.113.7"),
        (2, "9.9.9.9, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (2, "203.0.113.7", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_an_address_is_what_our_proxy_saw(proxies: int, forwarded: str, expected: str, settings: Any) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"x-forwarded-for": forwarded} if forwarded else {})
    assert rates.address(request) == expected
