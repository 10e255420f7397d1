"""What each larger share would buy, without trying each share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from .shares import Market, Run


@dataclass(frozen=True, slots=True)
class Stretch:
    """All steps from `first` to `last` buy the same."""

    first: int
    last: int
    order: list[int]


def stretches(market: Market, base: Fraction, step: Fraction) -> Iterator[Stretch]:
    """What the shares base + 1 step, base + 2 steps, ... buy, in that order, for ever.

    A range of steps is run as one as long as it is certain that they buy the same; where it is not, it is cut in two, and both
    halves go on from there. Whoever asks stops asking when enough is known.
    """
    first, width = 1, 1
    while True:
        last = first + width - 1
        yield from _explore(base, step, first, last, Run.start(market, base + first * step, base + last * step))
        first, width = last + 1, width * 2


def _explore(base: Fraction, step: Fraction, first: int, last: int, whole: Run) -> Iterator[Stretch]:
    todo = [(first, last, whole)]
    while todo:
        first, last, run = todo.pop()
        if run.finish():
            yield Stretch(first, last, run.order)
        else:
            middle = (first + last) // 2
            lower, upper = run.halves(base + middle * step, base + (middle + 1) * step)
            todo += [(middle + 1, last, upper), (first, middle, lower)]
