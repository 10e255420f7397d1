"""Ballots as the counting rules take them: identical ones grouped, candidates as positions in a list.

A ranking is a tuple of places, best first; a place is a tuple of candidates. `((2,), (0, 1))` ranks candidate 2 first and 0
and 1 equally behind it. An empty place is a rank that was left blank. `SEVERAL` is a rank with more than one mark where the
record does not say which.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

type Place = tuple[int, ...]
type Ranking = tuple[Place, ...]
type Scores = tuple[tuple[int, int], ...]
"""What a ballot gives: (candidate, points), by candidate; who is not there has none."""

SEVERAL: Place = (-1, -1)


class Impossible(ValueError):
    """These ballots cannot be counted in this way: the message says why, `hint` what would do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class TieOrder:
    """Who goes first when everything else is equal: positions, best first, and where that order comes from."""

    order: tuple[int, ...]
    source: str

    @classmethod
    def as_listed(cls, candidates: Sequence[str]) -> TieOrder:
        return cls(tuple(range(len(candidates))), "the order in which the candidates are listed")

    @classmethod
    def given(cls, candidates: Sequence[str], ids: Sequence[str]) -> TieOrder:
        """As somebody wrote it down, for example after drawing lots."""
        place = {name: n for n, name in enumerate(candidates)}
        if unknown := [name for name in ids if name not in place]:
            raise Impossible(f"The tie-break order names {unknown[0]!r}, who does not stand.")
        if len(set(ids)) != len(ids) or len(ids) != len(candidates):
            missing = [name for name in candidates if name not in set(ids)]
            raise Impossible(
                "The tie-break order must name everybody once.", f"Missing: {', '.join(missing)}." if missing else ""
            )
        return cls(tuple(place[name] for name in ids), "given with the count")

    @classmethod
    def drawn(cls, candidates: Sequence[str], seed: str) -> TieOrder:
        """A lot that everybody can draw again: sorted by SHA-256 of seed, a line break, and the id."""

        def key(n: int) -> tuple[str, str]:
            return hashlib.sha256(f"{seed}\n{candidates[n]}".encode()).hexdigest(), candidates[n]

        return cls(tuple(sorted(range(len(candidates)), key=key)), f"SHA-256 of the seed {seed!r} and each id")

    def ranks(self) -> dict[int, int]:
        return {candidate: n for n, candidate in enumerate(self.order)}


@dataclass(frozen=True)
class Election:
    """Who stands, and how the ballots rank or score them. A file gives one of the two; the other is worked out."""

    candidates: tuple[str, ...]
    """Ids as in the source."""
    names: tuple[str, ...]
    rankings: Mapping[Ranking, int] = field(default_factory=dict)
    scores: Mapping[Scores, int] | None = None
    """Where voters gave points (an approval is one point)."""
    notes: tuple[str, ...] = ()
    """What was noticed while reading and does not change the count."""

    @cached_property
    def voters(self) -> int:
        return sum((self.scores if self.scores is not None else self.rankings).values())

    def as_rankings(self) -> Mapping[Ranking, int]:
        """Scores become places: more points, higher place; what has no points is not ranked."""
        if self.scores is None:
            return self.rankings
        found: Counter[Ranking] = Counter()
        for given, count in self.scores.items():
            by_points: dict[int, list[int]] = {}
            for candidate, points in given:
                by_points.setdefault(points, []).append(candidate)
            found[tuple(tuple(sorted(by_points[p])) for p in sorted(by_points, reverse=True))] += count
        return found

    def as_approvals(self) -> Mapping[Place, int]:
        """Every candidate with points; on rankings every one above the last place of those who rank everybody.

        A file that puts the unranked into a last place by itself thus gives the same as one that leaves them out.
        """
        found: Counter[Place] = Counter()
        if self.scores is not None:
            for given, count in self.scores.items():
                found[tuple(candidate for candidate, points in given if points > 0)] += count
            return found
        everybody = len(self.candidates)
        for ranking, count in self.rankings.items():
            places = [place for place in ranking if place and place != SEVERAL]
            if sum(map(len, places)) >= everybody and len(places) > 1:
                places.pop()
            found[tuple(sorted({candidate for place in places for candidate in place}))] += count
        return found

    def as_scores(self) -> Mapping[Scores, int]:
        """Points as given; on rankings as many as candidates stand strictly below (Borda's count)."""
        if self.scores is not None:
            return self.scores
        found: Counter[Scores] = Counter()
        for ranking, count in self.rankings.items():
            below = len(self.candidates)
            given = []
            for place in tidy(ranking):
                below -= len(place)
                given += [(candidate, below) for candidate in place if below]
            found[tuple(sorted(given))] += count
        return found


def tidy(ranking: Ranking) -> Iterator[Place]:
    """The places that say something, for rules that compare candidates: blank ranks, ranks with unreadable marks, and
    every mention of a candidate after the first fall away."""
    seen: set[int] = set()
    for place in ranking:
        fresh = tuple(candidate for candidate in dict.fromkeys(place) if candidate >= 0 and candidate not in seen)
        if fresh:
            seen.update(fresh)
            yield fresh
