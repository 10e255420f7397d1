"""How each rule decides, ties included, on small votes worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from milepost.domain.deliberation.counting.ballots import SEVERAL, Election, Impossible, Ranking, TieOrder
from milepost.domain.deliberation.counting.budgets import Budgeting
from milepost.domain.deliberation.counting.consent import consent
from milepost.domain.deliberation.counting.equal_shares import complete, paid_by
from milepost.domain.deliberation.counting.methods import METHODS, Options, count
from milepost.domain.deliberation.counting.results import rounded
from milepost.domain.deliberation.counting.shares import Market
from milepost.domain.deliberation.counting.strict import clean

ABC = ("A", "B", "C")


def votes(names: str, **ballots: int) -> Election:
    """`votes("ABC", ABC=3, B=2)`: three for A before B before C, two for B alone."""
    found: dict[Ranking, int] = {tuple((names.index(letter),) for letter in order): n for order, n in ballots.items()}
    return Election(tuple(names), tuple(names), found)


def scored(*ballots: tuple[dict[int, int], int]) -> Election:
    return Election(ABC, ABC, scores={tuple(sorted(points.items())): n for points, n in ballots})


def listed(election: Election) -> TieOrder:
    return TieOrder.as_listed(election.candidates)


def test_irv_hands_on_the_votes_of_whoever_has_fewest():
    election = votes("ABC", AB=4, BA=3, CB=2)
    result = count("irv", election, listed(election))
    assert result.winners == ["B"]
    assert [row["tally"] for row in result.rounds] == [{"A": 4, "B": 3, "C": 2}, {"A": 4, "B": 5}]
    assert result.rounds[0]["transfers"] == {"B": 2}
    assert result.ties == []


def test_irv_ties_go_by_the_last_round_that_differed_then_by_the_order():
    election = votes("ABCD", AB=5, B=3, C=2, DC=1)
    # B and C meet with three each after D; B had more before.
    result = count("irv", election, listed(election))
    assert [row.get("eliminated") for row in result.rounds[:2]] == [["D"], ["C"]]
    assert (result.ties[0].by, result.ties[0].chosen) == ("an earlier round", "C")
    even = votes("AB", A=1, B=1)
    assert count("irv", even, listed(even)).winners == ["A"]
    assert count("irv", even, TieOrder.given(("A", "B"), ["B", "A"])).winners == ["B"]
    assert count("irv", even, listed(even)).ties[0].by == "the tie-break order"


def test_equal_ranks_blanks_and_repeats_are_cleaned_as_written():
    rankings = {
        ((0, 1), (2,)): 1,
        (SEVERAL, (2,)): 2,
        ((), (1,)): 4,
        ((), (), (1,)): 8,
        ((0,), (0,), (1,)): 16,
        (): 32,
        ((), ()): 64,
    }
    stopped = clean(rankings)
    assert stopped.ballots == {
        ((), "overvoted"): 3,
        ((1,), "exhausted"): 4,
        ((), "skipped"): 8,
        ((0, 1), "exhausted"): 16,
    }
    assert stopped.policy["blank_ballots"] == 96
    assert stopped.policy["ballots_with_equal_ranks"] == 3
    assert stopped.policy["ballots_naming_a_candidate_again"] == 16
    gone_on = clean(rankings, "skip", None)
    assert gone_on.ballots == {((2,), "exhausted"): 3, ((1,), "exhausted"): 12, ((0, 1), "exhausted"): 16}


def test_scottish_rules_cut_values_off_after_five_places():
    election = votes("ABCD", AB=5, AC=2, B=1, C=1, D=2)
    result = count("stv-scottish", election, listed(election), Options(seats=2))
    # 11 votes, quota 4; A has 3 too many, and each paper goes on at 3/7 = 0.42857.
    assert result.variant["quota"] == 4
    assert result.rounds[1]["action"] == "surplus"
    assert result.rounds[1]["tally"] == {"A": "4.00000", "B": "3.14285", "C": "1.85714", "D": "2.00000"}
    assert result.rounds[1]["not_transferable"] == "0.00001"
    assert result.winners == ["A", "B"]


def test_meek_lets_the_quota_fall_when_ballots_end():
    election = votes("ABC", AB=60, A=20, C=20)
    result = count("stv-meek", election, listed(election), Options(seats=2))
    assert result.winners == ["A", "B"]
    quotas = [Fraction(row["quota"]) for row in result.rounds]
    assert quotas[0] > quotas[-1]


def test_schulze_and_ranked_pairs_on_a_circle():
    # A over B 65:35, B over C 65:35... the weakest win of the circle gives way.
    election = votes("ABC", ABC=8, BCA=7, CAB=6)
    for method in ("schulze-wv", "schulze-margins", "ranked-pairs"):
        result = count(method, election, listed(election), Options(seats=3))
        assert result.winners == ["A", "B", "C"], method
        assert result.summary["condorcet_winner"] is None
    locked = [(win["winner"], win["loser"], win["locked"]) for win in result.rounds[0]["wins"]]
    assert locked == [("B", "C", True), ("A", "B", True), ("C", "A", False)]


def test_a_circle_of_equals_is_a_tie_that_is_told():
    election = votes("ABC", ABC=1, BCA=1, CAB=1)
    for method in ("schulze-wv", "schulze-margins", "ranked-pairs"):
        assert count(method, election, listed(election)).winners == ["A"]
        assert count(method, election, listed(election)).ties
        assert count(method, election, TieOrder.given(ABC, ["C", "B", "A"])).winners == ["C"]


def test_star_elects_whom_more_prefer_of_the_two_with_most_points():
    election = scored(({0: 5, 1: 4}, 4), ({1: 3, 0: 1}, 5), ({2: 1}, 1))
    result = count("star", election, listed(election))
    assert result.rounds[0]["tally"] == {"A": 25, "B": 31, "C": 1}
    assert result.rounds[1] == {"round": 2, "tally": {"B": 5, "A": 4}, "equal": 1}
    assert result.winners == ["B"]
    level = scored(({0: 5, 1: 1}, 1), ({1: 4, 0: 0}, 1))
    decided = count("star", level, listed(level))
    assert decided.winners == ["A"]
    assert [tie.by for tie in decided.ties] == ["more ballots with the highest score"] * 2


def test_approval_of_rankings_is_the_same_with_and_without_a_last_place():
    short = Election(ABC, ABC, {((0,),): 2, ((1,), (2,)): 1})
    full = Election(ABC, ABC, {((0,), (1, 2)): 2, ((1,), (2,), (0,)): 1})
    for election in (short, full):
        assert count("approval", election, listed(election)).rounds[0]["tally"] == {"A": 2, "B": 1, "C": 1}
    assert count("score", full, listed(full)).rounds[0]["tally"] == {"A": 4, "B": 2, "C": 1}


@pytest.mark.parametrize(
    ("answers", "extra", "carried"),
    [
        ({"agree": 6, "disagree": 2, "abstain": 2}, {}, True),
        ({"agree": 6, "object": 1}, {}, False),
        ({"agree": 6, "object": 1}, {"objections": 1}, True),
        ({"agree": 1, "disagree": 1}, {}, False),
        ({"agree": 2, "disagree": 1}, {"threshold": Fraction(2, 3)}, False),
        ({"agree": 3}, {"threshold": Fraction(1)}, True),
        ({"agree": 3}, {"eligible": 10, "quorum": Fraction(3, 10)}, True),
        ({"agree": 3}, {"eligible": 11, "quorum": Fraction(3, 10)}, False),
        ({"abstain": 3}, {}, False),
        ({}, {}, False),
    ],
)
def test_consent(answers, extra, carried):
    result = consent(answers, **extra)
    assert result.summary["carried"] is carried
    assert result.winners == (["agree"] if carried else [])


def test_consent_refuses_what_cannot_be():
    with pytest.raises(Impossible):
        consent({"maybe": 1})
    with pytest.raises(Impossible):
        consent({"agree": 3}, eligible=2)


def budget(costs: list[int], money: int, ballots: dict[str, int], **more: object) -> Budgeting:
    ids = tuple("abcdef"[: len(costs)])
    found = {tuple((ids.index(letter), 1) for letter in sorted(wanted)): n for wanted, n in ballots.items()}
    return Budgeting(ids, ids, tuple(costs), money, found, **more)  # type: ignore[arg-type]


def test_equal_shares_gives_a_minority_its_part_where_greedy_gives_none():
    votes_cast = budget([60, 40, 30], 100, {"ab": 7, "c": 3})
    ties = TieOrder.as_listed(votes_cast.projects)
    assert count("greedy-votes", votes_cast, ties).winners == ["b", "a"]
    result = count("equal-shares", votes_cast, ties)
    # Each has 10: seven pay 60/7 for a, and what is left to them is not enough for b; three pay 10 each for c.
    assert result.winners == ["b", "c"]
    assert result.rounds[0]["price"] == "40/7"
    assert result.rounds[1]["price"] == 10


def test_a_voter_sees_where_the_share_went():
    votes_cast = budget([60, 40, 30], 100, {"ab": 7, "c": 3})
    market = Market(votes_cast, TieOrder.as_listed(votes_cast.projects), "cost")
    share, run, _ = complete(market, "none")
    paid = paid_by(market, run, share, ((0, 1), (1, 1)))
    assert [(one.project, one.amount) for one in paid] == [("b", Fraction(40, 7))]


def test_completions_differ_as_they_say():
    votes_cast = budget([50, 30, 25], 100, {"a": 3, "b": 3, "c": 2, "": 2})
    ties = TieOrder.as_listed(votes_cast.projects)

    def selected(completion: str) -> list[str]:
        return count("equal-shares", votes_cast, ties, Options(completion=completion)).winners  # type: ignore[arg-type]

    assert selected("none") == ["b"]
    assert sorted(selected("add-one")) == ["b", "c"]
    assert sorted(selected("add-one-until-overspent")) == ["b", "c"]
    assert selected("greedy") == ["b", "a"]
    assert sorted(selected("add-one-then-greedy")) == ["b", "c"]
    assert count("equal-shares", votes_cast, ties, Options(completion="add-one")).summary["share"] == 13


def test_the_comparison_takes_greedy_where_more_voters_prefer_it():
    votes_cast = budget([100, 10], 100, {"a": 9, "b": 1})
    ties = TieOrder.as_listed(votes_cast.projects)
    plain = count("equal-shares", votes_cast, ties)
    compared = count("equal-shares", votes_cast, ties, Options(comparison="satisfaction"))
    assert (plain.winners, compared.winners) == (["b"], ["a"])
    assert compared.summary["comparison"]["taken"] == "greedy-votes"


def test_a_least_score_and_votes_for_nothing_keep_projects_out():
    votes_cast = budget([10, 10, 0], 100, {"a": 3, "c": 3}, least_score=3)
    ties = TieOrder.as_listed(votes_cast.projects)
    for method in ("greedy-votes", "greedy-votes-per-cost", "equal-shares"):
        assert sorted(count(method, votes_cast, ties).winners) == ["a", "c"], method


def test_a_greedy_tie_takes_the_cheaper_and_says_so():
    votes_cast = budget([60, 50], 100, {"a": 2, "b": 2})
    result = count("greedy-votes", votes_cast, TieOrder.as_listed(votes_cast.projects))
    assert result.winners == ["b"]
    assert result.ties[0].between == ("b", "a")


@pytest.mark.parametrize("method", [method for method in METHODS if method != "consent"])
def test_no_voter_one_voter_and_all_tied(method):
    empty = Budgeting(("x", "y"), ("x", "y"), (1, 1), 1, {})
    ties = TieOrder.as_listed(empty.projects)
    assert count(method, empty, ties).winners == []
    one = Budgeting(("x", "y"), ("x", "y"), (1, 1), 1, {((1, 1),): 1})
    assert count(method, one, ties).winners == ["y"]
    tied = Budgeting(("x", "y"), ("x", "y"), (1, 1), 1, {((0, 1),): 1, ((1, 1),): 1})
    options = Options(completion="greedy")
    assert count(method, tied, ties, options).winners == ["x"]
    assert count(method, tied, TieOrder.given(("x", "y"), ["y", "x"]), options).winners == ["y"]


def test_what_cannot_be_counted_is_said():
    election = votes("AB", A=1)
    for method, options in (
        ("irv", Options(seats=2)),
        ("approval", Options(seats=3)),
        ("equal-shares", Options()),
        ("lots", Options()),
    ):
        with pytest.raises(Impossible):
            count(method, election, listed(election), options)
    with pytest.raises(Impossible, match="does not stand"):
        count("irv", election, listed(election), Options(first_out=("Z",)))
    for ids in (["A"], ["A", "A"], ["A", "Z"]):
        with pytest.raises(Impossible):
            TieOrder.given(("A", "B"), ids)


def test_a_drawn_order_can_be_drawn_again_and_depends_on_names_not_places():
    one, two = TieOrder.drawn(("A", "B", "C"), "lot 7"), TieOrder.drawn(("C", "A", "B"), "lot 7")
    assert [("A", "B", "C")[n] for n in one.order] == [("C", "A", "B")[n] for n in two.order]
    assert "lot 7" in one.source


def test_rounding_to_look_at_is_half_to_even():
    assert [rounded(Fraction(n, 200)) for n in (1, 3, 200)] == ["0.00", "0.02", "1.00"]
