"""What the demo's members wrote for each other: names that exist, every kind, and words that read as real."""

from __future__ import annotations

import re
import tomllib

from milepost.domain.resources.models import Resource
from milepost.outward.starting.demo import reading, resources

HANDLES = {person.handle for person in reading.people()}
SLUGS = {name: {one["slug"] for one in reading.community()[name]} for name in ("milestones", "goals", "values")}


def test_resources_name_what_exists() -> None:
    every = list(resources.written())
    assert {one.notes["kind"] for one in every} == set(Resource.Kind.values)
    assert sum("waits" in one.notes for one in every) == 1
    for one in every:
        assert set(one.names("by")) <= HANDLES, one.title
        assert {handle for handle, _stars, _words in one.said} <= HANDLES, one.title
        assert {stars for _handle, stars, _words in one.said} <= {1, 2, 3, 4, 5}, one.title
        for name, known in SLUGS.items():
            assert set(one.names(name)) <= known, one.title
        assert one.text, one.title
        assert len(one.notes["summary"]) <= 400, one.title


def test_a_course_is_read_lesson_by_lesson() -> None:
    (course,) = (one for one in resources.written() if one.lessons)
    assert [minutes for _title, minutes, _text in course.lessons] == [15, 20, 25, 20, 10]
    assert not any(line.startswith("* ") for _title, _minutes, text in course.lessons for line in text.splitlines())
    assert course.said


def test_opportunities_name_what_exists() -> None:
    given = tomllib.loads(resources._read("opportunities.toml"))["opportunities"]
    assert len(given) >= 8
    for one in given:
        people = {one["by"], *one.get("taken", ()), *(done["who"] for done in one.get("done", ()))}
        assert people <= HANDLES, one["title"]
        assert one.get("milestone", "first-tour") in SLUGS["milestones"], one["title"]
        assert one.get("goal", "first-fair-fees") in SLUGS["goals"], one["title"]
        assert not one["needed"] or one["needed"] >= len(people) - 1, one["title"]
        assert not re.search(r"lorem|todo|xxx", one["text"], re.IGNORECASE)
