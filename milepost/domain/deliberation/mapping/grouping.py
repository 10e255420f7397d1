"""Groups: people who stand close together on the plane, by k-means, two to five of them, as many as fit best.

How well they fit is the silhouette: of each person, how much closer their own group is than the next one, from -1 to 1.
Nothing is drawn by lot. Points are rounded to ten decimals and put in order, equal ones together; the first centre is the
point farthest from the middle, each following one the point farthest from all centres so far, and in a second attempt the
quantiles along the first component; the attempt with less spread is kept. Of points as far, the first in order; of centres
as near, the first in order; of numbers of groups as good, the smaller. Groups are numbered by size, the largest first, then
by their centres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .votes import Floats, Ints

FEWEST, MOST = 2, 5
ROUNDS = 300
SAMPLE = 2_000
"""The silhouette looks at this many points at most, evenly taken from their order: it compares each with each."""
DECIMALS = 10


@dataclass(frozen=True, slots=True)
class Groups:
    label: Ints
    """The group of each point, from 0."""
    centres: Floats
    """(groups, 2)."""
    sizes: Ints
    silhouette: float
    """Of the number of groups that was chosen; 0 where there is one."""


def grouped(points: Floats, *, least: int = 1) -> Groups:
    """The groups of the `points` (people, 2), each of `least` people or more; one where that cannot be."""
    rounded = np.round(points, DECIMALS) + 0.0
    spots, at, weight = _spots(rounded)
    most = min(MOST, 2 + len(points) // 12, len(spots))
    best = np.zeros(len(spots), dtype=np.int64)
    score, sample = -1.0, _sample(len(spots))
    between = np.sqrt(_distances(spots[sample], spots[sample]))
    for k in range(FEWEST, most + 1):
        label = _means(spots, weight, k)
        if least > 1 and np.bincount(label, weight)[np.unique(label)].min() < least:
            continue
        fit = _silhouette(between, weight[sample], label[sample])
        if fit > score + 1e-12:
            best, score = label, fit
    return _numbered(spots, weight, best, at, max(score, 0.0) if not best.any() else score)


def _spots(points: Floats) -> tuple[Floats, Ints, Floats]:
    """Different points in order of x and y, which of them each point is, and how many stand on each."""
    order = np.lexsort((points[:, 1], points[:, 0]))
    ordered = points[order]
    new = np.ones(len(points), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    at = np.empty(len(points), dtype=np.int64)
    at[order] = np.cumsum(new) - 1
    spots = ordered[new]
    return spots, at, np.bincount(at, minlength=len(spots)).astype(np.float64)


def _sample(size: int) -> Ints:
    return np.unique(np.linspace(0, max(0, size - 1), min(size, SAMPLE)).round().astype(np.int64))


def _means(spots: Floats, weight: Floats, k: int) -> Ints:
    attempts = [_lloyd(spots, weight, start) for start in (_farthest(spots, weight, k), _quantiles(spots, weight, k))]
    (label, spread), (other, other_spread) = attempts
    return other if other_spread < spread * (1 - 1e-9) else label


def _farthest(spots: Floats, weight: Floats, k: int) -> Floats:
    middle = (spots * weight[:, None]).sum(axis=0) / weight.sum()
    chosen = [int(np.argmax(_distances(spots, middle[None, :])[:, 0]))]
    while len(chosen) < k:
        chosen.append(int(np.argmax(_distances(spots, spots[chosen]).min(axis=1))))
    return spots[chosen]


def _quantiles(spots: Floats, weight: Floats, k: int) -> Floats:
    share = np.cumsum(weight) / weight.sum()
    return spots[[int(np.searchsorted(share, (n + 0.5) / k)) for n in range(k)]]


def _lloyd(spots: Floats, weight: Floats, centres: Floats) -> tuple[Ints, float]:
    """Each spot to the nearest centre, each centre to the middle of its spots, until nothing moves."""
    label = np.full(len(spots), -1, dtype=np.int64)
    for _ in range(ROUNDS):
        nearest = np.argmin(np.round(_distances(spots, centres), DECIMALS), axis=1)
        if (nearest == label).all():
            break
        label = nearest
        mass = np.bincount(label, weight, len(centres))
        for axis in (0, 1):
            moved = np.bincount(label, weight * spots[:, axis], len(centres)) / np.where(mass > 0, mass, 1)
            # A centre that nobody is near stays; the group has then no one in it and is not counted.
            centres = np.where((mass > 0)[:, None] & (np.arange(2) == axis), moved[:, None], centres)
    spread = float((_distances(spots, centres)[np.arange(len(spots)), label] * weight).sum())
    return label, spread


def _distances(spots: Floats, centres: Floats) -> Floats:
    """Squared, (spots, centres)."""
    across = spots[:, 0, None] - centres[None, :, 0]
    along = spots[:, 1, None] - centres[None, :, 1]
    across *= across
    along *= along
    across += along
    return across


def _silhouette(between: Floats, weight: Floats, label: Ints) -> float:
    """The mean over people of (b - a) / max(a, b): a the mean distance to their own group, b to the nearest other one.

    `between` (spots, spots) are their distances.
    """
    groups, own = np.unique(label, return_inverse=True)
    if len(groups) < 2:
        return -1.0
    mass = np.bincount(own, weight)
    sums = between @ np.where(own[:, None] == np.arange(len(groups)), weight[:, None], 0)
    mine = np.arange(len(own))
    a = sums[mine, own] / np.maximum(mass[own] - 1, 1)
    means = sums / mass
    means[mine, own] = np.inf
    b = means.min(axis=1)
    larger = np.maximum(a, b)
    fit = np.where((mass[own] > 1) & (larger > 0), (b - a) / np.where(larger > 0, larger, 1), 0.0)
    return float((fit * weight).sum() / weight.sum())


def _numbered(spots: Floats, weight: Floats, label: Ints, at: Ints, score: float) -> Groups:
    found = []
    for old in np.unique(label):
        mine: NDArray[np.bool_] = label == old
        mass = float(weight[mine].sum())
        centre = (spots[mine] * weight[mine, None]).sum(axis=0) / mass
        found.append((-mass, tuple(np.round(centre, DECIMALS)), int(old), centre))
    found.sort(key=lambda one: one[:3])
    renamed = np.zeros(int(label.max()) + 1 if label.size else 0, dtype=np.int64)
    for new, (_, _, old, _) in enumerate(found):
        renamed[old] = new
    return Groups(
        label=renamed[label][at],
        centres=np.array([one[3] for one in found]).reshape(-1, 2),
        sizes=np.array([int(-one[0]) for one in found], dtype=np.int64),
        silhouette=score,
    )
