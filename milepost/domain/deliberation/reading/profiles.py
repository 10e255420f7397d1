"""Counted cast-vote records, in two shapes.

`.profile.csv`: a table `count,rank1,rank2,...`, with the words `undervote` (nothing marked) and `overvote` (several marked).
`.profile`: a line of candidates, a line of parties, a rule of dashes, then `(First,Second) : count`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter

from ..counting.ballots import SEVERAL, Election, Place, Ranking
from .malformed import Malformed, lines_of

UNDER, OVER = "undervote", "overvote"
COUNTED = re.compile(r"\(([^()]*)\)\s*:\s*(\d{1,12})")


def read(content: bytes, name: str) -> Election:
    lines = lines_of(content, name)
    return _table(lines, name) if name.lower().endswith(".csv") else _pairs(lines, name)


def _table(lines: list[str], name: str) -> Election:
    reader = csv.reader(lines, strict=True)
    found: Counter[tuple[str, ...]] = Counter()
    width = 0
    try:
        for row in reader:
            number = reader.line_num
            if not row:
                continue
            if not width:
                width = len(row)
                if row[0].strip().lower() != "count" or width < 2:
                    raise Malformed(name, number, f"the first column is {row[0][:40]!r}", "count,rank1,rank2,...")
                continue
            if len(row) != width:
                raise Malformed(name, number, f"the row has {len(row)} fields", f"{width} fields")
            if not re.fullmatch(r"\d{1,12}", row[0].strip()):
                raise Malformed(name, number, f"the count is {row[0][:40]!r}", "a whole number")
            found[tuple(cell.strip() for cell in row[1:])] += int(row[0])
    except csv.Error as error:
        raise Malformed(
            name, reader.line_num, f"this is no row of a table ({error})", "quotation marks that are closed"
        ) from error
    if not width:
        raise Malformed(name, 1, "the file is empty", "count,rank1,rank2,...")
    return _election(found)


def _election(found: Counter[tuple[str, ...]]) -> Election:
    special = {"": (), UNDER: (), OVER: SEVERAL}
    names = sorted({cell for marks in found for cell in marks} - set(special))
    places: dict[str, Place] = {**special, **{candidate: (n,) for n, candidate in enumerate(names)}}
    rankings: Counter[Ranking] = Counter()
    for marks, count in found.items():
        rankings[tuple(places[cell] for cell in marks)] += count
    return Election(tuple(names), tuple(names), dict(rankings))


def _pairs(lines: list[str], name: str) -> Election:
    names = tuple(cell.strip() for cell in lines[0].split(","))
    if not all(names) or len(set(names)) != len(names):
        raise Malformed(name, 1, "a candidate is missing or named twice", "the candidates, with commas between them")
    places = {candidate: (n,) for n, candidate in enumerate(names)}
    if len(lines) < 3 or not re.fullmatch(r"[-+\s]+", lines[2]):
        raise Malformed(name, min(3, len(lines)), "the rule of dashes is missing", "candidates, parties, then -+-+-")
    rankings: Counter[Ranking] = Counter()
    for number, line in enumerate(lines[3:], start=4):
        if not line.strip():
            continue
        match = COUNTED.fullmatch(line.strip())
        if not match:
            raise Malformed(name, number, f"this is no counted ballot: {line[:60]!r}", "(First,Second) : count")
        marks = [cell.strip() for cell in match[1].split(",")] if match[1].strip() else []
        if unknown := [cell for cell in marks if cell not in places]:
            raise Malformed(name, number, f"{unknown[0][:40]!r} does not stand", "names from line 1")
        rankings[tuple(places[cell] for cell in marks)] += int(match[2])
    return Election(names, names, dict(rankings))
