"""`milepost personas load` and `map`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from milepost.engines.milestones import map as mapping
from milepost.interfaces.cli import personas as command
from tests.factories import make_award, make_choice, make_community, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own, which is open already."""
    monkeypatch.setattr(command, "open_database", lambda _terminal: None)


def run(*words: str) -> Any:
    return CliRunner().invoke(command.personas, list(words))


def test_load_and_map() -> None:
    community = make_community("stage")
    told = run("load", "musicians", "--community", "stage", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["personas"] == ["hobbyists", "professionals"]
    again = json.loads(run("load", "musicians", "--community", "stage", "--json").stdout)
    assert (again["personas"], again["milestones"], len(again["kept"])) == ([], [], 5)

    person = make_member(community)
    make_choice(person, community.personas.get(slug="professionals"))
    make_award(person, community.milestones.get(slug="first-live-gig"))
    mapping.forget(community)
    told = json.loads(run("map", "--community", "stage", "--json").stdout)
    assert told["milestones"][0] == {"slug": "first-live-gig", "name": "First live gig", "shared": 2}
    (column,) = [one for one in told["personas"] if one["slug"] == "professionals"]
    assert (column["members"], column["at_start"]) == (1, 0)
    assert column["path"][0] == {
        "milestone": "first-live-gig",
        "reached": 1,
        "here": 1,
        "median_days": None,
        "stalled": 0,
    }
    table = run("map", "--community", "stage").stdout
    assert "Professionals (1)" in table
    assert "1 reached, 1 here" in table


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    make_community("stage")
    assert "There is no community “nowhere”" in run("map", "--community", "nowhere").output
    assert "There are no personas yet" in run("map", "--community", "stage").stdout
    missing = run("load", str(tmp_path / "none.yaml"), "--community", "stage")
    assert missing.exit_code != 0
    assert "gardeners, musicians" in str(missing.exception) + missing.output
    (tmp_path / "bad.yaml").write_text("personas:\n  - name: A\n    path: [nowhere]\n")
    bad = run("load", str(tmp_path / "bad.yaml"), "--community", "stage")
    assert bad.exit_code != 0
    assert "/personas/0" in str(bad.exception) + bad.output
