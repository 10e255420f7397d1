"""Lines about what a member is: {"attribute": name, operator: value}, and fields with a key of their own, {"role": "steward"}."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from milepost.foundation.common.bulk import moment

from . import registry, words
from .asking_deeds import day_of
from .durations import Duration, duration
from .language import Clause, Reading, only
from .leaves import Dated, Fact, Group, Part, Term
from .problems import Place, instead, shown
from .sql import Sql, day, is_postgresql, joined, key, later, months_later, sql

OPERATORS: dict[str, tuple[str, ...]] = {
    "text": ("is", "is_not", "in", "contains", "starts_with", "is_empty"),
    "number": ("is", "is_not", "at_least", "at_most", "more_than", "less_than", "is_empty"),
    "date": ("is", "before", "after", "at_least_ago", "less_than_ago", "is_empty"),
    "choice": ("is", "is_not", "in", "is_empty"),
    "tags": ("contains", "contains_any", "contains_all", "is_empty"),
    "flag": ("is",),
}
"""Of each kind of field, what may be asked of it."""
LONGEST = 200
LISTED = 200
"""Values in one list."""


@dataclass(frozen=True, slots=True)
class Asked:
    field: registry.Field
    operator: str
    value: Any
    """Checked: a word, a list of words, a number, a day, a length of time, or yes or no."""
    options: dict[str, registry.Words]

    def value_in_words(self) -> str:
        if isinstance(self.value, bool):
            return _("yes") if self.value else _("no")
        if isinstance(self.value, Duration):
            return self.value.say()
        if isinstance(self.value, datetime.date):
            return words.date(self.value)
        if isinstance(self.value, Decimal):
            return formats.number_format(self.value)
        given = self.value if isinstance(self.value, list) else [self.value]
        said = [f"“{self.options.get(one, one)}”" for one in given]
        return words.listed(said, all_of=self.operator == "contains_all")


def attribute(value: dict[str, Any], place: Place, reading: Reading) -> Clause | None:
    name = value["attribute"]
    found = reading.fields.get(name) if isinstance(name, str) else None
    if found is None:
        place.at("attribute").wrong(
            _("There is no attribute %(name)s here. %(instead)s")
            % {"name": shown(name), "instead": instead(name, reading.fields, most=40)}
        )
        return None
    allowed = OPERATORS[found.kind]
    given = [operator for operator in value if operator != "attribute"]
    only(value, {"attribute", *allowed}, place)
    if len(given) != 1:
        place.wrong(
            _("Say one thing about “%(name)s”: %(operators)s.")
            % {"name": name, "operators": ", ".join(f"“{operator}”" for operator in allowed)}
        )
        return None
    operator = given[0]
    if operator not in allowed:
        return None
    asked = _asked(found, operator, value[operator], place.at(operator), reading)
    if asked is None:
        return None
    tree = {"attribute": name, operator: _plain(asked.value)}
    return _clause(asked, tree, place, reading)


def by_key(name: str, value: dict[str, Any], place: Place, reading: Reading) -> Clause | None:
    """{"role": "steward"}"""
    only(value, {name}, place)
    asked = _asked(reading.fields[name], "is", value[name], place.at(name), reading)
    return _clause(asked, {name: asked.value}, place, reading) if asked else None


def _clause(asked: Asked, tree: dict[str, Any], place: Place, reading: Reading) -> Clause:
    reading.verbs |= set(asked.field.verbs)
    reading.sensitive |= asked.field.sensitive

    def say(negated: bool) -> str:
        if asked.operator == "is_empty" and not asked.value:
            negated = not negated
        return words.attribute(str(asked.field.label), asked.operator, asked.value_in_words(), negated=negated)

    return Clause(tree, _part(asked, reading), say, (), place.path)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Duration):
        return str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


# --- values -------------------------------------------------------------------------------------------


def _asked(found: registry.Field, operator: str, value: Any, place: Place, reading: Reading) -> Asked | None:
    if operator == "is_empty" or found.kind == "flag":
        if not isinstance(value, bool):
            place.wrong(_("%(value)s is neither true nor false.") % {"value": shown(value)})
            return None
        return Asked(found, operator, value, {})
    if operator in {"at_least_ago", "less_than_ago"}:
        length = duration(value)
        if length is None:
            place.wrong(
                _("%(value)s is no length of time. Write it like “P30D”, “P6M” or “P1Y”.") % {"value": shown(value)}
            )
            return None
        return Asked(found, operator, length, {})
    if found.kind == "date":
        on = day_of(value, place)
        return Asked(found, operator, on, {}) if on else None
    if found.kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float) or not Decimal(repr(value)).is_finite():
            place.wrong(_("%(value)s is no number.") % {"value": shown(value)})
            return None
        return Asked(found, operator, Decimal(repr(value)), {})
    return _words(found, operator, value, place, reading)


def _words(found: registry.Field, operator: str, value: Any, place: Place, reading: Reading) -> Asked | None:
    many = operator in {"in", "contains_any", "contains_all"}
    given = value if many else [value]
    if not isinstance(given, list) or not given or len(given) > LISTED:
        place.wrong(
            _("“%(operator)s” takes a list of 1 to %(most)d values in square brackets.")
            % {"operator": operator, "most": LISTED}
        )
        return None
    options: dict[str, registry.Words] = dict(found.choices(reading.community)) if found.choices else {}
    good = True
    for n, one in enumerate(given):
        spot = place.at(n) if many else place
        if not isinstance(one, str) or not 0 < len(one.strip()) <= LONGEST:
            spot.wrong(_("%(value)s is no word. Write it in quotes.") % {"value": shown(one)})
            good = False
        elif options and one not in options:
            spot.wrong(
                _("“%(field)s” is never %(value)s. %(instead)s")
                % {"field": found.label, "value": shown(one), "instead": instead(one, options, most=30)}
            )
            good = False
    if not good:
        return None
    return Asked(found, operator, sorted(set(given)) if many else value, options)


# --- what it comes down to -------------------------------------------------------------------------------


def _part(asked: Asked, reading: Reading) -> Part:
    value = asked.field.sql(reading.community)
    if asked.field.kind == "tags":
        return Fact(_tags(asked, value))
    if asked.operator in {"at_least_ago", "less_than_ago"}:
        return _since(asked, value, reading)
    if asked.field.moment and isinstance(asked.value, datetime.date):
        return Fact(_by_moment(asked, reading.community.time_zone))
    where = _TESTS[asked.operator](asked, value)
    return Fact(sql("NOT COALESCE({where}, FALSE)", where=where) if asked.operator == "is_not" else where)


def _by_moment(asked: Asked, zone: str) -> Sql:
    """A day is all between two moments, so that no row's moment need be turned into a day."""
    start = datetime.datetime.combine(asked.value, datetime.time(), ZoneInfo(zone))
    end = datetime.datetime.combine(asked.value + datetime.timedelta(days=1), datetime.time(), ZoneInfo(zone))
    column = asked.field.moment
    since, until = (moment(one.astimezone(datetime.UTC)) for one in (start, end))
    if asked.operator == "before":
        return Sql(f"{column} < %s", (since,))
    if asked.operator == "after":
        return Sql(f"{column} >= %s", (until,))
    return Sql(f"({column} >= %s AND {column} < %s)", (since, until))


def _tags(asked: Asked, select: Sql) -> Sql:
    if asked.operator == "is_empty":
        found = sql("EXISTS ({select})", select=select)
        return sql("NOT {found}", found=found) if asked.value else found
    given = asked.value if isinstance(asked.value, list) else [asked.value]
    each = [sql("{value} IN ({select})", value=Sql("%s", (one,)), select=select) for one in given]
    between = " AND " if asked.operator == "contains_all" else " OR "
    return sql("({each})", each=joined(between, each))


def _since(asked: Asked, value: Sql, reading: Reading) -> Part:
    """How long ago a date is, which changes by time alone: the day on which it will be so long ago is counted like a deed."""
    length: Duration = asked.value
    name = asked.field.name

    def on(expression: str) -> Sql:
        return sql(
            "SELECT m.person_id AS person_id, {day} AS day FROM identity_membership m"
            " WHERE m.community_id = {community} AND {value} IS NOT NULL",
            day=Sql(expression, value.params * expression.count(value.text)),
            community=Sql("%s", (key(reading.community.pk),)),
            value=value,
        )

    reached = on(
        months_later(value.text, length.months, length.days) if length.months else later(value.text, length.days)
    )
    passed = Term(Dated(reached, f"{name}+{length}"), shifted=True)
    if asked.operator == "at_least_ago":
        return passed
    been = Term(Dated(on(value.text), name), shifted=True)
    return Group("all", (been, Group("not", (passed,))))


def _compared(operator: str) -> Callable[[Asked, Sql], Sql]:
    def test(asked: Asked, value: Sql) -> Sql:
        given = Sql(day(asked.value)) if isinstance(asked.value, datetime.date) else Sql(f"{asked.value}")
        return sql("{value} {operator} {given}", value=value, operator=operator, given=given)

    return test


def _same(asked: Asked, value: Sql) -> Sql:
    if isinstance(asked.value, bool):
        return value if asked.value else sql("NOT COALESCE({value}, FALSE)", value=value)
    if not isinstance(asked.value, str):
        return _compared("=")(asked, value)
    if asked.field.kind == "text":
        return sql("{value} = {given}", value=_folded(value), given=Sql("%s", (fold(asked.value),)))
    return sql("{value} = {given}", value=value, given=Sql("%s", (asked.value,)))


def _one_of(asked: Asked, value: Sql) -> Sql:
    text = asked.field.kind == "text"
    marks = Sql(", ".join(["%s"] * len(asked.value)), tuple(fold(one) if text else one for one in asked.value))
    return sql("{value} IN ({marks})", value=_folded(value) if text else value, marks=marks)


def _contains(asked: Asked, value: Sql) -> Sql:
    place = "STRPOS({value}, {given}) > 0" if is_postgresql() else "INSTR({value}, {given}) > 0"
    return sql(place, value=_folded(value), given=Sql("%s", (fold(asked.value),)))


def _starts(asked: Asked, value: Sql) -> Sql:
    needle = fold(asked.value)
    return sql("SUBSTR({value}, 1, {n}) = {given}", value=_folded(value), n=len(needle), given=Sql("%s", (needle,)))


def _empty(asked: Asked, value: Sql) -> Sql:
    text = asked.field.kind in {"text", "choice"}
    empty = sql("COALESCE({value}, '') = ''", value=value) if text else sql("{value} IS NULL", value=value)
    return empty if asked.value else sql("NOT ({empty})", empty=empty)


_TESTS: dict[str, Callable[[Asked, Sql], Sql]] = {
    "is": _same,
    "is_not": _same,
    "in": _one_of,
    "contains": _contains,
    "starts_with": _starts,
    "before": _compared("<"),
    "after": _compared(">"),
    "at_least": _compared(">="),
    "at_most": _compared("<="),
    "more_than": _compared(">"),
    "less_than": _compared("<"),
    "is_empty": _empty,
}

_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def fold(text: str) -> str:
    """Small and capital letters alike, of a to z only: what both databases do in the same way."""
    return text.translate(_LETTERS)


def _folded(value: Sql) -> Sql:
    return sql('lower({value} COLLATE "C")' if is_postgresql() else "lower({value})", value=value)
