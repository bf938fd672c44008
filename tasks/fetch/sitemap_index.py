"""Following a sitemap that lists sitemaps: of a site's many, the newest are read.

The index itself is asked for in full each time, as its validators say nothing of the sitemaps that it lists; these are
asked for conditionally, each with the validators of its own last document.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from tasks.errors import FetchError
from tasks.fetch.http import Client
from tasks.fetch.unpacking import request_headers, unpack
from tasks.text import urls
from warehouse.landing import Landing
from warehouse.masking import mask
from warehouse.records import Document, Feed, FeedState, Validators

ACCEPT = "application/xml, text/xml;q=0.9, text/plain;q=0.8, */*;q=0.1"
MAX_LISTED = 3
"""Sitemaps of an index that are read each time."""
_INDEX = re.compile(rb"<(?:[\w.-]+:)?sitemapindex[\s>]", re.IGNORECASE)
_NEWS = re.compile(r"news|nouvelles|noticias|nachrichten|xinwen", re.IGNORECASE)
_NO_ARTICLES = re.compile(
    r"image|video|categor|(?:^|[^a-z])tags?(?:[^a-z]|$)|author|product|gallery|page-sitemap|static", re.IGNORECASE
)
_DATE_IN_NAME = re.compile(r"(?:19|20)\d\d(?:[-_/.]?\d\d){0,2}(?!\d)")


@dataclass(frozen=True, slots=True)
class Listed:
    """What became of the sitemaps that an index lists."""

    documents: tuple[Document, ...] = ()
    problem: str | None = None
    """Why one of them could not be fetched, if others could."""


def is_index(body: bytes) -> bool:
    return bool(_INDEX.search(body[:10_000]))


async def fetch_listed(
    body: bytes, index: Document, feed: Feed, state: FeedState, client: Client, landing: Landing
) -> Listed:
    """Fetch and land those of the newest sitemaps of the index that have changed. Raises FetchError if none answers."""
    addresses = await asyncio.to_thread(listed_sitemaps, body, index.final_url)
    documents: list[Document] = []
    errors: list[FetchError] = []
    for address in addresses:
        try:
            if document := await _fetch_one(address, feed, state, client, landing):
                documents.append(document)
        except FetchError as error:
            errors.append(error)
    if errors and len(errors) == len(addresses):
        raise errors[0]
    return Listed(tuple(documents), str(errors[0]) if errors else None)


def listed_sitemaps(body: bytes, address: str) -> list[str]:
    """The addresses of the sitemaps of an index to read: at most MAX_LISTED, the newest first."""
    from tasks.text.sitemaps import read_sitemap  # usp, which few feeds need

    contents = read_sitemap(body, address)
    listed = {resolved: stated for stated in contents.sitemaps if (resolved := urls.resolve(address, stated))}
    changed = {
        resolved: contents.sitemaps_changed[stated]
        for resolved, stated in listed.items()
        if stated in contents.sitemaps_changed
    }
    return newest(list(listed), changed)[:MAX_LISTED]


def newest(addresses: Sequence[str], changed: Mapping[str, datetime]) -> list[str]:
    """The sitemaps with articles, the newest first: those of news alone if any call themselves so; by their lastmod, or
    the dates in their names; else the last of the list and the first in turn, as sites add new ones at either end."""
    paths = {address: f"{urlsplit(address).path}?{urlsplit(address).query}" for address in addresses}
    of_news = [address for address in addresses if _NEWS.search(paths[address])]
    with_articles = of_news or [address for address in addresses if not _NO_ARTICLES.search(paths[address])]
    candidates = with_articles or list(addresses)
    dates = {address: _DATE_IN_NAME.findall(paths[address])[-1:] for address in candidates}
    if any(address in changed for address in candidates):
        longest_ago = datetime.min.replace(tzinfo=UTC)
        return sorted(candidates, key=lambda address: changed.get(address, longest_ago), reverse=True)
    if any(dates.values()):
        digits = {address: re.sub(r"\D", "", "".join(date)) for address, date in dates.items()}
        return sorted(candidates, key=lambda address: digits[address], reverse=True)
    in_turn = [address for pair in zip(reversed(candidates), candidates, strict=True) for address in pair]
    return list(dict.fromkeys(in_turn))


async def _fetch_one(address: str, feed: Feed, state: FeedState, client: Client, landing: Landing) -> Document | None:
    """The sitemap's document; None if it has not changed."""
    known = state.listed.get(mask(address), Validators())
    max_bytes = client.settings.max_feed_bytes
    headers = {"accept": ACCEPT, **request_headers(known)}
    response = await client.get(address, max_bytes=max_bytes, headers=headers, feed=feed.id)
    if response.status in (204, 304):
        return None
    return await asyncio.to_thread(
        landing.land,
        await unpack(response, max_bytes),
        feed_id=feed.id,
        url=address,
        final_url=response.url,
        fetched_at=datetime.now(UTC),
        status=response.status,
        headers=response.headers,
        form="listed sitemap",
    )
