"""Parsing the dates of feeds and pages, to UTC. `tasks.parse.entry.entry_date` reads an entry's with it.

Formats in the order they are tried: seconds or milliseconds since the epoch, ISO 8601 and RFC 3339, RFC 822 and
similar, Chinese dates, then dateparser for everything else (Japanese, French …).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_tz
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tasks.text.date_languages import languages_of_date

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
_ZONE_NAME = re.compile(r"\s?(?:\[([A-Z][A-Za-z_]+/[A-Za-z_/]+)\]|\b([A-Z][A-Za-z_]+/[A-Za-z_/]+))$")
_GMT_OFFSET = re.compile(r"\s*(?:GMT|UTC)\s*([+-])(\d{1,2})(?::?(\d\d))?$", re.IGNORECASE)
_ZONES = dict(
    [
        *(("Z", 0), ("UT", 0), ("BST", 60), ("CET", 60), ("CEST", 120), ("EET", 120), ("EEST", 180), ("MSK", 180)),
        *(("IST", 330), ("WIB", 420), ("HKT", 480), ("SGT", 480), ("JST", 540), ("KST", 540)),
        *(("AEST", 600), ("AEDT", 660), ("NZST", 720), ("NZDT", 780)),
    ]
)
"""Zone abbreviations that email.utils does not know, with the offset in minutes that feeds mean by them."""
_WITHOUT_ZONE = re.compile(r"(?:\d:\d\d(?::\d\d)?|(?<![+-])\b\d{4})$")
"""A date that ends with its time of day or its year, so that no zone follows."""
_ZONE_ABBREVIATION = re.compile(r"\b([A-Z]{1,4})$")


def parse_date(text: str | None, *, timezone: str = "UTC", now: datetime) -> datetime | None:
    """The moment in UTC; `timezone` (IANA name) applies if the text names no zone.

    None if the text is not a date, is the epoch itself (programs write an empty field that way) or lies more than a day
    after `now`.
    """
    text = " ".join((text or "").split())[:100]
    moment = _parse(text, timezone) or (_parse_other(text, timezone) if _is_affordable(text) else None)
    if moment is None or moment < EARLIEST or moment > now + FUTURE or _is_epoch(moment, timezone):
        return None
    return moment


def _is_epoch(moment: datetime, timezone: str) -> bool:
    return moment.timestamp() == 0 or moment.astimezone(_zone(timezone)).replace(tzinfo=UTC).timestamp() == 0


@lru_cache(maxsize=8192)
def _parse(text: str, timezone: str) -> datetime | None:
    if not text or text.lower() in ("nan", "null", "none", "invalid date", "0"):
        return None
    try:
        if _EPOCH.match(text):
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        text = _GMT_OFFSET.sub(_numeric_offset, text)
        if zone_name := _ZONE_NAME.search(text):
            text, timezone = text[: zone_name.start()], zone_name[1] or zone_name[2]
        return _parse_iso(text, timezone) or _parse_rfc822(text, timezone) or _parse_chinese(text, timezone)
    except (ValueError, OverflowError, OSError):
        return None


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _to_utc(moment: datetime, timezone: str) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=_zone(timezone))).astimezone(UTC)


def _parse_iso(text: str, timezone: str) -> datetime | None:
    if not re.match(r"\d{4}-?\d\d", text):
        return None
    text = re.sub(r"(\d{2}:\d{2}:\d{2})[.,](\d{1,9})", lambda match: f"{match[1]}.{match[2][:6].ljust(6, '0')}", text)
    text = re.sub(r"\s+(Z|UTC|GMT)$", "+00:00", text, flags=re.IGNORECASE)
    text = re.sub(r"\s+([+-]\d{2}:?\d{2})$", r"\1", text)
    try:
        return _to_utc(datetime.fromisoformat(text), timezone)
    except ValueError:
        return None


def _parse_rfc822(text: str, timezone: str) -> datetime | None:
    if text[:1].isdigit() and re.match(r"\d{4}", text):
        return None
    fields = parsedate_tz(text)
    if fields is None:
        return None
    naive = datetime(*fields[:6])  # noqa: DTZ001 - the zone comes next
    if zone := _ZONE_ABBREVIATION.search(text):
        if zone[1] in _ZONES:
            return naive.replace(tzinfo=UTC) - timedelta(minutes=_ZONES[zone[1]])
        if zone[1] in ("AM", "PM"):
            return None
        if zone[1] == "CST" and (local := naive.replace(tzinfo=_zone(timezone))).utcoffset() == timedelta(hours=8):
            return local.astimezone(UTC)  # China Standard Time, not Central Standard Time
    if _WITHOUT_ZONE.search(text):
        return _to_utc(naive, timezone)
    # email.utils gives None for -0000, which is UTC (RFC 5322 3.3)
    return naive.replace(tzinfo=UTC) - timedelta(seconds=fields[9] or 0)


def _parse_chinese(text: str, timezone: str) -> datetime | None:
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
    return _to_utc(datetime(int(day[1]), int(day[2]), int(day[3]), hour, minute, second), timezone)  # noqa: DTZ001


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
    import dateparser  # few dates need it, and its import takes longer than parsing all dates of most feeds

    if zone_name := _ZONE_NAME.search(text):
        text, timezone = text[: zone_name.start()], zone_name[1] or zone_name[2]
    languages = languages_of_date(text)
    if not languages:
        return None
    try:
        moment = dateparser.parse(
            _GMT_OFFSET.sub(_numeric_offset, text),
            languages=list(languages),
            settings={
                "PARSERS": ["absolute-time"],  # "3 hours ago" would be another moment each time it is read
                "TIMEZONE": _zone(timezone).key,
                "RETURN_AS_TIMEZONE_AWARE": True,
                "REQUIRE_PARTS": ["year", "month", "day"],
            },
        )
        return moment.astimezone(UTC) if moment else None
    except (ValueError, OverflowError, OSError):
        return None


def _numeric_offset(match: re.Match[str]) -> str:
    """+0800 for GMT+8, as JavaScript and people write it."""
    return f" {match[1]}{match[2]:0>2}{match[3] or '00'}"


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
