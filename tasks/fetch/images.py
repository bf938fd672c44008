"""Fetching images: from the origin, else from the proxy. They are stored under the hash of their content."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from tasks.errors import FetchError, HostRefusedError, ImageError, PageError
from tasks.fetch.http import Client
from tasks.fetch.trying import get_twice
from warehouse.landing import write_durably
from warehouse.masking import mask
from warehouse.records import Image, PendingImage

NEEDS_REFERER = frozenset([400, 401, 403, 406])
"""Answers of hosts that give their images only to pages of their own (nginx' `valid_referers` answers 403)."""


async def fetch_image(pending: PendingImage, client: Client, store: Path) -> Image | None:
    """Fetch one image and store it. A failure becomes a record; only a full disk raises.

    None if it was not asked for, as its host asked to be left alone: it stays as it is.
    """
    errors: list[str] = []
    for address in filter(None, (pending.url, pending.proxy_url)):
        # WeChat's host answers without a Referer, and a Referer of any other site gets a picture that says "no"
        article = pending.article_url if address == pending.url else None
        for referring in (None, article) if article else (None,):
            error = ""
            try:
                body = await _ask(address, client, referring, pending.feed_id)
                return await asyncio.to_thread(_store, pending, body, store, client.settings.max_image_pixels)
            except HostRefusedError:
                break
            except FetchError as failure:
                error, may_need_referer = str(failure), failure.status in NEEDS_REFERER
            except ImageError as failure:
                error, may_need_referer = f"{mask(address)}: {failure}", isinstance(failure, PageError)
            if not may_need_referer:
                break
        if error:
            errors.append(error)
    if not errors:
        return None
    return Image(
        image_id=pending.image_id,
        status="failed",
        attempts=pending.attempts + 1,
        fetched_at=datetime.now(UTC),
        error="; ".join(errors),
    )


async def _ask(address: str, client: Client, article: str | None, feed: str | None) -> bytes:
    """The answer's body; `article` is the address that the Referer is made of, `feed` the feed of that article. Raises
    FetchError."""
    response = await get_twice(
        client,
        address,
        max_bytes=client.settings.max_image_bytes,
        headers={"accept": "image/*"},
        article=article,
        feed=feed,
    )
    return response.body


def _store(pending: PendingImage, data: bytes, store: Path, max_pixels: int) -> Image:
    from tasks.fetch.image_file import inspect_image

    facts = inspect_image(data, max_pixels=max_pixels)
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"{sha256[:2]}/{sha256[2:4]}/{sha256}.{facts.suffix}"
    if (store / path).exists():
        (store / path).touch()  # so that `maintain` does not remove it as old and unused: a row is about to name it
    else:
        write_durably(store / path, data)
    return Image(
        image_id=pending.image_id,
        status="stored",
        attempts=pending.attempts + 1,
        fetched_at=datetime.now(UTC),
        media_type=facts.media_type,
        width=facts.width,
        height=facts.height,
        bytes=len(data),
        sha256=sha256,
        path=path,
    )
