"""Looking up feeds over the network: for `feeds add` and `feeds check`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from tasks.errors import FeedsFileError, FetchError
from tasks.fetch.addresses import parse_address
from tasks.fetch.feed import ACCEPT
from tasks.fetch.http import Client, open_client
from tasks.fetch.moves import stated_move
from tasks.mill.document import mill_bytes
from tasks.references import escape_references, resolve_for_request
from tasks.registry.discovery import COMMON_PATHS, discover, looks_like_feed
from tasks.registry.feed_table import unshared_id
from tasks.registry.feeds_file import add_feed, read_feeds
from tasks.settings import Settings
from warehouse.filters import Filters
from warehouse.masking import mask
from warehouse.records import Document, Feed


async def add(
    settings: Settings,
    url: str,
    *,
    feed_id: str | None,
    name: str | None,
    group: str | None,
    language: str | None,
    timezone: str,
) -> Feed:
    """Find the feed at or behind `url` and write it to the registry. Raises FetchError, FeedsFileError."""
    url = url if "://" in url else f"https://{url}"
    asked = await resolve_for_request(url)
    async with open_client(settings) as client:
        found, title = await _find(client, asked)
    # the address as it was given keeps its references; one that a server gave holds none
    address = url if found == str(parse_address(asked)) else escape_references(found)
    registry = read_feeds(settings.feeds) if settings.feeds.exists() else []
    feed = Feed(
        id=feed_id or unshared_id(url, name or title, {feed.id for feed in registry}),
        name=name or title or mask(url),
        url=address,
        site_url=mask(url) if url != address else None,
        language=language,
        timezone=timezone,
        group=group,
    )
    add_feed(settings.feeds, feed)
    return feed


async def _find(client: Client, url: str) -> tuple[str, str]:
    """(address, title) of the feed."""
    size = client.settings.max_feed_bytes
    answer = await client.get(url, max_bytes=size, headers={"accept": ACCEPT})
    title = looks_like_feed(answer.body)
    if title is not None:
        return answer.url, title
    linked = [candidate.url for candidate in discover(answer.body, answer.url)]
    usual = [urljoin(answer.url, path) for path in COMMON_PATHS]
    for address in [*linked, *usual]:
        try:
            answer = await client.get(address, max_bytes=size, headers={"accept": ACCEPT})
        except FetchError:
            continue  # the next candidate may be a feed; the error below covers the case that none is
        if (title := looks_like_feed(answer.body)) is not None:
            return answer.url, title
    raise FeedsFileError(f"{url}: no feed there, none linked, none at the usual places; give the feed's own address")


async def check(settings: Settings, feeds: Sequence[Feed], shared_filters: Filters) -> list[dict[str, Any]]:
    """Fetch each feed: its number of entries that its keep and block rules let in, of those that they block, the newest
    date, and what is wrong with it if anything is."""
    gate = asyncio.Semaphore(settings.concurrency)

    async def check_one(client: Client, feed: Feed) -> dict[str, Any]:
        async with gate:
            try:
                address = await resolve_for_request(feed.url)
                size = settings.max_feed_bytes
                answer = await client.get(address, max_bytes=size, headers={"accept": ACCEPT}, feed=feed.id)
            except FetchError as error:
                return {"feed": feed.id, "entries": 0, "blocked": 0, "newest": None, "problem": str(error)}
            document = Document(
                hashlib.sha256(answer.body).hexdigest(),
                feed.id,
                feed.url,
                answer.url,
                datetime.now(UTC),
                answer.status,
                answer.headers,
                len(answer.body),
                "",
            )
            judged = replace(feed, shared_filters=shared_filters)
            milled = await asyncio.to_thread(mill_bytes, answer.body, document, judged)
        dates = [article.published_at for article in milled.articles if article.published_at]
        problem = "; ".join(reject.error for reject in milled.rejects[:1]) or None
        if answer.moved_to:
            problem = problem or f"moved for good to {mask(answer.moved_to)}: change its url"
        elif stated := stated_move(answer.body, address):
            problem = problem or f"states that it has moved to {mask(stated)}: change its url, if the feed is there"
        return {
            "feed": feed.id,
            "entries": len(milled.articles),
            "blocked": len(milled.blocked),
            "newest": max(dates, default=None),
            "problem": problem,
        }

    async with open_client(settings, feeds=feeds) as client:
        return await asyncio.gather(*(check_one(client, feed) for feed in feeds))
