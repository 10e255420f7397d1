"""SQL in pieces: text and parameters that stay together, and the few things that the two databases say differently."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterable, Sequence
from string import Formatter
from typing import Any, NamedTuple

from django.db import connection


class Sql(NamedTuple):
    """A piece of SQL with its parameters, in the order in which it names them: `text, params = piece`."""

    text: str
    params: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text)


def sql(template: str, *params: Any, **parts: Sql | str | int) -> Sql:
    """`template` with each {name} replaced by a piece; `params` belong to its own %s, which stand in no template with pieces.

    Pieces bring their parameters along, in the order in which the template names them.
    """
    if not parts:
        return Sql(template, params)
    assert not params, "parameters belong to pieces"
    text: list[str] = []
    given: list[Any] = []
    for literal, name, _spec, _conversion in Formatter().parse(template):
        text.append(literal)
        if name is not None:
            part = parts[name]
            if isinstance(part, Sql):
                text.append(part.text)
                given += part.params
            else:
                text.append(str(part))
    return Sql("".join(text), tuple(given))


def joined(between: str, parts: Iterable[Sql]) -> Sql:
    found = [part for part in parts if part]
    return Sql(between.join(p.text for p in found), tuple(value for p in found for value in p.params))


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def key(value: uuid.UUID) -> uuid.UUID | str:
    """An id as the database holds it."""
    return value if is_postgresql() else value.hex


def ident(value: object) -> uuid.UUID:
    """An id as it comes from a cursor."""
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def one_of(column: str, values: Sequence[str]) -> Sql:
    """`column` is one of the words."""
    if len(values) == 1:
        return Sql(f"{column} = %s", (values[0],))
    return Sql(f"{column} IN ({', '.join(['%s'] * len(values))})", tuple(values))


def among(column: str, people: Sequence[uuid.UUID] | Sql) -> Sql:
    """`column` is one of many ids: one parameter however many, or SQL that gives them."""
    if isinstance(people, Sql):
        return sql("{column} IN ({people})", column=column, people=people)
    if is_postgresql():
        return Sql(f"{column} = ANY(%s)", (list(people),))
    return Sql(f"{column} IN (SELECT value FROM json_each(%s))", (json.dumps([p.hex for p in people]),))


# --- days -------------------------------------------------------------------------------------------

ALWAYS = datetime.date(1, 1, 1)
"""Stands for "from the beginning". A Monday, from which weeks are counted."""
NEVER = datetime.date(9999, 12, 31)
"""Stands for "without end"."""


def day(value: datetime.date) -> str:
    """A day as a literal."""
    return f"DATE '{value.isoformat()}'" if is_postgresql() else f"'{value.isoformat()}'"


def a_date(value: object) -> datetime.date:
    """A day as it comes from a cursor."""
    return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(str(value))


def later(expression: str, days: int) -> str:
    """The day `days` after the one that the expression gives."""
    if is_postgresql():
        return f"({expression} + {days})"
    return f"date({expression}, '{days:+d} days')"


def months_later(expression: str, months: int, days: int = 0) -> str:
    """Calendar months on. A day that a month does not have runs on into the next: a year after 29 February is 1 March."""
    if is_postgresql():
        first = f"date_trunc('month', {expression}::timestamp) + interval '{months} months'"
        return f"(({first})::date + (extract(day FROM {expression})::int - 1 + {days}))"
    return f"date({expression}, '{months:+d} months', '{days:+d} days')"


def week(expression: str) -> str:
    """The number of the week (Monday to Sunday) in which the day falls."""
    if is_postgresql():
        return f"(({expression} - {day(ALWAYS)}) / 7)"
    # 1721425.5 is the Julian day of ALWAYS.
    return f"CAST((julianday({expression}) - 1721425.5) / 7 AS INTEGER)"


def earlier_of(one: str, other: str) -> str:
    return f"LEAST({one}, {other})" if is_postgresql() else f"MIN({one}, {other})"
