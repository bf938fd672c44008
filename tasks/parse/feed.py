"""Parsing a feed: feedparser reads every kind of XML, `tasks.parse.json_feed` reads JSON Feed.

feedparser's sanitising and resolving of addresses are off: cleaning does both, and takes a quarter of the time.
"""

from __future__ import annotations

import codecs
import inspect
import io
import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
import feedparser.api
import feedparser.mixin

from tasks.errors import ParseError
from tasks.parse.bases import document_base, feed_base
from tasks.parse.entry import (
    LEGACY_ENCODINGS,
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
from tasks.parse.json_feed import looks_like_json, parse_json_feed
from tasks.parse.media_description import keep_media_descriptions_apart, media_text
from tasks.rhythm import read_hints
from tasks.text import urls
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


# The strict parser calls decode_entities, which does nothing there, right before translate.
# `benchmarks.shortcuts` measures what this saves.
feedparser.mixin._FeedParserMixin.decode_entities = staticmethod(_to_text)
keep_media_descriptions_apart(feedparser.mixin._FeedParserMixin)


def _tolerant(handler: Callable[..., Any]) -> Callable[..., Any]:
    """feedparser's handler of an element. It raises KeyError and the like where it does not expect the element, such as
    <gml:pos> outside <georss:where>, and all entries would be lost. After an AttributeError feedparser takes the
    element for one that it does not know."""

    @wraps(handler)
    def handle(*arguments: Any) -> Any:
        try:
            return handler(*arguments)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise AttributeError(str(error)) from error

    return handle


for _name, _handler in inspect.getmembers(feedparser.mixin._FeedParserMixin, inspect.isfunction):
    if _name.startswith(("_start_", "_end_")):
        setattr(feedparser.mixin._FeedParserMixin, _name, _tolerant(_handler))


def _join_base(base: str, stated: str = "") -> str:
    """The base of an element that states one, in an element with the base `base`; "" if the address is no web address.

    feedparser is given no base of the document, so that an entry's base is what xml:base states. It stays relative if
    no xml:base around it is absolute (feedparser's own function would not join the second to the first).
    """
    if stated is base:  # feedparser joins the bases of every element, and few state one
        return base
    try:
        joined = urljoin(base, re.sub(r"^(https?:)/{3,}", r"\1//", stated.strip()))
        return joined if urlsplit(joined).scheme in ("", "http", "https") else ""
    except ValueError:
        return ""


feedparser.mixin.make_safe_absolute_uri = _join_base
# An id stays as it is: resolved, it would change with the document's address, and "123" would become the entry's link.
feedparser.mixin._FeedParserMixin.can_be_relative_uri -= {"id"}

_ROOT_END = re.compile(rb"</\s*(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_DECLARED = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._-]+)", re.IGNORECASE)
_HTML = re.compile(rb"^\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_ITEM = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)\b", re.IGNORECASE)
_NOT_MARKUP = re.compile(rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)", re.DOTALL)
"""Up to the end, if unclosed: to look for the end of each of 10,000 anew took minutes."""
_DAMAGED_ENCODING = re.compile(rb"""^(<\?xml[^>]{0,200}?)\sencoding\s*=\s*["'][^"'>]*[\x80-\xff][^"'>]*["']""")
_REFERENCE = re.compile(rb"&#(?:x([0-9a-f]+)|([0-9]+));?", re.IGNORECASE)
_PIXELS = re.compile(r"[1-9][0-9]{0,5}")
PICTURE_WIDTH, THUMBNAIL_WIDTH = 1000, 300
"""Pixels that an image without a stated width is taken to have."""
_IMAGE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)", re.IGNORECASE)


def parse(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    """The document's entries, in its order. Raises ParseError if it is not a feed; a bad entry only gives a reject."""
    if not data.strip():
        raise ParseError("the document is empty")
    if data[:1].isspace():
        data = data.lstrip(b" \t\r\n")  # nothing may come before an XML declaration, or its encoding is not read
    if looks_like_json(data):
        return parse_json_feed(data, document, feed)
    return _parse_xml(data, document, feed)


def _parse_xml(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    headers = {"content-type": document.headers.get("content-type", "application/xml")}
    if encoding := _legacy_encoding(data, headers["content-type"], feed.language):
        headers["content-type"] = f"application/xml; charset={encoding}"
    data = _drop_partial_character(data, headers["content-type"])
    result = read_feed(data, headers)
    if not result.entries and not result.get("version"):
        if _HTML.search(data[:4096]):
            raise ParseError("the document is an HTML page, not a feed; `newsmill feeds add` finds a page's feed")
        reason = result.get("bozo_exception")
        raise ParseError(f"the document is no feed: {reason or 'no entries, and no known root element'}")
    if not result.entries and _has_items(data):
        raise ParseError(
            "the document has items, but none of them can be read: perhaps their namespace is not declared, or they "
            "stand where RSS and Atom have none"
        )
    raw_entries = list(result.entries)
    rejects = []
    if result.bozo and raw_entries and not _is_complete(data):
        # the last entry may be incomplete, and would be taken for an edit of the complete one
        last = raw_entries.pop()
        location = f"entry {len(raw_entries)}: {last.get('id') or last.get('link') or ''}"
        rejects.append(Reject("parse", CUT_OFF, feed.id, document.document_id, location))
    language = result.feed.get("language")
    base = feed_base(result.feed.get("link"), document, feed)
    entries = []
    for position, raw in enumerate(raw_entries):
        try:
            entries.append(make_entry(_read_entry(raw, document, feed, language, base), document, feed, position))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            rejects.append(reject_entry(document, feed, position, raw.get("id") or raw.get("link"), error))
    return ParsedDocument(tuple(entries), tuple(rejects), read_hints(result.feed, data))


def _has_items(data: bytes) -> bool:
    """Whether anything in the document looks like an item: `rss:item` without a declared namespace, for example."""
    plain = data.replace(b"\0", b"")  # turns the tags of UTF-16 into ASCII
    return bool(_ITEM.search(_NOT_MARKUP.sub(b"", plain)))


def read_feed(data: bytes, headers: Mapping[str, str]) -> Any:
    """feedparser's result, a dictionary with attributes. Raises ParseError."""
    try:
        try:
            return _read_feed(data, headers)
        except (ValueError, OverflowError):
            # it raises for &#xD800; in a document that is not well-formed, and for an encoding with a damaged name
            data = _DAMAGED_ENCODING.sub(rb"\1", _REFERENCE.sub(_possible_reference, data))
            return _read_feed(data, headers)
    except Exception as error:  # feedparser raises whatever a document makes it raise
        raise ParseError(f"the document can't be parsed ({type(error).__name__}: {error})") from error


def _read_feed(data: bytes, headers: Mapping[str, str]) -> Any:
    return feedparser.parse(
        # a stream, because feedparser would open the file if the bytes were a path
        io.BytesIO(data),
        response_headers=headers,
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _possible_reference(match: re.Match[bytes]) -> bytes:
    """The reference, or one to U+FFFD if there is no such character, as HTML has it (13.2.5.80)."""
    digits, base = (match[1], 16) if match[1] else (match[2], 10)
    number = int(digits.lstrip(b"0")[:9] or b"0", base)
    return match[0] if number < 0xD800 or 0xDFFF < number < 0x110000 else b"&#xFFFD;"


def _drop_partial_character(data: bytes, content_type: str) -> bytes:
    """The document without the first bytes of a character in which it was cut off.

    Because of them, feedparser would decode the document in another encoding, and every article would look edited.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif declared := _DECLARED.search(data[:300].removeprefix(b"\xef\xbb\xbf")):
        encoding = declared[1].decode()
    elif charset := _CHARSET.search(content_type):
        encoding = charset[1]
    else:
        encoding = "utf-8"
    if not _is_charset(encoding):
        encoding = "utf-8"
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        decoder.decode(data)
        partial = decoder.getstate()[0]
    except (LookupError, ValueError):
        return data  # the declared encoding is wrong; feedparser finds out the right one
    return data[: len(data) - len(partial)] if partial else data


def _is_charset(name: str) -> bool:
    """Whether the name is an encoding of text. Python has codecs of other kinds under such names: zlib, bz2, rot13."""
    try:
        return codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


def _legacy_encoding(data: bytes, content_type: str, language: str | None) -> str | None:
    """The usual encoding of the feed's language, if the document declares none, is not UTF-8 and decodes with it."""
    if _DECLARED.search(data[:300]) or _CHARSET.search(content_type) or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    encoding = LEGACY_ENCODINGS.get((language or "").split("-")[0].lower())
    for candidate in ("utf-8", encoding):
        if candidate:
            try:
                codecs.getincrementaldecoder(candidate)("strict").decode(data)
            except ValueError:
                continue
            return encoding if candidate == encoding else None
    return None


def _is_complete(data: bytes) -> bool:
    """Whether the root element is closed. A closing tag in CDATA does not count: an article may quote one."""
    plain = data.replace(b"\0", b"")  # turns the tags of UTF-16 into ASCII
    ends = list(_ROOT_END.finditer(plain, max(0, len(plain) - 100_000)))
    if not ends:
        return False
    end = ends[-1].start()
    return plain.rfind(b"<![CDATA[", 0, end) <= plain.rfind(b"]]>", 0, end)


def _read_entry(raw: Mapping[str, Any], document: Document, feed: Feed, language: str | None, base: str) -> EntryFields:
    """The fields of feedparser's entry; `language` and `base` are the feed's."""
    images = [*_enclosures(raw)]
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
        guid=optional_text(raw.get("id")),
        link=optional_text(raw.get("feedburner_origlink") or _link(raw)),
        title=clean_text(raw.get("title") or ""),
        author=_authors(raw),
        published_at=published_at or updated_at,
        updated_at=updated_at,
        stated_dates=(str(stated_date), str(stated_update)),
        language=_language(raw, language),
        categories=unique(clean_text(tag.get("term") or tag.get("label") or "") for tag in raw.get("tags", ())),
        content=content,
        content_type=content_type,
        summary="" if summary == content else summary,
        base_url=base,
        content_base=content_base,
        enclosures=unique(address for address, _ in images),
        widest_first=widest_first,
        parsed=to_json(raw, content),
    )


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
    links = [link for link in raw.get("links", ()) if link.get("href")]
    for link in links:
        if link.get("rel") == "alternate" and "html" in (link.get("type") or "text/html"):
            return str(link["href"])
    guid = str(raw.get("id") or "")
    # feedparser takes every guid for a permalink unless isPermaLink is "false"
    if raw.get("link") and (raw["link"] != guid or links):
        return str(raw["link"])
    # a path is an address, and the other ids are none
    return guid if guid.startswith(("http://", "https://", "/")) and raw.get("guidislink", True) else None


def _authors(raw: Mapping[str, Any]) -> str | None:
    names = [clean_text(author.get("name") or author.get("email") or "") for author in raw.get("authors", ())]
    if not any(names):
        names = [clean_text(raw.get("author") or "")]
    return ", ".join(unique(names)) or None


def _enclosures(raw: Mapping[str, Any]) -> Iterable[tuple[str, int]]:
    """(address, width) of images outside the content: media:content, enclosures, media:thumbnail, image."""
    for item in raw.get("media_content", ()):
        address, media_type = item.get("url") or "", item.get("type") or ""
        if item.get("medium") == "image" or _is_image(address, media_type):
            yield address, _width(item, PICTURE_WIDTH)
    for item in raw.get("enclosures", ()):
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
