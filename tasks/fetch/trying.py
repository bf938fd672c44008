"""Asking once more within a run: for images and pages, of which there are many, and which later runs try again."""

from __future__ import annotations

from typing import Any

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from tasks.errors import TransientFetchError
from tasks.fetch.http import Client, Response

TRIES = 2
"""Attempts for one address in one run."""


async def get_twice(client: Client, address: str, **options: Any) -> Response:
    """As `Client.get`, whose options it takes; a failure that may pass is tried once more. Raises FetchError."""
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(TransientFetchError),
        stop=stop_after_attempt(TRIES),
        wait=wait_random_exponential(multiplier=client.settings.retry_delay, max=30),
        reraise=True,
    )
    response: Response = await retrying(client.get, address, **options)
    return response
