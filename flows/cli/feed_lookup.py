"""Looking up feeds over the network: for `feeds add` and `feeds check`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flows.cli import feed_search
from flows.cli.feed_search import Found, mill_all
from tasks.errors import FetchError
from tasks.fetch.addresses import parse_address
from tasks.fetch.feed import ACCEPTED, CRAWLED
from tasks.fetch.http import Client, open_client, permit_all
from tasks.fetch.moves import stated_move
from tasks.fetch.robots import Robots
from tasks.references import escape_references, resolve_for_request
from tasks.registry.feed_ids import unshared_id
from tasks.registry.feeds_file import add_feeds, read_feeds
from tasks.settings import Settings
from warehouse.filters import Filters
from warehouse.masking import mask
from warehouse.records import Feed, Kind


async def find(settings: Settings, url: str, kind: Kind | None, timezone: str) -> list[Found]:
    """The feeds at or behind the address, the best first and those of comments last, or what stands in place of one.

    Raises FetchError, and FeedsFileError if there is none.
    """
    asked = await resolve_for_request(_with_scheme(url))
    async with open_client(settings) as client:
        found = await feed_search.find(client, asked, kind, timezone)
    # the address as it was given keeps its references; one that a server gave holds none
    given = str(parse_address(asked))
    return [
        replace(feed, url=_with_scheme(url) if feed.url == given else escape_references(feed.url)) for feed in found
    ]


def add(
    settings: Settings,
    url: str,
    chosen: Sequence[Found],
    *,
    feed_id: str | None = None,
    name: str | None = None,
    group: str | None = None,
    language: str | None = None,
    timezone: str = "UTC",
) -> list[Feed]:
    """Write the chosen ones of what was found behind `url` to the registry. Raises FeedsFileError."""
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
            kind=found.kind,
            list=found.rules,
        )
        ids.add(feed.id)
        feeds.append(feed)
    add_feeds(settings.feeds, feeds)
    return feeds


def _with_scheme(url: str) -> str:
    return url if "://" in url else f"https://{url}"


async def check(settings: Settings, feeds: Sequence[Feed], shared_filters: Filters) -> list[dict[str, Any]]:
    """Fetch each feed: its number of entries that its keep and block rules let in, of those that they block, the newest
    date, and what is wrong with it if anything is."""
    gate = asyncio.Semaphore(settings.concurrency)

    async def check_one(client: Client, robots: Robots, feed: Feed) -> dict[str, Any]:
        async with gate:
            try:
                address = await resolve_for_request(feed.url)
                accept = {"accept": ACCEPTED[feed.kind]}
                permit = robots.require if feed.kind in CRAWLED else permit_all
                await permit(address)
                size = settings.max_feed_bytes
                answer = await client.get(address, max_bytes=size, headers=accept, feed=feed.id, permit=permit)
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
        robots = Robots(client, max_hosts=len(feeds) * (1 + settings.max_redirects))
        return await asyncio.gather(*(check_one(client, robots, feed) for feed in feeds))
