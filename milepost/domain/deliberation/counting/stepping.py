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
        yield from _explore(market, base, step, Stretch(first, last, []), None)
        first, width = last + 1, width * 2


def _explore(market: Market, base: Fraction, step: Fraction, whole: Stretch, so_far: Run | None) -> Iterator[Stretch]:
    todo: list[tuple[int, int, Run | None]] = [(whole.first, whole.last, so_far)]
    while todo:
        first, last, behind = todo.pop()
        low, high = base + first * step, base + last * step
        run = behind.again(low, high) if behind else Run.start(market, low, high)
        if run.finish():
            yield Stretch(first, last, run.order)
        else:
            middle = (first + last) // 2
            todo += [(middle + 1, last, run), (first, middle, run)]
