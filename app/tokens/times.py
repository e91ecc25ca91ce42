"""NumericDates (RFC 7519 §2) as a person reads them; no date is too far away to be said."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeGuard

Seconds = int | Decimal
"""Since 1970, or a length; floats are made Decimal at the door so that nothing is rounded on the way."""

_LAST = 253_402_300_799  # 9999-12-31T23:59:59Z
_FIRST = -62_135_596_800  # 0001-01-01T00:00:00Z
_YEAR = 31_556_952
_CENTURY = (946_684_800, 4_102_444_800)  # 2000 to 2099: where times of tokens lie
_FINER = (("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9))
_CALENDAR = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_MONTH = 2_629_746
_UNITS: tuple[tuple[int, str], ...] = ((86400, "day"), (3600, "h"), (60, "min"), (1, "s"))
_SIGNS = ("h", "min", "s")


def is_date(value: object) -> TypeGuard[Seconds]:
    """Whether *value* is a NumericDate: a finite JSON number, and no boolean."""
    return (type(value) is int) or (isinstance(value, Decimal) and value.is_finite())


def utc(seconds: Seconds) -> str:
    """`18 Jan 2018 01:30:22 UTC`, or in words when no calendar reaches that far."""
    moment = _moment(seconds)
    if moment is None:
        return "after the year 9999" if seconds > 0 else "before the year 1"
    return f"{moment.day} {moment:%b} {moment.year} {moment:%H:%M:%S} UTC"


def iso(seconds: Seconds) -> str:
    """`2018-01-18T01:30:22Z`, or nothing when no calendar reaches that far."""
    moment = _moment(seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0") if moment else ""


def span(seconds: Seconds) -> str:
    """A length of time in its two largest units: `2 h 5 min`, `2 years 11 months`, `59 s`; months are rounded, since they differ."""
    length = seconds if seconds >= 0 else -seconds
    if length > 10**12:
        return "more than 30,000 years"
    rest = int(length)
    if rest >= _MONTH:
        return _months((rest + _MONTH // 2) // _MONTH)
    for index, (size, name) in enumerate(_UNITS):
        count = rest // size
        if count:
            text = _count(count, name)
            if index < 3 and count < 10:
                next_size, next_name = _UNITS[index + 1]
                smaller = (rest - count * size) // next_size
                text += f" {_count(smaller, next_name)}" if smaller else ""
            return text
    return "0 s"


def relative(seconds: Seconds, at: Seconds) -> str:
    """*seconds* seen from *at*: `in 5 min`, `2 days ago`, `now`."""
    distance = seconds - at
    if -1 < distance < 1:
        return "now"
    return f"in {span(distance)}" if distance > 0 else f"{span(distance)} ago"


def years(seconds: Seconds) -> str:
    """A length of time in years, to a tenth: `31.7 years`."""
    tenths = (int(seconds) * 10 + _YEAR // 2) // _YEAR
    return f"{tenths // 10:,}.{tenths % 10} years" if tenths % 10 else _count(tenths // 10, "year")


def year(seconds: Seconds) -> int:
    """The year, beyond all calendars as well."""
    moment = _moment(seconds)
    return moment.year if moment else 1970 + int(seconds // _YEAR)


def is_beyond_calendars(seconds: Seconds) -> bool:
    """Whether the time lies after 9999 or before the year 1."""
    return not _FIRST <= seconds <= _LAST


def finer(value: Seconds) -> tuple[str, int] | None:
    """The unit in which *value* is a time of this century, if it is finer than the second, and that time in seconds."""
    first, end = _CENTURY
    if value < first * 1000:
        return None
    return next(((unit, int(value // size)) for unit, size in _FINER if first * size <= value < end * size), None)


def from_text(text: str) -> int | None:
    """The time that a date or a number written as text stands for, in seconds; without a zone it is read as UTC."""
    text = text.strip()
    if len(text) < 20 and text.isascii() and text.isdigit():
        number = int(text)
        smaller = finer(number)
        return smaller[1] if smaller else number
    if not _CALENDAR.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def read(text: str) -> Decimal:
    """Seconds since 1970, or an ISO 8601 date in UTC unless it says otherwise; raises ValueError."""
    try:
        return Decimal(text)
    except InvalidOperation:
        moment = datetime.fromisoformat(text)
        return Decimal((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _months(months: int) -> str:
    if months < 12:
        return _count(months, "month")
    if months >= 120:
        return _count((months + 6) // 12, "year")
    years, rest = divmod(months, 12)
    return _count(years, "year") + (f" {_count(rest, 'month')}" if rest else "")


def _count(count: int, name: str) -> str:
    return f"{count} {name}s" if count != 1 and name not in _SIGNS else f"{count} {name}"


def _moment(seconds: Seconds) -> datetime | None:
    if not _FIRST <= seconds <= _LAST:
        return None
    return datetime.fromtimestamp(int(seconds // 1), UTC)
