"""The small things that everything stands on."""

from __future__ import annotations

import datetime
import re
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.foundation.common import clock, ids
from milepost.foundation.common.markdown import excerpt, render
from milepost.foundation.common.money import Money


def test_ids_rise_and_are_version_7() -> None:
    made = [ids.new_id() for _ in range(2_000)] + ids.new_ids(2_000) + [ids.new_id()]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(i.version, i.variant) for i in made} == {(7, uuid.RFC_4122)}


def test_an_id_says_when_it_was_made() -> None:
    before = datetime.datetime.now(datetime.UTC).timestamp()
    assert abs((ids.new_id().int >> 80) / 1000 - before) < 5


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_shares_add_up_to_the_whole(minor: int, weights: list[int]) -> None:
    parts = Money("EUR", minor).shares(weights)
    assert sum(p.minor for p in parts) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("12.345", "EUR", 1234), ("12.5", "JPY", 12), ("1.2345", "KWD", 1234)]
)
def test_money_is_exact(amount: str, currency: str, minor: int) -> None:
    money = Money.of(amount, currency)
    assert money.minor == minor
    assert Money.of(money.amount, currency) == money
    assert (money + -money).amount == Decimal(0)
    with pytest.raises(ValueError, match="cannot add"):
        money + Money("CHF", 1)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        '<img src=x onerror="alert(1)">',
        "![x](https://tracker.example/p.png)",
        "<a href='x' onclick='y'>z</a>",
        '[a](https://x.example "t\\" onmouseover=\\"alert(1)")',
    ],
)
def test_what_people_write_cannot_act(hostile: str) -> None:
    tags = re.findall(r"<[^>]*>", render(hostile))
    for word in ("script", "img", "javascript:", "data:", "onerror", "onclick", 'onmouseover="alert'):
        assert not any(word in tag for tag in tags), tags


def test_markdown_keeps_what_readers_need() -> None:
    html = render("# Title\n\n**bold** and [a link](https://example.org)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n~~no~~")
    assert "<h4>Title</h4>" in html
    assert "<strong>bold</strong>" in html
    assert 'rel="nofollow ugc noopener"' in html
    assert "<td>1</td>" in html
    assert "<s>no</s>" in html


def test_deep_nesting_and_long_text_end() -> None:
    assert render("> " * 5_000 + "x")
    assert len(render("a" * 1_000_000)) < 300_000


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Who has **seeds**, @João?", "Who has seeds, @João?"),
        ("# Beds\n\n- one *two*\n> three", "Beds one two three"),
        ("snake_case, 2 * 3, well-known (see) wow!", "snake_case, 2 * 3, well-known (see) wow!"),
        ("[the plan](https://example.org/a_(b)) and `bed 7`", "the plan and bed 7"),
        ("```py\ncode\n```\n1. ~~gone~~", "code gone"),
        ("***", ""),
    ],
)
def test_an_excerpt_reads_as_plain_words(text: str, line: str) -> None:
    assert excerpt(text) == line


@given(st.text(max_size=600), st.integers(1, 200))
def test_an_excerpt_is_one_short_line(text: str, length: int) -> None:
    line = excerpt(text, length)
    assert len(line) <= length + 1
    assert "\n" not in line


def test_the_clock_can_be_moved() -> None:
    there = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
    with clock.moved(there):
        assert clock.now() == there
        assert str(clock.today("Pacific/Auckland")) == "2030-01-01"
        assert str(clock.today("America/Lima")) == "2029-12-31"
    assert clock.now() < there
    assert not clock.plausible(datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC))
