"""Parsing: a document's bytes to entries. feedparser for every kind of XML, JSON Feed by its specification.

feedparser neither sanitises nor resolves addresses here: the cleaner does both, and it takes a quarter of the time.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

import feedparser
import feedparser.api
import feedparser.mixin

from tasks.errors import ParseError
from tasks.parse.entry import (
    LEGACY,
    Parsed,
    clean_text,
    entry_date,
    make_entry,
    optional_text,
    reject_entry,
    to_json,
    unique,
)
from tasks.parse.json_feed import parse_json_feed
from tasks.rhythm import hints
from warehouse.records import CUT_OFF, Document, Entry, Feed, Reject

feedparser.api.PREFERRED_XML_PARSERS = ["tasks.parse.expat"]

_CP1252 = re.compile(r"[\x80-\x9f]")


class _Text(str):
    """A text that feedparser translates, from Windows' characters in the C1 range, only where it holds any.

    str.translate asks its table for each character that isn't ASCII: a third of feedparser's time.
    """

    __slots__ = ()

    def translate(self, table: Any, /) -> str:
        return super().translate(table) if _CP1252.search(self) else str(self)


def _as_text(_element: str, data: str) -> str:
    return _Text(data)


# the last thing the strict parser does with a text before it translates it
feedparser.mixin._FeedParserMixin.decode_entities = staticmethod(_as_text)

_ROOT_END = re.compile(rb"</\s*(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_DECLARED = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._-]+)", re.IGNORECASE)
_HTML = re.compile(rb"^\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_IMAGE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)", re.IGNORECASE)


def parse(data: bytes, document: Document, feed: Feed) -> Parsed:
    """The document's entries, in its order. Raises ParseError for what holds no feed at all."""
    if not data.strip():
        raise ParseError("the document is empty")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return parse_json_feed(data, document, feed)
    return _parse_xml(data, document, feed)


def _parse_xml(data: bytes, document: Document, feed: Feed) -> Parsed:
    headers = {"content-type": document.headers.get("content-type", "application/xml")}
    if encoding := _legacy_encoding(data, headers["content-type"], feed.language):
        headers["content-type"] = f"application/xml; charset={encoding}"
    data = _without_half_character(data, headers["content-type"])
    try:
        result = feedparser.parse(
            # a stream: given bytes, feedparser would take a path for a file to open
            io.BytesIO(data),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:
        raise ParseError(f"the document can't be parsed ({type(error).__name__}: {error})") from error
    if not result.entries and not result.get("version"):
        if _HTML.search(data[:4096]):
            raise ParseError("the document is an HTML page, not a feed; `newsmill feeds add` finds a page's feed")
        reason = result.get("bozo_exception")
        raise ParseError(f"the document is no feed: {reason or 'no entries, and no known root element'}")
    found = list(result.entries)
    rejects = []
    if result.bozo and found and not _is_whole(data):
        # The last entry may be half of one, and would pass for an edit of the whole.
        last = found.pop()
        rejects.append(
            Reject(
                "parse",
                CUT_OFF,
                feed.id,
                document.document_id,
                f"entry {len(found)}: {last.get('id') or last.get('link') or ''}",
            )
        )
    language = result.feed.get("language")
    base = result.feed.get("link") or feed.site_url or document.final_url
    entries = []
    for position, raw in enumerate(found):
        try:
            entries.append(_entry(raw, position, document, feed, language, base))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            rejects.append(reject_entry(document, feed, position, raw.get("id") or raw.get("link"), error))
    return Parsed(tuple(entries), tuple(rejects), hints(result.feed, data))


def _without_half_character(data: bytes, content_type: str) -> bytes:
    """The document without the beginning of a character it was cut off in: for that, feedparser would take the whole
    for another encoding, and every article for an edited one."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif declared := _DECLARED.search(data[:300].removeprefix(b"\xef\xbb\xbf")):
        encoding = declared[1].decode()
    elif charset := _CHARSET.search(content_type):
        encoding = charset[1]
    else:
        encoding = "utf-8"
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        decoder.decode(data)
        half = decoder.getstate()[0]
    except (LookupError, ValueError):
        return data  # another encoding than it says: feedparser finds out which
    return data[: len(data) - len(half)] if half else data


def _legacy_encoding(data: bytes, content_type: str, language: str | None) -> str | None:
    """The encoding of a document that declares none and isn't UTF-8, by its feed's language."""
    if _DECLARED.search(data[:300]) or _CHARSET.search(content_type) or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    encoding = LEGACY.get((language or "").split("-")[0].lower())
    for candidate in ("utf-8", encoding):
        if candidate:
            try:
                codecs.getincrementaldecoder(candidate)("strict").decode(data)
            except ValueError:
                continue
            return encoding if candidate == encoding else None
    return None


def _is_whole(data: bytes) -> bool:
    """Whether the root element is closed; a closing tag an article quotes in CDATA is none."""
    plain = data.replace(b"\0", b"")  # UTF-16, as far as tags go
    ends = list(_ROOT_END.finditer(plain, max(0, len(plain) - 100_000)))
    if not ends:
        return False
    end = ends[-1].start()
    return plain.rfind(b"<![CDATA[", 0, end) <= plain.rfind(b"]]>", 0, end)


def _entry(
    raw: Mapping[str, Any], position: int, document: Document, feed: Feed, language: str | None, base: str
) -> Entry:
    enclosures = unique(_enclosures(raw))
    raw = dict(raw)  # feedparser's own dictionary asks for every key under three names
    content, content_type, content_base = _content(raw)
    summary = clean_text(raw.get("summary") or "")
    updated = raw.get("updated")
    published = raw.get("published") or raw.get("created") or updated
    moment = entry_date(published, raw.get("published_parsed"), feed, document)
    changed = entry_date(updated, raw.get("updated_parsed"), feed, document)
    return make_entry(
        document,
        feed,
        position=position,
        guid=optional_text(raw.get("id")),
        link=optional_text(raw.get("feedburner_origlink") or _link(raw)),
        title=clean_text(raw.get("title") or ""),
        author=_authors(raw),
        published_at=moment or changed,
        updated_at=changed,
        stated=(str(published), str(updated)),
        language=optional_text((raw.get("title_detail") or {}).get("language") or language),
        categories=unique(clean_text(tag.get("term") or tag.get("label") or "") for tag in raw.get("tags", ())),
        content=content,
        content_type=content_type,
        summary="" if summary == content else summary,
        base_url=content_base or base,
        enclosures=enclosures,
        parsed=to_json(raw, content),
    )


def _content(raw: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """(value, type, base) of the longest of content, summary and description, as the feed meant it."""
    candidates = [*raw.get("content", ())]
    if raw.get("summary_detail"):
        candidates.append(raw["summary_detail"])
    best = max(candidates, key=lambda c: len(c.get("value") or ""), default=None)
    if best is None:
        return "", "text/html", None
    kind = best.get("type") or "text/html"
    return clean_text(best.get("value") or ""), "text/plain" if kind == "text/plain" else "text/html", best.get("base")


def _link(raw: Mapping[str, Any]) -> str | None:
    """The entry's page: rel=alternate of an HTML type first; a guid that is a permalink last (RSS 2.0)."""
    links = [link for link in raw.get("links", ()) if link.get("href")]
    for link in links:
        if link.get("rel") == "alternate" and "html" in (link.get("type") or "text/html"):
            return str(link["href"])
    guid = str(raw.get("id") or "")
    # feedparser makes a permalink of any guid that isn't said to be none
    if raw.get("link") and (raw["link"] != guid or links):
        return str(raw["link"])
    return guid if guid.startswith(("http://", "https://")) and raw.get("guidislink", True) else None


def _authors(raw: Mapping[str, Any]) -> str | None:
    names = [clean_text(author.get("name") or author.get("email") or "") for author in raw.get("authors", ())]
    if not any(names):
        names = [clean_text(raw.get("author") or "")]
    return ", ".join(unique(names)) or None


def _enclosures(raw: Mapping[str, Any]) -> Iterable[str]:
    """Addresses of the images given beside the content."""
    for item in raw.get("media_content", ()):
        address, kind = item.get("url") or "", item.get("type") or ""
        if item.get("medium") == "image" or kind.startswith("image/") or (not kind and _IMAGE.search(address)):
            yield address
    for item in raw.get("enclosures", ()):
        address, kind = item.get("href") or item.get("url") or "", item.get("type") or ""
        if kind.startswith("image/") or (not kind and _IMAGE.search(address)):
            yield address
    for item in raw.get("media_thumbnail", ()):
        yield item.get("url") or ""
    image = raw.get("image")
    if isinstance(image, Mapping) and image.get("href"):
        yield str(image["href"])
