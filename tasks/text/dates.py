"""Parsing the dates of feeds and pages, to UTC. `tasks.parse.entry.entry_date` reads an entry's with it.

Formats in the order they are tried: seconds or milliseconds since the epoch, ISO 8601 and RFC 3339, RFC 822 and
similar, Chinese dates, then dateparser for everything else (Japanese, French …).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parsedate_tz
from functools import lru_cache

from tasks.text.date_languages import languages_of_date
from tasks.text.zones import UnknownZoneError, iana_zone, take_zone

EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
FUTURE = timedelta(days=1)
"""A date that lies further after the fetch is a mistake in the feed."""

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]|$)")
_EPOCH = re.compile(r"^\d{9,10}(\.\d+)?$|^\d{12,13}$")
_CHINESE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日\s*(?:[（(]?(?:星期|周|週).[)）]?)?\s*(.*)$")
_HALF_DAY = "上午|下午|凌晨|早上|晚上"
_CLOCK = re.compile(
    rf"^({_HALF_DAY})?\s*(\d{{1,2}})\s*[:：时時点點]\s*(\d{{1,2}})?(?:\s*[:：分]\s*(\d{{1,2}}))?\s*[分秒]?\s*({_HALF_DAY})?"
)
_TWELVE_HOURS = re.compile(r"(?<!\d)(\d{1,2})(:\d\d(?::\d\d)?(?:[.,]\d+)?)\s*([AaPp])\.?[Mm]\b\.?")
_MIDNIGHT = re.compile(r"(?<![\d:])24(:00(?::00(?:[.,]0+)?)?)(?![\d:])")
"""The end of a day (ISO 8601)."""
_NO_YEAR = re.compile(r"^-|(?:^|\s)-?0{3,4}\d?(?![\d:])|(?:^|\s)-?0$|\s-?0\s")
"""What programs write for an empty date: the years 0, 0001 and -0001."""


def parse_date(text: str | None, *, timezone: str = "UTC", now: datetime) -> datetime | None:
    """The moment in UTC; `timezone` (IANA name) applies if the text names no zone.

    None if the text is not a date, names a time zone that is not known, is the epoch itself (programs write an empty
    field that way) or lies more than a day after `now`.
    """
    text = " ".join((text or "").split())[:100]
    try:
        moment = _parse(text, timezone) or (_parse_other(text, timezone) if _is_affordable(text) else None)
    except UnknownZoneError:
        return None
    if moment is None or moment < EARLIEST or moment > now + FUTURE or _is_epoch(moment, timezone):
        return None
    return moment


def _is_epoch(moment: datetime, timezone: str) -> bool:
    return moment.timestamp() == 0 or moment.astimezone(iana_zone(timezone)).replace(tzinfo=UTC).timestamp() == 0


@lru_cache(maxsize=8192)
def _parse(text: str, timezone: str) -> datetime | None:
    """Raises UnknownZoneError."""
    if not text or text.lower() in ("nan", "null", "none", "invalid date", "0"):
        return None
    try:
        if _EPOCH.match(text):
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        clock = _read_clock(text, timezone)
        naive = _parse_iso(clock.text) or _parse_rfc822(clock.text) or _parse_chinese(clock.text)
        return clock.moment(naive) if naive else None
    except UnknownZoneError:
        raise
    except (ValueError, OverflowError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class _Clock:
    """A date as text, with a clock of 24 hours and without its zone."""

    text: str
    zone: tzinfo | str
    """A fixed offset, or an IANA name."""
    days: int = 0
    """To add: 24:00 is the next day's 0:00."""

    def moment(self, naive: datetime) -> datetime:
        """In UTC."""
        zone = iana_zone(self.zone) if isinstance(self.zone, str) else self.zone
        return (naive.replace(tzinfo=zone) + timedelta(days=self.days)).astimezone(UTC)


def _read_clock(text: str, timezone: str) -> _Clock:
    """Raises UnknownZoneError."""
    text, zone = take_zone(text, timezone)
    text = _TWELVE_HOURS.sub(_in_24_hours, text)
    text, days = _MIDNIGHT.subn(r"00\1", text)
    return _Clock(text.strip(), zone, days)


def _in_24_hours(match: re.Match[str]) -> str:
    hour, is_afternoon = int(match[1]), match[3] in "Pp"
    return f"{hour % 12 + 12 * is_afternoon if hour <= 12 else hour:02}{match[2]}"


def _parse_iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-?\d\d", text):
        return None
    text = re.sub(r"(\d{2}:\d{2}:\d{2})[.,](\d{1,9})", lambda match: f"{match[1]}.{match[2][:6].ljust(6, '0')}", text)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _parse_rfc822(text: str) -> datetime | None:
    if _NO_YEAR.search(text) or re.match(r"\d{4}", text):
        return None
    fields = parsedate_tz(text)
    return datetime(*fields[:6]) if fields else None  # noqa: DTZ001 - the zone was taken out


def _parse_chinese(text: str) -> datetime | None:
    """For example 2024年11月15日 (星期五) 下午3:36; the time of day is optional."""
    day = _CHINESE.search(text)
    if not day:
        return None
    hour = minute = second = 0
    if clock := _CLOCK.match(day[4]):
        hour, minute, second = int(clock[2]), int(clock[3] or 0), int(clock[4] or 0)
        half_day = clock[1] or clock[5]
        if half_day in ("下午", "晚上") and hour < 12:
            hour += 12
        elif half_day in ("上午", "凌晨") and hour == 12:
            hour = 0
    return datetime(int(day[1]), int(day[2]), int(day[3]), hour, minute, second)  # noqa: DTZ001


MAX_OTHER = 2000
"""Different dates of one document that are given to dateparser. Each takes two or three milliseconds."""

_others: ContextVar[set[str] | None] = ContextVar("others", default=None)


@contextmanager
def bounding_dates() -> Iterator[None]:
    """In one document: past MAX_OTHER, dates that only dateparser might know are taken for none."""
    token = _others.set(set())
    try:
        yield
    finally:
        _others.reset(token)


def _is_affordable(text: str) -> bool:
    """Whether dateparser is asked for it. It depends on the document alone: the same one gives the same dates again."""
    if not re.search(r"\d", text) or text == "0" or _is_wrong_day(text):
        return False
    others = _others.get()
    if others is None or text in others:
        return True
    if len(others) >= MAX_OTHER:
        return False
    others.add(text)
    return True


def _is_wrong_day(text: str) -> bool:
    """Whether it is ISO 8601's form of a day that does not exist, such as 2026-02-30: dateparser makes none of it."""
    match = _DAY.match(text)
    if not match:
        return False
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return True
    return False


@lru_cache(maxsize=8192)
def _parse_other(text: str, timezone: str) -> datetime | None:
    """Raises UnknownZoneError."""
    import dateparser  # few dates need it, and its import takes longer than parsing all dates of most feeds

    clock = _read_clock(text, timezone)
    languages = languages_of_date(clock.text)
    if not languages or _NO_YEAR.search(clock.text):
        return None
    try:
        naive = dateparser.parse(
            clock.text,
            languages=list(languages),
            settings={
                "PARSERS": ["absolute-time"],  # "3 hours ago" would be another moment each time it is read
                "REQUIRE_PARTS": ["year", "month", "day"],
            },
        )
        # what it took for a zone, `take_zone` did not: neither is sure
        return clock.moment(naive) if naive and naive.tzinfo is None else None
    except (ValueError, OverflowError, OSError):
        return None


_DATE_LINE = re.compile(
    r"^(?:(?:published|posted|updated|发布时间|發布時間|发布于|时间|日期)\s*[:：]?\s*)?"
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+\d{1,2}\s+[a-z]{3,9}\.?\s+\d{4}"
    r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日)"
    r"[\sT,]*(?:\d{1,2}[:：时]\d{2}(?:[:：分]\d{2})?秒?)?(?:\.\d+)?\s*(?:[a-z]{1,4}|[+-]\d{2}:?\d{2})?$",
    re.IGNORECASE,
)


def is_date_line(text: str) -> bool:
    """Whether the text is a date and nothing else. Mirrors put such a line above an article."""
    return len(text) <= 60 and bool(_DATE_LINE.match(text.strip()))
