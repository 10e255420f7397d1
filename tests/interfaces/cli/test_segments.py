"""`milepost segments`: from a file, counted and compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from milepost.engines.segments import listing
from milepost.engines.segments.models import Segment
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.recording import record
from tests.factories import Cast, make_cast

pytestmark = pytest.mark.django_db

FILE = """
- name: Busy stewards
  rule: {all: [{in_segment: busy}, {role: steward}]}
- name: Busy
  about: Thank them
  rule: {did: reply.posted}
- name: Hosts
"""


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    for person in (made.lan, made.ife):
        record("reply.posted", community=made.community, by=person)
    catch_up()
    return made


def test_a_file_makes_them_and_twice_changes_nothing(cast: Cast, answer: Callable[..., Any]):
    at = ("--community", cast.community.slug)
    assert answer("segments", "load", "-", *at, given=FILE)["created"] == ["busy", "hosts", "busy-stewards"]
    again = answer("segments", "load", "-", *at, given=FILE)
    assert (again["created"], again["changed"]) == ([], [])
    assert len(again["unchanged"]) == 3
    assert {row["segment"]: row["count"] for row in answer("segments", "count", *at)["segments"]} == {
        "busy": 2,
        "busy-stewards": 1,
        "hosts": 0,
    }
    found = answer("segments", "count", "busy", *at, "--members")
    assert {one["name"] for one in found["members"]} == {cast.lan.name, cast.ife.name}
    less = FILE.replace("{did: reply.posted}", "{did: reply.posted, at_least: 2}")
    assert answer("segments", "load", "-", *at, given=less)["changed"] == ["busy"]
    assert answer("segments", "count", "busy", *at)["count"] == 0


def test_two_are_compared(cast: Cast, answer: Callable[..., Any], command: Callable[..., Result]):
    at = ("--community", cast.community.slug)
    answer("segments", "load", "-", *at, given=FILE)
    listing.add(segment=Segment.objects.get(slug="hosts"), people=[cast.ife, cast.soraya], by=None)
    found = answer("segments", "diff", "busy", "hosts", *at, "--members")
    assert (found["only_one"], found["only_other"], found["both"]) == (1, 1, 1)
    assert [one["name"] for one in found["members"]["both"]] == [cast.ife.name]
    assert "There are: busy" in command("segments", "diff", "busy", "nothing", *at).output


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("[]", "/segments"),
        ("- rule: {did: reply.posted}", "/0/name"),
        ("- {name: One, rule: {did: nothing.done}}", "/0/rule/did"),
        ("- {name: One, colour: red}", "/0/colour"),
        ("- {name: One, rule: {in_segment: two}}\n- {name: Two, rule: {in_segment: one}}", "/0/rule/in_segment"),
        ("{", ""),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(cast: Cast, command: Callable[..., Result], given: str, path: str):
    done = command("segments", "load", "-", "--community", cast.community.slug, "--json", given=given)
    assert done.exit_code == 1
    assert path in [error["path"] for error in json.loads(done.stdout)["errors"]]
    assert not Segment.objects.exists()
