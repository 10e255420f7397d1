"""Papers on the piles of those for whom they count: what IRV and STV move about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from .ballots import TieOrder
from .strict import Cleaned, End, Strict

type Paper = tuple[Strict, int, int, int]
"""(ballot, how many alike, how far it has been read, value of each)."""


class Piles:
    """Whose paper is where. Values are integers; one whole vote is `whole`."""

    def __init__(self, cleaned: Cleaned, candidates: int, whole: int = 1) -> None:
        self.piles: list[list[Paper]] = [[] for _ in range(candidates)]
        self.totals = [0] * candidates
        self.ended: Counter[End] = Counter()
        """Papers that count for nobody any more, by why they stopped."""
        self.lost = 0
        """Their value."""
        self.history: list[list[int]] = []
        """Totals at the end of each round."""
        everybody = set(range(candidates))
        self._deal(((ballot, count, 0, whole) for ballot, count in cleaned.ballots.items()), everybody)

    def _deal(self, papers: Iterable[Paper], continuing: set[int]) -> dict[int, int]:
        moved: defaultdict[int, int] = defaultdict(int)
        for ballot, count, start, value in papers:
            order, end = ballot
            for n in range(start, len(order)):
                if (candidate := order[n]) in continuing:
                    self.piles[candidate].append((ballot, count, n + 1, value))
                    moved[candidate] += count * value
                    break
            else:
                self.ended[end] += count
                self.lost += count * value
        for candidate, votes in moved.items():
            self.totals[candidate] += votes
        return moved

    def hand_on(self, candidates: Iterable[int], continuing: set[int]) -> dict[int, int]:
        """All papers of these go on at their value. Returns who received how much."""
        papers: list[Paper] = []
        for candidate in candidates:
            papers += self.piles[candidate]
            self.piles[candidate] = []
            self.totals[candidate] = 0
        return self._deal(papers, continuing)

    def hand_on_surplus(self, candidate: int, surplus: int, continuing: set[int]) -> dict[int, int]:
        """Each paper goes on at surplus times its value over the total, the rest ignored; the candidate keeps the quota."""
        total = self.totals[candidate]
        papers = [(ballot, count, n, surplus * value // total) for ballot, count, n, value in self.piles[candidate]]
        self.piles[candidate] = []
        self.totals[candidate] = total - surplus
        return self._deal(papers, continuing)

    def close_round(self) -> None:
        self.history.append(list(self.totals))

    def by_history(self, tied: list[int], ties: TieOrder, *, lowest: bool) -> tuple[int, str]:
        """Whoever was ahead (behind, with `lowest`) in the last round in which they differed; then the order."""
        left = list(tied)
        for totals in reversed(self.history):
            edge = (min if lowest else max)(totals[candidate] for candidate in left)
            left = [candidate for candidate in left if totals[candidate] == edge]
            if len(left) == 1:
                return left[0], "an earlier round"
        rank = ties.ranks()
        # The order names the best first: its last is out first.
        return (max if lowest else min)(left, key=rank.__getitem__), "the tie-break order"
