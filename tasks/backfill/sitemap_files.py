"""Reading one sitemap: XML of any kind or plain text, gzipped or not, within limits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, cast
from urllib.parse import urldefrag
from zoneinfo import ZoneInfo

import usp.fetch_parse
from usp.exceptions import SitemapXMLParsingException
from usp.fetch_parse import PlainTextSitemapParser, XMLSitemapParser
from usp.objects.page import SitemapPage
from usp.objects.sitemap import AbstractSitemap, InvalidSitemap
from usp.web_client.abstract_client import LocalWebClient

from tasks.errors import ParseError
from tasks.fetch.decoding import decode
from tasks.fetch.http import Response
from tasks.parse.feed import readable
from tasks.text.dates import EARLIEST, FUTURE
from tasks.text.mending import mend_xml
from tasks.text.urls import MAX_LENGTH, resolve
from warehouse.counting import counted

MAX_SITEMAPS = 2_000
MAX_URLS = 50_000
"""Limit for one sitemap; the protocol's own."""
MAX_DEPTH = 100
_IGNORED = re.compile(r"/sitemap-(?:image|video)/|xhtml link$")
"""Elements, as expat names them, with details of a page's images, videos and translations; there may be many."""
_DOCTYPE = re.compile(rb"<!DOCTYPE[^<>\[]{0,1000}>", re.IGNORECASE)
"""One that defines nothing. One that does stays, and is refused."""
_ROOT = re.compile(rb"<(?:urlset|sitemapindex)\b")
_NAMESPACES = {
    b"news": b"http://www.google.com/schemas/sitemap-news/0.9",
    b"image": b"http://www.google.com/schemas/sitemap-image/1.1",
    b"video": b"http://www.google.com/schemas/sitemap-video/1.1",
    b"xhtml": b"http://www.w3.org/1999/xhtml",
}
"""By prefix; some sitemaps use them without declaring them."""


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    url: str
    published: datetime | None
    changed: datetime | None


@dataclass(frozen=True, slots=True)
class SitemapContents:
    """What a sitemap lists, and its problems."""

    final_url: str
    """Its address after redirects."""
    sitemaps: tuple[str, ...] = ()
    pages: tuple[SitemapEntry, ...] = ()
    problems: tuple[str, ...] = ()


def _none_for_overflow(parse: Any) -> Any:
    """usp's parser of dates. A number of ten digits made it raise, and all pages of the sitemap were lost."""

    @wraps(parse)
    def parse_or_none(date_string: str) -> datetime | None:
        try:
            return cast("datetime | None", parse(date_string))
        except OverflowError:
            return None

    return parse_or_none


usp.fetch_parse.parse_iso8601_date = _none_for_overflow(usp.fetch_parse.parse_iso8601_date)
usp.fetch_parse.parse_rfc2822_date = _none_for_overflow(usp.fetch_parse.parse_rfc2822_date)


class _Parser(XMLSitemapParser):
    """usp's parser for every kind of XML sitemap, within limits. It refuses a DOCTYPE, and so entities, by itself.

    usp keeps what it read before an error without reporting the error; `problem` does.
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
        return ["is cut off, or is not a sitemap towards its end; what comes before is read"] if self._depth else []

    def _keep(self, sitemaps: list[str], level: int, parents: set[str]) -> list[str]:
        """Keep an index's sitemaps, and return none to usp, which would fetch them."""
        self.sitemaps += sitemaps
        return []

    def _xml_element_start(self, name: str, attrs: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._stop(f"is nested more than {MAX_DEPTH} deep; what comes after that is left out")
        if _IGNORED.search(name):
            return
        self._length = 0
        local = name.rpartition(" ")[2]
        if self._depth == 1 and local == "sitemapindex":
            self._counted, self._limit = ("loc",), MAX_SITEMAPS
        if local in self._counted:
            self._count += 1
            if self._count > self._limit:
                raise self._stop(f"lists more than {self._limit:,} addresses; those after them are left out")
        super()._xml_element_start(name, {key: _escape(value) for key, value in attrs.items()})

    def _xml_element_end(self, name: str) -> None:
        self._depth -= 1
        if _IGNORED.search(name):
            return
        self._length = 0
        try:
            super()._xml_element_end(name)
        except SitemapXMLParsingException as error:  # after an empty <loc/>, usp would drop all entries that follow
            self.problem = f"has invalid entries; they are left out ({error})"

    def _stop(self, reason: str) -> ParseError:
        self.problem = reason
        return ParseError(reason)

    def _xml_char_data(self, data: str) -> None:
        self._length += len(data)
        if self._length <= MAX_LENGTH:  # usp joins the pieces one by one, and no address or date is longer
            super()._xml_char_data(_escape(data))


def _escape(text: str) -> str:
    """usp unescapes HTML after XML's own escapes are undone: it would read &section= as §ion=."""
    return text.replace("&", "&amp;")


def parse_sitemap(response: Response, max_bytes: int, timezone: str) -> SitemapContents:
    """Read a sitemap, XML of any kind or plain text, gzipped or not; at most `max_bytes` after decompression.

    Dates without a time zone are of `timezone`.
    """
    address, data = response.url, response.body
    try:
        if data[:2] == b"\x1f\x8b":
            data = decode(data, "gzip", max_bytes)
    except OverflowError:
        return SitemapContents(address, problems=(f"larger than {max_bytes:,} bytes when unpacked",))
    except ValueError as error:
        return SitemapContents(address, problems=(f"its gzip is broken ({error})",))
    data = readable(data, response.headers.get("content-type", ""))
    sitemaps: Sequence[str] = ()
    problems: list[str] = []
    is_xml = data.startswith(b"<")
    try:
        if is_xml:
            sitemap, sitemaps, problems = _parse_xml(address, data)
        else:
            lines = data.decode().splitlines()
            if len(lines) > MAX_URLS:
                problems.append(f"holds more than {MAX_URLS:,} lines; those after them are left out")
            short_lines = "\n".join(line for line in lines[:MAX_URLS] if len(line) <= MAX_LENGTH)
            sitemap = PlainTextSitemapParser(address, short_lines, 0, LocalWebClient(), set()).sitemap()
        pages = list(sitemap.all_pages())
    except Exception as error:  # usp raises all kinds, for a date of forty digits, for example
        return SitemapContents(address, problems=(f"can't be parsed ({type(error).__name__}: {error})",))
    if isinstance(sitemap, InvalidSitemap) or (not pages and not is_xml):
        reason = "is not a sitemap, or has a DOCTYPE that defines entities, which is refused"
        return SitemapContents(address, problems=(reason,))
    now = datetime.now(UTC)
    entries = [_entry(page, address, timezone, now) for page in pages]
    if invalid := entries.count(None):
        problems.append(f"lists {counted(invalid, 'page')} without a valid address")
    return SitemapContents(address, tuple(sitemaps), tuple(entry for entry in entries if entry), tuple(problems))


def _parse_xml(address: str, data: bytes) -> tuple[AbstractSitemap, list[str], list[str]]:
    """The sitemap, the sitemaps that it lists, and its problems; mended if it is not well-formed."""
    data = _DOCTYPE.sub(b"", data[:2000], count=1) + data[2000:]
    sitemap, sitemaps, problems = _parse_strictly(address, data)
    if problems or isinstance(sitemap, InvalidSitemap):
        missing = [
            b' xmlns:%s="%s"' % (prefix, namespace)
            for prefix, namespace in _NAMESPACES.items()
            if b"<%s:" % prefix in data and b"xmlns:%s" % prefix not in data
        ]
        mended = _ROOT.sub(lambda root: root[0] + b"".join(missing), mend_xml(data), count=1)
        if mended != data:
            return _parse_strictly(address, mended)
    return sitemap, sitemaps, problems


def _parse_strictly(address: str, data: bytes) -> tuple[AbstractSitemap, list[str], list[str]]:
    parser = _Parser(address, data.decode())
    sitemap = parser.sitemap()
    return sitemap, parser.sitemaps, [] if isinstance(sitemap, InvalidSitemap) else parser.problems


def _entry(page: SitemapPage, base: str, timezone: str, now: datetime) -> SitemapEntry | None:
    url = resolve(base, page.url)
    if not url:
        return None
    story = page.news_story
    published = _moment(story.publish_date, timezone, now) if story else None
    return SitemapEntry(urldefrag(url).url, published, _moment(page.last_modified, timezone, now))


def _moment(moment: datetime | None, timezone: str, now: datetime) -> datetime | None:
    """The moment in UTC; None for one that tasks.text.dates would refuse, too."""
    if not moment:  # usp gives "" for a <lastmod> that holds an element instead of a date
        return None
    try:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return moment if EARLIEST <= moment <= now + FUTURE else None
