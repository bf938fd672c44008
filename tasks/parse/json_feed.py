"""Parsing JSON Feed 1.1 and 1.0, https://www.jsonfeed.org/version/1.1/."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from tasks.errors import ParseError
from tasks.parse.about import about_json_feed
from tasks.parse.authors import inherited, read_authors
from tasks.parse.bases import feed_base
from tasks.parse.enclosures import json_enclosures
from tasks.parse.entry import (
    MAX_LANGUAGE,
    EntryFields,
    ParsedDocument,
    clean_text,
    entry_date,
    make_entry,
    reject_entry,
    to_json,
    unique,
)
from warehouse.records import Document, Feed

_STRING_OR_LAST_COMMA = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|,(?=\s*[}\]])', re.DOTALL)
"""The comma after the last element, which JSON doesn't have, but templates that loop over articles write."""


@dataclass(frozen=True, slots=True)
class _Channel:
    """What the feed says for all its items, which is read once: 20 kB of it and as much of items took seconds."""

    language: str | None
    base: str
    authors: tuple[str, ...]


def looks_like_json(data: bytes) -> bool:
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def read_json_feed(data: bytes) -> tuple[dict[str, Any], list[Any]]:
    """The feed's top level and its items, which may be of any type. Raises ParseError if it is not a JSON Feed.

    https://www.jsonfeed.org/version/1.1/
    """
    try:
        text = data.decode("utf-8-sig").lstrip()
        try:
            top = _read_object(text)
        except ValueError:
            top = _read_object(_STRING_OR_LAST_COMMA.sub(lambda found: found[0].removeprefix(","), text))
    except (ValueError, RecursionError) as error:
        raise ParseError(f"the document is no JSON: {error}") from error
    items = top.get("items") if isinstance(top, dict) else None
    if not isinstance(items, list):
        raise ParseError("the document is JSON, but no JSON Feed: it has no items")
    return top, items


def _read_object(text: str) -> Any:
    """The value that the text begins with; a comment of a cache may follow. Texts may hold raw line breaks."""
    return json.JSONDecoder(strict=False).raw_decode(text)[0]


def parse_json_feed(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    """The document's entries. Raises ParseError if it is not a JSON Feed; a bad item only gives a reject."""
    top, items = read_json_feed(data)
    channel = _Channel(
        _text(top.get("language"))[:MAX_LANGUAGE] or None,
        feed_base(top.get("home_page_url"), document, feed),
        inherited(_authors(top)),
    )
    entries, rejects = [], []
    for position, item in enumerate(items):
        try:
            entries.append(make_entry(_read_item(item, document, feed, channel), document, feed, position))
        except (ParseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            name = item.get("id") if isinstance(item, dict) else None
            rejects.append(reject_entry(document, feed, position, name, error))
    return ParsedDocument(tuple(entries), tuple(rejects), about=about_json_feed(top, document.final_url))


def _read_item(item: object, document: Document, feed: Feed, channel: _Channel) -> EntryFields:
    """The fields of an item. A field of a type that it can't have is left out."""
    if not isinstance(item, dict):
        raise ParseError(f"the item is no object but {json.dumps(item)[:100]}")
    html, text, summary, title = (_text(item.get(key)) for key in ("content_html", "content_text", "summary", "title"))
    content, content_type = (html, "text/html") if html else (text or summary, "text/plain")
    guid = _text(item.get("id"))
    url = _text(item.get("url")) or _text(item.get("external_url"))
    if not url and guid.startswith(("http://", "https://")):
        url = guid
    published = entry_date(item.get("date_published"), None, feed, document)
    updated = entry_date(item.get("date_modified"), None, feed, document)
    return EntryFields(
        guid=guid or None,
        link=url or None,
        title=title,
        authors=_authors(item) or channel.authors,
        published_at=published or updated,
        updated_at=updated,
        stated_dates=(str(item.get("date_published")), str(item.get("date_modified"))),
        language=_text(item.get("language")) or channel.language,
        categories=_texts(_list(item.get("tags"))),
        content=content,
        content_type=content_type,
        # summaries are plain text, but cleaning takes them for HTML
        summary=escape(summary, quote=False) if summary != content else "",
        base_url=channel.base,
        enclosures=_images(item),
        parsed=to_json(item, content),
        title_is_plain=True,
        files=json_enclosures(item),
    )


def _authors(source: Mapping[str, Any]) -> tuple[str, ...]:
    """The authors of an item or the feed: `authors` in version 1.1, `author` in 1.0."""
    return _texts(read_authors(source.get("authors"))) or _texts(read_authors(source.get("author")))


def _images(item: Mapping[str, Any]) -> tuple[str, ...]:
    attached = (
        attachment.get("url")
        for attachment in _list(item.get("attachments"))
        if isinstance(attachment, dict) and str(attachment.get("mime_type", "")).startswith("image/")
    )
    return _texts((item.get("image"), item.get("banner_image"), *attached))


def _text(value: object) -> str:
    """The text or number; empty for anything else, such as an object around the text."""
    return clean_text(value) if isinstance(value, str | int | float) else ""


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    """The texts and numbers among the values, each once."""
    return unique(clean_text(value) for value in values if isinstance(value, str | int) and value)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
