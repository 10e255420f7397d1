"""How a series comes round again: RFC 5545 rules, of days. The time of day is the series' own, on the wall.

A rule without an end is never run to one: whoever asks says up to which day, and nothing is looked for beyond `FURTHEST`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule as dateutil  # type: ignore[import-untyped]
from django.utils.translation import gettext as _

from milepost.foundation.common.errors import DomainError

FURTHEST = timedelta(days=366 * 13)
"""From the first day: every 29 February within it has a next one, also over the year 2100."""
MOST = 1000
"""Of INTERVAL and of COUNT."""
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST")
_DAY = re.compile(r"[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU)\Z")
_WEEKDAY = re.compile(r"(MO|TU|WE|TH|FR|SA|SU)\Z")
_RANGES = {"BYMONTHDAY": (1, 31), "BYMONTH": (1, 12), "BYSETPOS": (1, 366)}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class RuleRefused(DomainError):
    """The rule is none, or none that gatherings can have."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence rule; `text` is the value of an RRULE property, its UNTIL a local day."""

    text: str

    @classmethod
    def parse(cls, text: str, zone: str = "UTC") -> Rule:
        """Raises RuleRefused, saying what would be right. An UNTIL in UTC becomes a day in `zone`."""
        parts: dict[str, str] = {}
        for piece in text.strip().removeprefix("RRULE:").upper().split(";"):
            name, _sign, value = piece.partition("=")
            if name not in _PARTS or not value:
                raise RuleRefused(
                    _("“%(piece)s” is no part of a rule that gatherings can have.") % {"piece": piece[:60]},
                    _("A rule looks like FREQ=WEEKLY;BYDAY=TH. Parts: %(parts)s.") % {"parts": ", ".join(_PARTS)},
                )
            if name in parts:
                raise RuleRefused(_("%(part)s stands in the rule twice.") % {"part": name})
            parts[name] = value
        if parts.get("FREQ") not in FREQUENCIES:
            raise RuleRefused(
                _("A gathering comes round daily, weekly, monthly or yearly."),
                _("Begin with FREQ=WEEKLY, for example."),
            )
        if "UNTIL" in parts and "COUNT" in parts:
            raise RuleRefused(_("A rule has an UNTIL or a COUNT, not both."))
        for name in ("INTERVAL", "COUNT"):
            if name in parts:
                parts[name] = str(_number(name, parts[name], 1, MOST))
        if "UNTIL" in parts:
            parts["UNTIL"] = f"{_until(parts['UNTIL'], zone):%Y%m%d}"
        _check_lists(parts)
        return cls(";".join(f"{name}={parts[name]}" for name in _PARTS if name in parts))

    @property
    def parts(self) -> dict[str, str]:
        return dict(piece.split("=", 1) for piece in self.text.split(";"))

    @property
    def until(self) -> date | None:
        """The last day that it may give."""
        found = self.parts.get("UNTIL")
        return datetime.strptime(found, "%Y%m%d").date() if found else None  # noqa: DTZ007 (a day has no zone)

    def days(self, first: date, *, after: date | None = None, to: date | None = None, most: int = MOST) -> list[date]:
        """Its days from `first` on, behind `after` (if given) and up to `to`; at most `most` of them."""
        found: Iterator[date] = (moment.date() for moment in self._iterate(first, to))
        return list(islice((day for day in found if after is None or day > after), most))

    def _iterate(self, first: date, to: date | None) -> Iterator[datetime]:
        given = self.parts
        last = min(day for day in (first + FURTHEST, to, self.until) if day is not None)
        # Without this bound a rule that never holds (30 February) would be looked for until the year 9999.
        if last < first:
            return iter(())
        given.pop("UNTIL", None)
        text = ";".join(f"{name}={value}" for name, value in given.items())
        # Naive on purpose: days on the wall know no zone.
        begin, end = datetime.combine(first, datetime.min.time()), datetime.combine(last, datetime.min.time())
        if "COUNT" in given:
            every: Any = dateutil.rrulestr(text, dtstart=begin)
            return (moment for moment in every if moment <= end)
        return iter(dateutil.rrulestr(f"{text};UNTIL={end:%Y%m%dT%H%M%S}", dtstart=begin))

    def must_begin_on(self, first: date) -> None:
        """Raise RuleRefused where the rule does not give its own first day, or none at all."""
        days = self.days(first, most=1)
        if not days:
            raise RuleRefused(_("This rule never comes round."), _("There is no such day in the next years."))
        if days[0] != first:
            raise RuleRefused(
                _("The first date is not one that the rule gives; its first one would be %(day)s.")
                % {"day": days[0].isoformat()},
                _("Change the date or the rule."),
            )

    def ending_before(self, day: date) -> Rule:
        """The same, with its last day before `day`."""
        parts = {name: value for name, value in self.parts.items() if name not in {"COUNT", "UNTIL"}}
        parts["UNTIL"] = f"{day - timedelta(days=1):%Y%m%d}"
        return Rule(";".join(f"{name}={parts[name]}" for name in _PARTS if name in parts))

    def rest_from(self, first: date, day: date) -> Rule:
        """What is left of the rule from `day` on: a COUNT is less by those that came before."""
        parts = self.parts
        if "COUNT" in parts:
            gone = len(self.days(first, to=day - timedelta(days=1)))
            parts["COUNT"] = str(max(1, int(parts["COUNT"]) - gone))
        return Rule(";".join(f"{name}={parts[name]}" for name in _PARTS if name in parts))


def _number(name: str, value: str, low: int, high: int) -> int:
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise RuleRefused(
            _("%(part)s is a number from %(low)d to %(high)d.") % {"part": name, "low": low, "high": high}
        )
    return int(value)


def _check_lists(parts: dict[str, str]) -> None:
    for name, (low, high) in _RANGES.items():
        for value in parts.get(name, "").split(",") if name in parts else ():
            bare = value.removeprefix("-") if name != "BYMONTH" else value
            _number(name, bare, low, high)
    for value in parts.get("BYDAY", "").split(",") if "BYDAY" in parts else ():
        if not _DAY.match(value):
            raise RuleRefused(_("“%(value)s” is no weekday.") % {"value": value[:20]}, _("Write TH, 2TU or -1FR."))
        if not _WEEKDAY.match(value) and parts["FREQ"] not in {"MONTHLY", "YEARLY"}:
            raise RuleRefused(_("Only monthly and yearly rules count weekdays, as in 2TU."))
        if value[:-2] in {"0", "+0", "-0", "00"}:
            raise RuleRefused(_("“%(value)s” is no weekday.") % {"value": value}, _("Write TH, 2TU or -1FR."))
    if "WKST" in parts and not _WEEKDAY.match(parts["WKST"]):
        raise RuleRefused(_("“%(value)s” is no weekday.") % {"value": parts["WKST"][:20]})


def _until(value: str, zone: str) -> date:
    for form in ("%Y%m%d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ"):
        try:
            found = datetime.strptime(value, form)  # noqa: DTZ007
        except ValueError:
            continue
        return found.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date() if value.endswith("Z") else found.date()
    raise RuleRefused(_("“%(value)s” is no day.") % {"value": value[:30]}, _("Write UNTIL=20261231."))


# --- the rules that people choose by name -----------------------------------------------------------

CHOICES = ("daily", "weekly", "fortnightly", "monthly_weekday", "monthly_last", "monthly_day", "yearly")


def chosen(name: str, first: date, *, count: int | None = None, until: date | None = None) -> Rule:
    """The rule for one of CHOICES that begins on `first`: "monthly_weekday" is the second Tuesday, if that is what it is."""
    weekday = WEEKDAYS[first.weekday()]
    text = {
        "daily": "FREQ=DAILY",
        "weekly": f"FREQ=WEEKLY;BYDAY={weekday}",
        "fortnightly": f"FREQ=WEEKLY;INTERVAL=2;BYDAY={weekday}",
        "monthly_weekday": f"FREQ=MONTHLY;BYDAY={(first.day - 1) // 7 + 1}{weekday}",
        "monthly_last": f"FREQ=MONTHLY;BYDAY=-1{weekday}",
        "monthly_day": f"FREQ=MONTHLY;BYMONTHDAY={first.day}",
        "yearly": f"FREQ=YEARLY;BYMONTH={first.month};BYMONTHDAY={first.day}",
    }[name]
    if count is not None:
        text += f";COUNT={count}"
    elif until is not None:
        text += f";UNTIL={until:%Y%m%d}"
    return Rule.parse(text)


def in_words(rule: Rule) -> str:
    """The rule as a sentence's part: "every 2 weeks on Thursday, 10 times"."""
    parts = rule.parts
    every = int(parts.get("INTERVAL", "1"))
    words = _every(parts["FREQ"], every)
    if days := parts.get("BYDAY"):
        words = _("%(every)s on %(days)s") % {"every": words, "days": ", ".join(_weekday(d) for d in days.split(","))}
    if numbers := parts.get("BYMONTHDAY"):
        words = _("%(every)s on day %(days)s of the month") % {"every": words, "days": numbers.replace(",", ", ")}
    if count := parts.get("COUNT"):
        words = _("%(rule)s, %(count)s times") % {"rule": words, "count": count}
    elif until := rule.until:
        from django.utils.formats import date_format

        words = _("%(rule)s, until %(day)s") % {"rule": words, "day": date_format(until, "DATE_FORMAT")}
    return words


def _every(frequency: str, every: int) -> str:
    if every == 1:
        return {
            "DAILY": _("every day"),
            "WEEKLY": _("every week"),
            "MONTHLY": _("every month"),
            "YEARLY": _("every year"),
        }[frequency]
    return {
        "DAILY": _("every %(n)d days"),
        "WEEKLY": _("every %(n)d weeks"),
        "MONTHLY": _("every %(n)d months"),
        "YEARLY": _("every %(n)d years"),
    }[frequency] % {"n": every}


def _weekday(code: str) -> str:
    from django.utils.dates import WEEKDAYS as NAMES

    name, which = str(NAMES[WEEKDAYS.index(code[-2:])]), code[:-2].removeprefix("+")
    if not which:
        return name
    if which == "-1":
        return _("the last %(weekday)s") % {"weekday": name}
    if which.startswith("-"):
        return _("the %(weekday)s %(n)s before the end") % {"weekday": name, "n": which[1:]}
    ordinals = {"1": _("the first %(weekday)s"), "2": _("the second %(weekday)s"), "3": _("the third %(weekday)s")}
    ordinals |= {"4": _("the fourth %(weekday)s"), "5": _("the fifth %(weekday)s")}
    return ordinals.get(which, f"{which}. %(weekday)s") % {"weekday": name}
