"""Dates as feeds write them, to UTC.

Tried in order: epoch numbers, ISO 8601 / RFC 3339, RFC 822 and its relatives, then dateparser for everything else
(Chinese, Japanese, French … forms).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
FUTURE = timedelta(days=1)
"""A date further ahead of the fetch than this is a mistake of the feed's."""

_EPOCH = re.compile(r"^\d{9,10}(\.\d+)?$|^\d{12,13}$")
_CHINESE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日\s*(?:[（(]?(?:星期|周|週).[)）]?)?\s*(.*)$")
_HALF = "上午|下午|凌晨|早上|晚上"
_CLOCK = re.compile(
    rf"^({_HALF})?\s*(\d{{1,2}})\s*[:：时時点點]\s*(\d{{1,2}})?(?:\s*[:：分]\s*(\d{{1,2}}))?\s*[分秒]?\s*({_HALF})?"
)
_PLACE = re.compile(r"\s?(?:\[([A-Z][A-Za-z_]+/[A-Za-z_/]+)\]|\b([A-Z][A-Za-z_]+/[A-Za-z_/]+))$")
_FROM_GREENWICH = re.compile(r"\s*(?:GMT|UTC)\s*([+-])(\d{1,2})(?::?(\d\d))?$", re.IGNORECASE)
# Zone names that RFC 822 parsers don't know; feeds mean these offsets (minutes).
_ZONES = {
    "BST": 60,
    "CET": 60,
    "CEST": 120,
    "EET": 120,
    "EEST": 180,
    "MSK": 180,
    "IST": 330,
    "HKT": 480,
    "SGT": 480,
    "JST": 540,
    "KST": 540,
    "AEST": 600,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
    "WIB": 420,
    "Z": 0,
    "UT": 0,
}
_ZONELESS = re.compile(r"(?:\d:\d\d(?::\d\d)?|(?<![+-])\b\d{4})$")
"""A date that ends in its clock time, or in its year."""
_TAIL_ZONE = re.compile(r"\b([A-Z]{1,4})$")


def parse_date(text: str | None, *, timezone: str = "UTC", now: datetime) -> datetime | None:
    """The moment `text` names, in UTC; `timezone` (IANA) where it names no zone.

    None for what is no date, for the epoch itself (an empty field, as programs write it) and for dates more than a day
    after `now`.
    """
    moment = _parsed(" ".join((text or "").split())[:100], timezone)
    if moment is None or moment < EARLIEST or moment > now + FUTURE or _is_epoch(moment, timezone):
        return None
    return moment


def _is_epoch(moment: datetime, timezone: str) -> bool:
    return moment.timestamp() == 0 or moment.astimezone(_zone(timezone)).replace(tzinfo=UTC).timestamp() == 0


@lru_cache(maxsize=8192)
def _parsed(text: str, timezone: str) -> datetime | None:
    if not text or text.lower() in ("nan", "null", "none", "invalid date", "0"):
        return None
    try:
        if _EPOCH.match(text):
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        # GMT+8 is how JavaScript and people write +0800
        text = _FROM_GREENWICH.sub(lambda zone: f" {zone[1]}{zone[2]:0>2}{zone[3] or '00'}", text)
        if place := _PLACE.search(text):
            text, timezone = text[: place.start()], place[1] or place[2]
        return _iso(text, timezone) or _rfc822(text, timezone) or _chinese(text, timezone) or _other(text, timezone)
    except (ValueError, OverflowError, OSError):
        return None


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _utc(moment: datetime, timezone: str) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=_zone(timezone))).astimezone(UTC)


def _iso(text: str, timezone: str) -> datetime | None:
    if not re.match(r"\d{4}-?\d\d", text):
        return None
    text = re.sub(r"(\d{2}:\d{2}:\d{2})[.,](\d{1,9})", lambda m: f"{m[1]}.{m[2][:6].ljust(6, '0')}", text)
    text = re.sub(r"\s+(Z|UTC|GMT)$", "+00:00", text, flags=re.IGNORECASE)
    text = re.sub(r"\s+([+-]\d{2}:?\d{2})$", r"\1", text)
    try:
        return _utc(datetime.fromisoformat(text), timezone)
    except ValueError:
        return None


def _rfc822(text: str, timezone: str) -> datetime | None:
    if text[:1].isdigit() and re.match(r"\d{4}", text):
        return None
    found = parsedate_tz(text)
    if found is None:
        return None
    naive = datetime(*found[:6])  # noqa: DTZ001 - the zone comes next
    if zone := _TAIL_ZONE.search(text):
        if zone[1] in _ZONES:
            return naive.replace(tzinfo=UTC) - timedelta(minutes=_ZONES[zone[1]])
        if zone[1] in ("AM", "PM"):
            return None
        if zone[1] == "CST" and (here := naive.replace(tzinfo=_zone(timezone))).utcoffset() == timedelta(hours=8):
            return here.astimezone(UTC)  # China's, not Chicago's
    if _ZONELESS.search(text):
        return _utc(naive, timezone)
    # -0000 is UTC at a place that isn't told (RFC 5322 3.3); email.utils gives None for it
    return naive.replace(tzinfo=UTC) - timedelta(seconds=found[9] or 0)


def _chinese(text: str, timezone: str) -> datetime | None:
    """2024年11月15日 (星期五) 下午3:36, the clock optional."""
    day = _CHINESE.search(text)
    if not day:
        return None
    hour = minute = second = 0
    if clock := _CLOCK.match(day[4]):
        hour, minute, second = int(clock[2]), int(clock[3] or 0), int(clock[4] or 0)
        half = clock[1] or clock[5]
        if half in ("下午", "晚上") and hour < 12:
            hour += 12
        elif half in ("上午", "凌晨") and hour == 12:
            hour = 0
    return _utc(datetime(int(day[1]), int(day[2]), int(day[3]), hour, minute, second), timezone)  # noqa: DTZ001


def _other(text: str, timezone: str) -> datetime | None:
    if not re.search(r"\d", text):
        return None
    import dateparser  # takes longer to import than the dates of most feeds to parse, and few need it

    moment = dateparser.parse(
        text,
        settings={
            "TIMEZONE": _zone(timezone).key,
            "RETURN_AS_TIMEZONE_AWARE": True,
            "REQUIRE_PARTS": ["year", "month", "day"],
        },
    )
    return moment.astimezone(UTC) if moment else None


_DATE_LINE = re.compile(
    r"^(?:(?:published|posted|updated|发布时间|發布時間|发布于|时间|日期)\s*[:：]?\s*)?"
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+\d{1,2}\s+[a-z]{3,9}\.?\s+\d{4}"
    r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日)"
    r"[\sT,]*(?:\d{1,2}[:：时]\d{2}(?:[:：分]\d{2})?秒?)?(?:\.\d+)?\s*(?:[a-z]{1,4}|[+-]\d{2}:?\d{2})?$",
    re.IGNORECASE,
)


def is_date_line(text: str) -> bool:
    """Whether the text is a date and nothing else, as mirrors put one above an article."""
    return len(text) <= 60 and bool(_DATE_LINE.match(text.strip()))
