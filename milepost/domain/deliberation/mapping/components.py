"""Principal components of the vote matrix, and where people stand on them.

A vote that is missing counts as its statement's mean, so that it pulls nobody anywhere. With v the votes and m the means of
those who voted, the centred matrix is z = v - m where there is a vote and 0 elsewhere, and

    covariance(j, k) = sum over people of z(j) z(k) / (n - 1)
                     = (VV(j,k) - m(k) VM(j,k) - m(j) VM(k,j) + m(j) m(k) MM(j,k)) / (n - 1)

where VV = sum v(j) v(k), VM = sum v(j) [k voted], MM = sum [j voted] [k voted] are whole numbers. They are summed exactly,
so the covariance has the same bits in whatever order people come; its size is that of the statements, however many people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .votes import Floats, Ints, Votes

PAIRS_AT_ONCE = 2_000_000
_SHIFT = 2**18
"""Three sums of one pair share a float64: shift² · MM + shift · VM + VV, exact while they are below half a shift."""
_PEOPLE_AT_ONCE = 2**16
TIED = 1e-9
"""Two variances closer than this, relative to the whole, are one."""


@dataclass(frozen=True, slots=True)
class Plane:
    """The two components: shares of variance, directions (2, statements), means (statements), points (people, 2)."""

    variance: Floats
    """Of each component, divided by n - 1."""
    explained: Floats
    """The same as shares of the whole."""
    components: Floats
    means: Floats
    points: Floats
    extremity: Floats
    """Of each statement: how far someone stands out who has only agreed with it."""


def plane(votes: Votes, left_out: NDArray[np.bool_]) -> Plane:
    """The plane in which answers differ most; `left_out` marks statements that count as if everyone had passed."""
    people, size = len(votes.people), len(votes.statements)
    means = _means(votes, left_out)
    centred = np.where(left_out[votes.statement], 0.0, votes.value - means[votes.statement])
    if people < 2 or size == 0:
        return Plane(np.zeros(2), np.zeros(2), np.zeros((2, size)), means, np.zeros((people, 2)), np.zeros(size))
    covariance = _covariance(votes, means, left_out)
    values, vectors = np.linalg.eigh(covariance)
    whole = float(np.trace(covariance))
    variance, components = np.zeros(2), np.zeros((2, size))
    for n, (value, direction) in enumerate(_leading(values[::-1], vectors.T[::-1], whole)):
        variance[n], components[n] = value, direction
    points = np.stack(
        [np.bincount(votes.person, centred * components[n][votes.statement], people) for n in (0, 1)], axis=1
    )
    # Polis: the fewer votes, the closer to the middle one would seem; and a statement that is left out was passed by all.
    seen = np.bincount(votes.person[~left_out[votes.statement]], minlength=people) + int(left_out.sum())
    points *= np.sqrt(size / np.maximum(seen, 1))[:, None]
    explained = variance / whole if whole > 0 else np.zeros(2)
    extremity = np.sqrt(size) * np.abs(1 - means) * np.hypot(*components)
    return Plane(variance, explained, components, means, points, np.where(left_out, 0.0, extremity))


def _means(votes: Votes, left_out: NDArray[np.bool_]) -> Floats:
    agree, disagree, passed = votes.counts()
    return np.where(left_out, 0.0, (agree - disagree) / np.maximum(1, agree + disagree + passed))


def _covariance(votes: Votes, means: Floats, left_out: NDArray[np.bool_]) -> Floats:
    kept = ~left_out[votes.statement]
    both, one, voted = _sums(votes.person[kept], votes.statement[kept], votes.value[kept], len(left_out))
    m = means
    covariance = both - m[None, :] * one - (m[None, :] * one).T + m[:, None] * m[None, :] * voted
    covariance /= len(votes.people) - 1
    return np.asarray((covariance + covariance.T) / 2)


def _sums(person: Ints, statement: Ints, value: Ints, size: int) -> tuple[Floats, Floats, Floats]:
    """VV, VM, MM of all pairs of statements, exact; from the pairs that there are, or by matrix products if nearly all are."""
    rows, start, degree = np.unique(person, return_index=True, return_counts=True)
    by_pairs = float((degree.astype(np.float64) ** 2).sum()) * 30 < float(len(rows)) * size * size
    totals = [np.zeros((size, size)) for _ in range(3)]
    for first in range(0, len(rows), _PEOPLE_AT_ONCE):
        some = slice(first, first + _PEOPLE_AT_ONCE)
        add = _by_pairs if by_pairs else _by_products
        for total, part in zip(totals, add(start[some], degree[some], statement, value, size), strict=True):
            total += part
    return totals[0], totals[1], totals[2]


def _by_pairs(start: Ints, degree: Ints, statement: Ints, value: Ints, size: int) -> tuple[Floats, Floats, Floats]:
    packed = np.zeros(size * size)
    for votes in np.unique(degree):
        alike = start[degree == votes]
        step = max(1, PAIRS_AT_ONCE // int(votes) ** 2)
        for first in range(0, len(alike), step):
            at = alike[first : first + step, None] + np.arange(votes)
            j, v = statement[at], value[at].astype(np.float64)
            pair = (j[:, :, None] * size + j[:, None, :]).ravel()
            sums = ((_SHIFT * (_SHIFT + v))[:, :, None] + v[:, :, None] * v[:, None, :]).ravel()
            packed += np.bincount(pair, sums, size * size)
    both = np.mod(packed + _SHIFT / 2, _SHIFT) - _SHIFT / 2
    packed = (packed - both) / _SHIFT
    one = np.mod(packed + _SHIFT / 2, _SHIFT) - _SHIFT / 2
    voted = (packed - one) / _SHIFT
    shape = (size, size)
    return both.reshape(shape), one.reshape(shape), voted.reshape(shape)


def _by_products(start: Ints, degree: Ints, statement: Ints, value: Ints, size: int) -> tuple[Floats, Floats, Floats]:
    totals = (np.zeros((size, size)), np.zeros((size, size)), np.zeros((size, size)))
    step = max(1, PAIRS_AT_ONCE * 2 // size)
    for first in range(0, len(start), step):
        some, many = start[first : first + step], degree[first : first + step]
        at = np.arange(int(some[0]), int(some[-1] + many[-1]))
        row = np.repeat(np.arange(len(some)), many)
        # Whole numbers below 2^24 are exact in single precision, and twice as fast.
        v, m = np.zeros((2, len(some), size), dtype=np.float32)
        v[row, statement[at]], m[row, statement[at]] = value[at], 1
        for total, part in zip(totals, (v.T @ v, v.T @ m, m.T @ m), strict=True):
            total += part
    return totals


def _leading(values: Floats, vectors: Floats, whole: float) -> list[tuple[float, Floats]]:
    """The two directions of greatest variance, the greatest first; none of variance zero.

    Where several share one variance, any turn of them would do as well: taken are the statements in their order, each cast
    onto what is left of the shared space. A direction points so that its largest entry is positive; of entries as large,
    the first.
    """
    found: list[tuple[float, Floats]] = []
    n = 0
    while n < len(values) and len(found) < 2 and whole > 0 and values[n] > TIED * whole:
        end = n + 1
        while end < len(values) and values[n] - values[end] <= TIED * whole:
            end += 1
        space = vectors[n:end]
        found += [(float(values[n]), one) for one in ([space[0]] if end == n + 1 else _in_order(space))]
        n = end
    return [(value, _pointing(direction)) for value, direction in found[:2]]


def _in_order(space: Floats) -> list[Floats]:
    projector = space.T @ space
    chosen: list[Floats] = []
    for column in range(projector.shape[0]):
        direction = projector[:, column].copy()
        for one in chosen:
            direction -= one * (one @ direction)
        length = float(np.linalg.norm(direction))
        if length > 1e-6:
            chosen.append(direction / length)
        if len(chosen) == min(2, len(space)):
            break
    return chosen


def _pointing(direction: Floats) -> Floats:
    size = np.abs(direction)
    first = int(np.flatnonzero(size >= size.max() - 1e-9)[0])
    return direction if direction[first] > 0 else -direction
