"""All counting methods by name: one door for the site and for `milepost tally`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from .ballots import Election, Impossible, TieOrder
from .budgets import Budgeting, greedy
from .consent import consent
from .elimination import irv, plurality
from .equal_shares import Comparison, Completion, equal_shares
from .pairwise import ranked_pairs, schulze
from .points import approval, score, star
from .results import Result
from .shares import Utility
from .strict import Equal
from .stv import meek, scottish


@dataclass(frozen=True, slots=True)
class Options:
    """What a count leaves open. A result states each one that took part in it."""

    seats: int = 1
    utility: Utility = "cost"
    completion: Completion = "none"
    comparison: Comparison = "none"
    equal: Equal = "stop"
    blanks: int | None = 1
    batch: bool = False
    first_out: tuple[str, ...] = ()
    eligible: int | None = None
    quorum: Fraction = Fraction(0)
    threshold: Fraction = Fraction(1, 2)
    objections: int = 0


def count(method: str, votes: Election | Budgeting, ties: TieOrder, options: Options | None = None) -> Result:
    """Raises Impossible where the ballots or the options do not fit the method."""
    chosen = options or Options()
    if method in BUDGETS:
        if not isinstance(votes, Budgeting):
            raise Impossible(f"{method} spends a budget, and these votes have none.", "Take a Pabulib file (.pb).")
        return BUDGETS[method](votes, ties, chosen)
    if method not in ELECTIONS:
        raise Impossible(f"There is no method {method!r}.", f"The methods are {', '.join(METHODS)}.")
    election = votes.as_election() if isinstance(votes, Budgeting) else votes
    if chosen.seats < 1 or (election.candidates and chosen.seats > len(election.candidates)):
        raise Impossible(f"{chosen.seats} cannot be elected of {len(election.candidates)}.")
    if method in ONE_SEAT and chosen.seats > 1:
        raise Impossible(f"{method} elects one.", "For several seats: stv-scottish, stv-meek, approval or score.")
    return ELECTIONS[method](election, ties, chosen)


def _consent(election: Election, ties: TieOrder, options: Options) -> Result:
    answers = dict.fromkeys(election.candidates, 0)
    for ranking, voters in election.as_rankings().items():
        marks = [place for place in ranking if place]
        if len(marks) > 1 or (marks and len(marks[0]) != 1):
            raise Impossible("A ballot has more than one answer.", "Consent takes one answer of each voter.")
        if marks:
            answers[election.candidates[marks[0][0]]] += voters
    return consent(
        answers,
        eligible=options.eligible,
        quorum=options.quorum,
        threshold=options.threshold,
        objections=options.objections,
    )


ELECTIONS: dict[str, Callable[[Election, TieOrder, Options], Result]] = {
    "approval": lambda e, t, o: approval(e, t, o.seats),
    "score": lambda e, t, o: score(e, t, o.seats),
    "star": lambda e, t, o: star(e, t),
    "plurality": lambda e, t, o: plurality(e, t, o.seats, o.equal),
    "irv": lambda e, t, o: irv(e, t, equal=o.equal, blanks=o.blanks, batch=o.batch, first_out=o.first_out),
    "stv-scottish": lambda e, t, o: scottish(e, t, o.seats, equal=o.equal, blanks=o.blanks, first_out=o.first_out),
    "stv-meek": lambda e, t, o: meek(e, t, o.seats, equal=o.equal, blanks=o.blanks),
    "schulze-wv": lambda e, t, o: schulze(e, t, o.seats, "winning-votes"),
    "schulze-margins": lambda e, t, o: schulze(e, t, o.seats, "margins"),
    "ranked-pairs": lambda e, t, o: ranked_pairs(e, t, o.seats),
    "consent": _consent,
}
ONE_SEAT = {"irv", "star", "consent"}
BUDGETS: dict[str, Callable[[Budgeting, TieOrder, Options], Result]] = {
    "greedy-votes": lambda b, t, o: greedy(b, t),
    "greedy-votes-per-cost": lambda b, t, o: greedy(b, t, per_cost=True),
    "equal-shares": lambda b, t, o: equal_shares(
        b, t, utility=o.utility, completion=o.completion, comparison=o.comparison
    ),
}
METHODS = (*ELECTIONS, *BUDGETS)
