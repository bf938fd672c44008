"""A feed's older pages: RFC 5005 archives and paged feeds, Blogger, WordPress, JSON Feed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from w3lib.url import add_or_replace_parameters

from tasks.backfill.finds import BackfillRequest, Find, Plan
from tasks.backfill.polite import Asker
from tasks.errors import BackfillError, FetchError, ParseError, TransientFetchError
from tasks.fetch.feed import ACCEPT
from tasks.parse.feed import read_feed
from tasks.parse.json_feed import looks_like_json, read_json_feed
from tasks.text.dates import parse_date
from tasks.text.encodings import readable
from tasks.text.urls import host_of, normalize, resolve
from warehouse.counting import counted
from warehouse.digest import digest
from warehouse.records import Feed

Way = Literal["archived", "paged", "json", "wordpress", "guessed", "single"]

_WAYS: dict[Way, str] = {
    "archived": "an archived feed (RFC 5005): each page names the one before it (rel=prev-archive)",
    "paged": "a paged feed (RFC 5005, Blogger): each page names the next (rel=next)",
    "json": "a JSON Feed: each page names the next (next_url)",
    "wordpress": "WordPress: pages are asked for by number (?paged=2, 3, …)",
    "guessed": "the feed names no further pages; ?paged=2 is tried, as for WordPress",
    "single": "the feed has no further pages",
}
_SHORT = 12
"""Hex digits of the digests that tell pages apart: enough for thousands of pages."""
_ENTRY_KEYS = ("id", "link", "url", "title", "summary", "content_html", "content_text")
"""The keys that identify an entry, best first."""
_BLOGGER_PARAMETERS = ("start-index", "max-results")
_RELATION_PREFIX = "http://www.iana.org/assignments/relation/"
"""A link's relation may be written as an address that starts so (RFC 4287 4.2.7.2)."""


@dataclass(frozen=True, slots=True)
class Paged:
    """The pages of a feed, newest first, from `feed.url` back to the oldest.

    It follows the links of RFC 5005 sections 3 and 4, of JSON Feed 1.1 (next_url), and Blogger's. WordPress, and feeds
    that name no further page, are asked for ?paged=2, 3, …

    Each page becomes a find (`tasks.backfill.finds`). For the feed's own address its `seen_at` is the time of fetching,
    as for any fetch. For an older page it is the date of the page's newest entry: the page may be years old, and what
    it says of an article must not pass for newer than what a fetch has seen since. A page without dates takes the time
    of the page that was read just before it. If a range is asked for, `seen_at` is the newest date within the range;
    a page is always loaded whole.
    """

    request: BackfillRequest
    feed: Feed
    asker: Asker
    max_feed_bytes: int
    """Limit for one page, after decompression."""
    max_pages: int = 5000

    async def plan(self) -> Plan:
        """Fetch the first page only. Raises BackfillError if it is not a feed, FetchError if it cannot be fetched."""
        first = await self._first_page()
        way = _way(first)
        pages = 1 if way == "single" else None
        if way == "paged" and first.total and first.entries and self.request.since is None:
            pages = min(ceil(first.total / first.entries), self.max_pages)
        oldest = f", the oldest of {min(first.times):%Y-%m-%d}" if first.times else ", none with a date"
        says = (f"{self.feed.url}: {_WAYS[way]}", f"the first page holds {counted(first.entries, 'entry')}{oldest}")
        return Plan(pages, requests=pages or 0, says=says)

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        """A find for each page, until `since`, 404, 410, a page seen before, or a page without entries. `after` is the
        mark of the last find of an earlier run.

        A page that leads to another site, can't be read, or exceeds `max_pages` is the last find, with an error.
        Raises FetchError for 429, 5xx and broken connections; the next run continues there.
        """
        walk = _Walk.from_mark(after) if after else None
        page: _Page | str | None
        if walk is None:
            page = await self._first_page()
            walk = _Walk(_way(page), page.final_url, page.fetched_at)
            moment = self._moment(page, walk, page.fetched_at)
        else:
            page = await self._next_page(walk)
            moment = self._moment(page, walk, None)
        while isinstance(page, _Page):
            walk.add(page)
            if moment:
                yield self._find(page.address, walk, moment, data=page.data, headers=page.headers)
            if page.times and self.request.since and all(time < self.request.since for time in page.times):
                return
            page = await self._next_page(walk)
            moment = self._moment(page, walk, None)
        if page:  # why it can't be read; the mark of this find ends the walk
            address, walk.next = walk.next or self.feed.url, None
            yield self._find(address, walk, datetime.now(UTC), error=page)

    def _find(self, address: str, walk: _Walk, moment: datetime, **details: Any) -> Find:
        return Find(mark=walk.mark(), feed=self.feed, location=address, url=self.feed.url, seen_at=moment, **details)

    def _moment(self, page: _Page | str | None, walk: _Walk, fetched_at: datetime | None) -> datetime | None:
        """The page's `seen_at`; None without a page, and for a page outside the range."""
        if not isinstance(page, _Page):
            return None
        times = [time for time in page.times if self.request.covers(time)]
        if page.times and not times:
            return None
        if fetched_at and self.request.covers(fetched_at):
            return fetched_at
        moment = min(max(times), page.fetched_at) if times else walk.last_date
        return moment if self.request.covers(moment) else None

    async def _first_page(self) -> _Page:
        """The page to start from: the feed's own, or the current one if the feed's address is a page of its archive."""
        url = self.feed.url
        try:
            page = await self._fetch_page(url)
        except ParseError as error:
            raise BackfillError(f"{url}: {error}; give the address of a feed") from error
        except FetchError as error:
            if error.status in (404, 410):
                raise BackfillError(f"{error}; give the address the feed has today") from error
            raise
        current = page.links.get("current")
        if not current or _address_key(current) in (_address_key(page.address), _address_key(page.final_url)):
            return page
        if site_of(current) not in (site_of(url), site_of(page.final_url)):
            return page
        try:
            return await self._fetch_page(current)
        except ParseError:
            return page
        except FetchError as error:
            if may_answer_later(error):
                raise
            return page  # the link to a current page is dead, but the feed itself is there

    async def _next_page(self, walk: _Walk) -> _Page | str | None:
        """The next page, None at the end, or the reason why it can't be read."""
        address = walk.next
        if address is None or _address_key(address) in walk.passed:
            return None
        if walk.pages >= self.max_pages:
            return f"not asked for: {self.max_pages:,} pages were read; start a backfill at this address for older ones"
        sites = (site_of(self.feed.url), site_of(walk.home))
        if site_of(address) not in sites:
            return "not asked for: it is the feed's next page, but on another site; to read it, start a backfill there"
        guessed = walk.way == "guessed"
        try:
            page = await self._fetch_page(address)
        except FetchError as error:
            if error.status in (404, 410):
                return None
            if may_answer_later(error):
                raise
            return None if guessed else f"{error}; older pages are not reached"
        except ParseError as error:
            return None if guessed else f"{error}; older pages are not reached"
        if site_of(page.final_url) not in sites:
            return None if guessed else f"leads to another site ({page.final_url}); older pages are not reached"
        return page if page.entries and page.entries_key not in walk.passed else None

    async def _fetch_page(self, address: str) -> _Page:
        response = await self.asker.get(address, max_bytes=self.max_feed_bytes, headers={"accept": ACCEPT})
        now = datetime.now(UTC)
        data = readable(response.body, response.headers.get("content-type", ""), self.feed.language)
        read = _read_json if looks_like_json(data) else _read_xml
        contents = await asyncio.to_thread(read, data, response.url)
        times = (parse_date(text, timezone=self.feed.timezone, now=now) for text in contents.dates)
        return _Page(
            address=address,
            final_url=response.url,
            fetched_at=now,
            data=response.body,
            headers=response.headers,
            entries=len(contents.ids),
            entries_key=_short_digest(*sorted(set(contents.ids))),
            times=tuple({time for time in times if time}),
            links=contents.links,
            program=contents.program,
            complete=contents.complete,
            total=contents.total,
        )


@dataclass(frozen=True, slots=True)
class _Contents:
    """What is read from a page."""

    ids: list[str]
    dates: list[str]
    links: Mapping[str, str]
    """Absolute addresses by relation."""
    program: str
    """The software that made it, as far as it matters: "wordpress", "json" or ""."""
    complete: bool = False
    """Whether the feed says that it has no other pages."""
    total: int | None = None
    """Entries on all pages together."""


@dataclass(frozen=True, slots=True)
class _Page:
    address: str
    final_url: str
    """The address after redirects."""
    fetched_at: datetime
    data: bytes
    headers: Mapping[str, str]
    entries: int
    entries_key: str
    """A digest of its entries' ids."""
    times: tuple[datetime, ...]
    links: Mapping[str, str]
    program: str
    complete: bool
    total: int | None


@dataclass(slots=True)
class _Walk:
    """How far the walk from page to page has come."""

    way: Way
    home: str
    """The address of the first page, after redirects."""
    last_date: datetime
    """The date of the newest entry on the last page with dates; a page without dates takes it."""
    next: str | None = None
    pages: int = 0
    passed: dict[str, None] = field(default_factory=dict)
    """Digests of the addresses and entries of the pages so far, which detect a circle."""

    def add(self, page: _Page) -> None:
        self.pages += 1
        self.next = _successor(page, self.way)
        self.passed |= dict.fromkeys((_address_key(page.address), _address_key(page.final_url), page.entries_key))
        if page.times:
            self.last_date = min(max(page.times), page.fetched_at)

    def mark(self) -> str:
        """The state of the walk as JSON, so that it can continue without asking for a page again."""
        return json.dumps(
            {
                "next": self.next,
                "way": self.way,
                "home": self.home,
                "horizon": self.last_date.isoformat(),
                "pages": self.pages,
                "passed": "".join(self.passed),
            }
        )

    @classmethod
    def from_mark(cls, mark: str) -> _Walk | None:
        """The walk at that mark; None for an invalid mark: then the walk starts from the first page."""
        try:
            state = json.loads(mark)
            passed = str(state["passed"])
            return cls(
                way=state["way"] if state["way"] in _WAYS else "single",
                home=str(state["home"]),
                last_date=datetime.fromisoformat(state["horizon"]),
                next=state["next"],
                pages=int(state["pages"]),
                passed=dict.fromkeys(passed[start : start + _SHORT] for start in range(0, len(passed), _SHORT)),
            )
        except (ValueError, TypeError, KeyError):
            return None


def site_of(address: str) -> tuple[str, int | None]:
    """Host and port of a web address, without www. and default ports: two addresses with the same are of one site."""
    port = urlsplit(address).port
    return host_of(address), None if port in (80, 443) else port


def may_answer_later(error: FetchError) -> bool:
    """Whether the address may answer another day, so that a later run should continue there."""
    return isinstance(error, TransientFetchError) or error.status == 429 or (error.status or 0) >= 500


def _address_key(address: str) -> str:
    return _short_digest(normalize(address))


def _short_digest(*parts: str) -> str:
    return digest(*parts)[:_SHORT]


def _way(page: _Page) -> Way:
    if "prev-archive" in page.links:
        return "archived"
    if "next" in page.links:
        return "json" if page.program == "json" else "paged"
    if page.complete or not page.entries or page.program == "json":
        return "single"
    return "wordpress" if page.program == "wordpress" else "guessed"


def _successor(page: _Page, way: Way) -> str | None:
    """The address of the next page, which is older."""
    match way:
        case "archived":
            return page.links.get("prev-archive")
        case "paged" | "json":
            address = page.links.get("next")
            query = parse_qs(urlsplit(address or "").query)
            if address and "start-index" in query and site_of(address) != site_of(page.final_url):
                # Blogger links to pages on its own host; the blog's host has them, too
                return _with_query(
                    page.final_url, {name: query[name][0] for name in _BLOGGER_PARAMETERS if name in query}
                )
            return address
        case "wordpress" | "guessed":
            paged = parse_qs(urlsplit(page.address).query).get("paged", ["1"])[0]
            number = int(paged) if paged.isascii() and paged.isdigit() and len(paged) < 9 else 1
            return _with_query(page.final_url, {"paged": str(number + 1)})
        case "single":
            return None


def _with_query(address: str, parameters: dict[str, str]) -> str:
    return str(add_or_replace_parameters(address, parameters))


def _read_xml(data: bytes, address: str) -> _Contents:
    """Read an RSS or Atom page as tasks.parse.feed does. Raises ParseError."""
    result = read_feed(data)
    if not result.entries and not result.get("version"):
        raise ParseError("the page is not a feed")
    top = dict(result.feed)
    generator = f"{top.get('generator') or ''} {(top.get('generator_detail') or {}).get('href') or ''}".lower()
    entries = [dict(entry) for entry in result.entries]
    return _Contents(
        ids=[str(next(filter(None, map(entry.get, _ENTRY_KEYS)), "")) for entry in entries],
        dates=[str(entry[key]) for entry in entries for key in ("published", "created", "updated") if entry.get(key)],
        links=_links(((link.get("rel"), link.get("href")) for link in top.get("links") or ()), address),
        program="wordpress" if "wordpress" in generator else "",
        # feedparser's keys start with the prefix that the feed uses for RFC 5005 (section 2) or OpenSearch 1.1
        complete=any(name.endswith("_complete") for name in top),
        total=_number(value for name, value in top.items() if name.endswith("_totalresults")),
    )


def _read_json(data: bytes, address: str) -> _Contents:
    """Read a page of a JSON Feed. Raises ParseError."""
    top, items = read_json_feed(data)
    entries = [item for item in items if isinstance(item, dict)]
    return _Contents(
        ids=[str(next(filter(None, map(item.get, _ENTRY_KEYS)), "")) for item in entries],
        dates=[str(item[key]) for item in entries for key in ("date_published", "date_modified") if item.get(key)],
        links=_links([("next", top.get("next_url"))], address),
        program="json",
    )


def _links(pairs: Iterable[tuple[object, object]], base: str) -> dict[str, str]:
    """The first address for each relation, absolute, from pairs of relation and address."""
    links: dict[str, str] = {}
    for relation, address in pairs:
        if isinstance(relation, str) and isinstance(address, str) and (absolute := resolve(base, address)):
            links.setdefault(relation.lower().removeprefix(_RELATION_PREFIX), absolute)
    return links


def _number(values: Iterable[object]) -> int | None:
    """The first value that is a number of fewer than ten digits."""
    return next((int(text) for text in map(str, values) if text.isascii() and text.isdigit() and len(text) < 10), None)
