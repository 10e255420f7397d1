"""Times as people and programs write them, as aware datetimes in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from milepost.outward.connectors.records import ConnectorError

_NUMERIC = re.compile(r"-?\d+(?:[.,]\d+)?\Z")
# 31.12.2021 23:59:59, 12/31/21, 11:59 PM, 2021/12/31 ...
_LOCAL = re.compile(
    r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})"
    r"(?:(?:,?\s+|T|\s*-\s*|\s+(?:um|at|à|a las|às)\s+)(\d{1,2})[:h.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?(?:\s*Uhr)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?\Z"
)
_WORDS: tuple[str, ...] = ("%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%d %B %Y %H:%M", "%d %B %Y", "%d %b %Y")
_WORDS += (
    "%b %d, %Y %H:%M:%S",
    "%b %d, %Y %H:%M",
    "%b %d, %Y %I:%M %p",
    "%B %d, %Y %I:%M %p",
    "%B %d, %Y",
    "%b %d, %Y",
)
_WORDS += ("%a %b %d %H:%M:%S %Y", "%A, %B %d, %Y %I:%M %p", "%Y%m%d%H%M%S")


def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConnectorError(
            _("“%(name)s” is not a known time zone.") % {"name": name},
            _("Give it as in “Europe/Berlin” or “America/Sao_Paulo”."),
        ) from error


def to_utc(moment: datetime, local: ZoneInfo) -> datetime | None:
    """`moment` in UTC; one without a zone is taken as local. None outside of what a datetime can hold."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=local)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def from_number(value: float) -> datetime | None:
    """Seconds, milli-, micro- or nanoseconds since 1970, told apart by size (good from 1973 to 5138)."""
    size = abs(value)
    if size >= 1e17:
        value /= 1e9
    elif size >= 1e14:
        value /= 1e6
    elif size >= 1e11:
        value /= 1e3
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def parse_time(value: Any, local: ZoneInfo, day_first: bool = True) -> datetime | None:
    """The moment that `value` means, or None where it means none."""
    if isinstance(value, str):
        text = value.strip()
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return _parse_text(text, local, day_first)
        # Python also reads bare digits as a date (“20210304”); ten and more are an epoch.
        if len(text) >= 10 and text.isdigit():
            return _parse_text(text, local, day_first)
        if moment.tzinfo is UTC:
            return moment
        return to_utc(moment, local)
    if isinstance(value, datetime):
        return to_utc(value, local)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return from_number(value)
    if isinstance(value, date):
        return to_utc(datetime(value.year, value.month, value.day, tzinfo=local), local)
    return None


@lru_cache(maxsize=4096)
def _parse_text(text: str, local: ZoneInfo, day_first: bool) -> datetime | None:
    if not text or len(text) > 64:
        return None
    if _NUMERIC.match(text):
        if len(text) == 14 and text.startswith(("19", "20")) and text.isdigit():
            return _by_words(text, local)
        return from_number(float(text.replace(",", ".")))
    if match := _LOCAL.match(text):
        return _from_parts(match, local, day_first)
    if text.endswith((" UTC", " GMT")):
        try:
            return to_utc(datetime.fromisoformat(text[:-4].strip()), ZoneInfo("UTC"))
        except ValueError:
            pass
    # “2021-01-02 03:04:05 +0100”, as Ruby and Git write it.
    if match := re.match(r"(\d{4}-\d\d-\d\d[ T][\d:.]+) ([+-]\d{2}:?\d{2})\Z", text):
        return to_utc(datetime.fromisoformat(match[1] + match[2]), local)
    return _by_words(text, local)


def _from_parts(match: re.Match[str], local: ZoneInfo, day_first: bool) -> datetime | None:
    first, _sep, second, third, hour, minute, second_of_minute, half, offset = match.groups()
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    else:
        a, b, year = int(first), int(second), int(third)
        day, month = (a, b) if (day_first or a > 12) and b <= 12 else (b, a)
        if year < 100:
            year += 2000 if year < 70 else 1900
    clock = int(hour or 0)
    if half:
        clock = clock % 12 + (12 if half[0] in "Pp" else 0)
    try:
        moment = datetime(year, month, day, clock, int(minute or 0), int(second_of_minute or 0), tzinfo=local)
        if offset in ("Z", "UTC", "GMT"):
            return moment.replace(tzinfo=UTC)
        if offset:
            return to_utc(datetime.fromisoformat(moment.replace(tzinfo=None).isoformat() + offset), local)
    except ValueError:
        return None
    return to_utc(moment, local)


def _by_words(text: str, local: ZoneInfo) -> datetime | None:
    # The mail parser is the quickest, but passes over “PM”.
    if not text.upper().endswith(("AM", "PM")):
        try:
            return to_utc(parsedate_to_datetime(text), local)
        except (ValueError, TypeError, IndexError, OverflowError):
            pass
    for pattern in _WORDS:
        try:
            return to_utc(datetime.strptime(text, pattern).replace(tzinfo=local), local)
        except ValueError:
            continue
    return None


def finds_day_first(samples: list[str]) -> bool | None:
    """From dates such as 03/04/2021: whether the day comes first. None where they do not tell."""
    for text in samples:
        match = _LOCAL.match(text.strip())
        if match and len(match[1]) < 3:
            if match[2] == ".":  # only written day first
                return True
            if int(match[1]) > 12:
                return True
            if int(match[3]) > 12:
                return False
    return None
