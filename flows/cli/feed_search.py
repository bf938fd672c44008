"""What is at an address that may be a feed's: a feed, or what a site without one has in its place."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from tasks.backfill.sitemap import COMMON_PATHS as SITEMAP_PATHS
from tasks.errors import FeedsFileError, FetchError, ParseError
from tasks.fetch.feed import ACCEPTED, form_of
from tasks.fetch.http import Client, Response
from tasks.fetch.robots import MAX_ROBOTS, Rules
from tasks.fetch.sitemap_index import is_index, listed_sitemaps
from tasks.fetch.unpacking import unpack
from tasks.mill.document import mill_bytes
from tasks.parse.json_guess import guess_list
from tasks.parse.json_list import read_json
from tasks.parse.list_page import where_found
from tasks.registry.comment_feeds import is_of_comments
from tasks.registry.discovery import COMMON_PATHS, discover, looks_like_feed
from tasks.text import urls
from tasks.text.sitemaps import read_sitemap
from warehouse.records import Document, Entry, Feed, Form, Kind, ListRules, Milled

NEWS_PATHS = ("/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_news.xml", "/googlenews.xml", "/wp-sitemap.xml")
MAX_SITEMAPS = 15
"""Addresses that are asked for a sitemap."""


BY_ITSELF = ListRules()
"""newsmill finds the articles of a list without being told where they are."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is at an address, and what can be read of it."""

    url: str
    title: str
    kind: Kind = "feed"
    rules: ListRules = BY_ITSELF
    entries: tuple[Entry, ...] = ()
    """What it lists; empty for a feed, which is not looked into."""
    says: str = ""
    """What it is, in a sentence; empty for a feed."""


async def find(client: Client, url: str, kind: Kind | None, timezone: str) -> list[Found]:
    """The feeds at or behind the address, the best first and those of comments last; without one, what stands in its
    place. With a `kind`, only that.

    Raises FetchError, and FeedsFileError if there is nothing of the kind.
    """
    answer = await _get(client, url, kind or "feed")
    search = _Search(client, answer, timezone)
    if kind in (None, "feed") and (feeds := await search.feeds()):
        return feeds
    if kind == "feed":
        raise FeedsFileError(
            f"{url}: no feed there, none linked, none at the usual places; give the feed's own address"
        )
    if kind == "json" or (kind is None and answer.body.lstrip()[:1] in (b"{", b"[")):
        return [search.json_list()]
    if kind == "sitemap" or (kind is None and search.is_sitemap()):
        if found := await search.sitemap():
            return [found]
        raise FeedsFileError(f"{url}: no sitemap there, none in robots.txt, none at the usual places")
    if kind == "page":
        page = await search.list_page()
        if isinstance(page, str):
            raise FeedsFileError(f"{url}: {page}")
        return [page]
    return [await search.in_place_of_a_feed()]


async def _get(client: Client, url: str, kind: Kind) -> Response:
    size = client.settings.max_feed_bytes
    answer = await client.get(url, max_bytes=size, headers={"accept": ACCEPTED[kind]})
    return replace(answer, body=await unpack(answer, size))


def _document(answer: Response, feed: Feed, form: Form) -> Document:
    """As an ingest would land it."""
    digest = hashlib.sha256(answer.body).hexdigest()
    now, size = datetime.now(UTC), len(answer.body)
    return Document(digest, feed.id, feed.url, answer.url, now, answer.status, answer.headers, size, "", form=form)


def mill(answer: Response, feed: Feed, form: Form) -> Milled:
    """What the answer holds, as an ingest would read it."""
    return mill_bytes(answer.body, _document(answer, feed, form), feed)


async def mill_all(client: Client, answer: Response, feed: Feed) -> list[Milled]:
    """What the answer holds; for an index of sitemaps, what these hold. Raises FetchError if one can't be fetched."""
    if not (feed.kind == "sitemap" and is_index(answer.body)):
        return [await asyncio.to_thread(mill, answer, feed, form_of(feed, answer.body))]
    addresses = await asyncio.to_thread(listed_sitemaps, answer.body, answer.url)
    answers = [await _get(client, address, "sitemap") for address in addresses]
    return [await asyncio.to_thread(mill, each, feed, "listed sitemap") for each in answers]


@dataclass(frozen=True, slots=True)
class _Search:
    client: Client
    answer: Response
    """The answer of the address that was given."""
    timezone: str

    async def feeds(self) -> list[Found]:
        """All that the page links, or the first at the usual places."""
        title = looks_like_feed(self.answer.body)
        if title is not None:
            return [Found(self.answer.url, title)]
        if self.is_sitemap():
            return []
        linked = [candidate.url for candidate in discover(self.answer.body, self.answer.url)]
        found: dict[str, Found] = {}
        async for answer in self._answers(linked, "feed"):
            if (title := looks_like_feed(answer.body)) is not None:
                found.setdefault(answer.url, Found(answer.url, title))
        if not found:
            async for answer in self._answers([urljoin(self.answer.url, path) for path in COMMON_PATHS], "feed"):
                if (title := looks_like_feed(answer.body)) is not None:
                    return [Found(answer.url, title)]
        return sorted(found.values(), key=lambda feed: is_of_comments(feed.title, feed.url))

    async def _answers(self, addresses: Sequence[str], kind: Kind) -> AsyncIterator[Response]:
        for address in dict.fromkeys(addresses):
            try:
                yield await _get(self.client, address, kind)
            except FetchError:
                continue  # the next may answer; if none does, the search says so

    def is_sitemap(self) -> bool:
        contents = read_sitemap(self.answer.body, self.answer.url) if self.answer.body.lstrip()[:1] == b"<" else None
        return bool(contents and (contents.pages or contents.sitemaps))

    def _feed(self, url: str, kind: Kind, rules: ListRules = BY_ITSELF) -> Feed:
        return Feed("new", "new", url, timezone=self.timezone, kind=kind, list=rules)

    def json_list(self) -> Found:
        url = self.answer.url
        try:
            rules = guess_list(read_json(self.answer.body, self.answer.headers.get("content-type", "")))
        except ParseError as error:
            raise FeedsFileError(f"{url}: {error}") from error
        if rules is None:
            raise FeedsFileError(
                f"{url}: it is JSON, but newsmill sees no list of objects with a title and an address in it; write the "
                'feed into feeds.toml, with list = { items = "…", link = "…", title = "…" }'
            )
        milled = mill(self.answer, self._feed(url, "json", rules), "json list")
        return Found(url, "", "json", rules, milled.entries, f"a list of {len(milled.entries)} articles in JSON")

    async def list_page(self) -> Found | str:
        """The page's list of articles, or why it has none that newsmill may read."""
        url = self.answer.url
        if not (await self._robots()).allow(url):
            return "the site's robots.txt keeps the page from newsmill"
        feed = self._feed(url, "page")
        milled = await asyncio.to_thread(mill, self.answer, feed, "list page")
        if milled.is_unreadable:
            return milled.rejects[0].error
        title = milled.about.title if milled.about and milled.about.title else ""
        where = where_found(self.answer.body, _document(self.answer, feed, "list page"), feed)
        says = f"a page that lists {len(milled.entries)} articles ({where})"
        return Found(url, title, "page", BY_ITSELF, milled.entries, says)

    async def sitemap(self) -> Found | None:
        """The sitemap at the address, else the site's: one of news if there is one."""
        first = [self.answer] if self.is_sitemap() else []
        others: list[Found] = []
        for answer in first:
            return await self._read_sitemap(answer)
        async for answer in self._answers((await self._sitemap_addresses())[:MAX_SITEMAPS], "sitemap"):
            found = await self._read_sitemap(answer)
            if found and any(entry.title for entry in found.entries):
                return found
            others += [found] if found else []
        return next(iter(others), None)

    async def _sitemap_addresses(self) -> list[str]:
        base = self.answer.url
        named = [address for line in (await self._robots()).sitemaps if (address := urls.resolve(None, line))]
        named.sort(key=lambda address: "news" not in address.lower())
        return list(dict.fromkeys([*named, *(urljoin(base, path) for path in (*NEWS_PATHS, *SITEMAP_PATHS))]))

    async def _read_sitemap(self, answer: Response) -> Found | None:
        """None if it lists no page, or can't be read."""
        if is_index(answer.body):
            listed = await asyncio.to_thread(listed_sitemaps, answer.body, answer.url)
            if len(listed) == 1:  # the only one of news, for example: it can be asked for conditionally
                async for child in self._answers(listed, "sitemap"):
                    return None if is_index(child.body) else await self._read_sitemap(child)
                return None
        try:
            milled = await mill_all(self.client, answer, self._feed(answer.url, "sitemap"))
        except FetchError:
            return None
        entries = tuple(entry for each in milled for entry in each.entries)
        if not entries:
            return None
        is_news = any(entry.title for entry in entries)
        title = next((each.about.title for each in milled if each.about and each.about.title), "")
        says = f"a {'news ' * is_news}sitemap with {len(entries)} page{'s' * (len(entries) != 1)}"
        return Found(answer.url, title, "sitemap", BY_ITSELF, entries, says)

    async def _robots(self) -> Rules:
        """What the site's robots.txt says; if there is none, it allows everything (RFC 9309 2.3.1.3)."""
        try:
            answer = await self.client.get(urljoin(self.answer.url, "/robots.txt"), max_bytes=MAX_ROBOTS)
        except FetchError:
            return Rules("")
        return Rules(answer.body.decode("utf-8-sig", "replace"))

    async def in_place_of_a_feed(self) -> Found:
        """For a front page the site's news sitemap, which names all of its articles; for another page its own list;
        else the other of the two. Raises FeedsFileError if there is neither."""
        is_front = not urlsplit(self.answer.url).path.strip("/")
        sitemap = await self.sitemap() if is_front else None
        if sitemap and any(entry.title for entry in sitemap.entries):
            return sitemap
        page = await self.list_page()
        if isinstance(page, Found):
            return page
        if sitemap := sitemap or await self.sitemap():
            return sitemap
        raise FeedsFileError(
            f"{self.answer.url}: no feed there, none linked, none at the usual places, no sitemap either, and no list "
            f"of articles to read instead: {page}"
        )
