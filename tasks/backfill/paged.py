"""A feed's older pages: RFC 5005 archives and paged feeds, Blogger, WordPress, JSON Feed."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import feedparser
from w3lib.url import add_or_replace_parameters, canonicalize_url

import tasks.parse.feed  # noqa: F401 - prepares feedparser: its parser, its table of characters
from tasks.backfill.finds import Find, Plan, Wanted
from tasks.backfill.polite import Asker
from tasks.errors import BackfillError, FetchError, ParseError, TransientFetchError
from tasks.fetch.feed import ACCEPT
from tasks.text.dates import parse_date
from tasks.text.urls import resolve
from warehouse.records import Feed, Source, digest

Way = Literal["archived", "paged", "json", "wordpress", "guessed", "single"]

_WAYS: dict[Way, str] = {
    "archived": "an archived feed (RFC 5005): each page names the one before it (rel=prev-archive)",
    "paged": "a paged feed (RFC 5005, Blogger): each page names the next (rel=next)",
    "json": "a JSON Feed: each page names the next (next_url)",
    "wordpress": "WordPress: pages are asked for by number (?paged=2, 3, …)",
    "guessed": "the feed names no further pages; ?paged=2 is tried, as WordPress has it",
    "single": "the feed has no further pages",
}
_SHORT = 12
"""Hex digits of the digests by which a page is known again: enough for some thousand pages."""
_NAMES = ("id", "link", "url", "title", "summary", "content_html", "content_text")
"""What an entry is known by, the best first."""
_BLOGGER = ("start-index", "max-results")
_REGISTERED = "http://www.iana.org/assignments/relation/"
"""A link's relation may be written as an address (RFC 4287 4.2.7.2)."""


@dataclass(frozen=True, slots=True)
class Paged:
    """The pages of a feed, newest first, from `feed.url` back to the oldest.

    The links are those of RFC 5005 sections 3 and 4, of JSON Feed 1.1 (next_url), and Blogger's. WordPress, and feeds
    that name no further page, are asked for ?paged=2, 3, …

    A find's `seen_at` is the moment of fetching for the feed's own address, as of any fetch. A later page is as of
    its newest entry: an archive page may be years old, and the version it holds must not pass for newer than what a
    fetch has seen since. A page without dates is as of the page before it. Where a range is asked for, only the
    entries in it count, so that seen_at lies in the range; a page is loaded whole, with those of its entries that lie
    outside.
    """

    wanted: Wanted
    feed: Feed
    asker: Asker
    max_feed_bytes: int
    """Of one page, after decompression."""
    max_pages: int = 5000
    source: Source = "paged-feed"

    async def plan(self) -> Plan:
        """Ask for the first page only. Raises BackfillError where there is no feed, FetchError where none is given."""
        first = await self._first()
        way = _way(first)
        pages = 1 if way == "single" else None
        if way == "paged" and first.total and first.entries and self.wanted.since is None:
            pages = min(ceil(first.total / first.entries), self.max_pages)
        oldest = f", the oldest of {min(first.times):%Y-%m-%d}" if first.times else ", none with a date"
        says = (f"{self.feed.url}: {_WAYS[way]}", f"the first page holds {first.entries:,} entries{oldest}")
        return Plan(pages, requests=pages or 0, says=says)

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        """A find a page. Ends at the date, at 404 or 410, and where pages repeat or hold nothing.

        A page that leads to another site, can't be read, or is one too many, is a find with an error, and the last.
        Raises FetchError for 429, 5xx and broken connections: the next run goes on there.
        """
        walk = _Walk.resumed(after) if after else None
        page: _Page | str | None
        if walk is None:
            page = await self._first()
            walk = _Walk(_way(page), page.answered, page.fetched_at)
            moment = self._moment(page, walk, page.fetched_at)
        else:
            page = await self._next(walk)
            moment = self._moment(page, walk, None)
        while isinstance(page, _Page):
            walk.pass_by(page)
            if moment:
                yield self._find(page.address, walk, moment, data=page.data, headers=page.headers)
            if page.times and self.wanted.since and all(time < self.wanted.since for time in page.times):
                return
            page = await self._next(walk)
            moment = self._moment(page, walk, None)
        if page:
            address, walk.next = walk.next or self.feed.url, None
            yield self._find(address, walk, datetime.now(UTC), error=page)

    def _find(self, address: str, walk: _Walk, moment: datetime, **given: Any) -> Find:
        return Find(mark=walk.mark(), feed=self.feed, location=address, url=self.feed.url, seen_at=moment, **given)

    def _moment(self, page: _Page | str | None, walk: _Walk, fetched_at: datetime | None) -> datetime | None:
        """The page's seen_at; None for one that is not asked for."""
        if not isinstance(page, _Page):
            return None
        times = [time for time in page.times if self.wanted.covers(time)]
        if page.times and not times:
            return None
        if fetched_at and self.wanted.covers(fetched_at):
            return fetched_at
        moment = min(max(times), page.fetched_at) if times else walk.horizon
        return moment if self.wanted.covers(moment) else None

    async def _first(self) -> _Page:
        """The page to begin at: the feed's own, or the current one where that is a page of its archive."""
        url = self.feed.url
        try:
            page = await self._page(url)
        except ParseError as error:
            raise BackfillError(f"{url}: {error}; give the address of a feed") from error
        except FetchError as error:
            if error.status in (404, 410):
                raise BackfillError(f"{error}; give the address the feed has today") from error
            raise
        current = page.links.get("current")
        if not current or _name(current) in (_name(page.address), _name(page.answered)):
            return page
        if site_of(current) not in (site_of(url), site_of(page.answered)):
            return page
        try:
            return await self._page(current)
        except ParseError:
            return page
        except FetchError as error:
            if is_passing(error):
                raise
            return page  # the feed itself is there, whatever it says of a current one

    async def _next(self, walk: _Walk) -> _Page | str | None:
        """The next page, None at the end, or why it can't be had."""
        address = walk.next
        if address is None or _name(address) in walk.passed:
            return None
        if walk.pages >= self.max_pages:
            return f"not asked for: {self.max_pages:,} pages were read; begin a backfill here for those before"
        sites = (site_of(self.feed.url), site_of(walk.home))
        if site_of(address) not in sites:
            return "not asked for: it is the feed's next page, but on another site; if that is meant, begin there"
        guessed = walk.way == "guessed"
        try:
            page = await self._page(address)
        except FetchError as error:
            if error.status in (404, 410):
                return None
            if is_passing(error):
                raise
            return None if guessed else f"{error}; older pages are not reached"
        except ParseError as error:
            return None if guessed else f"{error}; older pages are not reached"
        if site_of(page.answered) not in sites:
            return None if guessed else f"leads to another site ({page.answered}); older pages are not reached"
        return page if page.entries and page.ids not in walk.passed else None

    async def _page(self, address: str) -> _Page:
        response = await self.asker.get(address, max_bytes=self.max_feed_bytes, headers={"accept": ACCEPT})
        now = datetime.now(UTC)
        read = _read_json if response.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else _read_xml
        contents = await asyncio.to_thread(read, response.body, response.headers, response.url)
        times = (parse_date(text, timezone=self.feed.timezone, now=now) for text in contents.dates)
        return _Page(
            address=address,
            answered=response.url,
            fetched_at=now,
            data=response.body,
            headers=response.headers,
            entries=len(contents.ids),
            ids=_short(*sorted(set(contents.ids))),
            times=tuple({time for time in times if time}),
            links=contents.links,
            program=contents.program,
            complete=contents.complete,
            total=contents.total,
        )


@dataclass(frozen=True, slots=True)
class _Contents:
    """What a page says of itself."""

    ids: list[str]
    dates: list[str]
    links: Mapping[str, str]
    """Absolute addresses by relation."""
    program: str
    complete: bool = False
    """Whether the feed says that it has no other pages."""
    total: int | None = None


@dataclass(frozen=True, slots=True)
class _Page:
    address: str
    answered: str
    """The address after redirects."""
    fetched_at: datetime
    data: bytes
    headers: Mapping[str, str]
    entries: int
    ids: str
    """A digest of what its entries are called."""
    times: tuple[datetime, ...]
    links: Mapping[str, str]
    program: str
    complete: bool
    total: int | None


@dataclass(slots=True)
class _Walk:
    """How far a walk has come. Not frozen: it goes on page by page."""

    way: Way
    home: str
    """The address of the first page, after redirects."""
    horizon: datetime
    """The newest entry of the last page that had dates; pages without any are as of then."""
    next: str | None = None
    pages: int = 0
    passed: dict[str, None] = field(default_factory=dict)
    """Digests of the addresses and the entries of the pages so far, by which a circle is noticed."""

    def pass_by(self, page: _Page) -> None:
        self.pages += 1
        self.next = _successor(page, self.way)
        self.passed |= dict.fromkeys((_name(page.address), _name(page.answered), page.ids))
        if page.times:
            self.horizon = min(max(page.times), page.fetched_at)

    def mark(self) -> str:
        """All that the walk has to know to go on, so that no page is asked for again."""
        return json.dumps(
            {
                "next": self.next,
                "way": self.way,
                "home": self.home,
                "horizon": self.horizon.isoformat(),
                "pages": self.pages,
                "passed": "".join(self.passed),
            }
        )

    @classmethod
    def resumed(cls, mark: str) -> _Walk | None:
        """The walk at that mark; None for what is no mark, which begins the walk again."""
        try:
            said = json.loads(mark)
            passed = str(said["passed"])
            return cls(
                way=said["way"] if said["way"] in _WAYS else "single",
                home=str(said["home"]),
                horizon=datetime.fromisoformat(said["horizon"]),
                next=said["next"],
                pages=int(said["pages"]),
                passed=dict.fromkeys(passed[start : start + _SHORT] for start in range(0, len(passed), _SHORT)),
            )
        except (ValueError, TypeError, KeyError):
            return None


def site_of(address: str) -> tuple[str, int | None]:
    """Host and port of a web address, by which two addresses are of one site: www. and default ports aside."""
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    return host, None if parts.port in (80, 443) else parts.port


def is_passing(error: FetchError) -> bool:
    """Whether the address may well answer another day, so that a backfill is to go on there."""
    return isinstance(error, TransientFetchError) or error.status == 429 or (error.status or 0) >= 500


def _name(address: str) -> str:
    return _short(canonicalize_url(address))


def _short(*parts: str) -> str:
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
    """The address of the page after this one."""
    match way:
        case "archived":
            return page.links.get("prev-archive")
        case "paged" | "json":
            address = page.links.get("next")
            query = parse_qs(urlsplit(address or "").query)
            if address and "start-index" in query and site_of(address) != site_of(page.answered):
                # Blogger names its pages at its own host; they are at the blog's too
                return _with_query(page.answered, {name: query[name][0] for name in _BLOGGER if name in query})
            return address
        case "wordpress" | "guessed":
            said = parse_qs(urlsplit(page.address).query).get("paged", ["1"])[0]
            number = int(said) if said.isascii() and said.isdigit() and len(said) < 9 else 1
            return _with_query(page.answered, {"paged": str(number + 1)})
        case "single":
            return None


def _with_query(address: str, parameters: dict[str, str]) -> str:
    return str(add_or_replace_parameters(address, parameters))


def _read_xml(data: bytes, headers: Mapping[str, str], address: str) -> _Contents:
    """What an RSS or Atom page says, read as tasks.parse.feed reads it. Raises ParseError."""
    try:
        result = feedparser.parse(
            io.BytesIO(data),  # given bytes, feedparser would take a path for a file to open
            response_headers={"content-type": headers.get("content-type", "application/xml")},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:
        raise ParseError(f"the page can't be parsed ({type(error).__name__}: {error})") from error
    if not result.entries and not result.get("version"):
        raise ParseError("the page is no feed")
    top = dict(result.feed)
    generator = f"{top.get('generator') or ''} {(top.get('generator_detail') or {}).get('href') or ''}".lower()
    entries = [dict(entry) for entry in result.entries]
    return _Contents(
        ids=[str(next(filter(None, map(entry.get, _NAMES)), "")) for entry in entries],
        dates=[str(entry[key]) for entry in entries for key in ("published", "created", "updated") if entry.get(key)],
        links=_links(((link.get("rel"), link.get("href")) for link in top.get("links") or ()), address),
        program="wordpress" if "wordpress" in generator else "",
        # the element's own prefix is part of feedparser's name for it: RFC 5005 section 2, OpenSearch 1.1
        complete=any(name.endswith("_complete") for name in top),
        total=_number(value for name, value in top.items() if name.endswith("_totalresults")),
    )


def _read_json(data: bytes, headers: Mapping[str, str], address: str) -> _Contents:
    """What a page of a JSON Feed says (https://www.jsonfeed.org/version/1.1/). Raises ParseError."""
    try:
        top = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ParseError(f"the page is no JSON: {error}") from error
    items = top.get("items") if isinstance(top, dict) else None
    if not isinstance(items, list):
        raise ParseError("the page is JSON, but no JSON Feed: it has no items")
    found = [item for item in items if isinstance(item, dict)]
    return _Contents(
        ids=[str(next(filter(None, map(item.get, _NAMES)), "")) for item in found],
        dates=[str(item[key]) for item in found for key in ("date_published", "date_modified") if item.get(key)],
        links=_links([("next", top.get("next_url"))], address),
        program="json",
    )


def _links(found: Iterable[tuple[object, object]], base: str) -> dict[str, str]:
    """The first address of each relation."""
    links: dict[str, str] = {}
    for relation, address in found:
        if isinstance(relation, str) and isinstance(address, str) and (absolute := resolve(base, address)):
            links.setdefault(relation.lower().removeprefix(_REGISTERED), absolute)
    return links


def _number(found: Iterable[object]) -> int | None:
    return next((int(text) for text in map(str, found) if text.isascii() and text.isdigit() and len(text) < 10), None)
