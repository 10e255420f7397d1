"""Single choice, and instant run-off (IRV): while nobody has more than half, whoever has fewest goes out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .ballots import Election, Impossible, TieOrder
from .piles import Piles
from .results import Result, Tie
from .strict import Cleaned, Equal, clean


def plurality(election: Election, ties: TieOrder, seats: int = 1, equal: Equal = "stop") -> Result:
    """Each ballot counts for its first choice; whoever has most is elected."""
    cleaned = clean(election.as_rankings(), equal)
    piles = Piles(cleaned, len(election.candidates))
    found: list[Tie] = []
    order = by_totals(piles.totals, ties, seats, election, found)
    row = {"round": 1, "tally": _tally(election, piles, range(len(election.candidates))), **_inactive(piles)}
    return Result(
        "plurality",
        [election.candidates[n] for n in order[:seats]] if any(piles.totals) else [],
        [row],
        found,
        {"seats": seats},
        cleaned.policy,
        [election.candidates[n] for n in ties.order],
        ties.source,
    )


def by_totals(totals: list[int], ties: TieOrder, seats: int, election: Election, found: list[Tie]) -> list[int]:
    """Everybody, most first. Notes a tie where it decides who is elected, or before whom."""
    rank = ties.ranks()
    order = sorted(range(len(totals)), key=lambda n: (-totals[n], rank[n]))
    for place in range(min(seats, len(order))):
        alike = [n for n in order[place:] if totals[n] == totals[order[place]]]
        if len(alike) > 1 and totals[order[place]]:
            between = tuple(election.candidates[n] for n in sorted(alike))
            found.append(Tie(1, between, election.candidates[order[place]], "who is elected", "the tie-break order"))
    return order


def irv(
    election: Election,
    ties: TieOrder,
    *,
    equal: Equal = "stop",
    blanks: int | None = 1,
    batch: bool = False,
    first_out: Collection[str] = (),
) -> Result:
    """Instant run-off.

    `batch` puts out several at once where together they have fewer than the next above them, which changes no winner.
    `first_out` names who goes out in the first round whatever they have, as undeclared write-ins do in Minneapolis. Of several
    with fewest, out goes who had fewer in the last round in which they differed, else who comes last in the order.
    """
    if unknown := set(first_out) - set(election.candidates):
        raise Impossible(f"{min(unknown)!r} is to be eliminated first, but does not stand.")
    cleaned = clean(election.as_rankings(), equal, blanks)
    count = _Runoff(election, ties, cleaned)
    winners = count.run({election.candidates.index(name) for name in first_out}, batch)
    return Result(
        "irv",
        [election.candidates[n] for n in winners],
        count.rounds,
        count.found,
        {"seats": 1, "majority": "more than half of the ballots that still count", "batch_elimination": batch}
        | ({"eliminated_first": sorted(first_out)} if first_out else {}),
        cleaned.policy,
        [election.candidates[n] for n in ties.order],
        ties.source,
    )


class _Runoff:
    def __init__(self, election: Election, ties: TieOrder, cleaned: Cleaned) -> None:
        self.election, self.ties = election, ties
        self.piles = Piles(cleaned, len(election.candidates))
        self.continuing = set(range(len(election.candidates)))
        self.rounds: list[dict[str, Any]] = []
        self.found: list[Tie] = []

    def run(self, first_out: set[int], batch: bool) -> list[int]:
        totals = self.piles.totals
        if not any(totals):
            return []
        while True:
            active = sum(totals)
            row: dict[str, Any] = {
                "round": len(self.rounds) + 1,
                "tally": _tally(self.election, self.piles, self.continuing),
                "majority": active // 2 + 1,
                **_inactive(self.piles),
            }
            self.rounds.append(row)
            self.piles.close_round()
            leader = max(self.continuing, key=lambda n: totals[n])
            if not first_out and (totals[leader] * 2 > active or len(self.continuing) == 1):
                row["elected"] = [self.election.candidates[leader]]
                return [leader]
            out = sorted(first_out) if first_out else self._lowest(batch)
            first_out = set()
            self.continuing.difference_update(out)
            if not self.continuing:
                raise Impossible("Everybody is to be eliminated first.")
            moved = self.piles.hand_on(out, self.continuing)
            row["eliminated"] = [self.election.candidates[n] for n in out]
            row["transfers"] = {self.election.candidates[n]: votes for n, votes in sorted(moved.items())}

    def _lowest(self, batch: bool) -> list[int]:
        totals = self.piles.totals
        order = sorted(self.continuing, key=lambda n: totals[n])
        if batch and (together := _beaten_together([totals[n] for n in order])):
            return order[:together]
        tied = [n for n in order if totals[n] == totals[order[0]]]
        if len(tied) == 1:
            return tied
        chosen, by = self.piles.by_history(tied, self.ties, lowest=True)
        names = self.election.candidates
        about = "who is eliminated"
        self.found.append(Tie(len(self.rounds), tuple(names[n] for n in tied), names[chosen], about, by))
        return [chosen]


def _beaten_together(totals: list[int]) -> int:
    """How many of the lowest (given in rising order) have fewer together than the next one; at least one stays."""
    most, together = 0, 0
    for n, total in enumerate(totals[:-1], start=1):
        together += total
        if together < totals[n]:
            most = n
    return most


def _tally(election: Election, piles: Piles, candidates: Collection[int]) -> dict[str, int]:
    return {election.candidates[n]: piles.totals[n] for n in sorted(candidates)}


def _inactive(piles: Piles) -> dict[str, dict[str, int]]:
    return {"inactive": {end: piles.ended[end] for end in sorted(piles.ended)}}
