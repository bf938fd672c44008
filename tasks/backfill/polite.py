"""Asking a server for history: one request at a time, slowly, and no more when it says stop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

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
from tasks.fetch.http import Client, Response

LONGEST_WAIT = 900.0
"""Seconds; a server that wants to be left alone for longer ends the backfill, which goes on another day."""


class Asker:
    """Not a dataclass: it holds a limiter. One for a whole backfill."""

    def __init__(self, client: Client, *, pause: float, tries: int = 5, delay: float = 2.0) -> None:
        self.client = client
        self.tries = tries
        self.delay = delay
        self.pace = AsyncLimiter(1, pause) if pause else None
        self.requests = 0

    async def get(self, url: str, *, max_bytes: int, headers: Mapping[str, str] | None = None) -> Response:
        """GET at the agreed pace. Time-outs, 5xx, 429 and 503 are tried again; Retry-After is waited for.

        Raises FetchError where the server refuses, or asks to be left alone for longer than LONGEST_WAIT.
        """
        trying = AsyncRetrying(
            retry=retry_if_exception(_is_worth_waiting),
            stop=stop_after_attempt(self.tries),
            wait=self._wait,
            sleep=asyncio.sleep,
            reraise=True,
        )
        return await trying(self._get, url, max_bytes, headers)

    async def _get(self, url: str, max_bytes: int, headers: Mapping[str, str] | None) -> Response:
        if self.pace:
            await self.pace.acquire()
        self.requests += 1
        return await self.client.get(url, max_bytes=max_bytes, headers=headers)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, FetchError) and error.retry_after:
            return error.retry_after
        return (wait_exponential(self.delay, 60) + wait_random(0, self.delay))(state)


def _is_worth_waiting(error: BaseException) -> bool:
    if not isinstance(error, FetchError):
        return False
    asked = error.retry_after or 0
    busy = isinstance(error, TransientFetchError) or error.status == 429 or bool(asked)
    return asked <= LONGEST_WAIT and busy
