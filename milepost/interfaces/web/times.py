"""Times and figures as people say them, cheaply: a page may show a hundred."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

JUST_NOW = 60
HOUR, DAY = 3600, 86400


def ago(moment: datetime | date | None, now: datetime | None = None) -> SafeString:
    """`<time>` with "20 min ago", "yesterday", a weekday within the week, else the date. Future moments show their date."""
    if moment is None:
        return SafeString("")
    if not isinstance(moment, datetime):
        return day(moment)
    if timezone.is_naive(moment):
        moment = moment.replace(tzinfo=UTC)
    now = now or datetime.now(UTC)
    return _time(moment.isoformat(timespec="minutes"), _words(moment, now))


def _words(moment: datetime, now: datetime) -> str:
    seconds = (now - moment).total_seconds()
    if -JUST_NOW < seconds < JUST_NOW:
        return gettext("just now")
    if 0 < seconds < HOUR:
        minutes = int(seconds // 60)
        return ngettext("%(count)d min ago", "%(count)d min ago", minutes) % {"count": minutes}
    zone = timezone.get_current_timezone()
    then, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    if 0 < seconds < DAY and then == today:
        hours = int(seconds // HOUR)
        return ngettext("%(count)d hour ago", "%(count)d hours ago", hours) % {"count": hours}
    if then == today - timedelta(days=1):
        return gettext("yesterday")
    if today - timedelta(days=7) < then < today:
        return _formatted(then, "l", get_language())
    return _day_words(then, today.year)


def day(moment: datetime | date | None, today: date | None = None) -> SafeString:
    """`<time>` with the date: "9 November", with the year where it is not this one."""
    if moment is None:
        return SafeString("")
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment).date() if timezone.is_aware(moment) else moment.date()
    today = today or timezone.localdate()
    return _time(moment.isoformat(), _day_words(moment, today.year))


def clock(moment: datetime | None) -> SafeString:
    """`<time>` with date and time of day, both as the reader's language writes them."""
    if moment is None:
        return SafeString("")
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    words = f"{_day_words(local.date(), timezone.localdate().year)}, {date_format(local, 'TIME_FORMAT')}"
    return _time(local.isoformat(timespec="minutes"), words)


def figure(value: float | str | None) -> str:
    """A number as the reader's language groups it; an absent one is a dash, never a nought; words stay words."""
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        return value
    places = 0 if float(value).is_integer() else 1
    return str(number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True))


def day_words(moment: date) -> str:
    """The same as `day`, for a sentence that is escaped."""
    return _day_words(moment, timezone.localdate().year)


def _day_words(moment: date, this_year: int) -> str:
    return _formatted(moment, "MONTH_DAY_FORMAT" if moment.year == this_year else "DATE_FORMAT", get_language())


@lru_cache(maxsize=4096)
def _formatted(moment: date, form: str, language: str | None) -> str:
    """The language is a parameter only so that the cache tells languages apart."""
    return str(date_format(moment, form))


def _time(machine: str, words: str) -> SafeString:
    return mark_safe(f'<time datetime="{machine}">{words}</time>')  # noqa: S308 (Django's formats and our catalogue)
