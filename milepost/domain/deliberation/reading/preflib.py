"""PrefLib's files of orders (preflib.org/format): `.soc .soi .toc .toi`, lines of `count: order` under a header of `# KEY: value`."""

from __future__ import annotations

import re
from collections import Counter

from ..counting.ballots import Election, Place, Ranking
from .malformed import Malformed, lines_of

NAME = re.compile(r"#\s*ALTERNATIVE NAME (\d+)\s*:\s*(.*)")
META = re.compile(r"#\s*([A-Z ]+?)\s*:\s*(.*)")
ORDER = re.compile(r"\s*(\d{1,12})\s*:\s*(.*?)\s*")
PLACE = re.compile(r"\s*(?:(\d+)|\{([\d\s,]*)\})\s*(?:,|$)")


def read(content: bytes, name: str, *, lenient: bool = False) -> Election:
    return _File(name, lenient).read(lines_of(content, name))


class _File:
    def __init__(self, name: str, lenient: bool) -> None:
        self.name, self.lenient = name, lenient
        self.kind = name.lower().rpartition(".")[2]
        self.meta: dict[str, tuple[str, int]] = {}
        self.names: dict[int, str] = {}
        self.rankings: Counter[Ranking] = Counter()
        self.notes: list[str] = []

    def read(self, lines: list[str]) -> Election:
        last = 0
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            last = number
            if line.startswith("#"):
                self._header(line, number)
            else:
                if not self.rankings:
                    self._settle(number)
                self._order(line, number)
        if not self.rankings:
            self._settle(last or 1)
        self._agree("NUMBER VOTERS", sum(self.rankings.values()), "voters", last)
        self._agree("NUMBER UNIQUE ORDERS", len(self.rankings), "different orders", last)
        ids = tuple(str(n) for n in range(1, len(self.names) + 1))
        names = tuple(self.names[n] for n in range(1, len(self.names) + 1))
        return Election(ids, names, dict(self.rankings), notes=tuple(self.notes))

    def _header(self, line: str, number: int) -> None:
        if self.rankings:
            raise self._wrong(number, "a line of the header stands among the orders", "the whole header first")
        if match := NAME.fullmatch(line.rstrip()):
            alternative = int(match[1])
            if alternative in self.names:
                raise self._wrong(number, f"alternative {alternative} is named twice", "each alternative once")
            self.names[alternative] = match[2]
        elif match := META.fullmatch(line.rstrip()):
            self.meta[match[1]] = match[2], number

    def _settle(self, number: int) -> None:
        if "NUMBER ALTERNATIVES" not in self.meta:
            raise self._wrong(number, "the header has no NUMBER ALTERNATIVES", "# NUMBER ALTERNATIVES: 5")
        said = self._number("NUMBER ALTERNATIVES")
        if sorted(self.names) != list(range(1, said + 1)):
            wrong = f"the header says {said} alternatives and names {len(self.names)}"
            raise self._wrong(number, wrong, f"# ALTERNATIVE NAME 1: ... to {said}")

    def _order(self, line: str, number: int) -> None:
        match = ORDER.fullmatch(line)
        if not match:
            raise self._wrong(number, f"this is no order: {line[:60]!r}", "count: 1,{2,3},4")
        places: list[Place] = []
        order, at = match[2], 0
        while at < len(order):
            found = PLACE.match(order, at)
            if not found:
                raise self._wrong(number, f"the order cannot be read at {order[at : at + 30]!r}", "1,{2,3},4")
            at = found.end()
            inside = [found[1]] if found[1] else [part for part in found[2].split(",") if part.strip()]
            places.append(tuple(sorted(int(part) - 1 for part in inside)))
        if order.endswith(","):
            raise self._wrong(number, "the order ends with a comma", "1,{2,3},4")
        self._check(places, number)
        self.rankings[tuple(places)] += int(match[1])

    def _check(self, places: list[Place], number: int) -> None:
        ranked = [candidate for place in places for candidate in place]
        if outside := [n for n in ranked if not 0 <= n < len(self.names)]:
            expected = f"1 to {len(self.names)}"
            raise self._wrong(number, f"the order names alternative {outside[0] + 1}, which there is none of", expected)
        if len(set(ranked)) != len(ranked):
            raise self._wrong(number, "the order names an alternative twice", "each alternative once")
        if self.kind in {"soc", "soi"} and any(len(place) > 1 for place in places):
            raise self._wrong(number, f"the order has equals, and .{self.kind} has none", "a .toc or .toi file")
        if self.kind in {"soc", "toc"} and len(ranked) != len(self.names):
            wrong = f"the order names {len(ranked)} of {len(self.names)} alternatives, and .{self.kind} names all"
            raise self._wrong(number, wrong, "a .soi or .toi file")

    def _agree(self, key: str, found: int, what: str, last: int) -> None:
        if key not in self.meta or (said := self._number(key)) == found:
            return
        if not self.lenient:
            wrong = f"the header (line {self.meta[key][1]}) says {said} {what}, and here, at the end, there are {found}"
            raise self._wrong(last, wrong, f"{said} {what}: the file may be cut off")
        self.notes.append(f"the header says {said} {what}, there are {found}")

    def _number(self, key: str) -> int:
        value, number = self.meta[key]
        if not re.fullmatch(r"\d{1,12}", value.strip()):
            raise self._wrong(number, f"{key} is {value[:40]!r}", "a whole number")
        return int(value)

    def _wrong(self, number: int, wrong: str, expected: str) -> Malformed:
        return Malformed(self.name, number, wrong, expected)
