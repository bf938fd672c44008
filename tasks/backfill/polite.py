"""Requests for a backfill: one at a time, at a slow pace, and none while the server asks to be left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urljoin

from aiolimiter import AsyncLimiter
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from tasks.errors import FetchError, TransientFetchError
from tasks.fetch.http import Client, Permit, Response, permit_all

LONGEST_WAIT = 900.0
"""Seconds; a server that asks to be left alone for longer ends the backfill, which can continue another day."""


class Asker:
    """Sends all requests of one backfill. Not a dataclass: it holds a limiter."""

    def __init__(self, client: Client, *, pause: float, tries: int = 5, delay: float = 2.0) -> None:
        self.client = client
        self.tries = tries
        self.delay = delay
        self.pace = AsyncLimiter(1, pause) if pause else None
        self._paces: dict[str, AsyncLimiter] = {}
        """The root of a site that wants longer pauses → its pace."""
        self.requests = 0

    async def get(
        self, url: str, *, max_bytes: int, headers: Mapping[str, str] | None = None, permit: Permit = permit_all
    ) -> Response:
        """GET, one request every `pause` seconds. Timeouts, 5xx and 429 are retried, after Retry-After if it is given.

        `permit` is asked about each address that a redirect leads to. Raises FetchError if the server refuses, or asks
        to be left alone for longer than LONGEST_WAIT.
        """
        retrying = AsyncRetrying(
            retry=retry_if_exception(_is_worth_retrying),
            stop=stop_after_attempt(self.tries),
            wait=self._wait,
            sleep=asyncio.sleep,
            reraise=True,
        )
        return await retrying(self._get, url, max_bytes, headers, permit)

    def slow_down(self, address: str, pause: float) -> None:
        """Ask the address's host only once in `pause` seconds, as its robots.txt wants (Crawl-delay)."""
        self._paces[urljoin(address, "/")] = AsyncLimiter(1, pause)

    async def _get(self, url: str, max_bytes: int, headers: Mapping[str, str] | None, permit: Permit) -> Response:
        if self.pace:
            await self.pace.acquire()
        if slower := self._paces.get(urljoin(url, "/")):
            await slower.acquire()
        self.requests += 1
        # 429 without Retry-After: the wait between two tries grows by itself
        return await self.client.get(url, max_bytes=max_bytes, headers=headers, permit=permit, unstated_wait=0)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, FetchError) and error.retry_after:
            return error.retry_after
        return (wait_exponential(self.delay, 60) + wait_random(0, self.delay))(state)


def _is_worth_retrying(error: BaseException) -> bool:
    if not isinstance(error, FetchError):
        return False
    wait = error.retry_after or 0
    is_busy = isinstance(error, TransientFetchError) or error.status == 429 or bool(wait)
    return wait <= LONGEST_WAIT and is_busy
