"""Looking up feeds over the network: for `feeds add` and `feeds check`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from tasks.registry.comment_feeds import is_of_comments
from tasks.registry.discovery import COMMON_PATHS, discover, looks_like_feed
from tasks.registry.feed_table import unshared_id
from tasks.registry.feeds_file import add_feeds, read_feeds
from tasks.settings import Settings
from warehouse.masking import mask
from warehouse.records import Document, Feed


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed at or behind an address that somebody gave."""

    url: str
    title: str


async def find(settings: Settings, url: str) -> list[FoundFeed]:
    """The feeds at or behind the address, the best first and those of comments last. Raises FetchError,
    FeedsFileError if there is none."""
    asked = await resolve_for_request(_with_scheme(url))
    async with open_client(settings) as client:
        found = await _find(client, asked)
    # the address as it was given keeps its references; one that a server gave holds none
    given = str(parse_address(asked))
    return [
        replace(feed, url=_with_scheme(url) if feed.url == given else escape_references(feed.url)) for feed in found
    ]


def add(
    settings: Settings,
    url: str,
    chosen: Sequence[FoundFeed],
    *,
    feed_id: str | None,
    name: str | None,
    group: str | None,
    language: str | None,
    timezone: str,
) -> list[Feed]:
    """Write the chosen ones of the feeds found behind `url` to the registry. Raises FeedsFileError."""
    url = _with_scheme(url)
    ids = {feed.id for feed in read_feeds(settings.feeds)} if settings.feeds.exists() else set()
    feeds = []
    for found in chosen:
        feed = Feed(
            id=feed_id or unshared_id(url, name or found.title, ids),
            name=name or found.title or mask(url),
            url=found.url,
            site_url=mask(url) if url != found.url else None,
            language=language,
            timezone=timezone,
            group=group,
        )
        ids.add(feed.id)
        feeds.append(feed)
    add_feeds(settings.feeds, feeds)
    return feeds


def _with_scheme(url: str) -> str:
    return url if "://" in url else f"https://{url}"


async def _find(client: Client, url: str) -> list[FoundFeed]:
    answer = await client.get(url, max_bytes=client.settings.max_feed_bytes, headers={"accept": ACCEPT})
    title = looks_like_feed(answer.body)
    if title is not None:
        return [FoundFeed(answer.url, title)]
    linked = [candidate.url for candidate in discover(answer.body, answer.url)]
    found = [feed for feed in await asyncio.gather(*(_ask(client, address) for address in linked)) if feed]
    for path in () if found else COMMON_PATHS:
        if feed := await _ask(client, urljoin(answer.url, path)):
            found = [feed]
            break
    if not found:
        raise FeedsFileError(
            f"{url}: no feed there, none linked, none at the usual places; give the feed's own address"
        )
    unique: dict[str, FoundFeed] = {}
    for feed in found:
        unique.setdefault(feed.url, feed)
    return sorted(unique.values(), key=lambda feed: is_of_comments(feed.title, feed.url))


async def _ask(client: Client, address: str) -> FoundFeed | None:
    """The feed at the address; None if there is none, as another address may have one."""
    try:
        answer = await client.get(address, max_bytes=client.settings.max_feed_bytes, headers={"accept": ACCEPT})
    except FetchError:
        return None
    title = looks_like_feed(answer.body)
    return None if title is None else FoundFeed(answer.url, title)


async def check(settings: Settings, feeds: Sequence[Feed]) -> list[dict[str, Any]]:
    """Fetch each feed: its number of entries, the newest date, and what is wrong with it if anything is."""
    gate = asyncio.Semaphore(settings.concurrency)

    async def check_one(client: Client, feed: Feed) -> dict[str, Any]:
        async with gate:
            try:
                address = await resolve_for_request(feed.url)
                answer = await client.get(address, max_bytes=settings.max_feed_bytes, headers={"accept": ACCEPT})
            except FetchError as error:
                return {"feed": feed.id, "entries": 0, "newest": None, "problem": str(error)}
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
            milled = await asyncio.to_thread(mill_bytes, answer.body, document, feed)
        dates = [article.published_at for article in milled.articles if article.published_at]
        problem = "; ".join(reject.error for reject in milled.rejects[:1]) or None
        if answer.moved_to:
            problem = problem or f"moved for good to {mask(answer.moved_to)}: change its url"
        elif stated := stated_move(answer.body, address):
            problem = problem or f"states that it has moved to {mask(stated)}: change its url, if the feed is there"
        return {
            "feed": feed.id,
            "entries": len(milled.articles),
            "newest": max(dates, default=None),
            "problem": problem,
        }

    async with open_client(settings) as client:
        return await asyncio.gather(*(check_one(client, feed) for feed in feeds))
