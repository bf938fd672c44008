"""Fetching a feed: a conditional GET, whose bytes are landed before anything reads them, and the feed's next state."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tasks.errors import FetchError
from tasks.fetch.http import Client, Permit, permit_all
from tasks.fetch.moves import follow_move
from tasks.fetch.refusals import REFUSALS, STOP
from tasks.fetch.sitemap_index import ACCEPT as SITEMAP_ACCEPT
from tasks.fetch.sitemap_index import Listed, fetch_listed, is_index
from tasks.fetch.unpacking import request_headers, unpack
from tasks.references import resolve_for_request
from tasks.rhythm import Bounds, freshness, is_due
from warehouse.landing import Landing
from warehouse.masking import mask
from warehouse.records import Document, Feed, FeedState, Fetch, Form, Kind, Milled, Validators

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, application/json;q=0.7, text/xml;q=0.7, */*;q=0.1"
)
ACCEPTED: dict[Kind, str] = {
    "feed": ACCEPT,
    "page": "text/html, application/xhtml+xml, */*;q=0.1",
    "sitemap": SITEMAP_ACCEPT,
    "json": "application/json, */*;q=0.1",
}
_FORMS: dict[Kind, Form] = {"feed": "feed", "page": "list page", "sitemap": "sitemap", "json": "json list"}
CRAWLED: frozenset[Kind] = frozenset(["page"])
"""Robots.txt is asked about these, as about any web page. A feed, a sitemap and an API's list are made for programs."""
BACKOFF = timedelta(minutes=10)
"""How long a feed is left alone after a failure; doubles with each further one."""
LONGEST_BACKOFF = timedelta(days=1)


def state_of(feed: Feed, states: dict[str, FeedState]) -> FeedState:
    """The feed's state from earlier fetches; an empty one if its address in feeds.toml has changed since."""
    state = states.get(feed.id)
    url = mask(feed.url)  # as ops.feeds has it
    return state if state and state.url == url else FeedState(feed.id, url)


def reason_to_wait(state: FeedState, now: datetime, *, due_only: bool = False) -> str | None:
    """Why the feed must not be fetched now, in words; None if it may. With `due_only`, also because it is not due."""
    if state.disabled_reason:
        return f"disabled: {state.disabled_reason}; `newsmill feeds enable {state.feed_id}` undoes it"
    if state.next_fetch_at and state.next_fetch_at > now:
        failures = state.consecutive_failures
        reason = f"after {failures} failure{'s' * (failures > 1)}" if failures else "the server asked for it"
        return f"waits until {state.next_fetch_at:%Y-%m-%d %H:%M} UTC, {reason}; `force` asks now"
    if due_only and not is_due(state, now):
        return f"is due at {state.due_at:%Y-%m-%d %H:%M} UTC: {state.interval_reason}"
    return None


async def fetch(
    feed: Feed, state: FeedState, client: Client, landing: Landing, *, attempt: int = 1, permit: Permit = permit_all
) -> Fetch:
    """Fetch the feed and land its bytes. Raises FetchError, and TransientFetchError if a retry may help.

    `permit` is asked about its address, and about those that it redirects to.
    """
    started_at, clock = datetime.now(UTC), time.monotonic()
    headers = {"accept": ACCEPTED[feed.kind], **request_headers(Validators(state.etag, state.last_modified))}
    moved_to = state.moved_to
    address = moved_to if moved_to else await resolve_for_request(feed.url)
    await permit(address)
    max_bytes = client.settings.max_feed_bytes
    response = await client.get(address, max_bytes=max_bytes, headers=headers, feed=feed.id, permit=permit)
    document: Document | None = None
    listed = Listed()
    new_address = response.moved_to
    if response.status not in (204, 304):  # 204 is an empty answer: there is nothing new
        body = await unpack(response, max_bytes)
        document = await asyncio.to_thread(
            landing.land,
            body,
            feed_id=feed.id,
            url=feed.url,
            final_url=response.url,
            fetched_at=datetime.now(UTC),
            status=response.status,
            headers=response.headers,
            form=form_of(feed, body),
        )
        if document.form == "sitemap index":
            listed = await fetch_listed(body, document, feed, state, client, landing)
        elif feed.kind == "feed":
            new_address = await follow_move(body, response.moved_to or address, client, ACCEPT, feed.id) or new_address
    return Fetch(
        feed_id=feed.id,
        url=mask(feed.url),
        started_at=started_at,
        seconds=time.monotonic() - clock,
        outcome="fetched" if document else "not-modified",
        status=response.status,
        bytes=len(response.body),
        attempts=attempt,
        # an address with a secret in it is not kept: the redirect is followed each time
        moved_to=new_address if new_address and mask(new_address) == new_address else None,
        max_age=freshness(response.headers),
        document=document,
        etag=response.headers.get("etag"),
        last_modified=response.headers.get("last-modified"),
        listed=listed.documents,
        error=listed.problem,
    )


def form_of(feed: Feed, body: bytes) -> Form:
    """What the document of the feed is."""
    return "sitemap index" if feed.kind == "sitemap" and is_index(body) else _FORMS[feed.kind]


def judge_by_content(fetch: Fetch, milled: Sequence[Milled]) -> Fetch:
    """The fetch; failed if nothing of its documents could be read. An answer of 200 with a page of HTML is no success.

    `milled` is what became of the fetch's documents. An index of sitemaps has no entries itself.
    """
    telling = [each for each in milled if each.document.form != "sitemap index"] or milled
    if not telling or not all(each.is_unreadable for each in telling):
        return fetch
    first = telling[0].rejects[0].error
    return replace(fetch, outcome="failed", error=f"{fetch.url}: answered {fetch.status}, but {first}")


def failed_fetch(feed: Feed, error: Exception, *, started_at: datetime, attempts: int = 1) -> Fetch:
    """The record of a fetch that failed."""
    return Fetch(
        feed_id=feed.id,
        url=mask(feed.url),
        started_at=started_at,
        seconds=(datetime.now(UTC) - started_at).total_seconds(),
        outcome="failed",
        status=error.status if isinstance(error, FetchError) else None,
        attempts=attempts,
        error=mask(str(error)) or type(error).__name__,
        retry_after=_seconds_to_wait(error) if isinstance(error, FetchError) else None,
    )


def skipped_fetch(feed: Feed, reason: str) -> Fetch:
    """The record of a feed that was not fetched."""
    return Fetch(feed.id, mask(feed.url), datetime.now(UTC), 0.0, "skipped", error=reason, attempts=0)


def next_state(state: FeedState, fetch: Fetch, bounds: Bounds) -> FeedState:
    """The feed's state after the fetch: when, at which address, and whether to fetch it again.

    When a feed that answered is due again is decided once its articles are loaded; see `tasks.rhythm`.
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
    wait *= random.uniform(0.9, 1.1)  # noqa: S311 - so that feeds that failed together are not retried together
    if fetch.retry_after is not None:
        wait = timedelta(seconds=fetch.retry_after)
    reason = "the server asked for it" if fetch.retry_after else f"{failures} failure{'s' * (failures > 1)} in a row"
    return replace(
        state,
        # the address that a redirect led to may be the one that fails
        moved_to=None if failures >= 3 else state.moved_to,
        consecutive_failures=failures,
        next_fetch_at=fetch.started_at + wait,
        disabled_reason=_reason_to_disable(state, fetch, bounds) or state.disabled_reason,
        due_at=fetch.started_at + wait,
        interval_seconds=wait.total_seconds(),
        interval_reason=reason,
    )


def _reason_to_disable(state: FeedState, fetch: Fetch, bounds: Bounds) -> str | None:
    """Why the feed should never be fetched again; None if it should."""
    if fetch.status == 410:
        return "the server says 410 Gone"
    since, tries = state.missing_since, bounds.missing_tries
    if fetch.status != 404 or not tries or state.missing_count < tries or not since:
        return None
    if fetch.started_at - since < timedelta(days=bounds.missing_days):
        return None
    return f"the server said 404 Not Found {state.missing_count} times in a row, since {since:%Y-%m-%d}"


def _seconds_to_wait(error: FetchError) -> float | None:
    """As the server asks; 0 for an error that is not the server's; None for the usual backoff."""
    return error.retry_after or (STOP if error.status in REFUSALS else error.retry_after)
