"""Parsing a feed: feedparser reads every kind of XML, `tasks.parse.json_feed` reads JSON Feed.

feedparser's sanitising and resolving of addresses are off: cleaning does both, and takes a quarter of the time.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
import feedparser.api
import feedparser.encodings
import feedparser.mixin
import feedparser.sanitizer

from tasks.errors import ParseError
from tasks.parse.about import about_xml_feed
from tasks.parse.authors import inherited
from tasks.parse.bases import document_base, feed_base
from tasks.parse.enclosures import xml_enclosures
from tasks.parse.entry import (
    MAX_LANGUAGE,
    EntryFields,
    ParsedDocument,
    clean_text,
    entry_date,
    make_entry,
    optional_text,
    reject_entry,
    to_json,
    unique,
)
from tasks.parse.expat import NotWellFormedError, only_well_formed
from tasks.parse.feed_dictionary import make_quick
from tasks.parse.feed_elements import mend_elements
from tasks.parse.json_feed import looks_like_json, parse_json_feed
from tasks.parse.media_description import keep_media_descriptions_apart, media_text
from tasks.rhythm import read_hints
from tasks.text import urls
from tasks.text.encodings import readable
from tasks.text.mending import mend_xml
from tasks.text.text_or_markup import reads_as_markup
from warehouse.records import CUT_OFF, Document, Feed, Reject

feedparser.api.PREFERRED_XML_PARSERS = ["tasks.parse.expat"]

_WINDOWS_1252 = re.compile(r"[\x80-\x9f]")


class _Text(str):
    """A text that is only translated if it contains characters that feedparser would translate.

    feedparser translates U+0080 to U+009F as Windows-1252. str.translate looks up every character that is not ASCII.
    """

    __slots__ = ()

    def translate(self, table: Any, /) -> str:
        return super().translate(table) if _WINDOWS_1252.search(self) else str(self)


def _to_text(_element: str, data: str) -> str:
    return _Text(data)


# feedparser's patterns for what stands before the root element take the square of its length: empty lines are tried
# from each of them, and what is never closed is read to its end each time. Feeds declare far less than these bounds.
feedparser.encodings.RE_XML_PI_ENCODING = re.compile(rb"^<\?[^>]{0,200}?encoding=['\"]([\w.:-]{1,99})['\"]")
feedparser.sanitizer.RE_ENTITY_PATTERN = re.compile(rb"^[ \t\r]{0,99}<!ENTITY([^>]{0,1000}?)>", re.MULTILINE)
feedparser.sanitizer.RE_DOCTYPE_PATTERN = re.compile(rb"^[ \t\r]{0,99}<!DOCTYPE([^>]{0,1000}?)>", re.MULTILINE)

# The strict parser calls decode_entities, which does nothing there, right before translate.
# `benchmarks.shortcuts` measures what this saves.
feedparser.mixin._FeedParserMixin.decode_entities = staticmethod(_to_text)
keep_media_descriptions_apart(feedparser.mixin._FeedParserMixin)
make_quick()
mend_elements(feedparser.mixin._FeedParserMixin)


def _join_base(base: str, stated: str = "") -> str:
    """The base of an element that states one, in an element with the base `base`; "" if the address is no web address.

    feedparser is given no base of the document, so that an entry's base is what xml:base states. It stays relative if
    no xml:base around it is absolute (feedparser's own function would not join the second to the first).
    """
    if stated is base:  # feedparser joins the bases of every element, and few state one
        return base
    try:
        # feeds may nest a hundred elements that each make the base longer
        joined = urljoin(base, re.sub(r"^(https?:)/{3,}", r"\1//", stated.strip()))
        return joined if len(joined) <= urls.MAX_LENGTH and urlsplit(joined).scheme in ("", "http", "https") else ""
    except ValueError:
        return ""


feedparser.mixin.make_safe_absolute_uri = _join_base
_feedparsers_urljoin = feedparser.mixin._urljoin


def _join_addresses(base: str, address: str) -> str:
    """feedparser's function, which it also calls for every element of a feed that states no base."""
    return _feedparsers_urljoin(base, address) if base or address else ""


feedparser.mixin._urljoin = _join_addresses
# An id stays as it is: resolved, it would change with the document's address, and "123" would become the entry's link.
feedparser.mixin._FeedParserMixin.can_be_relative_uri -= {"id"}

_PIXELS = re.compile(r"[1-9][0-9]{0,5}")
PICTURE_WIDTH, THUMBNAIL_WIDTH = 1000, 300
"""Pixels that an image without a stated width is taken to have."""
_HTML = re.compile(rb"(?>\s+|<!--.*?-->)*+<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_ENTRY = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
_ENTRY_OR_ROOT = re.compile(rb"<(/?)(?:[\w.-]+:)?(?:item|entry|rss|feed|rdf)(?=[\s/>])", re.IGNORECASE)
_NOT_MARKUP = re.compile(rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)", re.DOTALL)
_ESCAPED_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>?", re.DOTALL)
_IMAGE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)", re.IGNORECASE)


def parse(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    """The document's entries, in its order. Raises ParseError if it is not a feed; a bad entry only gives a reject."""
    data = readable(data, document.headers.get("content-type", ""), feed.language)
    if not data:
        raise ParseError("the document is empty")
    if looks_like_json(data):
        return parse_json_feed(data, document, feed)
    return _parse_xml(data, document, feed)


def _parse_xml(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    result = read_feed(data)
    if not result.entries and not result.get("version"):
        if _HTML.match(data[:4096]):
            raise ParseError("the document is an HTML page, not a feed; `newsmill feeds add` finds a page's feed")
        reason = result.get("bozo_exception")
        raise ParseError(f"the document is no feed: {reason or 'no entries, and no known root element'}")
    if not result.entries and _ENTRY.search(_NOT_MARKUP.sub(b"", data)):  # `rss:item`, undeclared, for example
        raise ParseError(
            "the document has items, but none of them can be read: perhaps their namespace is not declared, or they "
            "stand where RSS and Atom have none"
        )
    raw_entries = list(result.entries)
    rejects = []
    if result.bozo and raw_entries and not _ends_between_entries(data):
        # the last entry may be incomplete, and would be taken for an edit of the complete one
        last = raw_entries.pop()
        location = f"entry {len(raw_entries)}: {last.get('id') or last.get('link') or ''}"
        rejects.append(Reject("parse", CUT_OFF, feed.id, document.document_id, location))
    is_atom = result.version.startswith("atom")
    channel = _Channel(
        (optional_text(result.feed.get("language")) or "")[:MAX_LANGUAGE] or None,
        feed_base(result.feed.get("link"), document, feed),
        # RFC 4287 4.2.1; RSS has no such rule, and a channel's managingEditor writes no articles
        inherited(_authors(result.feed)) if is_atom else (),
        is_atom,
    )
    entries = []
    for position, raw in enumerate(raw_entries):
        try:
            entries.append(make_entry(_read_entry(raw, document, feed, channel), document, feed, position))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            rejects.append(reject_entry(document, feed, position, raw.get("id") or raw.get("link"), error))
    about = about_xml_feed(dict(result.feed), document_base(document, feed))
    return ParsedDocument(tuple(entries), tuple(rejects), read_hints(result.feed, data), about)


def read_feed(data: bytes) -> Any:
    """feedparser's result, a dictionary with attributes, for a document in UTF-8. Raises ParseError."""
    try:
        try:
            with only_well_formed():
                return _read_feed(data)
        except NotWellFormedError:
            return _read_feed(mend_xml(data))
    except Exception as error:  # feedparser raises whatever a document makes it raise
        raise ParseError(f"the document can't be parsed ({type(error).__name__}: {error})") from error


def _read_feed(data: bytes) -> Any:
    return feedparser.parse(
        # a stream, because feedparser would open the file if the bytes were a path
        io.BytesIO(data),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _ends_between_entries(data: bytes) -> bool:
    """Whether the last entry is closed, or the root element: some programs never close the one or the other. A closing
    tag in CDATA does not count: an article may quote one."""
    tags = list(_ENTRY_OR_ROOT.finditer(_NOT_MARKUP.sub(b"", data)))
    return bool(tags) and tags[-1][1] == b"/"


@dataclass(frozen=True, slots=True)
class _Channel:
    """What the feed says for all its entries."""

    language: str | None
    base: str
    authors: tuple[str, ...]
    is_atom: bool


def _read_entry(raw: dict[str, Any], document: Document, feed: Feed, channel: _Channel) -> EntryFields:
    """The fields of feedparser's entry."""
    if not isinstance(raw.get("links", []), list):  # feedparser keeps the text of an element <links> there
        del raw["links"]
    base = channel.base
    enclosed = raw.get("enclosures", ())  # made by feedparser's own dictionary, which looks up every key three times
    images = [*_enclosures(raw, enclosed)]
    widest_first = unique(address for address, _ in sorted(images, key=lambda image: -image[1]))
    raw = dict(raw)  # feedparser's own dictionary looks up every key under three names
    content, content_type, content_base = _content(raw)
    if content_base or (raw.get("title_detail") or {}).get("base"):
        own = document_base(document, feed)
        content_base = urls.resolve(own, content_base)
        if entry_base := urls.resolve(own, (raw.get("title_detail") or {"base": content_base}).get("base")):
            base = own  # feedparser has joined the link to the entry's xml:base, which may be relative to the document
            widest_first = tuple(urls.resolve(entry_base, address) or address for address in widest_first)
    summary = clean_text(raw.get("summary") or "")
    stated_update = raw.get("updated")
    stated_date = raw.get("published") or raw.get("created") or stated_update
    published_at = entry_date(stated_date, raw.get("published_parsed"), feed, document)
    updated_at = entry_date(stated_update, raw.get("updated_parsed"), feed, document)
    return EntryFields(
        guid=_field(raw.get("id")) or None,
        link=_field(raw.get("feedburner_origlink") or _link(raw)) or None,
        title=_field(raw.get("title")),
        authors=_authors(raw) or _authors(raw.get("source") or {}) or channel.authors,
        published_at=published_at or updated_at,
        updated_at=updated_at,
        stated_dates=(str(stated_date), str(stated_update)),
        language=_language(raw, channel.language),
        categories=unique(_field(tag.get("term") or tag.get("label")) for tag in raw.get("tags", ())),
        content=content,
        content_type=content_type,
        summary="" if summary == content else _as_html(summary, raw.get("summary_detail")),
        base_url=base,
        content_base=content_base,
        enclosures=unique(address for address, _ in images),
        widest_first=widest_first,
        parsed=to_json(raw, content),
        # feedparser guesses what the titles of other feeds are
        title_is_plain=channel.is_atom and (raw.get("title_detail") or {}).get("type") == "text/plain",
        files=xml_enclosures(raw, enclosed),
    )


def _field(value: object) -> str:
    """The text, without the CDATA that some programs put around it and then escape."""
    text = clean_text(value or "")
    escaped = _ESCAPED_CDATA.fullmatch(text)
    return escaped[1].strip() if escaped else text


def _as_html(summary: str, detail: Mapping[str, Any] | None) -> str:
    """The summary as HTML, for which cleaning takes it, if it is a plain text with tags in it."""
    is_plain = detail and detail.get("type") == "text/plain" and clean_text(detail.get("value") or "") == summary
    return escape(summary, quote=False) if is_plain and "<" in summary and not reads_as_markup(summary) else summary


def _content(raw: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """(value, type, base) of the longest of content, summary and description."""
    candidates = [*raw.get("content", ())]
    if raw.get("summary_detail"):
        candidates.append(raw["summary_detail"])
    if not any(candidate.get("value") for candidate in candidates):
        candidates.append(media_text(raw))
    best = max(candidates, key=lambda candidate: len(candidate.get("value") or ""))
    content_type = "text/plain" if best.get("type") == "text/plain" else "text/html"
    return clean_text(best.get("value") or ""), content_type, best.get("base") or None


def _language(raw: Mapping[str, Any], language: str | None) -> str | None:
    """The language that the entry states of itself, else of its text or title, else `language`, the feed's.

    feedparser has handed xml:lang down from the elements around each text. An empty one says that it is not known.
    """
    texts = (*raw.get("content", ()), raw.get("summary_detail") or {}, raw.get("title_detail") or {})
    stated = (raw.get("language"), *(text.get("language") for text in texts), language)
    return optional_text(next((each for each in stated if each is not None), None))


def _link(raw: Mapping[str, Any]) -> str | None:
    """The address of the entry's page: a rel=alternate link to HTML, else any link, else a permalink guid (RSS 2.0)."""
    links = [link for link in raw.get("links", ()) if link.get("href") and link.get("rel") != "enclosure"]
    for link in links:
        if link.get("rel") == "alternate" and "html" in (link.get("type") or "text/html"):
            return str(link["href"])
    guid = _field(raw.get("id"))
    # feedparser takes every guid for a permalink unless isPermaLink is "false", and Atom's ids, too
    if raw.get("link") and (raw["link"] != guid or any(link["href"] == guid for link in links)):
        return str(raw["link"])
    # a path is an address, and the other ids are none
    return guid if guid.startswith(("http://", "https://", "/")) and raw.get("guidislink", True) else None


def _authors(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The authors of an entry or a feed, each as it is named."""
    names = [_field(author.get("name") or author.get("email")) for author in raw.get("authors", ())]
    return unique(names) or unique([_field(raw.get("author"))])


def _enclosures(raw: Mapping[str, Any], enclosed: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, int]]:
    """(address, width) of images outside the content: media:content, enclosures, media:thumbnail, image."""
    for item in raw.get("media_content", ()):
        address, media_type = item.get("url") or "", item.get("type") or ""
        if item.get("medium") == "image" or _is_image(address, media_type):
            yield address, _width(item, PICTURE_WIDTH)
    for item in enclosed:
        address, media_type = item.get("href") or item.get("url") or "", item.get("type") or ""
        if _is_image(address, media_type):
            yield address, PICTURE_WIDTH
    for item in raw.get("media_thumbnail", ()):
        yield item.get("url") or "", _width(item, THUMBNAIL_WIDTH)
    image = raw.get("image")
    if isinstance(image, Mapping) and image.get("href"):
        yield str(image["href"]), THUMBNAIL_WIDTH


def _width(item: Mapping[str, Any], unstated: int) -> int:
    match = _PIXELS.match(str(item.get("width") or ""))
    return int(match[0]) if match else unstated


def _is_image(address: str, media_type: str) -> bool:
    return media_type.startswith("image/") or (not media_type and _IMAGE.search(address) is not None)
