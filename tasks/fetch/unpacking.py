"""What each document that a feed is made of needs: a conditional request, and unpacking what is gzip unannounced."""

from __future__ import annotations

import asyncio

from tasks.errors import FetchError
from tasks.fetch.decoding import GZIP, decode
from tasks.fetch.http import Response
from warehouse.records import Validators


def request_headers(known: Validators) -> dict[str, str]:
    """The headers of a conditional request (RFC 9110 13.1). Some servers send validators that no request can hold."""
    stated = {"if-none-match": known.etag, "if-modified-since": known.last_modified}
    return {name: value for name, value in stated.items() if value and value.isascii() and value.isprintable()}


async def unpack(response: Response, max_bytes: int) -> bytes:
    """The body; unpacked, if it is gzip data that no header announced. Raises FetchError."""
    if not response.body.startswith(GZIP):
        return response.body
    try:
        return await asyncio.to_thread(decode, response.body, "gzip", max_bytes)
    except (OverflowError, ValueError) as error:
        reason = str(error) or f"it is larger than {max_bytes:,} bytes"
        raise FetchError(f"{response.url}: its gzip data can't be unpacked ({reason})") from error
