"""Fetching a feed: a conditional GET, its bytes landed before anything reads them, and what to remember of it."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tasks.errors import FetchError
from tasks.fetch.http import Client
from tasks.rhythm import Bounds, fresh_for, is_due
from warehouse.landing import Landing
from warehouse.records import Document, Feed, FeedState, Fetch

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, application/json;q=0.7, text/xml;q=0.7, */*;q=0.1"
)
STOP = 900.0
"""Seconds a feed is left alone that was refused for now, by a server that doesn't say for how long."""
BACKOFF = timedelta(minutes=10)
"""How long a feed that failed is left alone; doubles with each failure."""
LONGEST_BACKOFF = timedelta(days=1)


def state_of(feed: Feed, states: dict[str, FeedState]) -> FeedState:
    """What is remembered of the feed; nothing, where its address in feeds.toml is another now."""
    state = states.get(feed.id)
    return state if state and state.url == feed.url else FeedState(feed.id, feed.url)


def reason_to_wait(state: FeedState, now: datetime, *, due_only: bool = False) -> str | None:
    """Why the feed must not be asked now, in words; None when it may. `due_only` asks none before it is due, either."""
    if state.disabled_reason:
        return f"disabled: {state.disabled_reason}; `newsmill feeds enable {state.feed_id}` undoes it"
    if state.next_fetch_at and state.next_fetch_at > now:
        failures = state.consecutive_failures
        why = f"after {failures} failure{'s' * (failures > 1)}" if failures else "the server asked for it"
        return f"waits until {state.next_fetch_at:%Y-%m-%d %H:%M} UTC, {why}; --force asks now"
    if due_only and not is_due(state, now):
        return f"is due at {state.due_at:%Y-%m-%d %H:%M} UTC: {state.interval_reason}"
    return None


async def fetch(feed: Feed, state: FeedState, client: Client, landing: Landing, *, attempt: int = 1) -> Fetch:
    """Ask for the feed and land what comes. Raises FetchError, and TransientFetchError where asking again may help."""
    started_at, clock = datetime.now(UTC), time.monotonic()
    headers = {"accept": ACCEPT}
    if state.etag:
        headers["if-none-match"] = state.etag
    if state.last_modified:
        headers["if-modified-since"] = state.last_modified
    response = await client.get(state.moved_to or feed.url, max_bytes=client.settings.max_feed_bytes, headers=headers)
    document: Document | None = None
    if response.status != 304:
        document = await asyncio.to_thread(
            landing.land,
            response.body,
            feed_id=feed.id,
            url=feed.url,
            final_url=response.url,
            fetched_at=datetime.now(UTC),
            status=response.status,
            headers=response.headers,
        )
    return Fetch(
        feed_id=feed.id,
        url=feed.url,
        started_at=started_at,
        seconds=time.monotonic() - clock,
        outcome="fetched" if document else "not-modified",
        status=response.status,
        bytes=len(response.body),
        attempts=attempt,
        moved_to=response.moved_to,
        max_age=fresh_for(response.headers),
        document=document,
    )


def failed(feed: Feed, error: Exception, *, started_at: datetime, attempts: int = 1) -> Fetch:
    """The record of a fetch that came to nothing."""
    return Fetch(
        feed_id=feed.id,
        url=feed.url,
        started_at=started_at,
        seconds=(datetime.now(UTC) - started_at).total_seconds(),
        outcome="failed",
        status=error.status if isinstance(error, FetchError) else None,
        attempts=attempts,
        error=str(error) or type(error).__name__,
        retry_after=_time_asked_for(error) if isinstance(error, FetchError) else None,
    )


def skipped(feed: Feed, reason: str) -> Fetch:
    return Fetch(feed.id, feed.url, datetime.now(UTC), 0.0, "skipped", error=reason, attempts=0)


def next_state(state: FeedState, fetch: Fetch, bounds: Bounds) -> FeedState:
    """What to remember after the fetch: when to ask again, whether ever, and where.

    When a feed that answered is due again is said once its articles are loaded; see `tasks.rhythm`.
    """
    if fetch.outcome != "failed":
        return replace(
            state,
            moved_to=fetch.moved_to or state.moved_to,
            consecutive_failures=0,
            next_fetch_at=None,
            missing_count=0,
            missing_since=None,
        )
    failures = state.consecutive_failures + 1
    if fetch.status == 404:
        state = replace(
            state, missing_count=state.missing_count + 1, missing_since=state.missing_since or fetch.started_at
        )
    wait = min(BACKOFF * 2 ** min(failures - 1, 10), LONGEST_BACKOFF)
    wait *= random.uniform(0.9, 1.1)  # noqa: S311 - so that feeds that failed together aren't asked together
    if fetch.retry_after is not None:
        wait = timedelta(seconds=fetch.retry_after)
    asked_for = bool(fetch.retry_after)
    return replace(
        state,
        # the place a redirect pointed to may be what failed
        moved_to=None if failures >= 3 else state.moved_to,
        consecutive_failures=failures,
        next_fetch_at=fetch.started_at + wait,
        disabled_reason=_gone(state, fetch, bounds) or state.disabled_reason,
        due_at=fetch.started_at + wait,
        interval_seconds=wait.total_seconds(),
        interval_reason="the server asked for it"
        if asked_for
        else f"{failures} failure{'s' * (failures > 1)} in a row",
    )


def _gone(state: FeedState, fetch: Fetch, bounds: Bounds) -> str | None:
    """Why the feed is never to be asked again, if so."""
    if fetch.status == 410:
        return "the server says 410 Gone"
    since, tries = state.missing_since, bounds.missing_tries
    if fetch.status != 404 or not tries or state.missing_count < tries or not since:
        return None
    if fetch.started_at - since < timedelta(days=bounds.missing_days):
        return None
    return f"the server said 404 Not Found {state.missing_count} times in a row, since {since:%Y-%m-%d}"


def _time_asked_for(error: FetchError) -> float | None:
    return error.retry_after or (STOP if error.status in (429, 503) else error.retry_after)
