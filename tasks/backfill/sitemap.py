"""A site's sitemaps (https://www.sitemaps.org/protocol.html), news sitemaps among them, and the pages they list."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from tasks.backfill.finds import Find, Plan, Wanted
from tasks.backfill.paged import is_passing, site_of
from tasks.backfill.polite import Asker
from tasks.backfill.sitemap_files import MAX_SITEMAPS, SitemapContents, parse_sitemap
from tasks.errors import BackfillError, FetchError, ParseError
from tasks.fetch.http import Response
from tasks.fetch.robots import Robots
from tasks.text.urls import resolve
from warehouse.records import Feed, Source

COMMON_PATHS = ("/sitemap.xml", "/sitemap_index.xml", "/news-sitemap.xml")
"""Where sitemaps lie on sites whose robots.txt doesn't name them."""
MAX_REMEMBERED = 1_000_000
"""Pages remembered as listed before; one more that two sitemaps list is asked for twice, and stored once."""
FAILURES = 5
"""Pages that fail one after the other: then it is the site that is down."""

_SITEMAP = re.compile(r"sitemap|\.(?:xml|txt|gz)$", re.IGNORECASE)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_SHOWN = 12
"""Lines of a plan for the sitemaps, and for what is wrong with them."""
_HTML_TYPES = ("", "text/html", "application/xhtml+xml")

# usp tells only its log what it doesn't understand; here that is told in finds, and its log would fill the terminal.
logging.getLogger("usp").addHandler(logging.NullHandler())


logging.getLogger("usp").propagate = False


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The pages that a site's sitemaps list.

    `wanted.where` is a sitemap's address (its path says "sitemap", or ends in .xml, .txt or .gz) or a site's; else the
    feed's site is taken. A site's sitemaps are those its robots.txt names and those at COMMON_PATHS. Pages that
    robots.txt keeps from "newsmill" are passed over; pages of other sites are refused, as the protocol has it, except
    where the robots.txt of their own host names the sitemap.

    The range is judged before a page is asked for: by its publication date (news sitemaps), else by its lastmod. A
    page with neither is taken as of the moment of fetching, so only where that lies in the range.

    A find's `seen_at` is the lastmod, or the publication date where there is none or it lies outside the range: what
    is fetched now was last edited then, and must not pass for newer than what a fetch of the feed has seen since.
    Only a page that says nothing is as of the moment of fetching.
    """

    wanted: Wanted
    feed: Feed
    asker: Asker
    max_page_bytes: int
    max_sitemap_bytes: int = 52_428_800
    """Unpacked; the protocol's own limit."""
    known: Mapping[str, datetime] = field(default_factory=dict)
    """The pages loaded before, and as of when. One is asked for again only where its lastmod is newer."""
    source: Source = "sitemap"

    async def plan(self) -> Plan:
        """Read the sitemaps and count; no page is asked for. Raises BackfillError where there is no sitemap."""
        robots = Robots(self.asker)
        listed: Counter[str] = Counter()
        counts: Counter[str] = Counter()
        problems: list[str] = []
        async for each in self._listed(robots):
            if each.error:
                problems.append(f"{each.sitemap}: {each.error}")
                continue
            listed[each.sitemap] += 1
            if not self._in_range(each, datetime.now(UTC)):
                counts["not in the range"] += 1
            elif not self._is_news(each):
                counts["loaded before"] += 1
            else:
                allowed = await robots.allow(each.url)
                counts["wanted" if allowed is not False else "kept from newsmill by robots.txt"] += 1
            if listed[each.sitemap] % 1000 == 0:
                await asyncio.sleep(0)
        if not listed:
            reason = f" ({'; '.join(problems[:3])})" if problems else ""
            raise BackfillError(f"{self._place()}: no sitemap lists any page{reason}; give a sitemap's own address")
        wanted = counts.pop("wanted", 0)
        split = ", ".join([f"{wanted:,} wanted", *(f"{count:,} {reason}" for reason, count in sorted(counts.items()))])
        says = [f"{listed.total():,} pages in {len(listed):,} sitemaps: {split}"]
        says += [f"{sitemap}: {count:,} pages" for sitemap, count in list(listed.items())[:_SHOWN]]
        says += problems[:_SHOWN]
        rules = await robots.rules_for(self._place())
        delay = None if isinstance(rules, FetchError) else rules.crawl_delay
        if delay:
            says.append(f"robots.txt asks for {delay:g} s between requests; NEWSMILL_BACKFILL_PAUSE sets the pause")
        return Plan(wanted, requests=wanted, says=tuple(says))

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        """A find a page, sitemap by sitemap, in their order.

        A mark holds a digest of all that was listed up to it. Where that is still the same, the finds after it follow;
        where the sitemaps have changed before it, all follow again, less those that are `known`.
        A page that can't be had, and a sitemap that can't be read, is a find with an error. Raises FetchError for 429
        and 503, where a sitemap or robots.txt can't be had at present, and for several failing pages in a row.
        """
        robots = Robots(self.asker)
        listed = self._listed(robots)
        if after is not None and not await _go_to(after, listed):
            listed = self._listed(robots)
        failures = passed = 0
        async for each in listed:
            now = datetime.now(UTC)
            if each.error:
                yield self._find(each, each.url or each.sitemap, now, error=each.error)
                continue
            allowed = self._in_range(each, now) and self._is_news(each) and await robots.allow(each.url)
            if allowed is False:
                passed += 1
                if passed % 100 == 0:
                    await asyncio.sleep(0)
                continue
            moment = self._moment(each, now)
            if isinstance(allowed, FetchError):
                yield self._find(each, each.url, moment, error=f"not asked for: {allowed}")
                continue
            try:
                response = await self._page(each.url)
            except (FetchError, ParseError) as error:
                if isinstance(error, FetchError):
                    failures = failures + 1 if is_passing(error) else 0
                    if error.status in (429, 503) or failures >= FAILURES:
                        raise
                yield self._find(each, each.url, moment, error=str(error))
                continue
            failures = 0
            yield self._find(each, each.url, moment, data=response.body, headers=response.headers)

    def _find(self, each: _Listed, location: str, moment: datetime, **given: Any) -> Find:
        about = given | {"feed": self.feed, "location": location, "url": location, "seen_at": moment}
        return Find(mark=each.mark, form="page", **about)

    async def _page(self, address: str) -> Response:
        """The page. Raises FetchError, and ParseError for what is no page of this site."""
        accept = {"accept": "text/html, application/xhtml+xml, */*;q=0.1"}
        response = await self.asker.get(address, max_bytes=self.max_page_bytes, headers=accept)
        if not self._is_here(response.url) and site_of(response.url) != site_of(address):
            raise ParseError(f"{address}: leads to another site ({response.url})")
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _HTML_TYPES or (not kind and not _HTML.search(response.body[:4096])):
            raise ParseError(f"{address}: no HTML page but {kind or 'something without a type'}")
        return response

    def _in_range(self, each: _Listed, now: datetime) -> bool:
        return self.wanted.covers(each.published or each.changed or now)

    def _is_news(self, each: _Listed) -> bool:
        """Whether it may hold what isn't loaded yet."""
        loaded, changed = self.known.get(each.url), each.changed or each.published
        return loaded is None or (changed is not None and changed > loaded)

    def _moment(self, each: _Listed, now: datetime) -> datetime:
        changed = each.changed if each.changed and self.wanted.covers(each.changed) else None
        return min(changed or each.published or now, now)

    def _place(self) -> str:
        """The sitemap or the site."""
        place = resolve(None, self.wanted.where) or resolve(None, self.feed.site_url or self.feed.url)
        if not place:
            raise BackfillError(f"{self.wanted.where}: no web address; give a site's, a sitemap's, or a feed's id")
        return place

    def _is_here(self, address: str) -> bool:
        """Whether the address is of this site: of its host, or of one below it."""
        host, port = site_of(address)
        for own in (self._place(), resolve(None, self.feed.site_url)):
            if own and (port == site_of(own)[1]) and f".{host}".endswith(f".{site_of(own)[0]}"):
                return True
        return False

    async def _begin(self, robots: Robots) -> list[_Named]:
        """The sitemaps to begin with. Raises FetchError where the site's robots.txt can't be had at present."""
        place = self._place()
        rules = await robots.rules_for(place)
        if isinstance(rules, FetchError):
            raise rules
        if _SITEMAP.search(urlsplit(place).path):
            return [_Named(place, place)]
        named = [address for said in rules.sitemaps if (address := resolve(None, said))]
        guessed = [urljoin(place, path) for path in COMMON_PATHS]
        return [_Named(address, address) for address in named] + [
            _Named(address, address, guessed=True, vouched=False) for address in guessed if rules.allow(address)
        ]

    async def _listed(self, robots: Robots) -> AsyncIterator[_Listed]:
        """All that the sitemaps list, in their order, each page once; and what is wrong with a sitemap."""
        pending = list(reversed(await self._begin(robots)))
        read: set[str] = set()
        pages: set[int] = set()
        chain = hashlib.sha256()

        def marked(sitemap: _Named, url: str, **known: Any) -> _Listed:
            return _Listed(sitemap.address, url, f"{chain.hexdigest()[:24]}\t{sitemap.address}\t{url}", **known)

        while pending:
            sitemap = pending.pop()
            if sitemap.address in read:
                continue
            if len(read) >= MAX_SITEMAPS or len(pending) > 10 * MAX_SITEMAPS:
                reason = f"not read: there are more than {MAX_SITEMAPS:,} sitemaps; give the address of one to begin at"
                yield marked(sitemap, "", error=reason)
                return
            contents = await self._contents(sitemap)
            nothing = contents.problems and not contents.pages and not contents.sitemaps
            if contents.answered in read or (sitemap.guessed and nothing):
                read.add(sitemap.address)
                continue
            read |= {sitemap.address, contents.answered}
            _chained(chain, sitemap.address)
            refused: Counter[str] = Counter()
            for page in contents.pages:
                _chained(chain, page.url, str(page.published), str(page.changed))
                key = hash(page.url)
                if key in pages:
                    continue
                if not self._is_here(page.url) and not await robots.names_sitemap(sitemap.root, page.url):
                    refused[urlsplit(page.url).netloc] += 1
                    continue
                if len(pages) < MAX_REMEMBERED:
                    pages.add(key)
                yield marked(sitemap, page.url, published=page.published, changed=page.changed)
            for address in reversed(contents.sitemaps):
                if sitemap.vouched or self._is_here(address):
                    pending.append(_Named(address, sitemap.root, vouched=sitemap.vouched))
                else:
                    refused[urlsplit(address).netloc] += 1
            problems = contents.problems
            if refused:
                hosts = ", ".join(host for host, _ in refused.most_common(3))
                said = f"lists {refused.total():,} addresses of other sites ({hosts}); they are left out"
                problems = (*problems, said)
            if problems:
                yield marked(sitemap, "", error="; ".join(problems))

    async def _contents(self, sitemap: _Named) -> SitemapContents:
        try:
            response = await self.asker.get(sitemap.address, max_bytes=self.max_sitemap_bytes)
        except FetchError as error:
            absent = sitemap.guessed and error.status is not None and error.status not in (429, 503)
            if is_passing(error) and not absent:
                raise
            return SitemapContents(sitemap.address, problems=(str(error),))
        return await asyncio.to_thread(parse_sitemap, response, self.max_sitemap_bytes, self.feed.timezone)


@dataclass(frozen=True, slots=True)
class _Named:
    """A sitemap to read."""

    address: str
    root: str
    """The sitemap to begin with through which it was found."""
    guessed: bool = False
    """Whether nobody said that there is one."""
    vouched: bool = True
    """Whether robots.txt or the user named the root; then it may lead to sitemaps on another host."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """A page that a sitemap lists, or what is wrong with the sitemap."""

    sitemap: str
    url: str
    mark: str
    published: datetime | None = None
    changed: datetime | None = None
    error: str | None = None


async def _go_to(mark: str, listed: AsyncIterator[_Listed]) -> bool:
    """Go on to the mark; False where what was listed before it has changed."""
    place = mark.partition("\t")[2]
    async for each in listed:
        if each.mark == mark:
            return True
        if each.mark.partition("\t")[2] == place:
            return False
    return False


def _chained(chain: Any, *parts: str) -> None:
    chain.update("\t".join(parts).encode("utf-8", "surrogatepass") + b"\n")
