"""One run of the Method of Equal Shares with a given share for each voter (Peters, Pierczynski and Skowron 2021), exactly.

Each voter has the same share of money. A project can be had if those who want it have its cost between them. Then everybody
pays the same price per unit of utility, or all that is left to them if that is less. The project with the lowest price is
bought; and so on, until no project can be had. With `cost` as utility a project of twice the cost is worth twice as much to
whoever approves it; with `cardinality` all approved projects are worth the same. Points multiply either.

A run is made for two shares at once, `low` and `high`, and is certain where everything between them buys the same. That is so
by this argument. With more money in every pocket the price of a project is not higher; so after the same purchases nobody has
less left than with a smaller share. If therefore the project `c` is bought in both, and its price with the low share is below
the price of every other project with the high share (or equal, and ties prefer `c`), then for every share in between the price
of `c` is at most the first and that of the others at least the second: `c` is bought there too. If nothing can be had with the
high share, nothing can with a lower one. With `low == high` it is simply the rule.

All voters who wanted the same of what was bought so far have the same left: they are one purse. So the money of 50,000 voters
is a few hundred numbers, and each is a whole number over one common denominator.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .ballots import TieOrder
from .budgets import Budgeting

type Utility = Literal["cost", "cardinality"]
type Payers = list[tuple[int, int, int]]
"""Who could pay for a project: (purse, points, how many voters)."""
type Key = tuple[Fraction, int]
"""Price per utility, then place in the tie-break: whoever has the least is bought."""


class Market:
    """What does not change between runs: who wants what, and who goes first among equals."""

    def __init__(self, budgeting: Budgeting, ties: TieOrder, utility: Utility) -> None:
        self.budgeting, self.utility = budgeting, utility
        self.costs = budgeting.costs
        wanting: list[dict[int, list[int]]] = [{} for _ in budgeting.projects]
        for group, given in enumerate(budgeting.ballots):
            for project, points in given:
                if points > 0:
                    wanting[project].setdefault(points, []).append(group)
        weights = np.array(list(budgeting.ballots.values()), dtype=np.int64)
        self.groups = len(weights)
        """Groups of like ballots."""
        self.wanting = [
            [
                (points, np.array(groups, dtype=np.int64), weights[groups])
                for points, groups in sorted(by_points.items())
            ]
            for by_points in wanting
        ]
        """For each project and number of points: which groups give them, and how many voters each has."""
        self.projects = [n for n in budgeting.eligible if self.costs[n] > 0]
        self.free = [n for n in budgeting.eligible if self.costs[n] == 0]
        rank = ties.ranks()
        order = sorted(self.projects, key=lambda n: (self.costs[n], -budgeting.points[n], rank[n]))
        self.place = {n: place for place, n in enumerate(order)}
        """Equal price: the cheaper, then the one with more points, then the order."""

    def worth(self, project: int) -> int:
        """Utility of one point."""
        return self.costs[project] if self.utility == "cost" else 1


class Purses:
    """What is left to the voters of each purse, for one share: `amount / unit`. An amount is brought to the unit of the day when
    it is read; only a few are for each purchase."""

    def __init__(self, share: Fraction) -> None:
        self.share = share
        self.unit = share.denominator
        self._left: dict[int, tuple[int, int]] = {0: (share.numerator, share.denominator)}

    def read(self, purse: int) -> int:
        amount, unit = self._left[purse]
        if unit != self.unit:
            amount *= self.unit // unit
            self._left[purse] = amount, self.unit
        return amount

    def price(self, cost: int, payers: Payers) -> Fraction | None:
        """Price per point at which these payers have the cost together; None if they never have."""
        if not payers:
            return None
        due, points, have = cost * self.unit, 0, 0
        purses = []
        for purse, given, count in payers:
            left = self.read(purse)
            have += left * count
            points += given * count
            purses.append((left, given, count))
        if have < due:
            return None
        # Whoever has least for each point runs out first.
        if purses[0][1] == purses[-1][1]:
            purses.sort()
        else:
            purses.sort(key=lambda purse: Fraction(purse[0], purse[1]))
        for left, given, count in purses:
            if left * points >= due * given:
                break
            due -= left * count
            points -= given * count
        return Fraction(due, points * self.unit)

    def pay(self, price: Fraction, moves: dict[tuple[int, int], int]) -> None:
        """Takes the price for each point out of the purses; `moves` says into which purse what is left goes."""
        unit = lcm(self.unit, price.denominator)
        times, due = unit // self.unit, price.numerator * (unit // price.denominator)
        paid = {new: max(0, self.read(old) * times - due * given) for (old, given), new in moves.items()}
        self.unit = unit
        self._left.update({new: (amount, unit) for new, amount in paid.items()})


@dataclass(slots=True)
class Purchase:
    project: int
    price: Fraction
    """For each point, with the high share."""
    payers: Payers
    moves: dict[tuple[int, int], int]
    """From (purse, points) to the purse with what was left; only those with something left with the high share."""


@dataclass(slots=True)
class Run:
    """Purchases for all shares from `low` to `high`, as far as they are the same."""

    market: Market
    low: Purses
    high: Purses
    purse_of: NDArray[np.int64]
    """For each group of like ballots; -1 where nothing is left."""
    bounds: list[tuple[Fraction, int, int]]
    """A heap of (price per utility at some time before, place, project): prices only rise."""
    bought: list[Purchase] = field(default_factory=list)
    purses: int = 1

    @classmethod
    def start(cls, market: Market, low: Fraction, high: Fraction) -> Run:
        bounds = [(Fraction(0), market.place[n], n) for n in market.projects]
        heapq.heapify(bounds)
        purses = Purses(low)
        return cls(
            market, purses, purses if low == high else Purses(high), np.zeros(market.groups, dtype=np.int64), bounds
        )

    def halves(self, middle: Fraction, after: Fraction) -> tuple[Run, Run]:
        """From here on one run for `low` to `middle`, and one for `after` to `high`. This run ends with it: the two take its
        purses, and only what lies between is worked out anew."""
        low, high = self.low, self.high
        first = low if middle == low.share else self._replay(middle)
        second = high if after == high.share else self._replay(after)
        return self._from_here(low, first), self._from_here(second, high)

    def _from_here(self, low: Purses, high: Purses) -> Run:
        return Run(self.market, low, high, self.purse_of.copy(), list(self.bounds), list(self.bought), self.purses)

    def _replay(self, share: Fraction) -> Purses:
        purses = Purses(share)
        for purchase in self.bought:
            price = purses.price(self.market.costs[purchase.project], purchase.payers)
            assert price is not None, "what the low share can pay, more can pay"
            purses.pay(price, purchase.moves)
        return purses

    @property
    def order(self) -> list[int]:
        return [purchase.project for purchase in self.bought]

    def finish(self) -> bool:
        """Buys as long as it is certain what all shares in between buy; whether it is to the end."""
        both = self.low is not self.high
        while (best := self._next_best()) is not None:
            key, project, payers, high = best
            low = self.low.price(self.market.costs[project], payers) if both else high
            if both and (low is None or not self._is_below_all((low / self.market.worth(project), key[1]))):
                heapq.heappush(self.bounds, (*key, project))
                return False
            assert low is not None, "with one share only there is one price"
            self._buy(project, payers, low, high)
        return True

    def _next_best(self) -> tuple[Key, int, Payers, Fraction] | None:
        """Of the projects that can be had with the high share the one with the lowest price for each unit of utility."""
        best: tuple[Key, int, Payers, Fraction] | None = None
        while self.bounds and (best is None or self.bounds[0][:2] < best[0]):
            _, place, project = heapq.heappop(self.bounds)
            payers = self._payers(project)
            price = self.high.price(self.market.costs[project], payers)
            if price is None:
                # Nobody's purse grows: never again.
                continue
            key = (price / self.market.worth(project), place)
            if best is None or key < best[0]:
                if best:
                    heapq.heappush(self.bounds, (*best[0], best[1]))
                best = (key, project, payers, price)
            else:
                heapq.heappush(self.bounds, (*key, project))
        return best

    def _is_below_all(self, key: Key) -> bool:
        """Whether this price is below that of all others with the high share."""
        while self.bounds and self.bounds[0][:2] < key:
            _, place, project = heapq.heappop(self.bounds)
            price = self.high.price(self.market.costs[project], self._payers(project))
            if price is None:
                continue
            other = (price / self.market.worth(project), place)
            heapq.heappush(self.bounds, (*other, project))
            if other < key:
                return False
        return True

    def _payers(self, project: int) -> Payers:
        """By points, so that the first and the last show whether all gave the same."""
        found: Payers = []
        for points, groups, weights in self.market.wanting[project]:
            # Sums of whole numbers below 2**53: exact.
            counts = np.bincount(self.purse_of[groups] + 1, weights)[1:]
            purses = np.flatnonzero(counts)
            found += [(p, points, int(n)) for p, n in zip(purses.tolist(), counts[purses].tolist(), strict=True)]
        return found

    def _buy(self, project: int, payers: Payers, low: Fraction, high: Fraction) -> None:
        due, unit = high.numerator * self.high.unit, high.denominator
        moves: dict[tuple[int, int], int] = {}
        for purse, points, _ in payers:
            if self.high.read(purse) * unit > due * points:
                moves[purse, points] = self.purses
                self.purses += 1
        self.high.pay(high, moves)
        if self.low is not self.high:
            self.low.pay(low, moves)
        for points, groups, _ in self.market.wanting[project]:
            # The last entry is for those whose purse was empty before: -1.
            goes_to = np.full(self.purses + 1, -1, dtype=np.int64)
            for (purse, given), new in moves.items():
                if given == points:
                    goes_to[purse] = new
            self.purse_of[groups] = goes_to[self.purse_of[groups]]
        self.bought.append(Purchase(project, high, payers, moves))
