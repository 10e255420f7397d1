"""Pabulib's `.pb` format (pabulib.org/format): three tables, META, PROJECTS and VOTES, with semicolons."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import lcm

from ..counting.ballots import Scores
from ..counting.budgets import Budgeting
from .malformed import Malformed, lines_of

SECTIONS = ("META", "PROJECTS", "VOTES")
VOTE_TYPES = ("approval", "choose-1", "ordinal", "cumulative", "scoring")
MONEY = re.compile(r"\d{1,15}(?:[.,]\d{1,6})?")
type Given = tuple[tuple[int, Fraction | int], ...]
POINTS = re.compile(r"-?\d{1,9}(?:[.,]\d{1,6})?")


def read(content: bytes, name: str, *, lenient: bool = False) -> Budgeting:
    return _File(name, lenient).read(lines_of(content, name))


@dataclass
class _File:
    name: str
    lenient: bool
    meta: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Value and line."""
    ids: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    costs: list[Decimal] = field(default_factory=list)
    funded: set[str] | None = None
    ballots: Counter[Given] = field(default_factory=Counter)
    voters: set[str] = field(default_factory=set)
    kind: str = ""
    most: int = 0
    default: Fraction = Fraction(0)
    notes: Counter[str] = field(default_factory=Counter)
    last: int = 0

    def read(self, lines: list[str]) -> Budgeting:
        section, header = "", [""]
        wants_header = False
        seen: list[str] = []
        for line, row in self._rows(lines):
            self.last = line
            title = row[0].strip().upper()
            if title in SECTIONS and not any(cell.strip() for cell in row[1:]):
                if title in seen or title != SECTIONS[len(seen)]:
                    raise self._wrong(
                        line, f"the section {title} stands here", f"the sections {', '.join(SECTIONS)}, each once"
                    )
                if title == "PROJECTS":
                    self._settle_meta(line)
                seen.append(title)
                section, wants_header = title, True
            elif not section:
                raise self._wrong(line, f"{row[0][:40]!r} stands before any section", "the line META")
            elif wants_header:
                header, wants_header = self._header(section, row, line), False
            else:
                self._take(section, header, row, line)
        if missing := [title for title in SECTIONS if title not in seen]:
            raise self._wrong(self.last, f"the file ends without the section {missing[0]}", "META, PROJECTS and VOTES")
        if wants_header:
            raise self._wrong(self.last, "the file ends before the columns of VOTES", "voter_id;vote")
        self._agree("num_projects", len(self.ids), "projects")
        self._agree("num_votes", len(self.voters), "votes")
        return self._made()

    def _rows(self, lines: list[str]) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(lines, delimiter=";", skipinitialspace=True, strict=True)
        before = 0
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    yield before + 1, row
                before = reader.line_num
        except csv.Error as error:
            expected = "quotation marks that are closed, and doubled inside a field"
            raise self._wrong(before + 1, f"this is no row of a table ({error})", expected) from error

    def _header(self, section: str, row: list[str], line: int) -> list[str]:
        header = [cell.strip().lower() for cell in row]
        needed: tuple[str, ...] = {
            "META": ("key", "value"),
            "PROJECTS": ("project_id", "cost"),
            "VOTES": ("voter_id", "vote"),
        }[section]
        if self.kind in {"cumulative", "scoring"} and section == "VOTES":
            needed = (*needed, "points")
        if missing := [column for column in needed if column not in header]:
            raise self._wrong(line, f"{section} has no column {missing[0]!r}", ";".join(needed))
        if len(set(header)) != len(header):
            raise self._wrong(line, f"a column of {section} is named twice", "each column once")
        return header

    def _take(self, section: str, header: list[str], row: list[str], line: int) -> None:
        if section == "META":
            key = row[0].strip()
            if len(row) < 2:
                raise self._wrong(line, f"{key[:40]!r} has no value", "key;value")
            if key in self.meta:
                raise self._wrong(line, f"{key!r} is given twice", "each key once")
            self.meta[key] = ";".join(row[1:]).strip(), line
            return
        needed = max(
            header.index(column) for column in ("project_id", "cost", "voter_id", "vote", "points") if column in header
        )
        if len(row) <= needed:
            raise self._wrong(
                line, f"the row has {len(row)} fields", f"at least {needed + 1}: {';'.join(header)[:100]}"
            )
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        if section == "PROJECTS":
            self._project(cells, line)
        else:
            self._vote(cells, line)

    def _settle_meta(self, line: int) -> None:
        for key in ("budget", "vote_type"):
            if key not in self.meta:
                raise self._wrong(line, f"META ends without {key!r}", "budget and vote_type")
        kind, at = self.meta["vote_type"]
        if kind.lower() not in VOTE_TYPES:
            raise self._wrong(at, f"vote_type is {kind[:40]!r}", ", ".join(VOTE_TYPES))
        self.kind = kind.lower()
        budget, at = self.meta["budget"]
        self._money(budget, at, "the budget")
        self.most = self._whole("max_length")
        if self.kind == "scoring" and "default_score" in self.meta:
            score, at = self.meta["default_score"]
            self.default = self._points(score, at)

    def _project(self, cells: dict[str, str], line: int) -> None:
        project = cells["project_id"]
        if not project or "," in project:
            raise self._wrong(line, f"the project's id is {project[:40]!r}", "an id without commas")
        if project in self.ids:
            raise self._wrong(line, f"the project {project!r} stands here a second time", "each project once")
        self.ids[project] = len(self.ids)
        self.names.append(cells.get("name", ""))
        self.costs.append(self._money(cells["cost"], line, f"the cost of {project!r}"))
        if "selected" in cells:
            self.funded = self.funded or set()
            if cells["selected"] == "1":
                self.funded.add(project)

    def _vote(self, cells: dict[str, str], line: int) -> None:
        voter = cells["voter_id"]
        if not voter:
            raise self._wrong(line, "the voter has no id", "voter_id;vote")
        if voter in self.voters:
            raise self._wrong(line, f"the voter {voter[:60]!r} stands here a second time", "each voter once")
        self.voters.add(voter)
        wanted = [part.strip() for part in cells["vote"].split(",")] if cells["vote"] else []
        chosen = []
        for project in wanted:
            if project not in self.ids:
                raise self._wrong(line, f"the ballot names {project[:40]!r}, which is no project", "ids from PROJECTS")
            chosen.append(self.ids[project])
        if len(set(chosen)) != len(chosen):
            adds_up = self.kind in {"cumulative", "scoring"}
            self.notes[
                f"ballots that name a project twice: {'its points add up' if adds_up else 'it counts once'}"
            ] += 1
            chosen = chosen if adds_up else list(dict.fromkeys(chosen))
        if self.most and len(chosen) > self.most:
            self.notes[f"ballots with more than the {self.most} projects that were allowed: counted as they are"] += 1
        self.ballots[self._given(chosen, cells, line)] += 1

    def _given(self, chosen: list[int], cells: dict[str, str], line: int) -> Given:
        if self.kind in {"approval", "choose-1"}:
            return tuple((n, 1) for n in sorted(chosen))
        if self.kind == "ordinal":
            # Borda (Pabulib's default): with three places to fill 3, 2 and 1 points.
            places = max(self.most or len(self.ids), len(chosen))
            return tuple(sorted((n, places - place) for place, n in enumerate(chosen)))
        given = [part.strip() for part in cells["points"].split(",")] if cells["points"] else []
        if len(given) != len(chosen):
            raise self._wrong(line, f"{len(chosen)} projects have {len(given)} points", "as many points as projects")
        points: dict[int, Fraction] = {}
        for n, part in zip(chosen, given, strict=True):
            points[n] = points.get(n, Fraction(0)) + self._points(part, line)
        if self.kind == "cumulative" and any(value < 0 for value in points.values()):
            raise self._wrong(line, "there are points below 0", "points of 0 or more")
        if self.default > 0:
            points = dict.fromkeys(range(len(self.ids)), self.default) | points
        if any(value < 0 for value in points.values()):
            self.notes[
                "ballots with points below 0: they count in sums, and nobody pays for what they are against"
            ] += 1
        return tuple(sorted((n, value) for n, value in points.items() if value))

    def _agree(self, key: str, found: int, what: str) -> None:
        if key not in self.meta:
            return
        said, line = self._whole(key), self.meta[key][1]
        if said == found:
            return
        if not self.lenient:
            wrong = f"META (line {line}) says {said} {what}, and here, at the end, there are {found}"
            raise self._wrong(self.last, wrong, f"{said} {what}: the file may be cut off")
        self.notes[f"META says {said} {what}, there are {found}"] += 1

    def _made(self) -> Budgeting:
        budget = self._money(*self.meta["budget"], "the budget")
        scale = 10 ** max(0, *(-_exponent(amount) for amount in (budget, *self.costs)))
        unit = lcm(1, *(points.denominator for given in self.ballots for _, points in given))
        ballots: Counter[Scores] = Counter()
        for given, count in self.ballots.items():
            ballots[tuple((n, int(points * unit)) for n, points in given)] += count
        if dear := sum(cost > budget for cost in self.costs):
            self.notes["projects that cost more than the whole budget"] += dear
        return Budgeting(
            tuple(self.ids),
            tuple(self.names),
            tuple(int(cost * scale) for cost in self.costs),
            int(budget * scale),
            ballots,
            self.kind,
            scale,
            self._whole("min_project_score_threshold") * unit,
            None if self.funded is None else frozenset(self.funded),
            tuple(f"{count} {note}" if not note.startswith("META") else note for note, count in self.notes.items()),
        )

    def _whole(self, key: str) -> int:
        if key not in self.meta:
            return 0
        value, line = self.meta[key]
        if not re.fullmatch(r"\d{1,12}", value):
            raise self._wrong(line, f"{key} is {value[:40]!r}", "a whole number")
        return int(value)

    def _money(self, value: str, line: int, what: str) -> Decimal:
        if not MONEY.fullmatch(value):
            expected = "an amount of 0 or more, such as 50000 or 2532645.83, below 10**15"
            raise self._wrong(line, f"{what} is {value[:40]!r}", expected)
        return Decimal(value.replace(",", "."))

    def _points(self, value: str, line: int) -> Fraction:
        if not POINTS.fullmatch(value):
            raise self._wrong(line, f"points are {value[:40]!r}", "a number below 10**9")
        return Fraction(value.replace(",", "."))

    def _wrong(self, line: int, wrong: str, expected: str) -> Malformed:
        return Malformed(self.name, line, wrong, expected)


def _exponent(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "amounts are finite"
    return exponent
