"""Long lists, page by page, by the place of the last row instead of a number of pages: as quick far down as at the top."""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[dict[str, Any]]
    previous_url: str
    next_url: str


def turn(found: QuerySet[Any, dict[str, Any]], order: Sequence[str], query: QueryDict, size: int) -> Page:
    """One page of a `values()` queryset, one row more than which is read.

    `order`: columns in the queryset's values, with a minus where they fall; together unique. `query` is the address's: its
    `after` or `before` is a cursor, everything else is kept in the addresses of the neighbours. A broken cursor is the start.
    """
    backward = "before" in query
    mark = _decode(query.get("before" if backward else "after", ""), len(order))
    if mark is None:
        backward = False
    direction = [_turned(column) for column in order] if backward else list(order)
    if mark is not None:
        found = found.filter(_beyond(direction, mark))
    rows = list(found.order_by(*direction)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backward:
        rows.reverse()
    has_previous, has_next = (more, True) if backward else (mark is not None, more)
    return Page(
        rows=rows,
        previous_url=_url(query, "before", rows[0], order) if rows and has_previous else "",
        next_url=_url(query, "after", rows[-1], order) if rows and has_next else "",
    )


def one_page(rows: list[dict[str, Any]], order: Sequence[str], query: QueryDict, size: int) -> Page:
    """The first page, from rows in that order that the caller has read: one more than `size`, if there are more."""
    return Page(rows[:size], "", _url(query, "after", rows[size - 1], order) if len(rows) > size else "")


def _turned(column: str) -> str:
    return column.removeprefix("-") if column.startswith("-") else f"-{column}"


def _beyond(order: Sequence[str], mark: Sequence[Any]) -> Q:
    """Rows behind the mark: (a, b) > (x, y), with the first column's range said apart, so that its index is used."""
    condition = Q()
    for depth in range(len(order)):
        part = Q(**{order[i].removeprefix("-"): mark[i] for i in range(depth)})
        condition |= part & Q(**{f"{order[depth].removeprefix('-')}__{_side(order[depth])}": mark[depth]})
    return condition & Q(**{f"{order[0].removeprefix('-')}__{_side(order[0])}e": mark[0]})


def _side(column: str) -> str:
    return "lt" if column.startswith("-") else "gt"


def _url(query: QueryDict, side: str, row: Mapping[str, Any], order: Sequence[str]) -> str:
    kept = query.copy()
    kept.pop("after", None)
    kept.pop("before", None)
    kept[side] = _encode([row[column.removeprefix("-")] for column in order])
    return f"?{kept.urlencode()}"


def _encode(values: Sequence[Any]) -> str:
    marked = [[_KINDS.get(type(v), "s"), v.isoformat() if isinstance(v, datetime.date) else str(v)] for v in values]
    return base64.urlsafe_b64encode(json.dumps(marked).encode()).decode().rstrip("=")


_KINDS: dict[type, str] = {datetime.datetime: "t", datetime.date: "d", uuid.UUID: "u", int: "i"}


def _decode(text: str, length: int) -> list[Any] | None:
    if not text or len(text) > 1_000:
        return None
    try:
        marked = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        values = [_read(kind, value) for kind, value in marked]
    except (ValueError, TypeError, binascii.Error, RecursionError):
        return None
    return values if len(values) == length and None not in values else None


def _read(kind: str, value: str) -> Any:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError(kind)
    match kind:
        case "t":
            moment = parse_datetime(value)
            return moment if moment and moment.tzinfo else None
        case "d":
            return parse_date(value)
        case "u":
            return uuid.UUID(value)
        case "i":
            number = int(value)
            return number if abs(number) < 2**62 else None
    return value
