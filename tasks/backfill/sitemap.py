"""A site's sitemaps (https://www.sitemaps.org/protocol.html), news sitemaps among them, and the pages they list."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from tasks.backfill.finds import BackfillRequest, Find, Plan
from tasks.backfill.paged import may_answer_later, site_of
from tasks.backfill.polite import Asker
from tasks.backfill.sitemap_files import parse_sitemap
from tasks.errors import BackfillError, FetchError, ParseError
from tasks.fetch.http import Response
from tasks.fetch.robots import Robots
from tasks.text.sitemaps import MAX_SITEMAPS, SitemapContents
from tasks.text.urls import resolve
from warehouse.counting import counted
from warehouse.records import Feed

COMMON_PATHS = ("/sitemap.xml", "/sitemap_index.xml", "/news-sitemap.xml")
"""Where sites have their sitemaps if robots.txt doesn't name them."""
MAX_REMEMBERED = 1_000_000
"""Addresses remembered, so that each page comes once. Beyond, a page in two sitemaps is fetched twice, stored once."""
FAILURES = 5
"""After this many failed pages in a row the site is taken to be down."""

_SITEMAP_PATH = re.compile(r"sitemap|\.(?:xml|txt|gz)$", re.IGNORECASE)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_SHOWN = 12
"""Sitemaps, and problems with them, that a plan names."""
_HTML_TYPES = ("", "text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The pages that a site's sitemaps list.

    `request.where` is the address of a sitemap (its path contains "sitemap", or ends in .xml, .txt or .gz) or of a
    site; if it is neither, the feed's site is used. A site's sitemaps are those its robots.txt names and those at
    COMMON_PATHS. Pages that robots.txt forbids to "newsmill" are left out. Pages of other sites are left out, too, as
    the protocol requires, unless the robots.txt of their own host names the sitemap.

    Whether a page is in the range is decided before it is fetched: by its publication date (news sitemaps), else by
    its lastmod, else by the time of fetching.

    A find's `seen_at` is the lastmod, or the publication date if there is no lastmod in the range, else the time of
    fetching: the fetched text was last edited then, and must not pass for newer than one that a fetch of the feed has
    seen since.
    """

    request: BackfillRequest
    feed: Feed
    asker: Asker
    max_page_bytes: int
    max_sitemap_bytes: int = 52_428_800
    """After decompression; the protocol's own limit."""
    known: Mapping[str, datetime] = field(default_factory=dict)
    """The addresses loaded before, each with its `seen_at`. A page is fetched again only if its lastmod is newer."""

    async def plan(self) -> Plan:
        """Read the sitemaps and count their pages; no page is fetched. Raises BackfillError if there is no sitemap."""
        robots = Robots(self.asker)
        listed: Counter[str] = Counter()
        counts: Counter[str] = Counter()
        problems: list[str] = []
        async for page in self._listed_pages(robots):
            if page.error:
                problems.append(f"{page.sitemap}: {page.error}")
                continue
            listed[page.sitemap] += 1
            if not self._in_range(page, datetime.now(UTC)):
                counts["not in the range"] += 1
            elif not self._may_be_new(page):
                counts["loaded before"] += 1
            else:
                allowed = await robots.allow(page.url)
                counts["wanted" if allowed is not False else "kept from newsmill by robots.txt"] += 1
            if listed[page.sitemap] % 1000 == 0:
                await asyncio.sleep(0)
        if not listed:
            reason = f" ({'; '.join(problems[:3])})" if problems else ""
            raise BackfillError(
                f"{self._start_address()}: no sitemap lists any page{reason}; give a sitemap's own address"
            )
        to_read = counts.pop("wanted", 0)
        parts = [f"{to_read:,} wanted", *(f"{count:,} {reason}" for reason, count in sorted(counts.items()))]
        lines = [f"{counted(listed.total(), 'page')} in {counted(len(listed), 'sitemap')}: {', '.join(parts)}"]
        lines += [f"{sitemap}: {counted(count, 'page')}" for sitemap, count in list(listed.items())[:_SHOWN]]
        lines += problems[:_SHOWN]
        rules = await robots.rules_for(self._start_address())
        delay = None if isinstance(rules, FetchError) else rules.crawl_delay
        if delay:
            lines.append(f"robots.txt asks for {delay:g} s between two requests, which is kept")
        return Plan(to_read, requests=to_read, says=tuple(lines))

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        """A find for each page, sitemap by sitemap, in the sitemaps' order.

        A mark contains a digest of everything listed up to it. If that is unchanged, the finds after the mark follow;
        if the sitemaps have changed before it, all finds follow again, except `known` ones.
        A page that can't be fetched, and a sitemap that can't be read, is a find with an error. Raises FetchError for
        429 and 503, for a sitemap or robots.txt that may be back another day, and for several failed pages in a row.
        """
        robots = Robots(self.asker)
        listed = self._listed_pages(robots)
        if after is not None and not await _advance_to(after, listed):
            listed = self._listed_pages(robots)
        failures = skipped = 0
        async for page in listed:
            now = datetime.now(UTC)
            if page.error:
                yield self._find(page, page.url or page.sitemap, now, error=page.error)
                continue
            allowed = self._in_range(page, now) and self._may_be_new(page) and await robots.allow(page.url)
            if allowed is False:
                skipped += 1
                if skipped % 100 == 0:
                    await asyncio.sleep(0)
                continue
            moment = self._moment(page, now)
            if isinstance(allowed, FetchError):
                yield self._find(page, page.url, moment, error=f"not asked for: {allowed}")
                continue
            try:
                response = await self._fetch_page(page.url, robots)
            except (FetchError, ParseError) as error:
                if isinstance(error, FetchError):
                    failures = failures + 1 if may_answer_later(error) else 0
                    if error.status in (429, 503) or failures >= FAILURES:
                        raise
                yield self._find(page, page.url, moment, error=str(error))
                continue
            failures = 0
            yield self._find(page, page.url, moment, data=response.body, headers=response.headers)

    def _find(self, page: _ListedPage, location: str, moment: datetime, **details: Any) -> Find:
        details |= {"feed": self.feed, "location": location, "url": location, "seen_at": moment}
        return Find(mark=page.mark, form="page", **details)

    async def _fetch_page(self, address: str, robots: Robots) -> Response:
        """Fetch a page. Raises FetchError, also if it leads to a page that robots.txt forbids, and ParseError if the
        answer is not a page of this site."""
        accept = {"accept": "text/html, application/xhtml+xml, */*;q=0.1"}
        response = await self.asker.get(address, max_bytes=self.max_page_bytes, headers=accept, permit=robots.require)
        if not self._is_own(response.url) and site_of(response.url) != site_of(address):
            raise ParseError(f"{address}: leads to another site ({response.url})")
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _HTML_TYPES or (not kind and not _HTML.search(response.body[:4096])):
            raise ParseError(f"{address}: not an HTML page but {kind or 'something without a type'}")
        return response

    def _in_range(self, page: _ListedPage, now: datetime) -> bool:
        return self.request.covers(page.published or page.changed or now)

    def _may_be_new(self, page: _ListedPage) -> bool:
        """Whether the page may differ from what is loaded."""
        loaded, changed = self.known.get(page.url), page.changed or page.published
        return loaded is None or (changed is not None and changed > loaded)

    def _moment(self, page: _ListedPage, now: datetime) -> datetime:
        changed = page.changed if page.changed and self.request.covers(page.changed) else None
        return min(changed or page.published or now, now)

    def _start_address(self) -> str:
        """The address of the sitemap or the site. Raises BackfillError."""
        address = resolve(None, self.request.where) or resolve(None, self.feed.site_url or self.feed.url)
        if not address:
            raise BackfillError(f"{self.request.where}: not a web address; give a site's, a sitemap's, or a feed's id")
        return address

    def _is_own(self, address: str) -> bool:
        """Whether the address belongs to this site: to its host or a subdomain."""
        host, port = site_of(address)
        for own in (self._start_address(), resolve(None, self.feed.site_url)):
            if own and (port == site_of(own)[1]) and f".{host}".endswith(f".{site_of(own)[0]}"):
                return True
        return False

    async def _first_sitemaps(self, robots: Robots) -> list[_SitemapLink]:
        """The sitemaps to start with. Raises FetchError if the site's robots.txt can't be fetched at present."""
        start = self._start_address()
        rules = await robots.rules_for(start)
        if isinstance(rules, FetchError):
            raise rules
        if _SITEMAP_PATH.search(urlsplit(start).path):
            return [_SitemapLink(start, start)]
        named = [address for line in rules.sitemaps if (address := resolve(None, line))]
        guessed = [urljoin(start, path) for path in COMMON_PATHS]
        return [_SitemapLink(address, address) for address in named] + [
            _SitemapLink(address, address, guessed=True, vouched=False) for address in guessed if rules.allow(address)
        ]

    async def _listed_pages(self, robots: Robots) -> AsyncIterator[_ListedPage]:
        """The pages that the sitemaps list, in their order, each once; and the problems with each sitemap."""
        pending = list(reversed(await self._first_sitemaps(robots)))
        read: set[str] = set()
        pages: set[int] = set()
        listed_digest = hashlib.sha256()

        def listed_page(sitemap: _SitemapLink, url: str, **details: Any) -> _ListedPage:
            mark = f"{listed_digest.hexdigest()[:24]}\t{sitemap.address}\t{url}"
            return _ListedPage(sitemap.address, url, mark, **details)

        while pending:
            sitemap = pending.pop()
            if sitemap.address in read:
                continue
            if len(read) >= MAX_SITEMAPS or len(pending) > 10 * MAX_SITEMAPS:
                reason = f"not read: there are more than {MAX_SITEMAPS:,} sitemaps; give the address of one to start at"
                yield listed_page(sitemap, "", error=reason)
                return
            contents = await self._read(sitemap)
            is_unreadable = contents.problems and not contents.pages and not contents.sitemaps
            if contents.final_url in read or (sitemap.guessed and is_unreadable):
                read.add(sitemap.address)
                continue
            read |= {sitemap.address, contents.final_url}
            _add_to_digest(listed_digest, sitemap.address)
            refused: Counter[str] = Counter()
            for page in contents.pages:
                _add_to_digest(listed_digest, page.url, str(page.published), str(page.changed))
                key = hash(page.url)
                if key in pages:
                    continue
                if not self._is_own(page.url) and not await robots.names_sitemap(sitemap.root, page.url):
                    refused[urlsplit(page.url).netloc] += 1
                    continue
                if len(pages) < MAX_REMEMBERED:
                    pages.add(key)
                yield listed_page(sitemap, page.url, published=page.published, changed=page.changed)
            for address in reversed(contents.sitemaps):
                if sitemap.vouched or self._is_own(address):
                    pending.append(_SitemapLink(address, sitemap.root, vouched=sitemap.vouched))
                else:
                    refused[urlsplit(address).netloc] += 1
            problems = contents.problems
            if refused:
                hosts = ", ".join(host for host, _ in refused.most_common(3))
                refusal = f"lists {refused.total():,} addresses of other sites ({hosts}); they are left out"
                problems = (*problems, refusal)
            if problems:
                yield listed_page(sitemap, "", error="; ".join(problems))

    async def _read(self, sitemap: _SitemapLink) -> SitemapContents:
        try:
            response = await self.asker.get(sitemap.address, max_bytes=self.max_sitemap_bytes)
        except FetchError as error:
            absent = sitemap.guessed and error.status is not None and error.status not in (429, 503)
            if may_answer_later(error) and not absent:
                raise
            return SitemapContents(sitemap.address, problems=(str(error),))
        return await asyncio.to_thread(parse_sitemap, response, self.max_sitemap_bytes, self.feed.timezone)


@dataclass(frozen=True, slots=True)
class _SitemapLink:
    """A sitemap to read."""

    address: str
    root: str
    """The sitemap from which the links led here."""
    guessed: bool = False
    """Whether its address comes from COMMON_PATHS."""
    vouched: bool = True
    """Whether robots.txt or the user named the root; then it may link to sitemaps on another host."""


@dataclass(frozen=True, slots=True)
class _ListedPage:
    """A page that a sitemap lists; with an error, a problem of the sitemap."""

    sitemap: str
    url: str
    mark: str
    published: datetime | None = None
    changed: datetime | None = None
    error: str | None = None


async def _advance_to(mark: str, listed: AsyncIterator[_ListedPage]) -> bool:
    """Skip to the mark; False if what the sitemaps list before it has changed."""
    addresses = mark.partition("\t")[2]
    async for page in listed:
        if page.mark == mark:
            return True
        if page.mark.partition("\t")[2] == addresses:
            return False
    return False


def _add_to_digest(digest: Any, *parts: str) -> None:
    digest.update("\t".join(parts).encode("utf-8", "surrogatepass") + b"\n")
