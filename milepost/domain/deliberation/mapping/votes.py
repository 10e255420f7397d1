"""Votes as a sparse matrix: one row a person, one column a statement, 1 agree, -1 disagree, 0 pass, nothing if not seen."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

AGREE, PASS, DISAGREE = 1, 0, -1

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Votes:
    """Each person's last vote on each statement, ordered by person and then by statement.

    `person`, `statement` and `value` have one entry a vote: index into `people`, index into `statements`, and -1, 0 or 1.
    Everyone in `people` and everything in `statements` has at least one vote.
    """

    people: tuple[Any, ...]
    statements: tuple[Any, ...]
    person: Ints
    statement: Ints
    value: Ints

    @classmethod
    def of(cls, cast: Mapping[tuple[Any, Any], int], *, order: Callable[[Any], Any] | None = None) -> Votes:
        """From (person, statement) -> vote. `order` is the key by which ids are sorted; by default the ids themselves."""
        people = tuple(sorted({person for person, _ in cast}, key=order))
        statements = tuple(sorted({statement for _, statement in cast}, key=order))
        row = {one: n for n, one in enumerate(people)}
        column = {one: n for n, one in enumerate(statements)}
        size = len(cast)
        return cls.sorted(
            people,
            statements,
            np.fromiter((row[p] for p, _ in cast), np.int64, size),
            np.fromiter((column[s] for _, s in cast), np.int64, size),
            np.fromiter(cast.values(), np.int64, size),
        )

    @classmethod
    def streamed(cls, rows: Iterable[tuple[Any, Any, int]]) -> Votes:
        """From (person, statement, vote), each pair once, in any order: 24 bytes a vote while they are read."""
        row: dict[Any, int] = {}
        column: dict[Any, int] = {}
        person, statement, value = array("q"), array("q"), array("q")
        for who, what, vote in rows:
            person.append(row.setdefault(who, len(row)))
            statement.append(column.setdefault(what, len(column)))
            value.append(vote)
        people, statements = tuple(sorted(row)), tuple(sorted(column))
        # From the order of appearance to that of the ids.
        rank = np.empty(len(row), dtype=np.int64)
        rank[[row[one] for one in people]] = np.arange(len(row))
        place = np.empty(len(column), dtype=np.int64)
        place[[column[one] for one in statements]] = np.arange(len(column))
        rows_, columns, votes = (np.array(part, dtype=np.int64) for part in (person, statement, value))
        return cls.sorted(people, statements, rank[rows_], place[columns], votes)

    @classmethod
    def sorted(
        cls, people: tuple[Any, ...], statements: tuple[Any, ...], person: Ints, statement: Ints, value: Ints
    ) -> Votes:
        """From arrays in any order, each pair of person and statement once. ValueError for another vote than -1, 0, 1."""
        if value.size and (value.min() < DISAGREE or value.max() > AGREE):
            raise ValueError("A vote is -1, 0 or 1.")
        order = np.argsort(person * max(1, len(statements)) + statement, kind="stable")
        return cls(people, statements, person[order], statement[order], value[order])

    @property
    def per_person(self) -> Ints:
        """How many votes each person cast."""
        return np.bincount(self.person, minlength=len(self.people))

    def counts(self, people: NDArray[np.bool_] | None = None) -> Ints:
        """(3, statements): how many agree, disagree and pass on each; only of the `people` given by a mask."""
        size = len(self.statements)
        mine = slice(None) if people is None else people[self.person]
        value, statement = self.value[mine], self.statement[mine]
        return np.stack([np.bincount(statement[value == v], minlength=size) for v in (AGREE, DISAGREE, PASS)])


@dataclass(slots=True)
class Tally:
    """The counts of one statement, moved by each vote as it comes."""

    agree: int = 0
    disagree: int = 0
    passed: int = 0

    @property
    def seen(self) -> int:
        return self.agree + self.disagree + self.passed

    def move(self, before: int | None, after: int | None) -> None:
        """A vote changes from `before` (None: there was none) to `after` (None: taken back)."""
        for vote, by in ((before, -1), (after, 1)):
            match vote:
                case 1:
                    self.agree += by
                case -1:
                    self.disagree += by
                case 0:
                    self.passed += by


@dataclass(slots=True)
class Ledger:
    """Votes as they come, one after the other; the last of a person on a statement counts."""

    cast: dict[tuple[Any, Any], int] = field(default_factory=dict)
    tallies: dict[Any, Tally] = field(default_factory=dict)

    def vote(self, person: Any, statement: Any, value: int) -> None:
        key = (person, statement)
        self.tallies.setdefault(statement, Tally()).move(self.cast.get(key), value)
        self.cast[key] = value

    def vote_all(self, votes: Iterable[tuple[Any, Any, int]]) -> None:
        for person, statement, value in votes:
            self.vote(person, statement, value)

    def votes(self, *, order: Callable[[Any], Any] | None = None) -> Votes:
        return Votes.of(self.cast, order=order)
