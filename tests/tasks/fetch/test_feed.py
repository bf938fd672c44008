"""Fetching a feed: what is asked, what is landed, and what is remembered for the next time."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.errors import FetchError
from tasks.fetch.feed import BACKOFF, LONGEST_BACKOFF, failed_fetch, fetch, reason_to_wait, skipped_fetch, state_of
from tasks.fetch.feed import next_state as next_state_within
from tasks.fetch.http import open_client
from tasks.rhythm import Bounds
from tasks.settings import Settings
from tests.sites.server import Page, SiteServer
from warehouse.landing import Landing
from warehouse.records import Feed, FeedState, Fetch

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FEED = Feed("quay", "The Quay", "https://quay.example/feed.xml")
STATE = FeedState("quay", FEED.url)
BODY = b"<rss/>"


def next_state(state: FeedState, fetch: Fetch) -> FeedState:
    return next_state_within(state, fetch, Bounds())


def fetched(feed: Feed, state: FeedState, landing: Landing) -> Fetch:
    async def run() -> Fetch:
        async with open_client(Settings(allow_private_addresses=True, timeout=5)) as client:
            return await fetch(feed, state, client, landing)

    return asyncio.run(run())


def test_document_is_landed_with_its_headers(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    modified = datetime(2026, 11, 1, tzinfo=UTC)
    with SiteServer({"/feed": Page(BODY, "application/rss+xml", last_modified=modified)}) as site:
        feed = replace(FEED, url=site.url("/feed"))
        done = fetched(feed, FeedState(feed.id, feed.url), landing)
        assert "if-none-match" not in site.requests[0].headers
        assert "application/rss+xml" in site.requests[0].headers["accept"]
        assert (done.outcome, done.status, done.bytes, done.moved_to) == ("fetched", 200, len(BODY), None)
        assert done.document is not None
        assert landing.pending() == [done.document]
        assert landing.read(done.document) == BODY
        again = FeedState(feed.id, feed.url, done.document.headers["etag"], done.document.headers["last-modified"])
        unchanged = fetched(feed, again, landing)
        assert site.requests[1].headers["if-none-match"] == again.etag
        assert site.requests[1].headers["if-modified-since"] == "Sun, 01 Nov 2026 00:00:00 GMT"
    assert (unchanged.outcome, unchanged.status, unchanged.document) == ("not-modified", 304, None)
    assert len(landing.pending()) == 1


def test_gzip_data_that_no_header_announces_is_unpacked(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    with SiteServer({"/feed": Page(gzip.compress(BODY), "application/x-gzip")}) as site:
        feed = replace(FEED, url=site.url("/feed"))
        done = fetched(feed, FeedState(feed.id, feed.url), landing)
        assert done.document is not None
        assert landing.read(done.document) == BODY
        site.pages["/feed"] = Page(gzip.compress(BODY)[:-8], "application/x-gzip")
        with pytest.raises(FetchError, match="gzip"):
            fetched(feed, FeedState(feed.id, feed.url), landing)


@pytest.mark.parametrize("validator", ['"é"', '"a\r\nx: y"', "\u2028"])
def test_validators_that_no_request_can_hold_are_not_sent(tmp_path: Path, validator: str) -> None:
    """Such a feed could never be fetched again: each request failed before it was sent."""
    with SiteServer({"/feed": Page(BODY, "application/rss+xml")}) as site:
        feed = replace(FEED, url=site.url("/feed"))
        state = FeedState(feed.id, feed.url, etag=validator, last_modified=validator)
        assert fetched(feed, state, Landing(tmp_path)).outcome == "fetched"
        assert "if-none-match" not in site.requests[0].headers


def test_moved_feed_is_fetched_at_its_new_address(tmp_path: Path) -> None:
    with SiteServer({"/new": Page(BODY, "application/rss+xml")}) as site:
        feed = replace(FEED, url=site.url("/old"))
        done = fetched(feed, FeedState(feed.id, feed.url, moved_to=site.url("/new")), Landing(tmp_path))
        assert [request.path for request in site.requests] == ["/new"]
    assert done.url == feed.url
    assert done.document is not None
    assert (done.document.url, done.document.final_url) == (feed.url, site.url("/new"))


def test_state_of_an_old_address_is_not_used() -> None:
    state = FeedState("quay", "https://old.example/", etag='"a"', disabled_reason="gone", consecutive_failures=4)
    assert state_of(FEED, {"quay": state}) == STATE
    assert state_of(FEED, {}) == STATE
    kept = replace(state, url=FEED.url)
    assert state_of(FEED, {"quay": kept}) is kept


def test_reasons_to_wait() -> None:
    later = NOW + timedelta(minutes=5)
    assert reason_to_wait(STATE, NOW) is None
    assert reason_to_wait(replace(STATE, next_fetch_at=NOW), NOW) is None
    waiting = reason_to_wait(replace(STATE, next_fetch_at=later, consecutive_failures=2), NOW)
    assert waiting == "waits until 2026-11-20 12:05 UTC, after 2 failures; `force` asks now"
    asked = reason_to_wait(replace(STATE, next_fetch_at=later), NOW)
    assert asked is not None
    assert "the server asked for it" in asked
    disabled = reason_to_wait(replace(STATE, disabled_reason="the server says 410 Gone"), NOW)
    assert disabled == "disabled: the server says 410 Gone; `newsmill feeds enable quay` undoes it"


def failure(status: int | None = 500, retry_after: float | None = None) -> Fetch:
    return failed_fetch(FEED, FetchError("no", status=status, retry_after=retry_after), started_at=NOW, attempts=3)


def test_failed_fetch_records_the_error() -> None:
    record = failure(429, 60)
    assert (record.outcome, record.status, record.error, record.retry_after) == ("failed", 429, "no", 60)
    assert (record.attempts, record.started_at, record.document) == (3, NOW, None)
    assert failed_fetch(FEED, RuntimeError(), started_at=NOW).error == "RuntimeError", "never an empty reason"


@pytest.mark.parametrize("failures", range(12))
def test_waits_double_up_to_a_day(failures: int) -> None:
    state = next_state(replace(STATE, consecutive_failures=failures), failure())
    assert state.consecutive_failures == failures + 1
    assert state.next_fetch_at is not None
    expected = min(BACKOFF * 2**failures, LONGEST_BACKOFF)
    assert 0.9 * expected <= state.next_fetch_at - NOW <= 1.1 * expected


def test_waits_differ_so_that_feeds_are_not_retried_together() -> None:
    assert len({next_state(STATE, failure()).next_fetch_at for _ in range(20)}) > 1


def test_wait_that_the_server_asks_for_is_kept() -> None:
    assert next_state(STATE, failure(503, 777)).next_fetch_at == NOW + timedelta(seconds=777)
    assert next_state(STATE, failure(None, 0)).next_fetch_at == NOW


def test_gone_feed_is_disabled_and_no_other() -> None:
    assert next_state(STATE, failure(410)).disabled_reason == "the server says 410 Gone"
    assert next_state(STATE, failure(404)).disabled_reason is None


def test_feed_that_is_missing_for_days_is_disabled() -> None:
    missing = failure(404)
    state = STATE
    for day in range(5):
        assert state.disabled_reason is None
        state = next_state(state, replace(missing, started_at=NOW + timedelta(days=day)))
    assert state.disabled_reason == "the server said 404 Not Found 5 times in a row, since 2026-11-20"


def test_feed_that_is_missing_for_an_hour_or_now_and_then_is_fetched_again() -> None:
    state = STATE
    for minute in range(40):
        state = next_state(state, replace(failure(404), started_at=NOW + timedelta(minutes=minute)))
    assert (state.missing_count, state.disabled_reason) == (40, None), "not for days"
    state = STATE
    for day in range(20):
        at = NOW + timedelta(days=day)
        state = next_state(state, replace(failure(404), started_at=at))
        if day % 4 == 3:
            state = next_state(state, Fetch("quay", FEED.url, at, 0.1, "not-modified", status=304))
        assert state.disabled_reason is None, "it came back"
    assert (state.missing_count, state.missing_since) == (0, None)


def test_other_failures_neither_count_as_missing_nor_forget_it() -> None:
    state = next_state(STATE, failure(404))
    state = next_state(state, replace(failure(500), started_at=NOW + timedelta(days=9)))
    assert (state.missing_count, state.missing_since, state.disabled_reason) == (1, NOW, None)


def test_missing_feed_is_not_disabled_if_the_settings_say_so() -> None:
    state = STATE
    for day in range(30):
        late = replace(failure(404), started_at=NOW + timedelta(days=day))
        state = next_state_within(state, late, Bounds(missing_tries=0))
    assert state.disabled_reason is None


def test_disabled_feed_stays_disabled_when_it_is_fetched_anyway() -> None:
    disabled = replace(STATE, disabled_reason="the server says 410 Gone")
    assert next_state(disabled, failure(500)).disabled_reason == "the server says 410 Gone"


def test_failed_feed_has_a_due_time_and_a_reason() -> None:
    second = next_state(replace(STATE, consecutive_failures=1), failure())
    assert (second.due_at, second.interval_reason) == (second.next_fetch_at, "2 failures in a row")
    asked = next_state(STATE, failure(503, 777))
    assert (asked.interval_seconds, asked.interval_reason) == (777, "the server asked for it")


def test_scheduled_run_waits_until_a_feed_is_due() -> None:
    state = replace(STATE, due_at=NOW + timedelta(hours=1), interval_seconds=7200, interval_reason="its ttl: 2 h")
    assert reason_to_wait(state, NOW) is None, "by hand it may be asked"
    assert reason_to_wait(state, NOW, due_only=True) == "is due at 2026-11-20 13:00 UTC: its ttl: 2 h"
    assert reason_to_wait(state, NOW + timedelta(minutes=50), due_only=True) is None, "a tenth of the interval early"
    assert reason_to_wait(STATE, NOW, due_only=True) is None


def test_success_forgets_failures_and_keeps_the_new_address() -> None:
    state = replace(STATE, consecutive_failures=5, next_fetch_at=NOW, moved_to="https://new.example/")
    success = Fetch("quay", FEED.url, NOW, 0.1, "not-modified", status=304)
    after = next_state(state, success)
    assert (after.consecutive_failures, after.next_fetch_at) == (0, None)
    assert after.moved_to == "https://new.example/"
    assert next_state(STATE, replace(success, moved_to="https://b.example/")).moved_to == "https://b.example/"


def test_new_address_is_forgotten_after_three_failures() -> None:
    state = replace(STATE, moved_to="https://new.example/", consecutive_failures=1)
    second = next_state(state, failure())
    assert second.moved_to == "https://new.example/"
    assert next_state(second, failure()).moved_to is None


def test_skipped_feed_says_why() -> None:
    record = skipped_fetch(FEED, "waits")
    assert (record.outcome, record.error, record.attempts) == ("skipped", "waits", 0)
