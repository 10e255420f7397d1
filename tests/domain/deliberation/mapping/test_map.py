"""The map as a whole: the same for the same votes, in whatever order; and what it is of few people."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.domain.deliberation.mapping import components, grouping
from milepost.domain.deliberation.mapping.opinion import OpinionMap, as_dict, opinion_map
from milepost.domain.deliberation.mapping.votes import Ledger, Votes

casts = st.lists(
    st.tuples(st.integers(0, 17), st.integers(0, 9), st.sampled_from((-1, 0, 1))), min_size=1, max_size=150
)


def mapped(cast: Iterable[tuple[object, object, int]], out: Collection[object] = ()) -> OpinionMap:
    ledger = Ledger()
    ledger.vote_all(cast)
    return opinion_map(ledger.votes(), out)


def once(cast):
    """The last vote of each person on each statement."""
    return [(p, s, v) for (p, s), v in {(p, s): v for p, s, v in cast}.items()]


def two_camps(people: int = 40, statements: int = 12) -> list[tuple[int, int, int]]:
    """Even people agree with even statements only, odd ones with odd ones only; statement 0 all agree with."""
    return [
        (p, s, 1 if s == 0 or (p + s) % 2 == 0 else -1)
        for p, s in itertools.product(range(people), range(statements))
        # Everyone leaves something out, so that they do not stand on one spot.
        if (p * 7 + s * 3) % 11
    ]


def test_two_camps_are_two_groups_and_what_they_share_is_found():
    found = mapped(two_camps())
    assert list(found.groups.sizes) == [20, 20]
    camps = [{p for p, g in zip(found.votes.people, found.group_of, strict=True) if g == group} for group in (0, 1)]
    assert {frozenset(p % 2 for p in camp) for camp in camps} == {frozenset({0}), frozenset({1})}
    assert [found.votes.statements[one.statement] for one in found.consensus["agree"]] == [0]
    assert 0 not in [found.votes.statements[s] for s in found.divisive]
    for group, camp in enumerate(camps):
        parity = {p % 2 for p in camp}
        theirs = {one.statement % 2 for one in found.representative[group] if one.side == "agree" and one.statement}
        assert theirs == parity


@given(casts, st.randoms(use_true_random=False))
def test_order_of_votes_changes_nothing(cast, random):
    votes = once(cast)
    shuffled = list(votes)
    random.shuffle(shuffled)
    assert as_dict(mapped(shuffled)) == as_dict(mapped(votes))


@given(casts, st.permutations(range(18)), st.permutations(range(10)))
def test_other_names_for_people_and_statements_give_the_same_map_under_those_names(cast, people, statements):
    votes = once(cast)
    one = mapped(votes)
    other = mapped([(people[p], statements[s], v) for p, s, v in votes])
    assert one.plane.explained == pytest.approx(other.plane.explained, abs=1e-9)
    row = {p: n for n, p in enumerate(other.votes.people)}
    column = {s: n for n, s in enumerate(other.votes.statements)}
    rows = [row[people[p]] for p in one.votes.people]
    columns = [column[statements[s]] for s in one.votes.statements]
    assert (one.counts == other.counts[:, columns]).all()
    assert (one.standing == other.standing[rows]).all()
    if _is_unique(one):
        for axis in (0, 1):
            there, here = other.plane.points[rows, axis], one.plane.points[:, axis]
            assert np.abs(there).tolist() == pytest.approx(np.abs(here).tolist(), abs=1e-6)


@given(casts, st.permutations(range(18)))
def test_other_names_for_people_alone_give_the_same_groups(cast, people):
    votes = once(cast)
    one, other = mapped(votes), mapped([(people[p], s, v) for p, s, v in votes])
    row = {p: n for n, p in enumerate(other.votes.people)}
    rows = [row[people[p]] for p in one.votes.people]
    assert (one.group_of == other.group_of[rows]).all()
    assert one.consensus == other.consensus
    assert one.representative == other.representative


def _is_unique(found: OpinionMap) -> bool:
    """Whether the two directions are the only ones: no variance is shared by several."""
    if len(found.votes.people) < 2:
        return False
    left = components._means(found.votes, found.left_out)
    values = np.linalg.eigvalsh(components._covariance(found.votes, left, found.left_out))[::-1]
    return len(values) > 2 and min(values[0] - values[1], values[1] - values[2]) > 1e-4


@given(casts)
def test_votes_one_after_the_other_give_the_counts_of_the_whole(cast):
    ledger = Ledger()
    for p, s, v in cast:
        ledger.vote(p, s, v)
        votes = Votes.of(ledger.cast)
        whole = votes.counts()
        told = np.array([[t.agree, t.disagree, t.passed] for _, t in sorted(ledger.tallies.items())]).T
        assert (whole == told).all()


@given(casts)
def test_sums_over_pairs_and_matrix_products_are_the_same_numbers(cast):
    votes = Votes.of({(p, s): v for p, s, v in cast})
    rows, start, degree = np.unique(votes.person, return_index=True, return_counts=True)
    assert len(rows) == len(votes.people)
    given_ = (start, degree, votes.statement, votes.value, len(votes.statements))
    for one, other in zip(components._by_pairs(*given_), components._by_products(*given_), strict=True):
        assert (one == other).all()


@given(casts)
def test_components_are_those_of_the_filled_matrix(cast):
    votes = Votes.of({(p, s): v for p, s, v in cast})
    matrix = np.full((len(votes.people), len(votes.statements)), np.nan)
    matrix[votes.person, votes.statement] = votes.value
    means = np.nanmean(matrix, axis=0)
    filled = np.where(np.isnan(matrix), means, matrix) - means
    values = np.sort(np.linalg.svd(filled, compute_uv=False))[::-1] ** 2 / max(1, len(filled) - 1)
    expected = [*values, 0.0, 0.0][:2]
    found = components.plane(votes, np.zeros(len(votes.statements), dtype=bool))
    assert found.variance == pytest.approx(expected, abs=1e-7)


@given(casts, st.randoms(use_true_random=False))
def test_streamed_votes_are_the_same(cast, random):
    rows = once(cast)
    whole = Votes.of({(p, s): v for p, s, v in rows})
    random.shuffle(rows)
    found = Votes.streamed(rows)
    assert (found.people, found.statements) == (whole.people, whole.statements)
    for name in ("person", "statement", "value"):
        assert getattr(found, name).tolist() == getattr(whole, name).tolist()


@pytest.mark.parametrize("people", [0, 1, 2])
def test_hardly_anybody(people):
    found = mapped([(p, s, 1) for p in range(people) for s in range(3)])
    told = as_dict(found)
    assert told["people"] == people
    assert told["variance_explained"] == [0.0, 0.0]
    assert [g["size"] for g in told["groups"]] == ([people] if people else [])


def test_all_answer_alike_or_all_pass():
    for value in (1, 0, -1):
        found = mapped([(p, s, value) for p in range(30) for s in range(8)])
        assert list(found.groups.sizes) == [30]
        assert not found.divisive
        shared = {1: "agree", -1: "disagree"}.get(value)
        assert {side for side, some in found.consensus.items() if some} == ({shared} if shared else set())


def test_statements_taken_out_are_counted_but_not_mapped():
    kept = mapped(two_camps(), {1, 2})
    assert [kept.votes.statements[s] for s in np.flatnonzero(kept.left_out)] == [1, 2]
    assert not kept.plane.components[:, kept.left_out].any()
    assert (kept.counts == mapped(two_camps()).counts).all()
    picked = {one.statement for some in kept.representative for one in some}
    assert not picked & {1, 2}


def test_whoever_voted_seldom_is_in_no_group():
    cast = two_camps()
    found = mapped([*cast, (99, 3, 1)])
    assert found.group_of[list(found.votes.people).index(99)] == -1
    assert int(found.groups.sizes.sum()) == 40


def test_groups_of_equal_spots_are_numbered_by_size():
    points = np.array([[5.0, 0.0]] * 3 + [[0.0, 0.0]] * 9)
    found = grouping.grouped(points)
    assert list(found.sizes) == [9, 3]
    assert list(found.label) == [1] * 3 + [0] * 9
    assert found.silhouette == 1.0


def test_a_vote_is_one_of_three():
    with pytest.raises(ValueError, match="-1, 0 or 1"):
        Votes.of({(1, 1): 2})
