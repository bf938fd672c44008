"""When a feed is due: by how often it publishes, and by what its server and its document ask for, within bounds.

Pure functions, without input or output. Times without a unit are seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warehouse.feed_descriptions import Hints, Rhythm

if TYPE_CHECKING:
    from warehouse.records import FeedState, Fetch

UNKNOWN = 3600.0
"""The time between two requests of a feed whose rhythm is not known yet."""
EARLY = 0.1
"""The part of its interval by which a feed may be asked early. Scheduled runs start a moment sooner or later each time;
without this, a feed that is due every hour would be asked by every other hourly run only."""
YEAR = 365 * 86_400

HOUR = timedelta(hours=1)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 7 * 86_400, "monthly": 30 * 86_400, "yearly": YEAR}

PERIOD = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)\s*([smhdw])")
"""A length of time as settings write it: 30m, 6h, 7d."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|[,\s])no-(?:cache|store)(?=$|[,\s=])", re.IGNORECASE)
_SKIP_ELEMENT = re.compile(rb"<skip(Hours|Days)>(.{0,1000}?)</skip(?:Hours|Days)>", re.DOTALL)
_HOUR = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>")
_DAY = re.compile(rb"<day>\s*([A-Za-z]{6,9})\s*</day>")


def period(text: str) -> float:
    """The seconds of a length of time such as 30m, 6h or 7d. Raises ValueError."""
    match = PERIOD.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no length of time; write 30m, 6h or 7d, for example")
    return float(match[1]) * _UNITS[match[2]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The settings' limits on intervals, and when a missing feed is disabled."""

    shortest: float = 900.0
    longest: float = 86_400.0
    missing_tries: int = 5
    """Answers of 404 in a row after which a feed is disabled; 0: never."""
    missing_days: float = 3.0
    """Days that must lie between the first and the last of these answers."""


def schedule(state: FeedState, fetch: Fetch, rhythm: Rhythm, bounds: Bounds) -> FeedState:
    """The state with the time at which the feed is due again. After a failed or skipped fetch, the state as it is: it
    has the time of the next try already."""
    if fetch.outcome in ("failed", "skipped"):
        return state
    # RFC 9111 4.3.4: a 304 without Cache-Control leaves the stored one in force
    keeps_max_age = fetch.outcome == "not-modified" and fetch.max_age is None
    max_age = state.max_age_seconds if keeps_max_age else fetch.max_age
    wait, reason = interval(rhythm, max_age, fetch.started_at, bounds)
    due_at = fetch.started_at + timedelta(seconds=wait)
    allowed_at = next_allowed(due_at, rhythm.skip_hours, rhythm.skip_days)
    if allowed_at != due_at:
        wait, reason = (allowed_at - fetch.started_at).total_seconds(), f"{reason}, and its skipHours and skipDays"
    return replace(state, max_age_seconds=max_age, due_at=allowed_at, interval_seconds=wait, interval_reason=reason)


def is_due(state: FeedState, now: datetime) -> bool:
    """Whether a scheduled run asks the feed."""
    if not state.due_at:
        return True
    return now >= state.due_at - timedelta(seconds=EARLY * (state.interval_seconds or 0))


def interval(rhythm: Rhythm, max_age: float | None, asked_at: datetime, bounds: Bounds) -> tuple[float, str]:
    """(seconds from `asked_at` until the feed is asked again, the reason in words)."""
    wait, reason = _interval_by_articles(rhythm, asked_at)
    # What the feed asks for lengthens the wait, but not so far that articles could come and go unseen.
    ceiling = max(rhythm.turnover, wait) if rhythm.turnover is not None else None
    for minimum, source in (
        (max_age, "its Cache-Control or Expires"),
        (rhythm.ttl, "its ttl"),
        (rhythm.update, "its sy:updatePeriod"),
    ):
        if minimum and minimum > wait:
            wait, reason = minimum, f"{source}: {in_words(minimum)}"
    if ceiling is not None and wait > ceiling:
        wait, reason = ceiling, f"{reason}, but half of its articles are replaced within {in_words(ceiling)}"
    if wait < bounds.shortest:
        return bounds.shortest, f"{reason} (min_interval)"
    longest = max(bounds.longest, bounds.shortest)
    if wait > longest:
        return longest, f"{reason} (max_interval)"
    return wait, reason


def _interval_by_articles(rhythm: Rhythm, now: datetime) -> tuple[float, str]:
    """Half the usual gap between articles; a tenth of its silence for a feed that has fallen silent."""
    silence = (now - rhythm.newest_at).total_seconds() if rhythm.newest_at else 0.0
    half = rhythm.gap / 2 if rhythm.gap is not None else UNKNOWN
    if silence / 10 > half:
        return silence / 10, f"silent for {in_words(silence)}"
    return half, f"an article every {in_words(rhythm.gap)}" if rhythm.gap is not None else "no rhythm known yet"


def next_allowed(moment: datetime, hours: tuple[int, ...], days: tuple[str, ...]) -> datetime:
    """The first time from `moment` on that is not in the feed's skipHours or skipDays. All of them count as none."""
    hours, days = (() if len(set(hours)) >= 24 else hours), (() if len(set(days)) >= 7 else days)
    while moment.hour in hours or DAYS[moment.weekday()] in days:
        moment = moment.replace(minute=0, second=0, microsecond=0) + HOUR
    return moment


def in_words(seconds: float) -> str:
    """Such as "90 min" or "3 days". Not humanize's "an hour": the text is stored in ops.feeds.interval_reason."""
    for unit, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def freshness(headers: Mapping[str, str]) -> float | None:
    """Seconds for which an answer stays fresh (RFC 9111 4.2); None if it doesn't state any or must not be cached."""
    control = headers.get("cache-control", "")
    if _NO_CACHE.search(control):
        return None
    if match := _MAX_AGE.search(control):
        lifetime = float(match[1])
    else:
        from email.utils import parsedate_to_datetime  # brings sockets, and `newsmill feeds list` needs only `period`

        try:
            expires, date = (parsedate_to_datetime(headers[name]) for name in ("expires", "date"))
            lifetime = (expires - date).total_seconds()
        except (KeyError, ValueError, TypeError, OverflowError):  # such as "Expires: 0", which means: not at all
            return None
    age = headers.get("age", "")
    lifetime -= int(age) if re.fullmatch(r"[0-9]{1,10}", age) else 0
    return min(lifetime, YEAR) if lifetime > 0 else None


def read_hints(feed: Mapping[str, Any], data: bytes) -> Hints:
    """What a document states of when to ask for it: ttl, sy:updatePeriod, skipHours and skipDays.

    `feed` is feedparser's result. skipHours and skipDays are read from the bytes, as feedparser keeps only the last
    hour and the last day.
    """
    skips: dict[bytes, bytes] = {}
    if b"<skip" in data:
        head = data[: data.find(b"<item")]
        skips = dict(_SKIP_ELEMENT.findall(head))
    days = {day.decode().capitalize() for day in _DAY.findall(skips.get(b"Days", b""))}
    return Hints(
        ttl_seconds=_number(feed.get("ttl"), 60),
        update_seconds=_update_period(feed.get("sy_updateperiod"), feed.get("sy_updatefrequency")),
        skip_hours=tuple(sorted({int(hour) % 24 for hour in _HOUR.findall(skips.get(b"Hours", b""))})),
        skip_days=tuple(day for day in DAYS if day in days),
    )


def _update_period(period: object, frequency: object) -> int | None:
    length = PERIODS.get(str(period).strip().lower())
    return length // (_number(frequency, 1) or 1) or None if length else None


def _number(text: object, unit: int) -> int | None:
    digits = str(text).strip()
    return min(int(digits) * unit, YEAR) or None if re.fullmatch(r"[0-9]{1,9}", digits) else None
