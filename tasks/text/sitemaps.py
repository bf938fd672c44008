"""Reading one sitemap (https://www.sitemaps.org/protocol.html): XML of any kind or plain text, within limits.

With Google's tags for news (https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap): title,
date, language and keywords, and its tags for images.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from tasks.text.dates import EARLIEST, FUTURE, parse_date
from tasks.text.encodings import readable
from tasks.text.mending import mend_xml
from tasks.text.urls import MAX_LENGTH, resolve
from warehouse.counting import counted

# Silence usp's log, which would fill the terminal: `problems` has what is wrong with a sitemap.
logging.getLogger("usp").addHandler(logging.NullHandler())
logging.getLogger("usp").propagate = False

MAX_SITEMAPS = 2_000
MAX_URLS = 50_000
"""Limit for one sitemap; the protocol's own."""
MAX_DEPTH = 100
MAX_IMAGES = 5
"""Of a page; a gallery names hundreds."""
MAX_TEXT = 4_096
"""Characters of a title, or of a page's keywords."""
_IGNORED = re.compile(r"/sitemap-(?:image|video)/|xhtml link$")
"""Elements, as expat names them, with details of a page's images, videos and translations; there may be many."""
_DETAIL = re.compile(r"/sitemap-(?P<kind>news|image)/\S* (?P<name>name|title|publication_date|language|keywords|loc)$")
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
class Details:
    """What a sitemap says of a page beside its address and lastmod; texts as it writes them, "" without."""

    title: str = ""
    date: str = ""
    language: str = ""
    keywords: str = ""
    images: tuple[str, ...] = ()
    publication: str = ""
    """The newspaper's name."""


NO_DETAILS = Details()


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    url: str
    published: datetime | None
    changed: datetime | None
    details: Details = NO_DETAILS


@dataclass(frozen=True, slots=True)
class SitemapContents:
    """What a sitemap lists, and its problems."""

    final_url: str
    """Its address after redirects."""
    sitemaps: tuple[str, ...] = ()
    sitemaps_changed: Mapping[str, datetime] = field(default_factory=dict)
    """When those of its sitemaps changed for which it says so."""
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
        self.changed: dict[str, str] = {}
        """The address of a sitemap in an index, or of a page → its lastmod, as it is written."""
        self.details: dict[str, dict[str, list[str]]] = {}
        """The address of a page → kind and name of a detail → its texts."""
        self._loc = self._lastmod = self._text = ""
        self._found: dict[str, list[str]] = {}
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
        self._text = ""
        if _IGNORED.search(name):
            return
        self._length = 0
        local = name.rpartition(" ")[2]
        if local in ("sitemap", "url"):
            self._loc, self._lastmod, self._found = "", "", {}
        if self._depth == 1 and local == "sitemapindex":
            self._counted, self._limit = ("loc",), MAX_SITEMAPS
        if local in self._counted:
            self._count += 1
            if self._count > self._limit:
                raise self._stop(f"lists more than {self._limit:,} addresses; those after them are left out")
        super()._xml_element_start(name, {key: _escape(value) for key, value in attrs.items()})

    def _xml_element_end(self, name: str) -> None:
        self._depth -= 1
        self._note(name)
        if _IGNORED.search(name):
            return
        self._length = 0
        try:
            super()._xml_element_end(name)
        except SitemapXMLParsingException as error:  # after an empty <loc/>, usp would drop all entries that follow
            self.problem = f"has invalid entries; they are left out ({error})"

    def _note(self, name: str) -> None:
        """Keep what usp drops: the lastmod of an index's sitemaps, a title without a date that usp can read."""
        text, self._text = self._text.strip(), ""
        detail, local = _DETAIL.search(name), name.rpartition(" ")[2]
        if detail:
            texts = self._found.setdefault(f"{detail['kind']} {detail['name']}", [])
            if text and len(texts) < MAX_IMAGES:
                texts.append(text)
        elif local == "loc":
            self._loc = text
        elif local == "lastmod":
            self._lastmod = text
        elif local == "sitemap" and self._loc and self._lastmod:
            self.changed[self._loc] = self._lastmod
        elif local == "url" and self._loc and self._found:
            self.details.setdefault(self._loc, self._found)

    def _stop(self, reason: str) -> ParseError:
        self.problem = reason
        return ParseError(reason)

    def _xml_char_data(self, data: str) -> None:
        if len(self._text) < MAX_TEXT:
            self._text += data
        self._length += len(data)
        if self._length <= MAX_LENGTH:  # usp joins the pieces one by one, and no address or date is longer
            super()._xml_char_data(_escape(data))


def _escape(text: str) -> str:
    """usp unescapes HTML after XML's own escapes are undone: it would read &section= as §ion=."""
    return text.replace("&", "&amp;")


def read_sitemap(
    data: bytes, address: str, *, content_type: str = "", timezone: str = "UTC", now: datetime | None = None
) -> SitemapContents:
    """Read a sitemap, XML of any kind or plain text; `address` is where it was fetched.

    Dates without a time zone are of `timezone`; those after `now` count as none.
    """
    data = readable(data, content_type)
    sitemaps: Sequence[str] = ()
    problems: list[str] = []
    details: Mapping[str, Mapping[str, list[str]]] = {}
    changed: Mapping[str, str] = {}
    is_xml = data.startswith(b"<")
    try:
        if is_xml:
            sitemap, parser, problems = _parse_xml(address, data)
            sitemaps, details, changed = parser.sitemaps, parser.details, parser.changed
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
    now = now or datetime.now(UTC)
    entries = [_entry(page, address, timezone, now, details) for page in pages]
    if invalid := entries.count(None):
        problems.append(f"lists {counted(invalid, 'page')} without a valid address")
    dates = {url: parse_date(text, timezone=timezone, now=now) for url, text in changed.items()}
    return SitemapContents(
        address,
        tuple(sitemaps),
        {url: date for url, date in dates.items() if date},
        tuple(entry for entry in entries if entry),
        tuple(problems),
    )


def _parse_xml(address: str, data: bytes) -> tuple[AbstractSitemap, _Parser, list[str]]:
    """The sitemap, its parser, and its problems; mended if it is not well-formed."""
    data = _DOCTYPE.sub(b"", data[:2000], count=1) + data[2000:]
    sitemap, parser, problems = _parse_strictly(address, data)
    if problems or isinstance(sitemap, InvalidSitemap):
        missing = [
            b' xmlns:%s="%s"' % (prefix, namespace)
            for prefix, namespace in _NAMESPACES.items()
            if b"<%s:" % prefix in data and b"xmlns:%s" % prefix not in data
        ]
        mended = _ROOT.sub(lambda root: root[0] + b"".join(missing), mend_xml(data), count=1)
        if mended != data:
            return _parse_strictly(address, mended)
    return sitemap, parser, problems


def _parse_strictly(address: str, data: bytes) -> tuple[AbstractSitemap, _Parser, list[str]]:
    parser = _Parser(address, data.decode())
    sitemap = parser.sitemap()
    return sitemap, parser, [] if isinstance(sitemap, InvalidSitemap) else parser.problems


def _entry(
    page: SitemapPage, base: str, timezone: str, now: datetime, details: Mapping[str, Mapping[str, list[str]]]
) -> SitemapEntry | None:
    url = resolve(base, page.url)
    if not url:
        return None
    story = page.news_story
    published = _moment(story.publish_date, timezone, now) if story else None
    changed = _moment(page.last_modified, timezone, now)
    found = details.get(page.url)
    if not found:
        return SitemapEntry(urldefrag(url).url, published, changed)

    def text(name: str) -> str:
        return next(iter(found.get(f"news {name}", ())), "")

    known = Details(
        text("title"),
        text("publication_date"),
        text("language"),
        text("keywords"),
        tuple(found.get("image loc", ())),
        text("name"),
    )
    published = published or parse_date(known.date, timezone=timezone, now=now)
    return SitemapEntry(urldefrag(url).url, published, changed, known)


def _moment(moment: datetime | None, timezone: str, now: datetime) -> datetime | None:
    """The moment in UTC; None for one that tasks.text.dates would refuse, too."""
    if not moment:  # usp gives "" for a <lastmod> that holds an element instead of a date
        return None
    try:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return moment if EARLIEST <= moment <= now + FUTURE else None
