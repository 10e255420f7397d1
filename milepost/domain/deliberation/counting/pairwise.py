"""Every two candidates against each other: Schulze and Ranked Pairs.

A ballot prefers whom it ranks higher; whom it leaves out stands below all whom it ranks, and equal to all others it leaves out.
"""

from __future__ import annotations

from typing import Any, Literal

from .ballots import Election, TieOrder, tidy
from .results import Result, Tie

CLEANING = {
    "equal_ranks": "no preference between the equal",
    "left_out": "below everybody who is ranked, equal among themselves",
    "blank_ranks": "passed over",
    "candidate_named_again": "counts where named first",
}


def table(election: Election) -> list[list[int]]:
    """`[a][b]`: how many ballots put a above b."""
    size = len(election.candidates)
    found = [[0] * size for _ in range(size)]
    for ranking, count in election.as_rankings().items():
        below = set(range(size))
        for place in tidy(ranking):
            below.difference_update(place)
            for candidate in place:
                row = found[candidate]
                for other in below:
                    row[other] += count
    return found


def condorcet_winner(found: list[list[int]]) -> int | None:
    """Who beats everybody else, if anybody does."""
    size = range(len(found))
    return next((a for a in size if all(found[a][b] > found[b][a] for b in size if b != a)), None)


def schulze(
    election: Election, ties: TieOrder, seats: int = 1, strength: Literal["winning-votes", "margins"] = "winning-votes"
) -> Result:
    """The way from a to b is as strong as its weakest win; a stands before b if a's strongest way is the stronger one."""
    found = table(election)
    size = range(len(found))
    paths = [[_strength(found, a, b, strength) for b in size] for a in size]
    for via in size:
        for a in size:
            if a == via or not (first := paths[a][via]):
                continue
            row, onward = paths[a], paths[via]
            for b in size:
                if (reach := min(first, onward[b])) > row[b] and b != a:
                    row[b] = reach
    order, noted = _rank(election, ties, seats, paths)
    tables = {"pairwise": _named(election, found), "strongest_paths": _named(election, paths)}
    method = "schulze-wv" if strength == "winning-votes" else "schulze-margins"
    return _result(method, election, ties, seats, order, noted, tables, {"strength": strength})


def _strength(found: list[list[int]], a: int, b: int, strength: str) -> int:
    if found[a][b] <= found[b][a]:
        return 0
    return found[a][b] if strength == "winning-votes" else found[a][b] - found[b][a]


def _rank(election: Election, ties: TieOrder, seats: int, paths: list[list[int]]) -> tuple[list[int], list[Tie]]:
    """One after the other, of those whom nobody left stands before, the first in the order."""
    left = list(ties.order)
    order: list[int] = []
    noted: list[Tie] = []
    while left:
        unbeaten = [a for a in left if all(paths[a][b] >= paths[b][a] for b in left)]
        if len(unbeaten) > 1 and len(order) < seats:
            between = tuple(election.candidates[n] for n in sorted(unbeaten))
            noted.append(Tie(1, between, election.candidates[unbeaten[0]], "who is elected", "the tie-break order"))
        order.append(unbeaten[0])
        left.remove(unbeaten[0])
    return order, noted


def ranked_pairs(election: Election, ties: TieOrder, seats: int = 1) -> Result:
    """Wins are locked in by margin, largest first, each unless it would close a circle (Tideman 1987).

    Of equal margins first the win over whoever comes last in the order, then the win of whoever comes first.
    """
    found = table(election)
    size, rank = range(len(found)), ties.ranks()
    wins = [(found[a][b] - found[b][a], a, b) for a in size for b in size if found[a][b] > found[b][a]]
    wins.sort(key=lambda win: (-win[0], -rank[win[2]], rank[win[1]]))
    reach: list[set[int]] = [{a} for a in size]
    locked: list[dict[str, Any]] = []
    noted: list[Tie] = []
    names = election.candidates
    for margin, a, b in wins:
        circle = a in reach[b]
        if circle and (equals := [names[x] for m, x, y in wins if m == margin and x != a and y in reach[b] | {b}]):
            # Another win with this margin, locked before it, may be what this one runs against.
            noted.append(Tie(1, (names[a], *equals), equals[0], "which of the equal wins holds", "the tie-break order"))
        locked.append({"winner": names[a], "loser": names[b], "margin": margin, "locked": not circle})
        if not circle:
            for n in size:
                if a in reach[n]:
                    reach[n] |= reach[b]
    order, of_seats = _top(election, ties, seats, reach)
    tables = {"pairwise": _named(election, found), "wins": locked}
    return _result("ranked-pairs", election, ties, seats, order, noted + of_seats, tables, {"strength": "margins"})


def _top(election: Election, ties: TieOrder, seats: int, reach: list[set[int]]) -> tuple[list[int], list[Tie]]:
    paths = [[int(b in reach[a] and b != a) for b in range(len(reach))] for a in range(len(reach))]
    return _rank(election, ties, seats, paths)


def _named(election: Election, found: list[list[int]]) -> dict[str, dict[str, int]]:
    names = election.candidates
    return {names[a]: {names[b]: votes for b, votes in enumerate(row) if b != a} for a, row in enumerate(found)}


def _result(
    method: str,
    election: Election,
    ties: TieOrder,
    seats: int,
    order: list[int],
    noted: list[Tie],
    tables: dict[str, Any],
    variant: dict[str, Any],
) -> Result:
    names = election.candidates
    best = condorcet_winner(tables_of(election, tables))
    voted = any(votes for row in tables["pairwise"].values() for votes in row.values()) or len(names) == 1
    return Result(
        method,
        [names[n] for n in order[:seats]] if voted and election.voters else [],
        [{"round": 1, **tables}],
        noted if voted else [],
        {"seats": seats, **variant},
        dict(CLEANING),
        [names[n] for n in ties.order],
        ties.source,
        {"condorcet_winner": None if best is None else names[best], "ranking": [names[n] for n in order]},
    )


def tables_of(election: Election, tables: dict[str, Any]) -> list[list[int]]:
    names = election.candidates
    return [[tables["pairwise"][a].get(b, 0) for b in names] for a in names]
