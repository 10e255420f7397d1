"""The single transferable vote: several seats, shared out in proportion.

Scottish: The Scottish Local Government Elections Order 2007, schedule 1, rules 45 to 52. Meek: the reference rule of the
Proportional Representation Foundation, which counts in steps of 10**-9.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .ballots import Election, TieOrder
from .piles import Piles
from .results import Result, Tie, fixed
from .strict import Cleaned, Equal, clean


def scottish(
    election: Election,
    ties: TieOrder,
    seats: int,
    *,
    equal: Equal = "stop",
    blanks: int | None = 1,
    places: int = 5,
    first_out: Iterable[str] = (),
) -> Result:
    """Values have `places` decimal places, the rest is ignored. The largest surplus is handed on first; where there is none,
    whoever has fewest is excluded. Ties go by the last stage at which the tied differed, then by the order (the law: by lot)."""
    cleaned = clean(election.as_rankings(), equal, blanks)
    count = _Scottish(election, ties, cleaned, seats, places)
    count.run([election.candidates.index(name) for name in first_out])
    return Result(
        "stv-scottish",
        [election.candidates[n] for n in count.elected],
        count.rounds,
        count.found,
        {
            "seats": seats,
            "quota": count.quota,
            "decimal_places": places,
            "order": "Scottish Local Government Elections 2007",
        },
        cleaned.policy,
        [election.candidates[n] for n in ties.order],
        ties.source,
    )


class _Scottish:
    def __init__(self, election: Election, ties: TieOrder, cleaned: Cleaned, seats: int, places: int) -> None:
        self.election, self.ties, self.seats, self.places = election, ties, seats, places
        whole = 10**places
        self.piles = Piles(cleaned, len(election.candidates), whole)
        votes = sum(cleaned.ballots.values())
        self.all = votes * whole
        # Papers that name nobody validly from the start are no votes for the quota.
        valid = sum(self.piles.totals) // whole
        self.quota = valid // (seats + 1) + 1
        self.needed = self.quota * whole
        self.continuing = set(range(len(election.candidates)))
        self.elected: list[int] = []
        self.surpluses: list[int] = []
        self.rounds: list[dict[str, Any]] = []
        self.found: list[Tie] = []

    def run(self, first_out: list[int]) -> None:
        if not any(self.piles.totals):
            return
        action: dict[str, Any] = {"action": "first preferences"}
        while True:
            self._close(action)
            if len(self.elected) == self.seats or not self.continuing:
                return
            if len(self.elected) + len(self.continuing) <= self.seats:
                self.rounds[-1]["elected"] += self._names(self._elect(self.continuing))
                return
            action = self._next(first_out)
            first_out = []

    def _next(self, first_out: list[int]) -> dict[str, Any]:
        totals = self.piles.totals
        if self.surpluses and not first_out:
            most = max(totals[n] for n in self.surpluses)
            chosen = self._decide(
                [n for n in self.surpluses if totals[n] == most], "whose surplus goes first", lowest=False
            )
            self.surpluses.remove(chosen)
            moved = self.piles.hand_on_surplus(chosen, most - self.needed, self.continuing)
            return {"action": "surplus", "of": self._names([chosen]), "transfers": self._votes(moved)}
        if first_out:
            out = first_out
        else:
            least = min(totals[n] for n in self.continuing)
            out = [
                self._decide([n for n in sorted(self.continuing) if totals[n] == least], "who is excluded", lowest=True)
            ]
        self.continuing.difference_update(out)
        moved = self.piles.hand_on(out, self.continuing)
        return {"action": "exclusion", "of": self._names(out), "transfers": self._votes(moved)}

    def _close(self, action: dict[str, Any]) -> None:
        totals = self.piles.totals
        standing = sorted(self.continuing | set(self.elected))
        row = {"round": len(self.rounds) + 1, **action}
        row["tally"] = {self.election.candidates[n]: fixed(totals[n], self.places) for n in standing}
        row["not_transferable"] = fixed(self.all - sum(totals), self.places)
        self.rounds.append(row)
        reached = {n for n in self.continuing if totals[n] >= self.needed}
        self.piles.close_round()
        row["elected"] = self._names(self._elect(reached))

    def _elect(self, candidates: set[int]) -> list[int]:
        """Those with more votes first."""
        totals, left, order = self.piles.totals, set(candidates), []
        while left:
            most = max(totals[n] for n in left)
            tied = [n for n in sorted(left) if totals[n] == most]
            order.append(self._decide(tied, "who is elected first", lowest=False))
            left.discard(order[-1])
        order = order[: self.seats - len(self.elected)]
        self.elected += order
        self.continuing.difference_update(order)
        self.surpluses += [n for n in order if totals[n] > self.needed]
        return order

    def _decide(self, tied: list[int], about: str, *, lowest: bool) -> int:
        if len(tied) == 1:
            return tied[0]
        chosen, by = self.piles.by_history(tied, self.ties, lowest=lowest)
        self.found.append(Tie(len(self.rounds), tuple(self._names(tied)), self.election.candidates[chosen], about, by))
        return chosen

    def _names(self, candidates: Iterable[int]) -> list[str]:
        return [self.election.candidates[n] for n in candidates]

    def _votes(self, moved: dict[int, int]) -> dict[str, str]:
        return {self.election.candidates[n]: fixed(votes, self.places) for n, votes in sorted(moved.items())}


NINE = 10**9
OMEGA = NINE // 10**6


def meek(election: Election, ties: TieOrder, seats: int, *, equal: Equal = "stop", blanks: int | None = 1) -> Result:
    """Elected candidates keep of each vote what they need, and hand on the rest; the quota falls as ballots end."""
    cleaned = clean(election.as_rankings(), equal, blanks)
    count = _Meek(election, ties, cleaned, seats)
    count.run()
    return Result(
        "stv-meek",
        [election.candidates[n] for n in count.elected],
        count.rounds,
        count.found,
        {"seats": seats, "decimal_places": 9, "omega": "0.000001", "rule": "PR Foundation reference Meek rule"},
        cleaned.policy,
        [election.candidates[n] for n in ties.order],
        ties.source,
    )


def _up(a: int, b: int) -> int:
    """a / b, rounded up."""
    return -(-a // b)


class _Meek:
    def __init__(self, election: Election, ties: TieOrder, cleaned: Cleaned, seats: int) -> None:
        self.election, self.ties, self.seats = election, ties, seats
        self.papers: dict[tuple[int, ...], int] = {}
        for (order, _end), count in cleaned.ballots.items():
            self.papers[order] = self.papers.get(order, 0) + count
        self.hopeful = set(range(len(election.candidates)))
        self.elected: list[int] = []
        self.keep = [NINE] * len(election.candidates)
        self.votes = [0] * len(election.candidates)
        self.quota = 0
        self.rounds: list[dict[str, Any]] = []
        self.found: list[Tie] = []

    def run(self) -> None:
        if not any(self.papers):
            return
        while len(self.elected) < self.seats and len(self.elected) + len(self.hopeful) > self.seats:
            surplus, won = self._iterate()
            row = self._row()
            if won:
                row["elected"] = self._names(won)
                continue
            out = self._lowest(surplus)
            self.hopeful.discard(out)
            self.keep[out] = 0
            row["defeated"] = self._names([out])
        # Seats are left for all who still stand, or for none.
        if len(self.elected) < self.seats and self.hopeful:
            self._distribute()
            rest = self._in_order(self.hopeful)
            self.elected += rest
            self._row()["elected"] = self._names(rest)

    def _iterate(self) -> tuple[int, list[int]]:
        """Until somebody is elected, or the surplus is as good as gone: (surplus, who was elected)."""
        before: int | None = None
        while True:
            self._distribute()
            self.quota = sum(self.votes) // (self.seats + 1) + 1
            won = self._in_order({n for n in self.hopeful if self.votes[n] >= self.quota})
            won = won[: self.seats - len(self.elected)]
            self.elected += won
            self.hopeful.difference_update(won)
            surplus = max(0, sum(self.votes[n] - self.quota for n in self.elected))
            if won or surplus < OMEGA or (before is not None and surplus >= before):
                return surplus, won
            before = surplus
            for n in self.elected:
                self.keep[n] = _up(_up(self.keep[n] * self.quota, NINE) * NINE, self.votes[n])

    def _distribute(self) -> None:
        votes, keep = [0] * len(self.votes), self.keep
        for order, count in self.papers.items():
            weight = NINE
            for candidate in order:
                if factor := keep[candidate]:
                    given = _up(weight * factor, NINE)
                    votes[candidate] += given * count
                    weight -= given
                    if not weight:
                        break
        self.votes = votes

    def _lowest(self, surplus: int) -> int:
        """Whoever has fewest; those within the surplus that is left count as equal."""
        least = min(self.votes[n] for n in self.hopeful)
        tied = [n for n in sorted(self.hopeful) if self.votes[n] <= least + surplus]
        rank = self.ties.ranks()
        chosen = max(tied, key=rank.__getitem__)
        if len(tied) > 1:
            self._tie(tied, chosen, "who is defeated")
        return chosen

    def _in_order(self, candidates: set[int]) -> list[int]:
        rank = self.ties.ranks()
        order = sorted(candidates, key=lambda n: (-self.votes[n], rank[n]))
        for n, candidate in enumerate(order):
            alike = [other for other in order[n:] if self.votes[other] == self.votes[candidate]]
            if len(alike) > 1:
                self._tie(alike, candidate, "who is elected first")
        return order

    def _tie(self, tied: list[int], chosen: int, about: str) -> None:
        names = tuple(self._names(tied))
        self.found.append(
            Tie(len(self.rounds) + 1, names, self.election.candidates[chosen], about, "the tie-break order")
        )

    def _row(self) -> dict[str, Any]:
        standing = sorted(self.hopeful | set(self.elected))
        row: dict[str, Any] = {
            "round": len(self.rounds) + 1,
            "quota": fixed(self.quota, 9),
            "tally": {self.election.candidates[n]: fixed(self.votes[n], 9) for n in standing},
            "keep": {self.election.candidates[n]: fixed(self.keep[n], 9) for n in self.elected},
        }
        self.rounds.append(row)
        return row

    def _names(self, candidates: Iterable[int]) -> list[str]:
        return [self.election.candidates[n] for n in candidates]
