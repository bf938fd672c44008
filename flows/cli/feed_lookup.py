"""Looking up feeds over the network: for `feeds add` and `feeds check`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flows.cli.feed_search import Found, find, mill_all
from tasks.errors import FetchError
from tasks.fetch.addresses import parse_address
from tasks.fetch.feed import ACCEPTED
from tasks.fetch.http import Client, open_client
from tasks.fetch.moves import stated_move
from tasks.references import escape_references, resolve_for_request
from tasks.registry.feed_table import unshared_id
from tasks.registry.feeds_file import add_feed, read_feeds
from tasks.settings import Settings
from warehouse.filters import Filters
from warehouse.masking import mask
from warehouse.records import Feed, Kind


async def add(
    settings: Settings,
    url: str,
    *,
    feed_id: str | None,
    name: str | None,
    group: str | None,
    language: str | None,
    timezone: str,
    kind: Kind | None = None,
) -> tuple[Feed, Found]:
    """Find the feed at or behind `url`, or what stands in place of one, and write it to the registry.

    Raises FetchError, FeedsFileError.
    """
    url = url if "://" in url else f"https://{url}"
    asked = await resolve_for_request(url)
    async with open_client(settings) as client:
        found = await find(client, asked, kind, timezone)
    # the address as it was given keeps its references; one that a server gave holds none
    address = url if found.url == str(parse_address(asked)) else escape_references(found.url)
    registry = read_feeds(settings.feeds) if settings.feeds.exists() else []
    feed = Feed(
        id=feed_id or unshared_id(url, name or found.title, {feed.id for feed in registry}),
        name=name or found.title or mask(url),
        url=address,
        site_url=mask(url) if url != address else None,
        language=language,
        timezone=timezone,
        group=group,
        kind=found.kind,
        list=found.rules,
    )
    add_feed(settings.feeds, feed)
    return feed, found


async def check(settings: Settings, feeds: Sequence[Feed], shared_filters: Filters) -> list[dict[str, Any]]:
    """Fetch each feed: its number of entries that its keep and block rules let in, of those that they block, the newest
    date, and what is wrong with it if anything is."""
    gate = asyncio.Semaphore(settings.concurrency)

    async def check_one(client: Client, feed: Feed) -> dict[str, Any]:
        async with gate:
            try:
                address = await resolve_for_request(feed.url)
                accept = {"accept": ACCEPTED[feed.kind]}
                answer = await client.get(address, max_bytes=settings.max_feed_bytes, headers=accept, feed=feed.id)
                milled = await mill_all(client, answer, replace(feed, shared_filters=shared_filters))
            except FetchError as error:
                return {"feed": feed.id, "entries": 0, "blocked": 0, "newest": None, "problem": str(error)}
        articles = [article for each in milled for article in each.articles]
        dates = [article.published_at for article in articles if article.published_at]
        problem = next((reject.error for each in milled for reject in each.rejects), None)
        if answer.moved_to:
            problem = problem or f"moved for good to {mask(answer.moved_to)}: change its url"
        elif feed.kind == "feed" and (stated := stated_move(answer.body, address)):
            problem = problem or f"states that it has moved to {mask(stated)}: change its url, if the feed is there"
        return {
            "feed": feed.id,
            "entries": len(articles),
            "blocked": sum(len(each.blocked) for each in milled),
            "newest": max(dates, default=None),
            "problem": problem,
        }

    async with open_client(settings, feeds=feeds) as client:
        return await asyncio.gather(*(check_one(client, feed) for feed in feeds))
