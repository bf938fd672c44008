"""JSON Feed 1.1 and 1.0, https://www.jsonfeed.org/version/1.1/."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from tasks.errors import ParseError
from tasks.parse.entry import Parsed, clean_text, entry_date, make_entry, optional_text, reject_entry, to_json, unique
from warehouse.records import Document, Entry, Feed


def parse_json_feed(data: bytes, document: Document, feed: Feed) -> Parsed:
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
            rejects.append(reject_entry(document, feed, position, name, error))
    return Parsed(tuple(entries), tuple(rejects))


def _json_entry(raw: Mapping[str, Any], position: int, document: Document, feed: Feed, top: Mapping[str, Any]) -> Entry:
    html, text = clean_text(raw.get("content_html") or ""), clean_text(raw.get("content_text") or "")
    summary = clean_text(raw.get("summary") or "")
    content, kind = (html, "text/html") if html else (text or summary, "text/plain")
    of_either = (raw.get("authors") or [raw.get("author")], top.get("authors") or [top.get("author")])  # 1.1's or 1.0's
    authors: list[Any] = next((found for found in of_either if found[0]), [])
    guid = raw.get("id")
    url = raw.get("url") or raw.get("external_url")
    if not url and isinstance(guid, str) and guid.startswith(("http://", "https://")):
        url = guid
    attachments = [a["url"] for a in raw.get("attachments") or () if str(a.get("mime_type", "")).startswith("image/")]
    moment = entry_date(raw.get("date_published"), None, feed, document)
    changed = entry_date(raw.get("date_modified"), None, feed, document)
    return make_entry(
        document,
        feed,
        position=position,
        guid=optional_text(guid),
        link=optional_text(url),
        title=clean_text(raw.get("title") or ""),
        author=", ".join(unique(clean_text(a.get("name") or "") for a in authors)) or None,
        published_at=moment or changed,
        updated_at=changed,
        stated=(str(raw.get("date_published")), str(raw.get("date_modified"))),
        language=optional_text(raw.get("language") or top.get("language")),
        categories=unique(clean_text(tag) for tag in raw.get("tags") or ()),
        content=content,
        content_type=kind,
        # plain text, to be cleaned as HTML
        summary=escape(summary, quote=False) if summary != content else "",
        base_url=clean_text(top.get("home_page_url") or feed.site_url or document.final_url),
        enclosures=unique(clean_text(a) for a in [raw.get("image") or "", raw.get("banner_image") or "", *attachments]),
        parsed=to_json(raw, content),
    )
