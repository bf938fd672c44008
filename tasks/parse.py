"""Parsing: a document's bytes to entries. feedparser for every kind of XML, JSON Feed by its specification.

feedparser neither sanitises nor resolves addresses here: the cleaner does both, and it takes a quarter of the time.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from time import struct_time
from typing import Any

import feedparser
import feedparser.api
import feedparser.mixin

from tasks.dates import parse_date
from tasks.rhythm import hints
from tasks.text import printable
from warehouse.errors import ParseError
from warehouse.records import CUT_OFF, Document, Entry, Feed, Hints, Reject, digest

feedparser.api.PREFERRED_XML_PARSERS = ["tasks.expat"]

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


@dataclass(frozen=True, slots=True)
class Parsed:
    entries: tuple[Entry, ...]
    rejects: tuple[Reject, ...] = ()
    hints: Hints = field(default_factory=Hints)


def parse(data: bytes, document: Document, feed: Feed) -> Parsed:
    """The document's entries, in its order. Raises ParseError for what holds no feed at all."""
    if not data.strip():
        raise ParseError("the document is empty")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _parse_json_feed(data, document, feed)
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
            rejects.append(_reject(document, feed, position, raw.get("id") or raw.get("link"), error))
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


LEGACY = {"zh": "gb18030", "ja": "shift_jis", "ko": "cp949", "ru": "windows-1251", "th": "cp874"}
"""What documents that don't say are most likely written in, where it isn't UTF-8."""


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


def _reject(document: Document, feed: Feed, position: int, name: object, error: Exception) -> Reject:
    message = f"{type(error).__name__}: {error}"
    return Reject("parse", message, feed.id, document.document_id, f"entry {position}: {name or ''}")


def _entry(
    raw: Mapping[str, Any], position: int, document: Document, feed: Feed, language: str | None, base: str
) -> Entry:
    enclosures = _unique(_enclosures(raw))
    raw = dict(raw)  # feedparser's own dictionary asks for every key under three names
    content, content_type, content_base = _content(raw)
    summary = _text(raw.get("summary") or "")
    updated = raw.get("updated")
    published = raw.get("published") or raw.get("created") or updated
    moment = _date(published, raw.get("published_parsed"), feed, document)
    changed = _date(updated, raw.get("updated_parsed"), feed, document)
    return make_entry(
        document,
        feed,
        position=position,
        guid=_optional(raw.get("id")),
        link=_optional(raw.get("feedburner_origlink") or _link(raw)),
        title=_text(raw.get("title") or ""),
        author=_authors(raw),
        published_at=moment or changed,
        updated_at=changed,
        stated=(str(published), str(updated)),
        language=_optional((raw.get("title_detail") or {}).get("language") or language),
        categories=_unique(_text(tag.get("term") or tag.get("label") or "") for tag in raw.get("tags", ())),
        content=content,
        content_type=content_type,
        summary="" if summary == content else summary,
        base_url=content_base or base,
        enclosures=enclosures,
        parsed=_as_json(raw, content),
    )


def make_entry(
    document: Document,
    feed: Feed,
    *,
    position: int,
    guid: str | None,
    link: str | None,
    title: str,
    author: str | None,
    published_at: datetime | None,
    updated_at: datetime | None,
    stated: tuple[str, str],
    language: str | None,
    categories: tuple[str, ...],
    content: str,
    content_type: str,
    summary: str,
    base_url: str,
    enclosures: tuple[str, ...],
    parsed: str,
) -> Entry:
    """The entry; its id is a digest of all that it says. `stated` are its dates as the document gives them."""
    entry_id = digest(
        "entry", feed.id, guid, link, title, author, *stated, content, summary, *categories, "|", *enclosures
    )
    return Entry(
        entry_id=entry_id,
        feed_id=feed.id,
        document_id=document.document_id,
        position=position,
        guid=guid,
        link=link,
        title=title,
        author=author,
        published_at=published_at,
        updated_at=updated_at,
        language=language,
        categories=categories,
        content_html=content,
        content_type=content_type,
        summary_html=summary,
        base_url=base_url,
        enclosures=enclosures,
        parsed=parsed,
    )


def _text(value: object) -> str:
    return printable(str(value)).strip()


def _optional(value: object) -> str | None:
    return _text(value) or None if value else None


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _content(raw: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """(value, type, base) of the longest of content, summary and description, as the feed meant it."""
    candidates = [*raw.get("content", ())]
    if raw.get("summary_detail"):
        candidates.append(raw["summary_detail"])
    best = max(candidates, key=lambda c: len(c.get("value") or ""), default=None)
    if best is None:
        return "", "text/html", None
    kind = best.get("type") or "text/html"
    return _text(best.get("value") or ""), "text/plain" if kind == "text/plain" else "text/html", best.get("base")


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
    names = [_text(author.get("name") or author.get("email") or "") for author in raw.get("authors", ())]
    if not any(names):
        names = [_text(raw.get("author") or "")]
    return ", ".join(_unique(names)) or None


def _date(text: object, parsed: object, feed: Feed, document: Document) -> datetime | None:
    if not text:
        return None
    moment = parse_date(str(text), timezone=feed.timezone, now=document.fetched_at)
    if moment or not isinstance(parsed, struct_time):
        return moment
    # a form only feedparser knows (Greek, Hungarian, Korean …)
    return parse_date("{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}Z".format(*parsed[:6]), now=document.fetched_at)


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


def _as_json(raw: Mapping[str, Any], content: str) -> str:
    """Everything that was parsed. The text that raw.entries holds as content_html isn't repeated."""
    return json.dumps(_plain(dict(raw), content), ensure_ascii=False, allow_nan=False)


def _plain(value: Any, content: str) -> Any:
    if isinstance(value, str):
        if len(value) > 200 and value.strip() == content:
            return None
        return _text(value)
    if isinstance(value, dict):
        return {_text(k): _plain(v, content) for k, v in value.items() if not str(k).endswith("_parsed")}
    if isinstance(value, struct_time):
        return None
    if isinstance(value, list | tuple):
        return [_plain(v, content) for v in value]
    return value if isinstance(value, int | float | bool) or value is None else _text(value)


def _parse_json_feed(data: bytes, document: Document, feed: Feed) -> Parsed:
    """JSON Feed 1.1 (and 1.0), https://www.jsonfeed.org/version/1.1/."""
    try:
        top = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ParseError(f"the document is no JSON: {error}") from error
    items = top.get("items") if isinstance(top, dict) else None
    if not isinstance(items, list):
        raise ParseError("the document is JSON, but no JSON Feed: it has no items")
    entries, rejects = [], []
    for position, raw in enumerate(items):
        try:
            entries.append(_json_entry(raw, position, document, feed, top))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            name = raw.get("id") if isinstance(raw, dict) else None
            rejects.append(_reject(document, feed, position, name, error))
    return Parsed(tuple(entries), tuple(rejects))


def _json_entry(raw: Mapping[str, Any], position: int, document: Document, feed: Feed, top: Mapping[str, Any]) -> Entry:
    html, text = _text(raw.get("content_html") or ""), _text(raw.get("content_text") or "")
    summary = _text(raw.get("summary") or "")
    content, kind = (html, "text/html") if html else (text or summary, "text/plain")
    of_either = (raw.get("authors") or [raw.get("author")], top.get("authors") or [top.get("author")])  # 1.1's or 1.0's
    authors: list[Any] = next((found for found in of_either if found[0]), [])
    guid = raw.get("id")
    url = raw.get("url") or raw.get("external_url")
    if not url and isinstance(guid, str) and guid.startswith(("http://", "https://")):
        url = guid
    attachments = [a["url"] for a in raw.get("attachments") or () if str(a.get("mime_type", "")).startswith("image/")]
    moment = _date(raw.get("date_published"), None, feed, document)
    changed = _date(raw.get("date_modified"), None, feed, document)
    return make_entry(
        document,
        feed,
        position=position,
        guid=_optional(guid),
        link=_optional(url),
        title=_text(raw.get("title") or ""),
        author=", ".join(_unique(_text(a.get("name") or "") for a in authors)) or None,
        published_at=moment or changed,
        updated_at=changed,
        stated=(str(raw.get("date_published")), str(raw.get("date_modified"))),
        language=_optional(raw.get("language") or top.get("language")),
        categories=_unique(_text(tag) for tag in raw.get("tags") or ()),
        content=content,
        content_type=kind,
        # plain text, to be cleaned as HTML
        summary=escape(summary, quote=False) if summary != content else "",
        base_url=_text(top.get("home_page_url") or feed.site_url or document.final_url),
        enclosures=_unique(_text(a) for a in [raw.get("image") or "", raw.get("banner_image") or "", *attachments]),
        parsed=_as_json(raw, content),
    )
