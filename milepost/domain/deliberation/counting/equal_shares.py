"""The Method of Equal Shares as communities use it: a share for each voter, a completion, and perhaps a comparison.

A run with the budget divided among the voters seldom spends it all. The completions:

- `none`: that is it.
- `add-one`: everybody's share grows by 1 of the currency at a time, from the whole part of budget / voters, as long as the
  selection stays within the budget, until nothing that is left out would still fit ("until nothing fits").
- `add-one-until-overspent`: the same, stopping only when the next step would overspend (or buys everything).
- `add-one-then-greedy`: `add-one-until-overspent`, and what is left is filled by votes.
- `greedy`: a run without growing, and what is left is filled by votes.

The comparison puts the selection beside that of the greedy rule, and takes the greedy one where more voters prefer it: in
number of own projects (`satisfaction`, as in Wieliczka), in their cost (`cost`), or in having any (`covered`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, get_args

from .ballots import Scores, TieOrder
from .budgets import Budgeting, fill, greedy_order, spent
from .results import Result, Tie, exact, rounded
from .shares import Market, Run, Utility
from .stepping import stretches

type Completion = Literal["none", "add-one", "add-one-until-overspent", "add-one-then-greedy", "greedy"]
type Comparison = Literal["none", "satisfaction", "cost", "covered"]
COMPLETIONS: tuple[str, ...] = get_args(Completion.__value__)
COMPARISONS: tuple[str, ...] = get_args(Comparison.__value__)
UTILITIES: tuple[str, ...] = get_args(Utility.__value__)


@dataclass(frozen=True, slots=True)
class Paid:
    """What a ballot's voters paid for a project."""

    project: str
    amount: Fraction
    """In the smallest unit of money."""


def equal_shares(
    budgeting: Budgeting,
    ties: TieOrder,
    *,
    utility: Utility = "cost",
    completion: Completion = "none",
    comparison: Comparison = "none",
) -> Result:
    market = Market(budgeting, ties, utility)
    share, run, steps = complete(market, completion)
    selected = [*market.free, *run.order]
    rows = _rows(market, run)
    filled = fill(budgeting, ties, selected) if completion in {"add-one-then-greedy", "greedy"} else []
    for n in filled:
        cost = budgeting.in_currency(budgeting.costs[n])
        rows.append({"round": len(rows) + 1, "project": budgeting.projects[n], "cost": cost, "by": "filled by votes"})
    selected += filled
    summary: dict[str, Any] = {"share": budgeting.in_currency(share), "steps": steps}
    if comparison != "none":
        outcome, selected = compare(budgeting, ties, selected, comparison)
        summary["comparison"] = outcome
    names = budgeting.projects
    return Result(
        "equal-shares",
        [names[n] for n in selected],
        rows,
        _ties(market, run),
        {
            "utility": utility,
            "completion": completion,
            "comparison": comparison,
            "step": "1 of the currency for each voter, from the whole part of budget / voters",
            "equal": "the cheaper first, then the one with more points, then the tie-break order",
        },
        budgeting.cleaning(),
        [names[n] for n in ties.order],
        ties.source,
        summary | spent(budgeting, selected),
        selects=True,
    )


def complete(market: Market, completion: Completion) -> tuple[Fraction, Run, int]:
    """(share of each voter, the run with it, how many steps it grew)."""
    budgeting = market.budgeting
    if not budgeting.voters:
        return Fraction(0), _run(market, Fraction(0)), 0
    share = Fraction(budgeting.budget, budgeting.voters)
    run = _run(market, share)
    if completion in {"none", "greedy"} or len(run.order) == len(market.projects):
        return share, run, 0
    scale = budgeting.scale
    base = Fraction(share // scale * scale)
    until_nothing_fits = completion == "add-one"
    if until_nothing_fits and not _something_fits(market, run.order):
        return share, run, 0
    taken: int | None = None
    for stretch in stretches(market, base, Fraction(scale)):
        if budgeting.cost_of(stretch.order) > budgeting.budget:
            break
        at_first = until_nothing_fits and not _something_fits(market, stretch.order)
        all_bought = len(stretch.order) == len(market.projects)
        taken = stretch.first if at_first or all_bought else stretch.last
        if at_first or all_bought:
            break
    if taken is None:
        return share, run, 0
    share = base + taken * scale
    return share, _run(market, share), taken


def _run(market: Market, share: Fraction) -> Run:
    run = Run.start(market, share, share)
    run.finish()
    return run


def _something_fits(market: Market, order: list[int]) -> bool:
    """Whether a project that is left out, and that somebody wants, would still fit into the budget."""
    budgeting = market.budgeting
    left, taken = budgeting.budget - budgeting.cost_of(order), set(order)
    return any(n not in taken and budgeting.costs[n] <= left for n in market.projects)


def compare(
    budgeting: Budgeting, ties: TieOrder, selected: list[int], comparison: Comparison
) -> tuple[dict[str, Any], list[int]]:
    """Greedy instead, where more voters prefer it than prefer the selection."""
    other, left = [], budgeting.budget
    for n in greedy_order(budgeting, ties):
        if budgeting.costs[n] <= left:
            other.append(n)
            left -= budgeting.costs[n]
    ours, theirs = set(selected), set(other)
    for_ours = for_theirs = 0
    for given, count in budgeting.ballots.items():
        mine, yours = (_liking(budgeting, given, chosen, comparison) for chosen in (ours, theirs))
        for_ours += count * (mine > yours)
        for_theirs += count * (yours > mine)
    outcome = {
        "with": "greedy-votes",
        "by": comparison,
        "prefer_equal_shares": for_ours,
        "prefer_greedy": for_theirs,
        "taken": "greedy-votes" if for_theirs > for_ours else "equal-shares",
        "greedy_selects": [budgeting.projects[n] for n in other],
    }
    return outcome, other if for_theirs > for_ours else selected


def _liking(budgeting: Budgeting, given: Scores, chosen: set[int], comparison: Comparison) -> int:
    if comparison == "satisfaction":
        return sum(points for n, points in given if n in chosen)
    if comparison == "cost":
        return sum(points * budgeting.costs[n] for n, points in given if n in chosen)
    return int(any(n in chosen and points > 0 for n, points in given))


def paid_by(market: Market, run: Run, share: Fraction, given: Scores) -> list[Paid]:
    """Where the share of a voter with this ballot went: the price for each point, or all that was left."""
    points, left, found = dict(given), share, []
    for purchase in run.bought:
        if (own := points.get(purchase.project, 0)) > 0:
            amount = min(left, purchase.price * own)
            left -= amount
            found.append(Paid(market.budgeting.projects[purchase.project], amount))
    return found


def _rows(market: Market, run: Run) -> list[dict[str, Any]]:
    budgeting = market.budgeting
    rows: list[dict[str, Any]] = []
    for n in market.free:
        rows.append({"round": len(rows) + 1, "project": budgeting.projects[n], "cost": 0, "by": "free"})
    for purchase in run.bought:
        voters = sum(count for _, _, count in purchase.payers)
        in_full = sum(count for purse, points, count in purchase.payers if (purse, points) in purchase.moves)
        price = purchase.price / budgeting.scale
        rows.append(
            {
                "round": len(rows) + 1,
                "project": budgeting.projects[purchase.project],
                "cost": budgeting.in_currency(budgeting.costs[purchase.project]),
                "price": exact(price),
                "price_rounded": rounded(price),
                "payers": voters,
                "payers_left_with_money": in_full,
                "by": "equal shares",
            }
        )
    return rows


def _ties(market: Market, run: Run) -> list[Tie]:
    """Purchases next to each other at the same price per utility, where the order decided which came first."""
    names, found = market.budgeting.projects, []
    for n, (first, second) in enumerate(zip(run.bought, run.bought[1:], strict=False), start=1):
        same_price = first.price / market.worth(first.project) == second.price / market.worth(second.project)
        if same_price:
            alike = market.costs[first.project] == market.costs[second.project]
            by = "the tie-break order, or more points" if alike else "lower cost"
            between = (names[first.project], names[second.project])
            found.append(Tie(len(market.free) + n, between, between[0], "which of the equal is bought first", by))
    return found
