"""Lengths of time as rules write them: ISO 8601, in days, weeks, months and years."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

_FORM = re.compile(r"^P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?$")
LONGEST = 36_600
"""Days: a century."""


@dataclass(frozen=True, slots=True)
class Duration:
    months: int
    days: int

    @property
    def as_days(self) -> int:
        """For windows, which are as long wherever they stand: a month counts 30 days there, and a year 365."""
        years, months = divmod(self.months, 12)
        return 365 * years + 30 * months + self.days

    def __str__(self) -> str:
        years, months = divmod(self.months, 12)
        parts = ((years, "Y"), (months, "M"), (self.days, "D"))
        return "P" + "".join(f"{n}{letter}" for n, letter in parts if n)

    def say(self) -> str:
        """“2 years”, “1 month and 5 days”, “12 weeks”."""
        years, months = divmod(self.months, 12)
        said = []
        if years:
            said.append(ngettext("%(n)d year", "%(n)d years", years) % {"n": years})
        if months:
            said.append(ngettext("%(n)d month", "%(n)d months", months) % {"n": months})
        if self.days:
            said.append(ngettext("%(n)d day", "%(n)d days", self.days) % {"n": self.days})
        if len(said) < 2:
            return said[0]
        return gettext("%(first)s and %(last)s") % {"first": ", ".join(said[:-1]), "last": said[-1]}

    def after(self, day: datetime.date) -> datetime.date:
        """The day this long after; see `sql.months_later`."""
        month = day.year * 12 + day.month - 1 + self.months
        return datetime.date(month // 12, month % 12 + 1, 1) + datetime.timedelta(days=day.day - 1 + self.days)


def duration(text: object) -> Duration | None:
    """The length that the text gives, or None: no ISO 8601 duration, nothing, or longer than a century."""
    found = _FORM.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    made = Duration(12 * years + months, 7 * weeks + days)
    return made if 0 < made.as_days <= LONGEST else None
