"""Querysets whose SQL is made once, for pages that ask the same question a hundred times a second.

Django takes 1 to 3 ms of CPU to turn a queryset with joins into SQL, more than SQLite takes to answer it. What is written here
stays a queryset, is turned into SQL at its first use, and from then on only gets other values:

    @prepared
    def newest(*, space: uuid.UUID, since: datetime.datetime) -> QuerySet[Any, dict[str, Any]]:
        return Thread.objects.filter(space=space, last_post_at__gte=since).values("pk", "title")[:20]

    rows = newest(space=space.pk, since=yesterday)

Keyword arguments are values that differ from call to call: UUIDs, words, moments and days, never None. Positional ones are part of
the question (how many, which way round): each combination of them is turned into SQL of its own.
"""

from __future__ import annotations

import datetime
import functools
import itertools
import uuid
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

Row = dict[str, Any]
Scalar = uuid.UUID | datetime.date | str
"""A moment is a date too."""
MOST = 500
"""Questions that one function keeps; who needs more varies what should be a value."""


@dataclass(frozen=True, slots=True)
class _Question:
    sql: str
    params: tuple[Any, ...]
    places: tuple[tuple[int, str], ...]
    """Which parameters are which keyword arguments."""
    names: tuple[str, ...]
    converters: tuple[tuple[int, Sequence[Callable[..., Any]], Any], ...]

    def ask(self, values: dict[str, Scalar]) -> list[Row]:
        params = list(self.params)
        for place, name in self.places:
            params[place] = _adapted(values[name])
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            rows = cursor.fetchall()
        return [self._row(list(row)) for row in rows]

    def _row(self, row: list[Any]) -> Row:
        for column, converters, expression in self.converters:
            value = row[column]
            for convert in converters:
                value = convert(value, expression, connection)
            row[column] = value
        return dict(zip(self.names, row, strict=True))


def prepared(build: Callable[..., QuerySet[Any, Any]]) -> Callable[..., list[Row]]:
    """See the module. `build` returns a `values()` queryset, sliced or not; the function then returns its rows."""
    questions: dict[Hashable, _Question] = {}

    @functools.wraps(build)
    def ask(*shape: Hashable, **values: Scalar) -> list[Row]:
        key = (connection.vendor, shape, tuple(values))
        question = questions.get(key)
        if question is None:
            question = _question(build, shape, values)
            if len(questions) < MOST:
                questions[key] = question
        return question.ask(values)

    return ask


def columns(model: type[Model], prefix: str = "") -> list[str]:
    """What a `values()` asks for, so that `made` can make whole objects of its rows."""
    return [prefix + field.attname for field in model._meta.concrete_fields]


def made[M: Model](model: type[M], row: Row, prefix: str = "") -> M:
    """The object that a row with the model's `columns` stands for."""
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(connection.alias, names, [row[prefix + name] for name in names])


_serial = itertools.count(1)


def _question(
    build: Callable[..., QuerySet[Any, Any]], shape: tuple[Hashable, ...], values: dict[str, Scalar]
) -> _Question:
    marks = {name: _mark(value) for name, value in values.items()}
    query = build(*shape, **marks).query
    compiler = query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    known = {_adapted(mark): name for name, mark in marks.items()} | {mark: name for name, mark in marks.items()}
    places = tuple((i, known[p]) for i, p in enumerate(params) if isinstance(p, Hashable) and p in known)
    if {name for _place, name in places} != set(values):
        raise ValueError(f"{build.__name__} does not use each of its values as they are: {', '.join(values)}")
    expressions = [column[0] for column in compiler.select[: compiler.col_count]]
    converters = compiler.get_converters(expressions)
    return _Question(
        sql=sql,
        params=tuple(params),
        places=places,
        names=tuple(query.selected or (*query.extra_select, *query.values_select, *query.annotation_select)),
        converters=tuple((column, convs, expression) for column, (convs, expression) in converters.items()),
    )


def _mark(value: Scalar) -> Scalar:
    """A value of the same type that no question has by itself."""
    n = next(_serial)
    if isinstance(value, str):
        return f"prepared {n}"
    if isinstance(value, uuid.UUID):
        return uuid.uuid5(uuid.NAMESPACE_OID, f"prepared {n}")
    if isinstance(value, datetime.datetime):
        return datetime.datetime(1971, 3, 5, 7, 11, 13, tzinfo=datetime.UTC) + datetime.timedelta(microseconds=n)
    if isinstance(value, datetime.date):
        return datetime.date(1, 1, 1) + datetime.timedelta(days=n % 400_000)
    raise TypeError(f"{type(value).__name__} is no value of a prepared question")


def _adapted(value: Scalar) -> Any:
    """As the database's driver gets it."""
    if isinstance(value, str):
        return value
    if isinstance(value, uuid.UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, datetime.date):
        return connection.ops.adapt_datefield_value(value)
    raise TypeError(f"{type(value).__name__} is no value of a prepared question")
