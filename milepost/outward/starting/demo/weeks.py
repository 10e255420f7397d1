"""The demo's calendar: eighteen months counted in weeks, evenings, holidays, and dates in words.

Week 78 is the week (from Monday, in the community's time zone) that contains "now"; week 1 begins 77 weeks earlier.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

LAST_WEEK = 78
WEEKDAYS = {"Mon": 0, "Tue": 1, "Wed": 2, "Thu": 3, "Fri": 4, "Sat": 5, "Sun": 6}
ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
PORTUGUESE_DAYS = ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo")
PORTUGUESE_MONTHS = (
    *("janeiro", "fevereiro", "março", "abril", "maio", "junho"),
    *("julho", "agosto", "setembro", "outubro", "novembro", "dezembro"),
)


@dataclass(frozen=True, slots=True)
class Weeks:
    """`monday` is the first day of week 1."""

    now: datetime
    zone: ZoneInfo
    monday: date

    @classmethod
    def until(cls, now: datetime, zone: str) -> "Weeks":
        if now.tzinfo is None:
            raise ValueError("'now' needs a time zone.")
        place = ZoneInfo(zone)
        today = now.astimezone(place).date()
        this_monday = today - timedelta(days=today.weekday())
        return cls(now.astimezone(UTC), place, this_monday - timedelta(weeks=LAST_WEEK - 1))

    def day(self, week: int, weekday: int = 0) -> date:
        return self.monday + timedelta(weeks=week - 1, days=weekday)

    def week_of(self, moment: datetime) -> int:
        return (moment.astimezone(self.zone).date() - self.monday).days // 7 + 1

    def written(self, when: str) -> datetime:
        """`week 23 Tue 20:15`, local to the community."""
        found = re.fullmatch(r"week (\d+) ([A-Z][a-z]{2}) (\d\d:\d\d)", when)
        if not found:
            raise ValueError(f"'week 23 Tue 20:15' expected, not {when!r}.")
        day = self.day(int(found.group(1)), WEEKDAYS[found.group(2)])
        return at(day, time.fromisoformat(found.group(3)), self.zone)


def at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """That local time, in UTC."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def evening(rng: Random, day: date, zone: ZoneInfo) -> datetime:
    """Some time at which people write: after work, at weekends from the late morning on."""
    if day.weekday() >= 5 and rng.random() < 0.4:
        return at(day, time(rng.randrange(10, 18), rng.randrange(60)), zone)
    hour = rng.choices((18, 19, 20, 21, 22), (2, 4, 5, 4, 2))[0]
    return at(day, time(hour, rng.randrange(60)), zone)


def awake(rng: Random, moment: datetime, zone: ZoneInfo, *, free: bool = True) -> datetime:
    """The moment itself, or the day after where it is night for the writer.

    With `free` nothing was agreed on: what was put off by the night is often put off until the evening, and office
    hours of a working day mostly until after work.
    """
    local = moment.astimezone(zone)
    if local.hour < 7 or (local.hour == 23 and local.minute > 30):
        day = local.date() + timedelta(days=1 if local.hour == 23 else 0)
        morning = (9, 10, 10, 11) if day.weekday() >= 5 else (7, 7, 8, 12)
        hours = (18, 19, 20, 21) if free and rng.random() < 0.5 else morning
        return at(day, time(rng.choice(hours), rng.randrange(60)), zone)
    if free and local.weekday() < 5 and 9 <= local.hour < 17 and rng.random() < 0.6:
        return at(local.date(), time(rng.choice((17, 18, 19, 20, 21)), rng.randrange(60)), zone)
    return moment


def pause(rng: Random, median_minutes: float = 150) -> timedelta:
    """How long until somebody answers: mostly hours, sometimes minutes, seldom days."""
    return timedelta(minutes=max(2.0, min(rng.lognormvariate(0, 1.1) * median_minutes, 4 * 1440)))


def closed(day: date) -> bool:
    """The few days on which nobody opens anything."""
    return (day.month, day.day) in {(12, 24), (12, 25), (12, 26), (12, 31), (1, 1)}


def quiet(day: date) -> bool:
    """Holidays: the turn of the year and the first three weeks of August."""
    return (
        (day.month == 12 and day.day >= 21) or (day.month == 1 and day.day <= 2) or (day.month == 8 and day.day <= 21)
    )


def in_english(day: date) -> str:
    return f"{ENGLISH_DAYS[day.weekday()]} {day.day} {ENGLISH_MONTHS[day.month - 1]}"


def in_portuguese(day: date) -> str:
    return f"{PORTUGUESE_DAYS[day.weekday()]}, {day.day} de {PORTUGUESE_MONTHS[day.month - 1]}"


def with_dates(text: str, today: date) -> str:
    """Puts dates for `[[sat]]` (the coming Saturday, at least two days off) and `[[sat+3]]` (three weeks later)."""

    def put(found: re.Match[str]) -> str:
        first = today + timedelta(days=2)
        ahead = (WEEKDAYS[found.group(1).capitalize()] - first.weekday()) % 7
        return in_english(first + timedelta(days=ahead, weeks=int(found.group(2) or 0)))

    return re.sub(r"\[\[(mon|tue|wed|thu|fri|sat|sun)(?:\+(\d+))?\]\]", put, text)
