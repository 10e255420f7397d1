"""What a group says more than the others, what all groups share: the statistics of Polis, for statement s and group g.

    A, D, S            who agree, disagree, and have voted at all (passing too) in the group
    pa = (A + 1) / (S + 2)                                       the share that agrees, drawn a little to a half
    pat = 2 √(S + 1) ((A + 1) / (S + 1) - 1/2)                   whether that is more than half
    ra = pa of the group / pa of everyone outside it             how much more the group agrees than the others
    rat = (p - q) / √(r (1 - r) (1 / (S + 1) + 1 / (T + 1)))     whether that is more than chance, with p = (A + 1) / (S + 1)
                                                                 in the group, q the same outside it (T have voted there),
                                                                 r the same in both together; 0 where r is 1
    group-aware consensus = product of pa over all groups        what no group is against
    pd, pdt, rd, rdt                                             the same for disagreeing

The tests are z-values. Above 1.2816 (nine in ten, one-sided) they count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .votes import Floats, Ints

SURE = 1.2816
AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Side:
    """Agreeing, or disagreeing: (groups, statements) each."""

    votes: Ints
    share: Floats
    share_test: Floats
    repness: Floats
    repness_test: Floats

    @property
    def metric(self) -> Floats:
        return np.asarray(self.repness * self.repness_test * self.share * self.share_test)

    @property
    def is_sure(self) -> NDArray[np.bool_]:
        return np.asarray((self.share_test > SURE) & (self.repness_test > SURE))


@dataclass(frozen=True, slots=True)
class Statistics:
    seen: Ints
    agree: Side
    disagree: Side
    agree_everywhere: Floats
    """The group-aware consensus (statements)."""
    disagree_everywhere: Floats


@dataclass(frozen=True, slots=True)
class Chosen:
    """One statement picked for a group, or for everyone."""

    statement: int
    """Its index."""
    side: str
    """agree or disagree."""
    votes: int
    seen: int
    share: float
    share_test: float
    repness: float | None = None
    repness_test: float | None = None
    is_best_agreed: bool = False


def statistics(counts: Ints) -> Statistics:
    """From `counts` (groups, 3, statements): agree, disagree, pass."""
    seen = counts.sum(axis=1)
    agree, disagree = _side(counts[:, 0], seen), _side(counts[:, 1], seen)
    return Statistics(seen, agree, disagree, agree.share.prod(axis=0), disagree.share.prod(axis=0))


def _side(votes: Ints, seen: Ints) -> Side:
    others, others_seen = votes.sum(axis=0) - votes, seen.sum(axis=0) - seen
    share = (votes + 1) / (seen + 2)
    inside, outside = (votes + 1) / (seen + 1), (others + 1) / (others_seen + 1)
    together = (votes + others + 2) / (seen + others_seen + 2)
    spread = np.sqrt(np.maximum(together * (1 - together), 0) * (1 / (seen + 1) + 1 / (others_seen + 1)))
    return Side(
        votes=votes,
        share=share,
        share_test=2 * np.sqrt(seen + 1) * (inside - 0.5),
        repness=share / ((others + 1) / (others_seen + 2)),
        repness_test=np.divide(inside - outside, spread, out=np.zeros_like(share), where=spread > 1e-12),
    )


def representative(found: Statistics, left_out: NDArray[np.bool_]) -> list[list[Chosen]]:
    """For each group up to five statements that it says more than the others, those it agrees with first.

    Taken are those where both tests of one side are sure, by ra · rat · pa · pat; before them the statement that the group
    agrees with most, if there is one. Where none is sure, that one alone, or else the one whose repness test is greatest.
    Of equals the first in the order of statements.
    """
    return [_of_group(found, group, ~left_out & (found.seen[group] > 0)) for group in range(len(found.seen))]


def _of_group(found: Statistics, group: int, usable: NDArray[np.bool_]) -> list[Chosen]:
    agree, disagree = found.agree, found.disagree
    if not usable.any():
        return []
    best = _best_agreed(agree, group, usable & (agree.votes[group] + disagree.votes[group] > 0))
    sure = [(agree.metric[group, s], "agree", s) for s in np.flatnonzero(usable & agree.is_sure[group])]
    sure += [
        (disagree.metric[group, s], "disagree", s)
        for s in np.flatnonzero(usable & disagree.is_sure[group] & ~agree.is_sure[group])
    ]
    if not sure:
        if best is not None:
            return [_chosen(found, group, best, "agree", is_best_agreed=True)]
        tests = np.maximum(agree.repness_test[group], disagree.repness_test[group])
        only = int(np.argmax(np.where(usable, tests, -np.inf)))
        side = "agree" if agree.repness_test[group, only] > disagree.repness_test[group, only] else "disagree"
        return [_chosen(found, group, only, side)]
    sure.sort(key=lambda one: (-one[0], one[2]))
    picked = [] if best is None else [_chosen(found, group, best, "agree", is_best_agreed=True)]
    picked += [_chosen(found, group, int(s), side) for _, side, s in sure if s != best]
    return sorted(picked[:AT_MOST], key=lambda one: one.side != "agree")


def _best_agreed(agree: Side, group: int, usable: NDArray[np.bool_]) -> int | None:
    """The statement that the group agrees with most; if some it agrees with more than others do, one of those."""
    share, test, repness = agree.share[group], agree.share_test[group], agree.repness[group]
    good = usable & ((test > SURE) | ((repness > 1) & (share > 0.5)))
    if not good.any():
        return None
    more = good & (repness > 1)
    worth = np.where(more, agree.metric[group], -np.inf) if more.any() else np.where(good, share * test, -np.inf)
    return int(np.argmax(worth))


def _chosen(found: Statistics, group: int, statement: int, side: str, *, is_best_agreed: bool = False) -> Chosen:
    of = found.agree if side == "agree" else found.disagree
    at = (group, statement)
    return Chosen(
        statement=statement,
        side=side,
        votes=int(of.votes[at]),
        seen=int(found.seen[at]),
        share=float(of.share[at]),
        share_test=float(of.share_test[at]),
        repness=float(of.repness[at]),
        repness_test=float(of.repness_test[at]),
        is_best_agreed=is_best_agreed,
    )


def consensus(counts: Ints, left_out: NDArray[np.bool_]) -> dict[str, list[Chosen]]:
    """What more than half of everyone agrees with (and what they disagree with), surely: five of each at most, by pa · pat.

    `counts` (3, statements) are those of all people, in a group or not. Of equals the first in the order of statements.
    """
    found = statistics(counts[None])
    chosen: dict[str, list[Chosen]] = {}
    for name, side in (("agree", found.agree), ("disagree", found.disagree)):
        worth = side.share[0] * side.share_test[0]
        sure = np.flatnonzero(~left_out & (side.share[0] > 0.5) & (side.share_test[0] > SURE))
        first = sorted(sure, key=lambda s: (-worth[s], s))[:AT_MOST]
        chosen[name] = [_chosen_by_all(found, side, int(s), name) for s in first]
    return chosen


def _chosen_by_all(found: Statistics, side: Side, s: int, name: str) -> Chosen:
    return Chosen(
        statement=s,
        side=name,
        votes=int(side.votes[0, s]),
        seen=int(found.seen[0, s]),
        share=float(side.share[0, s]),
        share_test=float(side.share_test[0, s]),
    )
