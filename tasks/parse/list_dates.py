"""The dates of lists: found in a text, and read where tasks.text.dates does not read them.

Lists write dates shorter than feeds do: without the year (11-28), and with the day apart from the month (a box of 28
above 2026-11).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tasks.text.dates import parse_date

_CLOCK = (
    r"(?:[T\s,]{1,3}(?:\d{1,2}[:：]\d\d(?:[:：]\d\d(?:\.\d{1,9})?)?(?:\s?Z|\s?[+-]\d\d:?\d\d)?|"
    r"\d{1,2}\s?[hH]\s?\d\d))?"
)
_WORD = r"[^\W\d_]{3,12}\.?"
_DATE = re.compile(
    r"(?<![\d./-])(?:"
    rf"\d{{4}}\s?[-/.年년]\s?\d{{1,2}}\s?[-/.月월]\s?\d{{1,2}}[日일]?(?!\d){_CLOCK}"
    rf"|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{4}}(?!\d){_CLOCK}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.|º)?[\s-]{{1,2}}(?:de\s|of\s)?{_WORD}[\s,-]{{1,2}}(?:de\s|del\s)?\d{{4}}(?!\d){_CLOCK}"
    rf"|{_WORD}\s{{1,2}}\d{{1,2}}(?:st|nd|rd|th)?,?\s{{1,2}}\d{{4}}(?!\d){_CLOCK}"
    r"|\d{4}[-/.年]\d{1,2}月?\s+\d{1,2}(?!\d)"
    r"|\d{1,2}\s+\d{4}[-/.年]\d{1,2}月?(?!\d)"
    r"|\d{1,2}\.\s?\d{1,2}\.\s?\d\d(?!\d)"
    r")",
)
_NO_YEAR = re.compile(
    r"\W{0,3}(?P<date>(\d{1,2})\s?[-月월]\s?(\d{1,2})[日일]?|(\d{1,2})/(\d{1,2})|(\d{1,2})\.\s?(\d{1,2})\.)"
    r"(?:\s*\d{1,2}:\d\d(?::\d\d)?)?\W{0,3}"
)
_YEAR_FIRST = re.compile(r"(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})")
_DAY_LAST = re.compile(r"(\d{4})[-/.年](\d{1,2})月?\s+(\d{1,2})$")
_DAY_APART = re.compile(r"(\d{1,2})\s+(\d{4})[-/.年](\d{1,2})月?$")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.]\s?(\d{1,2})[-/.]\s?(\d{4}|\d\d)(?!\d)")
_WITH_ZONE = re.compile(r"\d:\d\d.*(?:[+-]\d\d:?\d\d|[A-Z])$|\dT\d")
_AT = re.compile(r"(\d{1,2})\s?[:：hH]\s?(\d\d)(?:[:：](\d\d))?$")
_AGO = re.compile(
    r"\b(?:an?|one|\d+)\s*(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?|months?|years?)(?:\s+ago)\b|"
    r"\d+\s*(?:秒|分|时|時|小时|小時|天|日|周|週|个?月|年|時間|分钟|分鐘)之?前|(?:今天|昨天|前天|刚刚)\s*(?:\d\d:\d\d)?|"
    r"\b(?:il y a|hace|vor|for|há)\s+\d+\s+\w+|\b(?:today|yesterday|heute|gestern|hier|ayer)\b|"
    r"\d+\s*(?:분|시간|일)\s*전",
    re.IGNORECASE,
)
_AROUND = re.compile(
    r"\b(?:publish(?:ed)?|posted|updated|added|date|on|at|by|am|pm|utc|gmt|uhr|le|am|den|vom|publié|publicado|"
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)\b|"
    r"(?:发布|發布)(?:时间|時間|日期)?|时间|時間|日期|更新|(?:星期|周|週)[一二三四五六日天]|\d{1,2}[:：]\d\d(?:[:：]\d\d)?|公開日?|[（(][月火水木金土日][)）]",
    re.IGNORECASE,
)


def find_date(text: str) -> str:
    """The first date in the text, as it is written; "" if there is none."""
    text = text[:500]
    if match := _DATE.search(text):
        return match[0].strip()
    match = _NO_YEAR.fullmatch(text)
    return match["date"] if match and _month_and_day(match) else ""


def is_only_date(text: str) -> bool:
    """Whether the text says when and nothing else; "3 hours ago" counts, too."""
    if len(text) > 80:
        return False
    if text and _AGO.sub("", text, count=1) != text:
        rest = _AGO.sub("", text, count=1)
    elif date := find_date(text):
        rest = text.replace(date, " ", 1)
    else:
        return False
    return sum(map(str.isalnum, _AROUND.sub(" ", rest))) <= 2


def take_date(text: str) -> tuple[str, str]:
    """(the text without a date at one of its ends, the date); the date is "" if there is none."""
    match = _DATE.search(text)
    if not match:
        return text, ""
    before, after = text[: match.start()].rstrip("[(（【 "), text[match.end() :].lstrip("])）】:： ")
    if before and after:
        return text, ""
    return (before or after).strip(" -–—|·"), match[0].strip()


def moment_of(text: str, *, timezone: str, now: datetime, month_first: bool = False) -> datetime | None:
    """The moment in UTC of a date that `find_date` found; None if it is none. A date without a year is of the last
    twelve months."""

    def read(year: str | int, month: str, day: str, rest: str = "") -> datetime | None:
        clock = _AT.search(rest)
        hour, minute, second = (clock[1], clock[2], clock[3] or "0") if clock else ("0", "0", "0")
        iso = f"{int(year):04}-{int(month):02}-{int(day):02}"
        at = f"{iso} {int(hour):02}:{int(minute):02}:{int(second):02}"
        return parse_date(at, timezone=timezone, now=now) or parse_date(iso, timezone=timezone, now=now)

    if _WITH_ZONE.search(text):
        return parse_date(text, timezone=timezone, now=now)
    if match := _YEAR_FIRST.match(text):
        return read(match[1], match[2], match[3], text[match.end() :])
    if match := _DAY_LAST.match(text):
        return read(match[1], match[2], match[3])
    if match := _DAY_APART.match(text):
        return read(match[2], match[3], match[1])
    if match := _DAY_FIRST.match(text):
        day, month = match[1], match[2]
        if int(month) > 12 or (month_first and "/" in match[0] and int(day) <= 12):
            day, month = month, day
        year = match[3] if len(match[3]) == 4 else f"20{match[3]}"
        return read(year, month, day, text[match.end() :])
    if (match := _NO_YEAR.fullmatch(text)) and (found := _month_and_day(match)):
        month, day = found
        this_year = read(now.astimezone(UTC).year, str(month), str(day))
        is_past = this_year is not None and this_year <= now + timedelta(days=1)
        return this_year if is_past else read(now.astimezone(UTC).year - 1, str(month), str(day))
    return parse_date(text, timezone=timezone, now=now)


def _month_and_day(match: re.Match[str]) -> tuple[int, int] | None:
    """Of a date without a year: the month first with - and 月, as in East Asia, the day first with dots."""
    month, day = (int(group) for group in match.groups()[1:] if group)
    if "." in match[0] or month > 12:
        month, day = day, month
    return (month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None
