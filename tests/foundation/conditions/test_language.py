"""Rules as text: what is understood, what is refused with its place, and how it sounds."""

from __future__ import annotations

import datetime
import json
from typing import Any

import jsonschema
import pytest
from django.utils import translation

from milepost.foundation.conditions import Condition, Invalid, parse, read
from milepost.foundation.conditions.durations import duration
from milepost.foundation.conditions.schema import schema
from milepost.foundation.identity.models import Community
from tests.factories import make_community, make_space

pytestmark = pytest.mark.django_db


@pytest.fixture
def community() -> Community:
    found = make_community(time_zone="Europe/Lisbon")
    make_space(found, slug="music", name="Music")
    return found


def problems(tree: Any, community: Community) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        parse(tree, community=community)
    return {problem.path: problem.message for problem in refused.value.problems}


GOOD = {
    "started a conversation": {"did": "thread.started"},
    "replied at least 3 times in the past 90 days": {"did": "reply.posted", "at_least": 3, "within": "P90D"},
    "never replied": {"not": {"did": "reply.posted"}},
    "replied fewer than 3 times": {"not": {"did": "reply.posted", "at_least": 3}},
    "replied on at least 2 different days in the space “Music”": {
        "did": "reply.posted", "days_at_least": 2, "in": {"space": "music"},
    },
    "replied or started a conversation exactly 2 times between Jan. 1, 2026 and May 31, 2026": {
        "did": ["thread.started", "reply.posted"], "exactly": 2, "from": "2026-01-01", "to": "2026-05-31",
    },
    "replied with at least 5 different people toward people who had come less than 30 days before": {
        "did": "reply.posted", "distinct_people_at_least": 5, "newcomers": "P1M",
    },
    "replied after a pause of at least 90 days": {"did": "reply.posted", "after_pause": "P90D"},
    "replied in at least 4 weeks in a row": {"did": "reply.posted", "streak_weeks_at_least": 4},
    "did anything at all for the first time before Jan. 1, 2025": {"did": "*", "first_before": "2025-01-01"},
    "day of joining is at least 1 year ago": {"attribute": "joined", "at_least_ago": "P1Y"},
    "role is not “steward” and either place contains “lisbon” or audience is “volunteer”": {
        "all": [
            {"not": {"role": "steward"}},
            {"any": [{"attribute": "place", "contains": "Lisbon"}, {"audience": "volunteer"}]},
        ],
    },
    "is not in the space “Music”": {"not": {"in_space": "music"}},
}  # fmt: skip


@pytest.mark.parametrize("words", list(GOOD))
def test_says_itself_in_plain_words(words: str, community: Community):
    said = parse(GOOD[words], community=community).explain()
    assert said.rstrip(".").lower().replace("(", "").replace(")", "") == words.lower()


def test_speaks_the_readers_language(community: Community):
    condition = parse({"attribute": "joined", "before": "2026-05-31"}, community=community)
    with translation.override("de"):
        assert "31. Mai 2026" in condition.explain()


BAD: list[tuple[Any, str, str]] = [
    ([], "", "an object in braces"),
    ({}, "", "This is empty"),
    ({"didd": "reply.posted"}, "/didd", "“did”"),
    ({"did": "reply.postet"}, "/did", "Did you mean “reply.posted”"),
    ({"did": ["reply.posted", 7]}, "/did/1", "no verb"),
    ({"did": []}, "/did", "empty"),
    ({"all": []}, "/all", "empty"),
    ({"any": {"role": "steward"}}, "/any", "square brackets"),
    ({"all": [{"role": "member"}, {"not": {"role": "boss"}}]}, "/all/1/not/role", "“steward”"),
    ({"did": "reply.posted", "within": "90 days"}, "/within", "P90D"),
    ({"did": "reply.posted", "within": "P0D"}, "/within", "P90D"),
    ({"did": "reply.posted", "at_least": 0}, "/at_least", "from 1 on"),
    ({"did": "reply.posted", "at_least": True}, "/at_least", "whole number"),
    ({"did": "reply.posted", "at_least": 2.5}, "/at_least", "whole number"),
    ({"did": "reply.posted", "at_least": 5, "at_most": 2}, "/at_most", "contradicts itself"),
    ({"did": "reply.posted", "exactly": 1, "at_least": 1}, "/exactly", "Keep one"),
    ({"did": "reply.posted", "from": "2026-02-30"}, "/from", "no day"),
    ({"did": "reply.posted", "from": "2026-05-01", "to": "2026-04-01"}, "/to", "never"),
    ({"did": "reply.posted", "within": "P9D", "from": "2026-05-01"}, "/within", "Keep one"),
    ({"did": "reply.posted", "first_before": "2026-05-01", "within": "P9D"}, "/first_before", "all time"),
    ({"did": "reply.posted", "quantity_at_least": -1}, "/quantity_at_least", "above 0"),
    ({"did": "reply.posted", "in": {"space": "nowhere"}}, "/in/space", "“music”"),
    ({"did": "reply.posted", "in": {"tag": "nothing"}}, "/in/tag", "There is no tag"),
    ({"did": "reply.posted", "in": {"object": "x"}}, "/in/object", "There is no object"),
    ({"did": "member.joined", "in": {"space": "music"}}, "/in", "by day only"),
    ({"did": "member.joined", "role": "recipient"}, "/role", "by day only"),
    ({"did": "reply.posted", "role": "hero"}, "/role", "“recipient”"),
    ({"did": "reply.posted", "colour": "red"}, "/colour", "means nothing"),
    ({"attribute": "shoe size", "is": 44}, "/attribute", "There is no attribute"),
    ({"attribute": "place"}, "", "Say one thing"),
    ({"attribute": "joined", "contains": "x"}, "/contains", "means nothing"),
    ({"attribute": "role", "in": ["member", "king"]}, "/in/1", "“steward”"),
    ({"attribute": "joined", "at_least_ago": "long"}, "/at_least_ago", "P1Y"),
    ({"attribute": "joined", "before": "soon"}, "/before", "2026-05-31"),
    ({"role": "member", "audience": "staff"}, "", "stand in one object"),
    ({"in_space": "nowhere"}, "/in_space", "There is no space"),
    ({"engagement": "wild"}, "/engagement", "“core”"),
]


@pytest.mark.parametrize(("tree", "path", "words"), BAD, ids=lambda value: str(value)[:50])
def test_names_the_place_and_what_would_be_right(tree: Any, path: str, words: str, community: Community):
    found = problems(tree, community)
    assert path in found, found
    assert words in found[path]


def test_names_every_problem_at_once(community: Community):
    tree = {"all": [{"did": "nothing.done"}, {"role": "boss"}, {"did": "reply.posted", "within": 3}]}
    assert set(problems(tree, community)) == {"/all/0/did", "/all/1/role", "/all/2/within"}


CONTRADICTIONS = [
    ([{"role": "member"}, {"not": {"role": "member"}}], "/all/1"),
    ([{"role": "member"}, {"role": "steward"}], "/all/1"),
    ([{"role": "member"}, {"any": [{"role": "steward"}]}], "/all/1/any/0"),
    ([{"role": "member"}, {"not": {"not": {"role": "steward"}}}], "/all/1/not/not"),
    ([{"attribute": "kind", "is": "bot"}, {"attribute": "kind", "in": ["human", "organisation"]}], "/all/1"),
    ([{"did": "reply.posted", "at_least": 3, "within": "P30D"}, {"did": "reply.posted", "at_most": 2}], "/all/1"),
    ([{"did": "reply.posted", "exactly": 0}, {"all": [{"did": "reply.posted"}]}], "/all/1/all/0"),
    ([{"did": "reply.posted", "at_least": 2}, {"not": {"did": "reply.posted", "at_least": 2}}], "/all/1"),
]


@pytest.mark.parametrize(("parts", "path"), CONTRADICTIONS, ids=lambda value: str(value)[:60])
def test_refuses_what_nobody_can_meet(parts: list[Any], path: str, community: Community):
    found = problems({"all": parts}, community)
    assert list(found) == [path]
    assert "contradicts /all/0" in found[path]


@pytest.mark.parametrize(
    "parts",
    [
        [{"did": "reply.posted", "at_least": 3}, {"did": "reply.posted", "at_most": 2, "within": "P30D"}],
        [{"did": "reply.posted", "at_least": 3}, {"did": "thread.started", "at_most": 2}],
        [{"did": "reply.posted", "from": "2026-01-01"}, {"did": "reply.posted", "at_most": 0, "to": "2025-12-31"}],
    ],
)
def test_lets_stand_what_only_looks_like_a_contradiction(parts: list[Any], community: Community):
    assert len(parse({"all": parts}, community=community).tree["all"]) == 2


def test_refuses_a_megabyte_of_groups(community: Community):
    for text in ('{"not":' * 150_000, "[" * 1_000_000, '{"not":' * 20_000 + '{"role":"member"}' + "}" * 20_000):
        with pytest.raises(Invalid) as refused:
            read(text)
        assert refused.value.problems[0].path == ""
    deep: dict[str, Any] = {"role": "member"}
    for _ in range(5_000):
        deep = {"all": [deep]}
    found = problems(deep, community)
    assert list(found) == ["/all/0" * 13]
    assert "deep" in found["/all/0" * 13]


def test_refuses_rules_without_end(community: Community):
    assert "at most 100 lines" in problems({"any": [{"role": "member"}] * 101}, community)["/any/100"]
    with pytest.raises(Invalid, match="no JSON: line 1, column 10"):
        read('{"role": }')
    with pytest.raises(Invalid, match="UTF-8"):
        read(b'{"role": "\xff"}')


def hashed(tree: Any, community: Community) -> str:
    return parse(tree, community=community).hash


def test_equal_rules_have_an_equal_hash(community: Community):
    one = {"all": [{"did": ["reply.posted", "thread.started"], "within": "P2W"}, {"role": "member"}]}
    same = {"all": [{"role": "member"}, {"within": "P14D", "did": ["thread.started", "reply.posted"], "at_least": 1}]}
    other = {"all": [{"role": "member"}, {"within": "P15D", "did": ["thread.started", "reply.posted"]}]}
    assert hashed(one, community) == hashed(same, community) != hashed(other, community)
    again = parse(one, community=community)
    assert hashed(json.loads(json.dumps(again.tree)), community) == again.hash


def test_says_what_changes_its_answer(community: Community):
    def asked(tree: Any) -> Condition:
        return parse(tree, community=community)

    replied = asked({"did": "reply.posted", "within": "P9D"})
    assert replied.verbs == {"reply.posted", "member.joined", "member.left"}
    assert replied.is_timed
    assert replied.is_dated
    assert "*" in asked({"not": {"did": "reply.posted"}}).verbs
    both = asked({"all": [{"role": "steward"}, {"did": "reply.posted"}]})
    assert {"role.taken", "reply.posted"} <= both.verbs
    assert "*" not in both.verbs
    assert not both.is_dated
    assert not both.is_timed
    assert asked({"in_space": "music"}).references == {("in_space", "music")}
    assert asked({"attribute": "pronouns", "is": "they"}).is_sensitive


def test_every_good_rule_fits_the_published_schema_and_bad_ones_do_not(community: Community):
    published = schema()
    jsonschema.Draft202012Validator.check_schema(published)
    validator = jsonschema.Draft202012Validator(published)
    for tree in GOOD.values():
        validator.validate(tree)
        validator.validate(parse(tree, community=community).tree)
    wrong: list[Any] = [
        {"didd": "reply.posted"},
        {"did": "reply.postet"},
        {"all": []},
        {"did": "reply.posted", "at_least": 0},
    ]
    for bad in wrong:
        assert not validator.is_valid(bad)


def test_lengths_of_time():
    assert str(duration("P2W")) == "P14D"
    assert duration("P1Y6M").as_days == 365 + 180
    assert duration("P1Y").after(datetime.date(2024, 2, 29)) == datetime.date(2025, 3, 1)
    assert duration("P1M").after(datetime.date(2026, 1, 31)) == datetime.date(2026, 3, 3)
    assert [duration(text) for text in ("P", "P0D", "PT5H", "90", "P200Y", None)] == [None] * 6
