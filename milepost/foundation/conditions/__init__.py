"""The one rule language: which members, said as a small tree, answered by one query.

    condition = parse({"all": [{"did": "event.attended", "at_least": 3, "within": "P90D"}, {"role": "member"}]}, community=c)
    condition.explain()                        # “Attended an event at least 3 times in the past 90 days and role is “member”.”
    count(condition, c), matching(condition, c, people=[…], as_of=…)
    first_days_sql(condition, c)               # when each member first met it
    next_days(condition, c, people)            # when time alone may change the answer

What can be asked besides deeds is registered from above: see `registry`. Readers that keep answers ask `touching.touched` whom a
batch of the log may have moved. Records nothing.
"""

from __future__ import annotations

from .durations import Duration, duration
from .intervals import first_days, first_days_sql, next_days, next_days_sql
from .language import Condition, parse, read
from .matching import count, matching, members_sql
from .problems import Invalid, Problem
from .registry import field, reference
from .sql import Sql

__all__ = [
    "Condition",
    "Duration",
    "Invalid",
    "Problem",
    "Sql",
    "count",
    "duration",
    "field",
    "first_days",
    "first_days_sql",
    "matching",
    "members_sql",
    "next_days",
    "next_days_sql",
    "parse",
    "read",
    "reference",
]
