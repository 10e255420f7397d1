"""`milepost conditions`: rules from a file or standard input, answered as JSON."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from tests.factories import Cast, make_cast

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 5, 20, 12, tzinfo=datetime.UTC)
RULE = {"did": "reply.posted", "at_least": 2, "within": "P30D"}


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    for day in (1, 10):
        at = NOW.replace(day=day)
        record("reply.posted", community=made.community, by=made.soraya, happened_at=at)
        record("reply.posted", community=made.community, by=made.lan, happened_at=at.replace(month=3))
    catch_up(["rollup"])
    return made


def test_counts_and_names_whom_a_rule_is_about(cast: Cast, answer: Callable[..., Any], tmp_path: Path):
    file = tmp_path / "rule.json"
    file.write_text(json.dumps(RULE))
    with clock.moved(NOW):
        found = answer("conditions", "count", file, "--community", cast.community.slug, "--members")
        assert (found["valid"], found["errors"], found["count"]) == (True, [], 1)
        assert found["explanation"] == "Replied at least 2 times in the past 30 days."
        assert [member["name"] for member in found["members"]] == ["Soraya Haddad"]
        assert {one["source"] for one in found["members"][0]["identities"]} == {"milepost"}
        earlier = answer(
            "conditions",
            "count",
            "-",
            "--community",
            cast.community.slug,
            "--as-of",
            "2026-03-20",
            given=json.dumps(RULE),
        )
        assert earlier["count"] == 1
        assert "members" not in earlier


def test_says_what_is_wrong_where(cast: Cast, command: Callable[..., Result]):
    wrong = json.dumps({"all": [{"did": "reply.postet"}]})
    for word in ("check", "explain", "count"):
        done = command("conditions", word, "-", "--community", cast.community.slug, "--json", given=wrong)
        assert done.exit_code == 1
        found = json.loads(done.stdout)
        assert found["valid"] is False
        assert found["errors"][0]["path"] == "/all/0/did"
        assert "reply.posted" in found["errors"][0]["message"]
    plain = command("conditions", "check", "-", "--community", cast.community.slug, given='{"not":' * 100_000)
    assert plain.exit_code == 1
    assert "at most" in plain.output


def test_explains_and_publishes_the_schema(cast: Cast, command: Callable[..., Result], answer: Callable[..., Any]):
    said = command("conditions", "explain", "-", "--community", cast.community.slug, given='{"role": "steward"}')
    assert said.output.strip() == "Role is “steward”."
    checked = answer("conditions", "check", "-", "--community", cast.community.slug, given='{"role": "steward"}')
    assert checked["tree"] == {"role": "steward"}
    assert answer("conditions", "schema")["title"] == "Milepost condition"
