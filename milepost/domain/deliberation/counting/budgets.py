"""Participatory budgets: what there is to spend, what the projects cost, what the ballots say; and the two greedy rules.

Money is a whole number of the smallest unit that the source uses (`scale` of them make one of the currency).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from .ballots import Election, Scores, TieOrder
from .results import Result, Tie, exact, fixed, rounded


@dataclass(frozen=True)
class Budgeting:
    projects: tuple[str, ...]
    """Ids as in the source."""
    names: tuple[str, ...]
    costs: tuple[int, ...]
    budget: int
    ballots: Mapping[Scores, int]
    """Points per project, without those of 0: 1 for an approval, as many as given, or Borda's for a ranked ballot."""
    vote_type: str = "approval"
    scale: int = 1
    least_score: int = 0
    """Projects with fewer points are not selected, whatever the rule."""
    funded: frozenset[str] | None = None
    """What the source says was selected."""
    notes: tuple[str, ...] = ()

    @cached_property
    def voters(self) -> int:
        return sum(self.ballots.values())

    @cached_property
    def support(self) -> list[int]:
        """How many ballots are for a project."""
        found = [0] * len(self.projects)
        for given, count in self.ballots.items():
            for project, points in given:
                found[project] += count * (points > 0)
        return found

    @cached_property
    def points(self) -> list[int]:
        found = [0] * len(self.projects)
        for given, count in self.ballots.items():
            for project, points in given:
                found[project] += points * count
        return found

    @cached_property
    def eligible(self) -> list[int]:
        """Projects that somebody wants, and enough for the threshold that the source sets."""
        return [n for n, points in enumerate(self.points) if self.support[n] and points >= self.least_score]

    def cost_of(self, selected: Iterable[int]) -> int:
        return sum(self.costs[n] for n in selected)

    def in_currency(self, amount: Fraction | int) -> int | str:
        """A whole number, else a decimal one to the smallest unit of money, else `numerator/denominator`."""
        value = Fraction(amount)
        if value.denominator == 1 and value % self.scale:
            return fixed(int(value), len(str(self.scale)) - 1)
        return exact(value / self.scale)

    def as_election(self) -> Election:
        """The projects as candidates, for rules that know no money."""
        return Election(self.projects, self.names, scores=self.ballots, notes=self.notes)

    def cleaning(self) -> dict[str, Any]:
        found: dict[str, Any] = {"blank_ballots": "count as voters: their share of the money stays unspent"}
        if self.vote_type == "ordinal":
            found["points"] = "Borda: as many as places were to be filled for the first, one fewer for each after it"
        found["projects_without_votes"] = "are not selected"
        if self.least_score:
            found["least_score"] = self.least_score
        return found


def greedy(budgeting: Budgeting, ties: TieOrder, *, per_cost: bool = False) -> Result:
    """Most points first (or most points per cost), each that still fits. Equal: the cheaper, then the order."""
    order = greedy_order(budgeting, ties, per_cost=per_cost)
    selected: list[int] = []
    rows: list[dict[str, Any]] = []
    left = budgeting.budget
    for n in order:
        fits = budgeting.costs[n] <= left
        left -= budgeting.costs[n] if fits else 0
        rows.append(
            {
                "round": len(rows) + 1,
                "project": budgeting.projects[n],
                "points": budgeting.points[n],
                "cost": budgeting.in_currency(budgeting.costs[n]),
                "selected": fits,
                "left": budgeting.in_currency(left),
            }
        )
        if fits:
            selected.append(n)
    return Result(
        "greedy-votes-per-cost" if per_cost else "greedy-votes",
        [budgeting.projects[n] for n in selected],
        rows,
        _greedy_ties(budgeting, order, set(selected), per_cost=per_cost),
        {"skips_what_does_not_fit": True, "equal": "the cheaper first, then the tie-break order"},
        budgeting.cleaning(),
        [budgeting.projects[n] for n in ties.order],
        ties.source,
        spent(budgeting, selected),
        selects=True,
    )


def greedy_order(budgeting: Budgeting, ties: TieOrder, *, per_cost: bool = False) -> list[int]:
    rank = ties.ranks()
    return sorted(
        budgeting.eligible, key=lambda n: (*_worth(budgeting, n, per_cost=per_cost), budgeting.costs[n], rank[n])
    )


def fill(budgeting: Budgeting, ties: TieOrder, selected: list[int]) -> list[int]:
    """What the greedy rule by votes adds to a selection."""
    left = budgeting.budget - budgeting.cost_of(selected)
    chosen, added = set(selected), []
    for n in greedy_order(budgeting, ties):
        if n not in chosen and budgeting.costs[n] <= left:
            added.append(n)
            left -= budgeting.costs[n]
    return added


def _worth(budgeting: Budgeting, n: int, *, per_cost: bool) -> tuple[int, Fraction]:
    """Smaller is better; what is free comes before everything."""
    points, cost = budgeting.points[n], budgeting.costs[n]
    if not per_cost:
        return 0, Fraction(-points)
    return (1, Fraction(-points, cost)) if cost else (0, Fraction(-points))


def _greedy_ties(budgeting: Budgeting, order: list[int], selected: set[int], *, per_cost: bool) -> list[Tie]:
    """Equals of which some were selected and some were not."""
    found = []
    alike: dict[Any, list[int]] = {}
    for n in order:
        alike.setdefault(_worth(budgeting, n, per_cost=per_cost), []).append(n)
    for group in alike.values():
        taken = [n for n in group if n in selected]
        if taken and len(taken) < len(group):
            by = (
                "the tie-break order" if len({budgeting.costs[n] for n in group}) == 1 else "lower cost, then the order"
            )
            between = tuple(budgeting.projects[n] for n in group)
            found.append(
                Tie(
                    order.index(group[0]) + 1,
                    between,
                    budgeting.projects[taken[0]],
                    "which of the equal come first",
                    by,
                )
            )
    return found


def spent(budgeting: Budgeting, selected: Iterable[int]) -> dict[str, Any]:
    chosen = list(selected)
    cost = budgeting.cost_of(chosen)
    # A voter is covered who gave something to at least one of the selected.
    taken = set(chosen)
    covered = sum(
        count for given, count in budgeting.ballots.items() if any(n in taken and points > 0 for n, points in given)
    )
    return {
        "budget": budgeting.in_currency(budgeting.budget),
        "cost": budgeting.in_currency(cost),
        "voters": budgeting.voters,
        "voters_with_a_selected_project": covered,
        "share_spent": rounded(Fraction(cost, budgeting.budget) if budgeting.budget else 0, 4),
    }
