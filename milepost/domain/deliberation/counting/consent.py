"""Consent: it carries if enough people take part, nobody's objection stands, and enough of those who decide agree."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, get_args

from .ballots import Impossible
from .results import Result, exact

type Answer = Literal["agree", "abstain", "disagree", "object"]
ANSWERS: tuple[str, ...] = get_args(Answer.__value__)


def consent(
    answers: Mapping[str, int],
    *,
    eligible: int | None = None,
    quorum: Fraction = Fraction(0),
    threshold: Fraction = Fraction(1, 2),
    objections: int = 0,
) -> Result:
    """`answers`: how many gave each answer. Carried if

    - those who answered, abstentions too, are at least `quorum` of those `eligible` (all who answered, if not given);
    - not more than `objections` objected;
    - of those who agreed, disagreed or objected, more than `threshold` agreed (all of them, where it is 1).
    """
    if unknown := set(answers) - set(ANSWERS):
        raise Impossible(f"{min(unknown)!r} is no answer.", f"The answers are {', '.join(ANSWERS)}.")
    if not 0 <= quorum <= 1 or not 0 <= threshold <= 1:
        raise Impossible("Quorum and threshold are shares between 0 and 1.")
    counts = {answer: answers.get(answer, 0) for answer in ANSWERS}
    took_part = sum(counts.values())
    everybody = took_part if eligible is None else eligible
    if everybody < took_part:
        raise Impossible(f"{took_part} answered, more than the {everybody} who could.")
    deciding = took_part - counts["abstain"]
    agreed = Fraction(counts["agree"], deciding) if deciding else Fraction(0)
    tests = {
        "quorum": took_part > 0 and took_part >= quorum * everybody,
        "objections": counts["object"] <= objections,
        "threshold": deciding > 0 and (agreed > threshold or agreed == threshold == 1),
    }
    carried = all(tests.values())
    row = {"round": 1, "tally": counts, "took_part": took_part, "eligible": everybody, "agreed": exact(agreed)}
    return Result(
        "consent",
        ["agree"] if carried else [],
        [row | {"tests": tests}],
        [],
        {"quorum": exact(quorum), "threshold": exact(threshold), "objections_allowed": objections},
        {"abstentions": "count towards the quorum, not towards the threshold"},
        summary={"carried": carried},
    )
