"""Definitions as files: loaded whole or not at all, twice without a change, every mistake named with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import loading
from milepost.engines.milestones.models import RuleInForce
from milepost.foundation.common.errors import NotAllowed
from milepost.foundation.conditions import Invalid
from milepost.interfaces.cli.root import milepost
from tests.factories import Cast, make_cast, make_goal, make_space, make_value

pytestmark = pytest.mark.django_db

YAML = b"""
milestones:
  - slug: first-live-gig
    name: First live gig
    why: A room that listens
    icon: mic
  - name: Played five times
    slug: five
    value: kindness
    goal: rooms
    requires: [first-live-gig]
    rule: {all: [{reached: first-live-gig}, {did: thread.started, at_least: 5}]}
    valid_for_days: 365
    secret: true
    grants: {role: ambassador, spaces: [stage]}
"""


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def load(cast: Cast, text: bytes) -> loading.Loaded:
    return loading.load(loading.read(text), community=cast.community, by=cast.lan)


def wrong(cast: Cast, text: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        load(cast, text)
    assert not Milestone.objects.filter(community=cast.community).exists(), "all or none"
    return [(problem.path, problem.message) for problem in refused.value.problems]


def test_a_file_is_loaded_and_loading_it_again_changes_nothing(cast: Cast) -> None:
    make_value(cast.community, slug="kindness"), make_space(cast.community, slug="stage", kind="private")
    goal = make_goal(cast.community, slug="rooms")
    done = load(cast, YAML)
    assert (done.created, done.waiting) == (["first-live-gig", "five"], [])
    five = Milestone.objects.get(slug="five")
    assert (five.way, five.version, five.is_secret, five.serves.goal) == ("rule", 1, True, goal)
    assert RuleInForce.objects.get(milestone=five).version == 1
    assert load(cast, YAML).unchanged == ["first-live-gig", "five"]
    changed = load(cast, YAML.replace(b"at_least: 5", b"at_least: 6"))
    assert (changed.changed, changed.waiting) == (["five"], ["five"])
    assert RuleInForce.objects.get(milestone=five).version == 1, "a changed rule waits"


def test_json_says_the_same(cast: Cast) -> None:
    text = json.dumps({"milestones": [{"name": "First live gig"}]}).encode()
    assert load(cast, text).created == ["first-live-gig"]


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (b"milestones: []", "/milestones", "list of 1"),
        (b"- 3", "/milestones/0", "an object"),
        (b"- {nam: x}", "/milestones/0/nam", "means nothing"),
        (b"- {name: x, secret: maybe}", "/milestones/0/secret", "does not fit"),
        (b"- {name: x, value: none}", "/milestones/0/value", "There is no"),
        (b"- {name: x, requires: [y]}", "/milestones/0", "no milestone"),
        (b"- {name: x, rule: {did: thread.start}}", "/milestones/0/rule/did", "thread.started"),
        (b"- {name: x, rule: {reached: y}}", "/milestones/0/rule/reached", "There is no"),
        (b"- {name: x, kind: huge}", "/milestones/0", "cannot be kind"),
        (
            b"- {name: x, rule: {did: thread.started, at_least: 3, at_most: 2}}",
            "/milestones/0/rule/at_most",
            "contradicts",
        ),
        (b"a: [unclosed", "", "neither YAML nor JSON"),
        (b"\xff\xfe\x00", "", "neither YAML nor JSON"),
        (b"a: &x [1]\nb: *x", "", "aliases"),
        (b"[" * 100_000, "", ""),
        (b"x" * 1_000_001, "", "too long"),
        (b"- {name: x, rule: " + b"{not: " * 5_000 + b"1" + b"}" * 5_000 + b"}", "", ""),
    ],
)
def test_every_mistake_has_its_place(cast: Cast, text: bytes, path: str, words: str) -> None:
    found = wrong(cast, text)
    assert any(place.startswith(path) and words in message for place, message in found), found


def test_circles_through_a_file(cast: Cast) -> None:
    text = b"- {slug: a, name: A, rule: {reached: b}}\n- {slug: b, name: B, rule: {reached: a}}"
    assert any("circle" in message for _path, message in wrong(cast, text))


def test_only_stewards_load(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        loading.load([{"name": "x"}], community=cast.community, by=cast.soraya)


def test_the_steps_that_come_with_milepost_fit_any_community(cast: Cast) -> None:
    assert "participation-steps" in loading.templates()
    done = loading.load(loading.template("participation-steps"), community=cast.community, by=None)
    assert len(done.created) >= 8
    assert not Milestone.objects.of_life().exists()
    assert RuleInForce.objects.count() == len(done.created)


def test_the_command(cast: Cast, tmp_path: Path) -> None:
    def run(*words: Any, fails: bool = False) -> Any:
        done = CliRunner().invoke(
            milepost, ["milestones", *map(str, words), "--community", cast.community.slug, "--json"]
        )
        assert (done.exit_code != 0) is fails, done.output
        return json.loads(done.stdout)

    (tmp_path / "bad.yaml").write_bytes(b"- {name: x, rule: {did: nothing}}")
    refused = run("load", tmp_path / "bad.yaml", fails=True)
    assert (refused["valid"], refused["errors"][0]["path"]) == (False, "/milestones/0/rule/did")
    assert "participation-steps" in run("load", tmp_path / "none.yaml", fails=True)["error"]["hint"]
    run("load", "participation-steps")
    assert {row["kind"] for row in run("list")} == {"step"}
    assert {row["would_gain"] for row in run("preview", "first-day")} == {0}
    assert [row["new"] for row in run("backfill", "first-day")] == [0]
    assert run("awards") == []
    assert "no-such" in run("backfill", "no-such", fails=True)["error"]["message"]
