"""What people type is words, whatever they type."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.foundation.search.asking import MOST, Piece, parse
from milepost.foundation.search.finding import Wanted, find
from tests.factories import actor, make_community


@pytest.mark.parametrize(
    ("typed", "wanted", "unwanted"),
    [
        ("first gig", ["first", "gig"], []),
        ('"first gig" tour', ["first gig", "tour"], []),
        ("gig -paid", ["gig"], ["paid"]),
        ('gig -"door money"', ["gig"], ["door money"]),
        ('"first gig', ["first gig"], []),
        ('a"b', ["a b"], []),
        ("NOT AND OR NEAR", ["NOT", "AND", "OR", "NEAR"], []),
        ("title:x* ^y (z)", ["title:x*", "^y", "(z)"], []),
        ('- -- * "" \'', [], []),
        ("gig gig", ["gig"], []),
        ("", [], []),
    ],
)
def test_what_is_read(typed, wanted, unwanted):
    question = parse(typed)
    assert [p.text for p in question.wanted] == wanted
    assert [p.text for p in question.unwanted] == unwanted


def test_a_question_has_an_end():
    assert len(parse(" ".join(f"word{n}" for n in range(30))).wanted) == MOST


@pytest.mark.parametrize(
    ("typed", "begins"), [("a milest", True), ("a mil", False), ('a "milest one"', False), ("x.abcd", False)]
)
def test_when_the_last_word_is_a_beginning(typed, begins):
    assert parse(typed).beginning().wanted[-1].begins is begins


def test_a_quotation_mark_never_reaches_the_index():
    assert Piece("a b", begins=True).fts5() == '"a b"*'
    assert parse('"""a""b"" c"').fts5().count('"') % 2 == 0


@pytest.mark.django_db
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="\"'*-+^:(){}[]~\\&|!<>@ aé中NOTANDOR\x00\x01\ud7ff", max_size=60))
def test_no_question_is_an_error(typed):
    community = test_no_question_is_an_error.__dict__.setdefault("community", None)
    if community is None or connection.vendor == "postgresql":
        community = make_community()
    found = find(actor(None, community), Wanted(typed))
    assert found.results == []
