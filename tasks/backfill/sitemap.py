"""A site's sitemaps (https://www.sitemaps.org/protocol.html), news sitemaps among them, and the pages they list."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.robotparser import RobotFileParser
from zoneinfo import ZoneInfo

from usp.exceptions import SitemapXMLParsingException
from usp.fetch_parse import PlainTextSitemapParser, XMLSitemapParser
from usp.objects.page import SitemapPage
from usp.objects.sitemap import InvalidSitemap
from usp.web_client.abstract_client import LocalWebClient

from tasks.backfill.finds import Find, Plan, Wanted
from tasks.backfill.paged import is_passing, site_of
from tasks.backfill.polite import Asker
from tasks.dates import EARLIEST, FUTURE
from tasks.http import Response, decode
from tasks.urls import MAX_LENGTH, resolve
from warehouse.errors import BackfillError, FetchError, ParseError
from warehouse.records import Feed, Source

USER_AGENT = "newsmill"
COMMON_PATHS = ("/sitemap.xml", "/sitemap_index.xml", "/news-sitemap.xml")
"""Where sitemaps lie on sites whose robots.txt doesn't name them."""
MAX_SITEMAPS = 2_000
MAX_URLS = 50_000
"""Of one sitemap; the protocol's own limit."""
MAX_DEPTH = 100
MAX_HOSTS = 100
MAX_ROBOTS = 512_000
"""Bytes; RFC 9309 2.5 asks for 500 KiB."""
MAX_REMEMBERED = 1_000_000
"""Pages remembered as listed before; one more that two sitemaps list is asked for twice, and stored once."""
FAILURES = 5
"""Pages that fail one after the other: then it is the site that is down."""

_SITEMAP = re.compile(r"sitemap|\.(?:xml|txt|gz)$", re.IGNORECASE)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_ASIDE = re.compile(r"/sitemap-(?:image|video)/|xhtml link$")
"""Elements, as expat names them, that say more of a page than is wanted."""
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
        robots = _Robots(self.asker)
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
        rules = await robots.of(self._place())
        delay = None if isinstance(rules, FetchError) else rules.crawl_delay(USER_AGENT)
        if delay:
            says.append(f"robots.txt asks for {delay} s between requests; NEWSMILL_BACKFILL_PAUSE sets the pause")
        return Plan(wanted, requests=wanted, says=tuple(says))

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        """A find a page, sitemap by sitemap, in their order.

        A mark holds a digest of all that was listed up to it. Where that is still the same, the finds after it follow;
        where the sitemaps have changed before it, all follow again, less those that are `known`.
        A page that can't be had, and a sitemap that can't be read, is a find with an error. Raises FetchError for 429
        and 503, where a sitemap or robots.txt can't be had at present, and for several failing pages in a row.
        """
        robots = _Robots(self.asker)
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

    async def _begin(self, robots: _Robots) -> list[_Named]:
        """The sitemaps to begin with. Raises FetchError where the site's robots.txt can't be had at present."""
        place = self._place()
        rules = await robots.of(place)
        if isinstance(rules, FetchError):
            raise rules
        if _SITEMAP.search(urlsplit(place).path):
            return [_Named(place, place)]
        named = [address for said in rules.site_maps() or () if (address := resolve(None, said))]
        guessed = [urljoin(place, path) for path in COMMON_PATHS]
        return [_Named(address, address) for address in named] + [
            _Named(address, address, guessed=True, vouched=False)
            for address in guessed
            if rules.can_fetch(USER_AGENT, address)
        ]

    async def _listed(self, robots: _Robots) -> AsyncIterator[_Listed]:
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
                if not self._is_here(page.url) and not await robots.name(sitemap.root, page.url):
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

    async def _contents(self, sitemap: _Named) -> _Contents:
        try:
            response = await self.asker.get(sitemap.address, max_bytes=self.max_sitemap_bytes)
        except FetchError as error:
            absent = sitemap.guessed and error.status is not None and error.status not in (429, 503)
            if is_passing(error) and not absent:
                raise
            return _Contents(sitemap.address, problems=(str(error),))
        return await asyncio.to_thread(_parsed, response, self.max_sitemap_bytes, self.feed.timezone)


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
class _Entry:
    url: str
    published: datetime | None
    changed: datetime | None


@dataclass(frozen=True, slots=True)
class _Contents:
    """A sitemap, read."""

    answered: str
    """Its address after redirects."""
    sitemaps: tuple[str, ...] = ()
    pages: tuple[_Entry, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Listed:
    """A page that a sitemap lists, or what is wrong with the sitemap."""

    sitemap: str
    url: str
    mark: str
    published: datetime | None = None
    changed: datetime | None = None
    error: str | None = None


class _Robots:
    """The robots.txt of each host, asked for once (RFC 9309)."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.rules: dict[str, RobotFileParser | FetchError] = {}

    async def of(self, address: str) -> RobotFileParser | FetchError:
        """The host's rules, or why they can't be had; then nothing of the host may be asked for (2.3.1.4)."""
        robots = urljoin(address, "/robots.txt")
        if robots not in self.rules:
            if len(self.rules) >= MAX_HOSTS:
                return FetchError(f"{robots}: the sitemaps list pages of more than {MAX_HOSTS} hosts")
            self.rules[robots] = await self._asked(robots)
        return self.rules[robots]

    async def allow(self, address: str) -> bool | FetchError:
        rules = await self.of(address)
        return rules if isinstance(rules, FetchError) else rules.can_fetch(USER_AGENT, address)

    async def name(self, sitemap: str, page: str) -> bool:
        """Whether the robots.txt of the page's host names the sitemap, which may list its pages then."""
        rules = await self.of(page)
        return not isinstance(rules, FetchError) and sitemap in (rules.site_maps() or ())

    async def _asked(self, robots: str) -> RobotFileParser | FetchError:
        rules = RobotFileParser(robots)
        try:
            response = await self.asker.get(robots, max_bytes=MAX_ROBOTS)
        except FetchError as error:
            if error.status is None or not 400 <= error.status < 500 or error.status == 429:
                return error
            rules.parse([])  # there is none: all may be asked for (2.3.1.3)
            return rules
        rules.parse(response.body.decode("utf-8-sig", "replace").splitlines())
        return rules


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


class _Parser(XMLSitemapParser):
    """usp's parser for every kind of XML sitemap, bounded. It refuses a DOCTYPE, and so entities, by itself.

    usp keeps what it read before an error and doesn't tell; `problem` does. What an entry says of its images, videos
    and translations is not read: it may be much.
    """

    def __init__(self, address: str, text: str) -> None:
        self.sitemaps: list[str] = []
        self.problem: str | None = None
        self._depth = self._count = self._length = 0
        self._counted: tuple[str, ...] = ("url", "item", "entry")
        self._limit = MAX_URLS
        super().__init__(
            url=address,
            content=text,
            recursion_level=0,
            web_client=LocalWebClient(),
            parent_urls=set(),
            recurse_list_callback=self._keep,
        )

    @property
    def problems(self) -> list[str]:
        if self.problem:
            return [self.problem]
        return ["is cut off, or no sitemap towards its end; what comes before is read"] if self._depth else []

    def _keep(self, found: list[str], level: int, parents: set[str]) -> list[str]:
        """An index's sitemaps, kept from usp, which would ask for them."""
        self.sitemaps += found
        return []

    def _xml_element_start(self, name: str, attrs: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._stopped(f"is nested more than {MAX_DEPTH} deep; what comes after that is left out")
        if _ASIDE.search(name):
            return
        self._length = 0
        local = name.rpartition(" ")[2]
        if self._depth == 1 and local == "sitemapindex":
            self._counted, self._limit = ("loc",), MAX_SITEMAPS
        if local in self._counted:
            self._count += 1
            if self._count > self._limit:
                raise self._stopped(f"lists more than {self._limit:,} addresses; those after them are left out")
        super()._xml_element_start(name, {key: _escaped(value) for key, value in attrs.items()})

    def _xml_element_end(self, name: str) -> None:
        self._depth -= 1
        if _ASIDE.search(name):
            return
        self._length = 0
        try:
            super()._xml_element_end(name)
        except SitemapXMLParsingException as error:  # for an empty <loc/>, usp would give up all that follows
            self.problem = f"has entries that are none; they are left out ({error})"

    def _stopped(self, reason: str) -> ParseError:
        self.problem = reason
        return ParseError(reason)

    def _xml_char_data(self, data: str) -> None:
        self._length += len(data)
        if self._length <= MAX_LENGTH:  # no address or date is longer, and usp joins the pieces one by one
            super()._xml_char_data(_escaped(data))


def _escaped(text: str) -> str:
    """usp takes text for HTML, even after XML's own escapes are undone: it would read &section= as §ion=."""
    return text.replace("&", "&amp;")


def _parsed(response: Response, max_bytes: int, timezone: str) -> _Contents:
    """What a sitemap lists: XML of any kind, or plain text, gzipped or not."""
    address, data = response.url, response.body
    try:
        if data[:2] == b"\x1f\x8b":
            data = decode(data, "gzip", max_bytes)
    except OverflowError:
        return _Contents(address, problems=(f"larger than {max_bytes:,} bytes when unpacked",))
    except ValueError as error:
        return _Contents(address, problems=(f"its gzip is broken ({error})",))
    text = data.decode("utf-8-sig", "replace").lstrip()
    sitemaps: Sequence[str] = ()
    problems: list[str] = []
    try:
        if text.startswith("<"):
            parser = _Parser(address, text)
            found = parser.sitemap()
            sitemaps = parser.sitemaps
            if not isinstance(found, InvalidSitemap):
                problems += parser.problems
        else:
            lines = text.splitlines()
            if len(lines) > MAX_URLS:
                problems.append(f"holds more than {MAX_URLS:,} lines; those after them are left out")
            plain = "\n".join(line for line in lines[:MAX_URLS] if len(line) <= MAX_LENGTH)
            found = PlainTextSitemapParser(address, plain, 0, LocalWebClient(), set()).sitemap()
        listed = list(found.all_pages())
    except Exception as error:  # usp lets through what a date of forty digits raises, for example
        return _Contents(address, problems=(f"can't be parsed ({type(error).__name__}: {error})",))
    if isinstance(found, InvalidSitemap) or (not listed and not text.startswith("<")):
        return _Contents(address, problems=("is no sitemap, or one with a DOCTYPE, which is refused",))
    now = datetime.now(UTC)
    entries = [_entry(page, address, timezone, now) for page in listed]
    if missing := entries.count(None):
        problems.append(f"lists {missing:,} pages whose address is none")
    return _Contents(address, tuple(sitemaps), tuple(entry for entry in entries if entry), tuple(problems))


def _entry(page: SitemapPage, base: str, timezone: str, now: datetime) -> _Entry | None:
    url = resolve(base, page.url)
    if not url:
        return None
    story = page.news_story
    published = _moment(story.publish_date, timezone, now) if story else None
    return _Entry(urldefrag(url).url, published, _moment(page.last_modified, timezone, now))


def _moment(moment: datetime | None, timezone: str, now: datetime) -> datetime | None:
    """In UTC; None for what tasks.dates wouldn't believe either."""
    if moment is None:
        return None
    try:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return moment if EARLIEST <= moment <= now + FUTURE else None
