"""From a ballot paper to one order without equals: the cleaning before plurality, IRV and STV.

Where a voter marks several candidates at one rank, the record cannot say whose vote it is. By default the ballot counts up to
there and stops (`equal="stop"`), as for overvotes in Burlington, Minneapolis or San Francisco; `equal="skip"` goes on at the
next rank. Blank ranks are passed over, but more than `blanks` of them in a row stop the ballot (1, as in Minneapolis, Maine and
Alaska; None: any number). A candidate who is named again counts where named first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from .ballots import Ranking

type Equal = Literal["stop", "skip"]
type End = Literal["exhausted", "overvoted", "skipped"]
"""Why a ballot stops at its end: no more choices, several marks at one rank, too many blank ranks."""
type Strict = tuple[tuple[int, ...], End]


@dataclass(frozen=True, slots=True)
class Cleaned:
    ballots: dict[Strict, int]
    blank: int
    """Ballots without any mark: they are no votes."""
    policy: dict[str, Any]


def clean(rankings: Mapping[Ranking, int], equal: Equal = "stop", blanks: int | None = 1) -> Cleaned:
    found: Counter[Strict] = Counter()
    blank = equals = repeats = 0
    for ranking, count in rankings.items():
        if not any(ranking):
            blank += count
            continue
        (order, end), had_equals, had_repeats = _one(ranking, equal, blanks)
        found[order, end] += count
        equals += count * had_equals
        repeats += count * had_repeats
    policy = {
        "equal_ranks": "the ballot stops there" if equal == "stop" else "passed over, the next rank counts",
        "blank_ranks": "passed over" if blanks is None else f"passed over; more than {blanks} in a row stop the ballot",
        "candidate_named_again": "counts where named first",
        "ballots_with_equal_ranks": equals,
        "ballots_naming_a_candidate_again": repeats,
        "blank_ballots": blank,
    }
    return Cleaned(dict(found), blank, policy)


def _one(ranking: Ranking, equal: Equal, blanks: int | None) -> tuple[Strict, bool, bool]:
    flat = tuple(chain.from_iterable(ranking))
    if len(flat) == len(ranking) == len(set(flat)) and all(ranking):
        # One candidate at each rank, each named once: nothing to clean.
        return (flat, "exhausted"), False, False
    order: list[int] = []
    in_a_row = 0
    equals = repeats = False
    last = max(n for n, place in enumerate(ranking) if place)
    for place in ranking[: last + 1]:
        if not place:
            in_a_row += 1
            if blanks is not None and in_a_row > blanks:
                return (tuple(order), "skipped"), equals, repeats
            continue
        in_a_row = 0
        if len(place) > 1:
            equals = True
            if equal == "stop":
                return (tuple(order), "overvoted"), equals, repeats
        elif place[0] in order:
            repeats = True
        else:
            order.append(place[0])
    return (tuple(order), "exhausted"), equals, repeats
