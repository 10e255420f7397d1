"""What must hold for every vote, whatever the ballots: by generated ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from milepost.domain.deliberation.counting.ballots import Election, Ranking, Scores, TieOrder
from milepost.domain.deliberation.counting.budgets import Budgeting
from milepost.domain.deliberation.counting.equal_shares import complete, equal_shares, paid_by
from milepost.domain.deliberation.counting.methods import BUDGETS, ELECTIONS, Options, count
from milepost.domain.deliberation.counting.pairwise import condorcet_winner, table
from milepost.domain.deliberation.counting.results import fixed
from milepost.domain.deliberation.counting.shares import Market, Run
from milepost.domain.deliberation.counting.stepping import stretches
from milepost.domain.deliberation.counting.strict import clean
from milepost.domain.deliberation.reading import pabulib, preflib, profiles
from milepost.domain.deliberation.reading.writing import budget_file, order_file, points_file, profile_file

RANKED = [method for method in ELECTIONS if method != "consent"]
FIRST_CHOICES_COUNT = [method for method in RANKED if method not in {"approval", "score", "star"}]
few = settings(max_examples=25, deadline=None)


@st.composite
def rankings(draw: st.DrawFn, size: int, equals: bool = True) -> Ranking:
    order = draw(st.permutations(range(size)))[: draw(st.integers(0, size))]
    if not equals:
        return tuple((n,) for n in order)
    places, at = [], 0
    while at < len(order):
        width = draw(st.integers(1, 2))
        places.append(tuple(sorted(order[at : at + width])))
        at += width
    return tuple(places)


@st.composite
def elections(draw: st.DrawFn, equals: bool = True) -> Election:
    size = draw(st.integers(1, 5))
    names = tuple("ABCDE"[:size])
    ballots: Counter[Ranking] = Counter()
    for ranking in draw(st.lists(rankings(size, equals), max_size=12)):
        ballots[ranking] += draw(st.integers(1, 4))
    return Election(names, names, dict(ballots))


@st.composite
def budgets(draw: st.DrawFn, approval: bool = True) -> Budgeting:
    size = draw(st.integers(1, 6))
    names = tuple(f"p{n}" for n in range(size))
    costs = tuple(draw(st.lists(st.integers(0, 60), min_size=size, max_size=size)))
    points = st.just(1) if approval else st.integers(1, 5)
    ballots: Counter[Scores] = Counter()
    for _ in range(draw(st.integers(0, 10))):
        chosen = sorted(draw(st.sets(st.integers(0, size - 1))))
        ballots[tuple((n, draw(points)) for n in chosen)] += draw(st.integers(1, 3))
    return Budgeting(
        names, names, costs, draw(st.integers(0, 150)), dict(ballots), "approval" if approval else "cumulative"
    )


def order_of(votes: Election | Budgeting) -> TieOrder:
    return TieOrder.as_listed(votes.projects if isinstance(votes, Budgeting) else votes.candidates)


def renamed(election: Election, to: list[int]) -> tuple[Election, TieOrder]:
    """The same election with candidate n at position to[n]; the tie-break order goes along."""
    names = [""] * len(to)
    for n, new in enumerate(to):
        names[new] = election.candidates[n]
    ballots = {
        tuple(tuple(sorted(to[n] for n in place)) for place in ranking): voters
        for ranking, voters in election.rankings.items()
    }
    return Election(tuple(names), tuple(names), ballots), TieOrder(tuple(to), "as before")


@pytest.mark.parametrize("method", RANKED)
@few
@given(data=st.data())
def test_names_do_not_matter(method, data):
    election = data.draw(elections())
    to = data.draw(st.permutations(range(len(election.candidates))))
    other, ties = renamed(election, to)
    assert count(method, other, ties).winners == count(method, election, order_of(election)).winners


@pytest.mark.parametrize("method", RANKED)
@few
@given(data=st.data())
def test_who_voted_first_does_not_matter(method, data):
    election = data.draw(elections())
    shuffled = dict(data.draw(st.permutations(list(election.rankings.items()))))
    options = Options(seats=1 if method in {"irv", "star"} else min(2, len(election.candidates)))
    first = count(method, election, order_of(election), options)
    assert count(method, replace(election, rankings=shuffled), order_of(election), options).as_dict() == first.as_dict()


@pytest.mark.parametrize("method", ["schulze-wv", "schulze-margins", "ranked-pairs"])
@few
@given(election=elections())
def test_who_beats_everybody_is_elected(method, election):
    best = condorcet_winner(table(election))
    assume(best is not None and len(election.candidates) > 1)
    assert best is not None
    assert count(method, election, order_of(election)).winners == [election.candidates[best]]


@pytest.mark.parametrize("method", FIRST_CHOICES_COUNT)
@few
@given(election=elections(equals=False))
def test_first_choice_of_more_than_half_is_elected(method, election):
    firsts: Counter[int] = Counter()
    for ranking, voters in election.rankings.items():
        if ranking:
            firsts[ranking[0][0]] += voters
    assume(firsts)
    best, votes = firsts.most_common(1)[0]
    assume(2 * votes > election.voters)
    assert count(method, election, order_of(election)).winners == [election.candidates[best]]


@pytest.mark.parametrize("method", ["plurality", "approval", "score", "schulze-wv", "schulze-margins", "ranked-pairs"])
@few
@given(data=st.data())
def test_being_ranked_higher_does_no_harm(method, data):
    election = data.draw(elections(equals=False))
    assume(election.rankings and any(election.rankings))
    won = count(method, election, order_of(election)).winners
    assume(won)
    winner = election.candidates.index(won[0])
    ranking = data.draw(st.sampled_from(sorted(r for r in election.rankings if r)))
    lifted = ((winner,), *(place for place in ranking if place != (winner,)))
    ballots = Counter(election.rankings)
    ballots[ranking] -= 1
    ballots[lifted] += 1
    after = replace(election, rankings={r: n for r, n in ballots.items() if n})
    assert count(method, after, order_of(election)).winners == won


@pytest.mark.parametrize("method", ["stv-scottish", "stv-meek"])
@few
@given(data=st.data())
def test_solid_groups_get_their_seats(method, data):
    """Droop proportionality: who all rank the same k before everybody else, and are more than k quotas, get k of them."""
    election = data.draw(elections(equals=False))
    size = len(election.candidates)
    seats = data.draw(st.integers(1, size))
    elected = {
        election.candidates.index(n) for n in count(method, election, order_of(election), Options(seats=seats)).winners
    }
    valid = sum(voters for ranking, voters in election.rankings.items() if ranking)
    if valid:
        assert len(elected) == seats
    for width in range(1, size + 1):
        for group in {frozenset(p[:width]) for p in permutations(range(size))}:
            solid = sum(
                voters
                for ranking, voters in election.rankings.items()
                if len(ranking) >= width and {place[0] for place in ranking[:width]} == group
            )
            # A whole quota and a little each, so that the places cut off in the count decide nothing.
            quotas = min(solid // (valid // (seats + 1) + 1), width, seats) if valid else 0
            assert len(elected & group) >= quotas


@few
@given(election=elections())
def test_nothing_is_lost_in_a_count_by_elimination(election):
    cleaned = clean(election.rankings)
    for row in count("irv", election, order_of(election)).rounds:
        assert sum(row["tally"].values()) + sum(row["inactive"].values()) == sum(cleaned.ballots.values())
    for row in count("stv-scottish", election, order_of(election)).rounds:
        total = sum(Fraction(votes) for votes in row["tally"].values()) + Fraction(row["not_transferable"])
        assert total == sum(cleaned.ballots.values())


@few
@given(election=elections(equals=False))
def test_eliminating_several_at_once_changes_no_winner(election):
    ties = order_of(election)
    one = count("irv", election, ties)
    assume(not one.ties)
    assert count("irv", election, ties, Options(batch=True)).winners == one.winners


@pytest.mark.parametrize("approval", [True, False])
@pytest.mark.parametrize("method", BUDGETS)
@few
@given(data=st.data())
def test_no_budget_is_overspent(method, approval, data):
    budgeting = data.draw(budgets(approval))
    utility = data.draw(st.sampled_from(["cost", "cardinality"]))
    completion = data.draw(
        st.sampled_from(["none", "add-one", "add-one-until-overspent", "add-one-then-greedy", "greedy"])
    )
    comparison = data.draw(st.sampled_from(["none", "satisfaction", "cost", "covered"]))
    options = Options(utility=utility, completion=completion, comparison=comparison)
    result = count(method, budgeting, order_of(budgeting), options)
    chosen = [budgeting.projects.index(one) for one in result.winners]
    assert len(set(chosen)) == len(chosen)
    assert budgeting.cost_of(chosen) <= budgeting.budget
    assert all(budgeting.support[n] for n in chosen)
    if completion in {"greedy", "add-one-then-greedy"} and method == "equal-shares":
        left = budgeting.budget - budgeting.cost_of(chosen)
        assert not any(budgeting.costs[n] <= left for n in budgeting.eligible if n not in chosen)


@few
@given(budgeting=budgets(), utility=st.sampled_from(["cost", "cardinality"]))
def test_a_group_that_agrees_gets_its_share(budgeting, utility):
    """Who all approve a set of projects that their shares pay for are not left without any: one of them has utility for it.

    (Extended justified representation up to one project, for a group that approves exactly the same.)
    """
    selected = {int(one[1:]) for one in equal_shares(budgeting, order_of(budgeting), utility=utility).winners}
    for wanted, voters in budgeting.ballots.items():
        projects = [n for n, _ in wanted]
        if not projects:
            continue
        money = Fraction(budgeting.budget * voters, budgeting.voters)
        worth = {n: (budgeting.costs[n] if utility == "cost" else 1) for n in projects}
        got = sum(worth[n] for n in projects if n in selected)
        for bits in range(1, 1 << len(projects)):
            bundle = [n for i, n in enumerate(projects) if bits >> i & 1]
            if budgeting.cost_of(bundle) <= money:
                total = sum(worth[n] for n in bundle)
                missing = [worth[n] for n in bundle if n not in selected]
                assert got >= total or (missing and got + max(missing) > total - 1)


@few
@given(budgeting=budgets(approval=False), utility=st.sampled_from(["cost", "cardinality"]))
def test_everybody_pays_only_for_what_they_want_and_never_more_than_their_share(budgeting, utility):
    assume(budgeting.voters)
    market = Market(budgeting, order_of(budgeting), utility)
    share, run, _ = complete(market, "none")
    raised: Counter[str] = Counter()
    for given_points, voters in budgeting.ballots.items():
        paid = paid_by(market, run, share, given_points)
        assert sum(one.amount for one in paid) <= share
        assert {one.project for one in paid} <= {budgeting.projects[n] for n, _ in given_points}
        for one in paid:
            raised[one.project] += one.amount * voters
    assert raised == {budgeting.projects[n]: budgeting.costs[n] for n in run.order}


@few
@given(budgeting=budgets(approval=False), utility=st.sampled_from(["cost", "cardinality"]), approval=st.booleans())
def test_stepping_finds_what_one_step_at_a_time_finds(budgeting, utility, approval):
    if approval:
        ones = Counter[Scores]()
        for given_points, voters in budgeting.ballots.items():
            ones[tuple((n, 1) for n, _ in given_points)] += voters
        budgeting = replace(budgeting, ballots=dict(ones))
    assume(budgeting.voters)
    market = Market(budgeting, order_of(budgeting), utility)
    base = Fraction(budgeting.budget // budgeting.voters)
    found: list[list[int]] = []
    for stretch in stretches(market, base, Fraction(1)):
        assert stretch.first == len(found) + 1
        found += [stretch.order] * (stretch.last - stretch.first + 1)
        if len(found) >= 31:
            break
    for step, order in enumerate(found, start=1):
        run = Run.start(market, base + step, base + step)
        assert run.finish()
        assert run.order == order == plain_order(market, base + step)


def plain_order(market: Market, share: Fraction) -> list[int]:
    """The rule as its definition reads, one voter at a time: an oracle."""
    voters = [dict(given_points) for given_points, n in market.budgeting.ballots.items() for _ in range(n)]
    left = [share] * len(voters)
    order: list[int] = []
    while True:
        offers = []
        for project in market.projects:
            cost = market.costs[project]
            paying = [
                (left[i] / v[project], v[project], left[i]) for i, v in enumerate(voters) if v.get(project, 0) > 0
            ]
            if project in order or sum(money for _, _, money in paying) < cost:
                continue
            # At the right price, those who cannot pay it give all, and the rest share what is missing.
            prices = [Fraction(0)]
            for n, _ in enumerate(sorted(paying)):
                row = sorted(paying)
                poor, rich = sum(money for _, _, money in row[:n]), sum(points for _, points, _ in row[n:])
                prices.append((cost - poor) / Fraction(rich))
            offers.append((max(prices) / market.worth(project), market.place[project], project, max(prices)))
        if not offers:
            return order
        _, _, project, price = min(offers)
        order.append(project)
        left = [max(Fraction(0), money - price * v.get(project, 0)) for money, v in zip(left, voters, strict=True)]


@pytest.mark.parametrize("method", RANKED)
@few
@given(data=st.data())
def test_recount_of_an_export_is_the_count(method, data):
    election = data.draw(elections())
    ties = order_of(election)
    again = preflib.read(order_file(election, "A vote").encode(), "vote.toi")
    numbered = replace(election, candidates=again.candidates)
    assert count(method, again, ties).as_dict() == count(method, numbered, ties).as_dict()


@few
@given(election=elections(), blanks=st.booleans())
def test_recount_of_a_profile_is_the_count(election, blanks):
    if blanks:
        election = replace(election, rankings={((), *ranking): n for ranking, n in election.rankings.items()})
    again = profiles.read(profile_file(election).encode(), "vote.profile.csv")
    named = {name for ranking in election.rankings for place in ranking if len(place) == 1 for name in place}
    if len(named) == len(election.candidates):
        ties = order_of(election)
        assert again.candidates == election.candidates
        assert count("irv", again, ties).rounds == count("irv", election, ties).rounds


@pytest.mark.parametrize("method", BUDGETS)
@pytest.mark.parametrize("approval", [True, False])
@few
@given(data=st.data())
def test_recount_of_a_budget_is_the_count(method, approval, data):
    budgeting = replace(data.draw(budgets(approval)), scale=data.draw(st.sampled_from([1, 100])))
    again = pabulib.read(budget_file(budgeting, description="A budget").encode(), "vote.pb")
    options = Options(completion="add-one-then-greedy", comparison="satisfaction")
    ties = order_of(budgeting)
    assert again.as_election().voters == budgeting.voters
    assert count(method, again, ties, options).winners == count(method, budgeting, ties, options).winners


@pytest.mark.parametrize("method", ["approval", "score", "star"])
@few
@given(data=st.data())
def test_recount_of_points_is_the_count(method, data):
    budgeting = data.draw(budgets(approval=False))
    election = budgeting.as_election()
    again = pabulib.read(points_file(election).encode(), "vote.pb").as_election()
    ties = order_of(election)
    assert count(method, again, ties).rounds == count(method, election, ties).rounds


@few
@given(number=st.integers(-(10**12), 10**12), places=st.integers(0, 9))
def test_decimals_are_exact(number, places):
    assert Fraction(fixed(number, places)) == Fraction(number, 10**places)
