"""Approval, score, and STAR (score, then automatic run-off)."""

from __future__ import annotations

from typing import Any

from .ballots import Election, TieOrder
from .elimination import by_totals
from .results import Result, Tie

FROM_RANKS = "from rankings: "


def _cleaning(election: Election, how: str) -> dict[str, Any]:
    return {"blank_ballots": "give nothing, and count as voters"} | ({"points": how} if election.scores is None else {})


def approval(election: Election, ties: TieOrder, seats: int = 1) -> Result:
    """Every ballot gives one vote to each whom it approves; most votes win."""
    totals = [0] * len(election.candidates)
    for approved, count in election.as_approvals().items():
        for candidate in approved:
            totals[candidate] += count
    how = FROM_RANKS + "everybody above the last place of a ballot that ranks all, else everybody ranked"
    return _by_points("approval", election, ties, seats, totals, _cleaning(election, how))


def score(election: Election, ties: TieOrder, seats: int = 1) -> Result:
    """Points are added up; most points win."""
    totals = score_totals(election)
    how = FROM_RANKS + "as many as candidates stand strictly below (Borda)"
    return _by_points("score", election, ties, seats, totals, _cleaning(election, how))


def score_totals(election: Election) -> list[int]:
    totals = [0] * len(election.candidates)
    for given, count in election.as_scores().items():
        for candidate, points in given:
            totals[candidate] += points * count
    return totals


def _by_points(
    method: str, election: Election, ties: TieOrder, seats: int, totals: list[int], cleaning: dict[str, Any]
) -> Result:
    found: list[Tie] = []
    order = by_totals(totals, ties, seats, election, found)
    names = election.candidates
    return Result(
        method,
        [names[n] for n in order[:seats]] if any(totals) else [],
        [{"round": 1, "tally": dict(zip(names, totals, strict=True))}],
        found,
        {"seats": seats},
        cleaning,
        [names[n] for n in ties.order],
        ties.source,
    )


def star(election: Election, ties: TieOrder) -> Result:
    """The two with most points meet; whom more ballots score higher is elected.

    Equal points, for a place in the run-off: whom more ballots prefer among the tied, then more ballots with the highest
    score, then the order. Equal in the run-off: more points, then as before.
    """
    totals, names = score_totals(election), election.candidates
    rows: list[dict[str, Any]] = [{"round": 1, "tally": dict(zip(names, totals, strict=True))}]
    noted: list[Tie] = []
    finalists: list[int] = []
    left = set(range(len(names)))
    while left and len(finalists) < 2:
        most = max(totals[n] for n in left)
        tied = sorted(n for n in left if totals[n] == most)
        finalists.append(_of_equals(election, ties, tied, noted, "who reaches the run-off", 1))
        left.discard(finalists[-1])
    winners: list[int] = []
    if any(totals):
        winners = finalists[:1]
        if len(finalists) == 2:
            winners = [_run_off(election, ties, finalists, totals, rows, noted)]
    return Result(
        "star",
        [names[n] for n in winners],
        rows,
        noted,
        {"seats": 1},
        _cleaning(election, FROM_RANKS + "as many as candidates stand strictly below (Borda)"),
        [names[n] for n in ties.order],
        ties.source,
    )


def _run_off(
    election: Election,
    ties: TieOrder,
    pair: list[int],
    totals: list[int],
    rows: list[dict[str, Any]],
    noted: list[Tie],
) -> int:
    a, b = pair
    for_a, for_b = preferring(election, a, b), preferring(election, b, a)
    names = election.candidates
    rows.append({"round": 2, "tally": {names[a]: for_a, names[b]: for_b}, "equal": election.voters - for_a - for_b})
    if for_a != for_b:
        return a if for_a > for_b else b
    if totals[a] != totals[b]:
        chosen = a if totals[a] > totals[b] else b
        noted.append(Tie(2, (names[a], names[b]), names[chosen], "who is elected", "more points"))
        return chosen
    return _of_equals(election, ties, sorted(pair), noted, "who is elected", 2)


def preferring(election: Election, a: int, b: int) -> int:
    """How many ballots give a more than b."""
    total = 0
    for given, count in election.as_scores().items():
        points = dict(given)
        total += count * (points.get(a, 0) > points.get(b, 0))
    return total


def _of_equals(election: Election, ties: TieOrder, tied: list[int], noted: list[Tie], about: str, in_round: int) -> int:
    if len(tied) == 1:
        return tied[0]
    ballots = election.as_scores()
    wins = {a: sum(preferring(election, a, b) > preferring(election, b, a) for b in tied if b != a) for a in tied}
    highest = max((points for given in ballots for _, points in given), default=0)
    tops = {a: sum(count for given, count in ballots.items() if (a, highest) in given) for a in tied}
    rank = ties.ranks()
    order = sorted(tied, key=lambda n: (-wins[n], -tops[n], rank[n]))
    first, second = order[0], order[1]
    if wins[first] != wins[second]:
        by = "preferred by more ballots"
    else:
        by = "more ballots with the highest score" if tops[first] != tops[second] else "the tie-break order"
    names = election.candidates
    noted.append(Tie(in_round, tuple(names[n] for n in tied), names[first], about, by))
    return first
