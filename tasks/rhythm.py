"""When a feed is due: by the rhythm of its articles, by what its server and its document say, within bounds.

Pure: everything here is a function of what it is given. Times without a unit are seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from warehouse.records import FeedState, Fetch, Hints, Rhythm

UNKNOWN = 3600.0
"""Between two requests of a feed whose rhythm is not known yet."""
EARLY = 0.1
"""Part of its interval by which a feed may be asked early. A schedule comes a moment sooner or later each time: what
is due every hour would else be found due by every other hourly run."""
YEAR = 365 * 86_400

HOUR = timedelta(hours=1)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 7 * 86_400, "monthly": 30 * 86_400, "yearly": YEAR}

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|[,\s])no-(?:cache|store)(?=$|[,\s=])", re.IGNORECASE)
_SKIPPED = re.compile(rb"<skip(Hours|Days)>(.{0,1000}?)</skip(?:Hours|Days)>", re.DOTALL)
_HOUR = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>")
_DAY = re.compile(rb"<day>\s*([A-Za-z]{6,9})\s*</day>")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the settings allow."""

    shortest: float = 900.0
    longest: float = 86_400.0
    missing_tries: int = 5
    """Answers of 404 in a row after which a feed is disabled; 0: never."""
    missing_days: float = 3.0
    """Days that have to lie between the first and the last of them."""


def due(state: FeedState, fetch: Fetch, rhythm: Rhythm, bounds: Bounds) -> FeedState:
    """The state with the time at which the feed is due again, after an answer; a failure sets its own."""
    if fetch.outcome in ("failed", "skipped"):
        return state
    kept = fetch.outcome == "not-modified" and fetch.max_age is None  # RFC 9111 4.3.4: what was said before holds
    max_age = state.max_age_seconds if kept else fetch.max_age
    wait, reason = interval(rhythm, max_age, fetch.started_at, bounds)
    at = fetch.started_at + timedelta(seconds=wait)
    allowed = not_skipped(at, rhythm.skip_hours, rhythm.skip_days)
    if allowed != at:
        wait, reason = (allowed - fetch.started_at).total_seconds(), f"{reason}, and its skipHours and skipDays"
    return replace(state, max_age_seconds=max_age, due_at=allowed, interval_seconds=wait, interval_reason=reason)


def is_due(state: FeedState, now: datetime) -> bool:
    """Whether a scheduled run asks the feed."""
    if not state.due_at:
        return True
    return now >= state.due_at - timedelta(seconds=EARLY * (state.interval_seconds or 0))


def interval(rhythm: Rhythm, max_age: float | None, asked_at: datetime, bounds: Bounds) -> tuple[float, str]:
    """(seconds until the feed is worth asking again, why)."""
    wait, reason = _by_articles(rhythm, asked_at)
    # What is said lengthens the wait, but not so far that articles would leave the feed unseen.
    ceiling = max(rhythm.turnover, wait) if rhythm.turnover is not None else None
    for said, where in (
        (max_age, "its Cache-Control or Expires"),
        (rhythm.ttl, "its ttl"),
        (rhythm.update, "its sy:updatePeriod"),
    ):
        if said and said > wait:
            wait, reason = said, f"{where}: {in_words(said)}"
    if ceiling is not None and wait > ceiling:
        wait, reason = ceiling, f"{reason}, but half of its articles are replaced within {in_words(ceiling)}"
    if wait < bounds.shortest:
        return bounds.shortest, f"{reason} (min_interval)"
    longest = max(bounds.longest, bounds.shortest)
    if wait > longest:
        return longest, f"{reason} (max_interval)"
    return wait, reason


def _by_articles(rhythm: Rhythm, now: datetime) -> tuple[float, str]:
    """Half the usual gap; a feed that fell silent is asked ever more rarely."""
    silence = (now - rhythm.newest_at).total_seconds() if rhythm.newest_at else 0.0
    half = rhythm.gap / 2 if rhythm.gap is not None else UNKNOWN
    if silence / 10 > half:
        return silence / 10, f"silent for {in_words(silence)}"
    return half, f"an article every {in_words(rhythm.gap)}" if rhythm.gap is not None else "no rhythm known yet"


def not_skipped(moment: datetime, hours: tuple[int, ...], days: tuple[str, ...]) -> datetime:
    """The moment, or the first one after it at which the feed doesn't say that it need not be asked."""
    hours, days = (() if len(set(hours)) >= 24 else hours), (() if len(set(days)) >= 7 else days)
    while moment.hour in hours or DAYS[moment.weekday()] in days:
        moment = moment.replace(minute=0, second=0, microsecond=0) + HOUR
    return moment


def in_words(seconds: float) -> str:
    for unit, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def fresh_for(headers: Mapping[str, str]) -> float | None:
    """Seconds for which an answer stays fresh (RFC 9111 4.2); None where it doesn't say, or says not at all."""
    control = headers.get("cache-control", "")
    if _NO_CACHE.search(control):
        return None
    if found := _MAX_AGE.search(control):
        lifetime = float(found[1])
    else:
        try:
            expires, date = (parsedate_to_datetime(headers[name]) for name in ("expires", "date"))
            lifetime = (expires - date).total_seconds()
        except (KeyError, ValueError, TypeError, OverflowError):  # "Expires: 0" and the like mean: not at all
            return None
    age = headers.get("age", "")
    lifetime -= int(age) if re.fullmatch(r"[0-9]{1,10}", age) else 0
    return min(lifetime, YEAR) if lifetime > 0 else None


def hints(feed: Mapping[str, Any], data: bytes) -> Hints:
    """What a document says of its own rhythm. `feed` is feedparser's, `data` its bytes: feedparser keeps the last one
    of several hours and days."""
    skipped: dict[bytes, bytes] = {}
    if b"<skip" in data:
        head = data[: data.find(b"<item")]
        skipped = dict(_SKIPPED.findall(head))
    days = {day.decode().capitalize() for day in _DAY.findall(skipped.get(b"Days", b""))}
    return Hints(
        ttl_seconds=_number(feed.get("ttl"), 60),
        update_seconds=_update_period(feed.get("sy_updateperiod"), feed.get("sy_updatefrequency")),
        skip_hours=tuple(sorted({int(hour) % 24 for hour in _HOUR.findall(skipped.get(b"Hours", b""))})),
        skip_days=tuple(day for day in DAYS if day in days),
    )


def _update_period(period: object, frequency: object) -> int | None:
    length = PERIODS.get(str(period).strip().lower())
    return length // (_number(frequency, 1) or 1) or None if length else None


def _number(text: object, unit: int) -> int | None:
    digits = str(text).strip()
    return min(int(digits) * unit, YEAR) or None if re.fullmatch(r"[0-9]{1,9}", digits) else None
